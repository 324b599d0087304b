"""Exchange over byte streams, whatever carries each of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikemesh.errors import RunError
from spikemesh.ids import AnyArray
from spikemesh.runtime.stream import FRAME, Incoming, Inlet, Outlet, PeerLostError
from spikemesh.runtime.waiting import Patience

_JOINED = 1 << 14
"""Blocks up to this many bytes are copied behind their header and handed over at once."""


class StreamExchange:
    """One worker's side of an exchange over byte streams; see :class:`spikemesh.engine.exchange.Exchange`.

    While it waits, be it to send or to receive, it takes in what any peer sends for the window under
    way. So two workers that send each other more than a stream holds do not block each other.

    Parameters
    ----------
    inlets, outlets
        Streams from and to each peer.
    spin_s
        Seconds of looking without pause when a peer is not ready.

    Attributes
    ----------
    waiting_for
        Number of the peer being waited for, None while computing.
    """

    def __init__(
        self, inlets: Mapping[int, Inlet], outlets: Mapping[int, Outlet], spin_s: float = 0.0
    ) -> None:
        self._incoming = {source: Incoming(source, inlet) for source, inlet in inlets.items()}
        self._outlets = dict(outlets)
        self._sent = dict.fromkeys(outlets, 0)
        self._patience = Patience(spin_s)
        self._aborted = ""
        self.waiting_for: int | None = None

    def abort(self, reason: str = "the run is being aborted") -> None:
        """Make every present and later wait end with an error; may be called from another thread."""
        self._aborted = reason

    def send(self, target: int, window: int, packets: AnyArray) -> None:
        """Hand a block to worker ``target``, waiting while its mailbox is full.

        Raises
        ------
        RunError
            If the window is out of order, the run is being aborted or a peer is gone.
        """
        if window != self._sent[target]:
            raise RunError(
                f"packets for window {window} given where those of window {self._sent[target]} were due"
            )
        flat = np.ascontiguousarray(packets, dtype=np.uint32).reshape(-1).view(np.uint8)
        header = FRAME.pack(window, flat.nbytes)
        if flat.nbytes <= _JOINED:
            self._write(target, window, memoryview(header + flat.tobytes()))
        else:
            self._write(target, window, memoryview(header))
            self._write(target, window, flat.data)
        self._sent[target] = window + 1

    def receive(self, source: int, window: int) -> AnyArray:
        """Return the block of that window from worker ``source``, waiting until it is there.

        Raises
        ------
        RunError
            If a block is missing or repeated, the run is being aborted or a peer is gone.
        """
        incoming = self._incoming[source]
        if window != incoming.expected:
            raise RunError(
                f"window {window} asked of worker {source} where window {incoming.expected} is due"
            )
        incoming.pull(window)
        if not incoming.complete:
            self._wait_for_block(incoming, window)
        return incoming.take()

    def close(self) -> None:
        """Release every stream; peers that still wait for this worker notice."""
        for incoming in self._incoming.values():
            incoming.inlet.close()
        for outlet in self._outlets.values():
            outlet.close()
        self.abort("the exchange is closed")

    def _write(self, target: int, window: int, data: memoryview) -> None:
        outlet = self._outlets[target]
        data = data[outlet.write(data) :]
        if not len(data):
            return
        self._begin_wait(target)
        while len(data):
            count = outlet.write(data)
            data = data[count:]
            if count:
                self._patience.begin()
            elif self._pull_all(window):
                continue
            else:
                self._pause(target, outlet, window)
        self.waiting_for = None

    def _wait_for_block(self, incoming: Incoming, window: int) -> None:
        self._begin_wait(incoming.source)
        while not incoming.complete:
            if incoming.pull(window):
                self._patience.begin()
            elif self._pull_all(window):
                continue
            else:
                self._pause(incoming.source, incoming.inlet, window)
        self.waiting_for = None

    def _begin_wait(self, peer: int) -> None:
        if self._aborted:
            raise PeerLostError(self._aborted)
        self.waiting_for = peer
        self._patience.begin()

    def _pull_all(self, window: int) -> bool:
        moved = False
        for incoming in self._incoming.values():
            moved = incoming.pull(window) or moved
        return moved

    def _pause(self, peer: int, stream: Inlet | Outlet, window: int) -> None:
        if self._aborted:
            raise PeerLostError(self._aborted)
        if not self._patience.pause():
            return
        reason = stream.lost()
        # What came before the end, between the last look and this one, still counts.
        if reason and not self._pull_all(window):
            raise PeerLostError(f"lost worker {peer}: {reason}", peer)
