"""Shared-memory streams between processes of one machine: a ring of bytes per directed pair.

The receiver makes the ring, the sender opens it. The memory is an anonymous file of the kernel
(``memfd``) where there is one: it has no name, so nothing can be left behind however the processes
end. Elsewhere it is a file in ``/dev/shm`` or the temporary directory that is unlinked as soon as
both sides have mapped it.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import platform
import secrets
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from spikemesh.errors import RunError
from spikemesh.runtime.liveness import ProcessWatch

_HEADER = 256
_HEAD, _TAIL, _SENDER_CLOSED, _RECEIVER_CLOSED = 0, 8, 16, 24
"""Words of the header, each on a cache line of its own: bytes written and read, ends closed."""
_LARGEST, _SMALLEST, _BUDGET = 1 << 20, 1 << 16, 1 << 23
_ORDERED = platform.machine().lower() in ("x86_64", "amd64", "i686")
_order = threading.Lock()


def ring_bytes(peers: int) -> int:
    """Size of each ring of a worker that receives from ``peers`` others: 64 KiB to 1 MiB."""
    return max(_SMALLEST, min(_LARGEST, 1 << ((_BUDGET // max(1, peers)).bit_length() - 1)))


def _fence() -> None:
    # x86 keeps stores, and loads, in order. Elsewhere two turns of a lock are a full barrier.
    if not _ORDERED:
        with _order:
            pass
        with _order:
            pass


class Ring:
    """Bytes in shared memory with one writer and one reader, and no lock.

    Parameters
    ----------
    memory
        The mapped file: a header of 256 bytes, then the ring.
    """

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._view = memoryview(memory)
        self._words = self._view[:_HEADER].cast("Q")
        self._bytes = self._view[_HEADER:]
        self._size = len(self._bytes)
        self._head: int = self._words[_HEAD]
        self._tail: int = self._words[_TAIL]

    def write(self, data: memoryview) -> int:
        """Put as much of ``data`` as there is room for; return the number of bytes."""
        head = self._head
        free = self._size - (head - self._words[_TAIL])
        count = min(len(data), free)
        if not count:
            return 0
        at = head % self._size
        first = min(count, self._size - at)
        self._bytes[at : at + first] = data[:first]
        if first < count:
            self._bytes[: count - first] = data[first:count]
        _fence()
        self._head = self._words[_HEAD] = head + count
        return count

    def read(self, into: memoryview) -> int:
        """Fill as much of ``into`` as there are bytes for; return the number of bytes."""
        tail = self._tail
        count = min(len(into), self._words[_HEAD] - tail)
        if not count:
            return 0
        _fence()
        at = tail % self._size
        first = min(count, self._size - at)
        into[:first] = self._bytes[at : at + first]
        if first < count:
            into[first:count] = self._bytes[: count - first]
        _fence()
        self._tail = self._words[_TAIL] = tail + count
        return count

    def flag(self, word: int) -> bool:
        """Whether that end is closed."""
        return bool(self._words[word])

    def close(self, word: int) -> None:
        """Mark that end as closed and release the memory."""
        if self._memory.closed:
            return
        self._words[word] = 1
        for view in (self._words, self._bytes, self._view):
            view.release()
        self._memory.close()


@dataclass(frozen=True)
class RingOffer:
    """Where the sender finds a ring that the receiver made."""

    path: str
    size: int
    pid: int
    """Process of the receiver."""
    named: bool
    """Whether the file has a name that has to be unlinked."""


class SharedInlet:
    """Receiving end: makes the ring.

    Parameters
    ----------
    run
        Name of the run, for files that have a name.
    size
        Bytes the ring holds.
    anonymous
        Use a file without a name if the machine has such.

    Raises
    ------
    RunError
        If there is no memory for it.
    """

    def __init__(self, run: str, size: int, *, anonymous: bool = True) -> None:
        try:
            self._fd, path, named = _create(run, anonymous)
            os.posix_fallocate(self._fd, 0, _HEADER + size)
            if not named:
                fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
            self._ring = Ring(mmap.mmap(self._fd, _HEADER + size))
        except OSError as error:
            raise RunError(f"no shared memory for the mailbox of a worker ({size} bytes): {error}") from None
        self.offer = RingOffer(path, size, os.getpid(), named)
        self._peer: ProcessWatch | None = None
        self._closed = False

    def watch(self, pid: int) -> None:
        """Note that process ``pid`` is the sender."""
        self._peer = ProcessWatch(pid)

    def drop_name(self) -> None:
        """Remove what the sender opened the ring by; to be called once it has."""
        if self._fd >= 0:
            if self.offer.named:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.offer.path)
            os.close(self._fd)
            self._fd = -1

    def read(self, into: memoryview) -> int:
        """See :class:`spikemesh.runtime.stream.Inlet`."""
        return 0 if self._closed else self._ring.read(into)

    def lost(self) -> str:
        """See :class:`spikemesh.runtime.stream.Inlet`."""
        if self._closed or self._ring.flag(_SENDER_CLOSED):
            return "it stopped"
        return "" if self._peer is None or self._peer.alive() else "its process ended"

    def close(self) -> None:
        """Release the memory."""
        if not self._closed:
            self._closed = True
            self.drop_name()
            self._ring.close(_RECEIVER_CLOSED)
            if self._peer is not None:
                self._peer.close()


class SharedOutlet:
    """Sending end: opens the ring of the receiver.

    Raises
    ------
    RunError
        If it cannot be opened, or is not what was offered.
    """

    def __init__(self, offer: RingOffer) -> None:
        self._peer = ProcessWatch(offer.pid)
        try:
            fd = os.open(offer.path, os.O_RDWR | os.O_CLOEXEC)
            try:
                found = os.fstat(fd)
                if found.st_uid != os.geteuid() or found.st_size != _HEADER + offer.size:
                    raise RunError(f"{offer.path} is not the mailbox that process {offer.pid} offered")
                self._ring = Ring(mmap.mmap(fd, _HEADER + offer.size))
            finally:
                os.close(fd)
        except OSError as error:
            raise RunError(f"cannot open the mailbox of process {offer.pid}: {error}") from None
        self._closed = False

    def write(self, data: memoryview) -> int:
        """See :class:`spikemesh.runtime.stream.Outlet`."""
        return 0 if self._closed else self._ring.write(data)

    def lost(self) -> str:
        """See :class:`spikemesh.runtime.stream.Outlet`."""
        if self._closed or self._ring.flag(_RECEIVER_CLOSED):
            return "it stopped"
        return "" if self._peer.alive() else "its process ended"

    def close(self) -> None:
        """Release the memory; what was written can still be read."""
        if not self._closed:
            self._closed = True
            self._ring.close(_SENDER_CLOSED)
            self._peer.close()


def _create(run: str, anonymous: bool) -> tuple[int, str, bool]:
    if anonymous and hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):
            fd = os.memfd_create(f"spikemesh-{run}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            return fd, f"/proc/{os.getpid()}/fd/{fd}", False
    folder = Path("/dev/shm")  # noqa: S108  made exclusively, with a random name, for this user alone
    if not os.access(folder, os.W_OK):
        folder = Path(tempfile.gettempdir())
    path = str(folder / f"spikemesh-{run}-{secrets.token_hex(8)}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), path, True
