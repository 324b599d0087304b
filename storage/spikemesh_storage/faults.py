"""Failures of the file system and of HDF5, as errors that say what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spikemesh.errors import TraceError

RESERVE = 16 << 20
"""Bytes that must stay free: HDF5 cannot even close a file whose last write failed."""

_LOCKED = {errno.EAGAIN, errno.EACCES, errno.ENOLCK, 524}
"""Codes with which opening fails where a lock is held or locks do not work (524: ENOTSUPP)."""


def is_lock_failure(error: OSError) -> bool:
    """Say whether HDF5 could not lock a file."""
    return "lock file" in str(error) and (error.errno in _LOCKED or "errno" in str(error))


def lock_failure(path: Path) -> TraceError:
    """Return the error for a file that HDF5 could not lock."""
    return TraceError(
        f"{path} is locked: another program writes it, or its file system has no locks "
        "(then set HDF5_USE_FILE_LOCKING=FALSE)"
    )


def _free(path: Path) -> str:
    for folder in (path, *path.parents):
        if folder.is_dir():
            return f"{shutil.disk_usage(folder).free / 2**20:.0f} MiB free"
    return "free space unknown"


def require_space(folder: Path, size: int) -> None:
    """Raise a TraceError, before anything is written, if ``size`` bytes would fill the file system."""
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < size + RESERVE:
        raise TraceError(
            f"cannot write {folder}: {_free(folder)}, {(size + RESERVE) / 2**20:.0f} MiB needed; what was "
            "committed is safe, and spikemesh recover makes it a finished file once there is space"
        )


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn failures to write below ``path`` into a TraceError with the reason and the free space."""
    try:
        yield
    except TraceError:
        raise
    except OSError as error:
        if is_lock_failure(error):
            raise lock_failure(path) from error
        reason = error.strerror or str(error)
        raise TraceError(f"cannot write {path}: {reason} ({_free(path)})") from error
    except RuntimeError as error:  # what h5py raises for a failed write of raw data
        raise TraceError(f"cannot write {path}: {error} ({_free(path)})") from error
