"""Inboxes in memory that processes of one machine share.

The receiver makes its inbox, the senders open it. The memory is an anonymous file of the kernel
(``memfd``) where there is one: it has no name, so nothing can be left behind however the processes
end. Elsewhere it is a file in ``/dev/shm`` or the temporary directory that is unlinked as soon as
all sides have mapped it.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spikemesh.errors import RunError
from spikemesh.runtime.exchange_memory import Inbox, Place, places
from spikemesh.runtime.liveness import ProcessWatch


@dataclass(frozen=True)
class InboxOffer:
    """Where the senders find an inbox, and their places in it."""

    path: str
    size: int
    pid: int
    """Process of the receiver."""
    named: bool
    """Whether the file has a name that has to be unlinked."""
    places: Mapping[int, Place]


class SharedInbox:
    """Receiving end: makes the memory.

    Parameters
    ----------
    run
        Name of the run, for files that have a name.
    rooms
        Per sender the most packets of a block.
    anonymous
        Use a file without a name if the machine has such.

    Raises
    ------
    RunError
        If there is no memory for it.
    """

    def __init__(self, run: str, rooms: Mapping[int, int], *, anonymous: bool = True) -> None:
        found, size = places(rooms)
        try:
            self._fd, path, named = _create(run, anonymous)
            if named:
                # A full file system would otherwise show as a signal on the first write.
                os.posix_fallocate(self._fd, 0, size)
            else:
                os.ftruncate(self._fd, size)
                fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
            self.inbox = Inbox(mmap.mmap(self._fd, size), found)
        except OSError as error:
            raise RunError(f"no shared memory for the inbox of a worker ({size} bytes): {error}") from None
        self.offer = InboxOffer(path, size, os.getpid(), named, found)

    def drop_name(self) -> None:
        """Remove what the senders opened it by; to be called once they have."""
        if self._fd >= 0:
            if self.offer.named:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.offer.path)
            os.close(self._fd)
            self._fd = -1


def open_inbox(offer: InboxOffer) -> Inbox:
    """Open the inbox of another process.

    Raises
    ------
    RunError
        If it cannot be opened, or is not what was offered.
    """
    try:
        fd = os.open(offer.path, os.O_RDWR | os.O_CLOEXEC)
        try:
            found = os.fstat(fd)
            if found.st_uid != os.geteuid() or found.st_size != offer.size:
                raise RunError(f"{offer.path} is not the inbox that process {offer.pid} offered")
            return Inbox(mmap.mmap(fd, offer.size), offer.places)
        finally:
            os.close(fd)
    except OSError as error:
        raise RunError(f"cannot open the inbox of process {offer.pid}: {error}") from None


class ProcessPeer:
    """Watches the process of a peer; see :class:`spikemesh.runtime.exchange_memory.Watch`."""

    def __init__(self, pid: int) -> None:
        self._process = ProcessWatch(pid)
        self._closed = False

    def lost(self) -> str:
        """Return why nothing more will come, or an empty string."""
        return "" if self._closed or self._process.alive() else "its process ended"

    def close(self) -> None:
        """Let go of it."""
        self._closed = True
        self._process.close()


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
