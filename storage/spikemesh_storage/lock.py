"""Who is writing a live trace: a lock that the kernel drops when the process dies, however it dies."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
from pathlib import Path

from spikemesh.errors import TraceError
from spikemesh_storage.schema import LOCK


class FolderLock:
    """Exclusive lock of a live folder, held by its writer (``flock`` on a file within it).

    Raises
    ------
    TraceError
        If another process, or another writer of this one, holds it.
    """

    def __init__(self, folder: Path) -> None:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._descriptor: int | None = descriptor
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                self.release()
                raise TraceError(f"{folder} is being written by {owner(folder)}") from None
            # A file system without locks: the run goes on, it is only not protected from a second one.
        holder = json.dumps({"pid": os.getpid(), "host": platform.node()}).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder, 0)

    def release(self) -> None:
        """Drop the lock; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(folder: Path) -> bool:
    """Say whether the writer of a live folder is alive."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EWOULDBLOCK, errno.EACCES)
    finally:
        os.close(descriptor)
    return False


def owner(folder: Path) -> str:
    """Return ``process 12 on host x`` for the last writer of a live folder."""
    try:
        holder = json.loads((folder / LOCK).read_text())
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
