"""Byte streams between two workers, and the frames that blocks of packets travel in."""

from __future__ import annotations

import struct
from typing import Protocol

import numpy as np

from spikemesh.errors import RunError
from spikemesh.ids import AnyArray

FRAME = struct.Struct("<QQ")
"""Frame header: number of the window, bytes of payload."""


class PeerLostError(RunError):
    """A worker cannot go on because another one is gone or the run is being aborted.

    Parameters
    ----------
    message
        What was noticed.
    peer
        Number of the worker that is gone, None if the run is being aborted.
    """

    def __init__(self, message: str, peer: int | None = None) -> None:
        super().__init__(message)
        self.peer = peer

    def __reduce__(self) -> tuple[type[PeerLostError], tuple[object, ...]]:
        return type(self), (self.message, self.peer)


def out_of_order(source: int, found: int, due: int) -> RunError:
    """Make the error for a block of another window than the one that is due."""
    return RunError(
        f"worker {source} sent the packets of window {found} where those of window {due} were due: "
        "packets were lost or repeated"
    )


class Inlet(Protocol):
    """Receiving end of a byte stream; nothing here waits."""

    def read(self, into: memoryview) -> int:
        """Fill as much of ``into`` as has arrived and return the number of bytes."""
        ...

    def lost(self) -> str:
        """Return why nothing more will come, or an empty string."""
        ...

    def close(self) -> None:
        """Release it."""
        ...


class Outlet(Protocol):
    """Sending end of a byte stream; nothing here waits."""

    def write(self, data: memoryview) -> int:
        """Hand over as much of ``data`` as there is room for and return the number of bytes."""
        ...

    def lost(self) -> str:
        """Return why nothing more can be sent, or an empty string."""
        ...

    def close(self) -> None:
        """Release it and tell the receiver that nothing more will come."""
        ...


class Incoming:
    """Puts the blocks of one sender together from its byte stream.

    Parameters
    ----------
    source
        Number of the sender.
    inlet
        The stream.
    """

    def __init__(self, source: int, inlet: Inlet) -> None:
        self.source = source
        self.inlet = inlet
        self.expected = 0
        self._header = bytearray(FRAME.size)
        self._block: AnyArray | None = None
        self._rest = memoryview(self._header)

    @property
    def complete(self) -> bool:
        """Whether the next block is here."""
        return self._block is not None and not len(self._rest)

    def pull(self, window: int) -> bool:
        """Move what has arrived into the next block, if that belongs to ``window`` or an earlier one.

        Blocks of later windows stay in the stream, so that a sender cannot run ahead without bound.

        Returns
        -------
        bool
            Whether anything moved.
        """
        moved = False
        while self.expected <= window and not self.complete:
            count = self.inlet.read(self._rest)
            if not count:
                return moved
            moved = True
            self._rest = self._rest[count:]
            if self._block is None and not len(self._rest):
                self._open_block()
        return moved

    def take(self) -> AnyArray:
        """Return the complete block and expect the next one."""
        if self._block is None or len(self._rest):
            raise RunError(f"the block of window {self.expected} from worker {self.source} is not complete")
        block, self._block = self._block, None
        self._rest = memoryview(self._header)
        self.expected += 1
        return block

    def _open_block(self) -> None:
        window, size = FRAME.unpack(self._header)
        if window != self.expected:
            raise out_of_order(self.source, window, self.expected)
        if size % 8:
            raise RunError(f"worker {self.source} sent a damaged block of {size} bytes in window {window}")
        self._block = np.empty((size // 8, 2), dtype=np.uint32)
        self._rest = self._block.reshape(-1).view(np.uint8).data if size else memoryview(b"")
