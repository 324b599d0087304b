"""Where a trace is: the finished file, and the live folder beside it."""

from __future__ import annotations

from pathlib import Path

from spikemesh.errors import TraceError
from spikemesh_storage.schema import FORMAT, LIVE_SUFFIX


def live_folder(target: Path) -> Path:
    """Return the live folder of a target."""
    return target.with_name(target.name + LIVE_SUFFIX)


def target_of(folder: Path) -> Path:
    """Return the target of a live folder."""
    return folder.with_name(folder.name.removesuffix(LIVE_SUFFIX))


def find_live(path: Path) -> Path | None:
    """Return the live folder that ``path`` names (itself, or as its target), or None."""
    folder = path if path.name.endswith(LIVE_SUFFIX) else live_folder(path)
    return folder if folder.is_dir() else None


def check_free(target: Path, overwrite: bool) -> None:
    """Check that a run may write ``target``.

    Raises
    ------
    TraceError
        If its folder does not exist, or a finished file, or one that is no trace, would be overwritten.
    """
    if not target.parent.is_dir():
        raise TraceError(f"cannot write {target}: there is no folder {target.parent}")
    if target.is_dir():
        raise TraceError(f"cannot write {target}: it is a folder")
    if target.exists() and not overwrite:
        raise TraceError(f"{target} exists; choose another name, or allow overwriting (overwrite=True)")
    if target.exists() and not is_trace(target):
        raise TraceError(f"{target} is no spikemesh trace, so it is not replaced; choose another name")


def is_trace(path: Path) -> bool:
    """Whether a file is a trace of ours (or empty), which a new run may replace."""
    import h5py

    try:
        if path.stat().st_size == 0:
            return True
        with h5py.File(path, "r", locking=False) as file:
            found = file.attrs.get("format", "")
            return (found.decode() if isinstance(found, bytes) else str(found)) == FORMAT
    except OSError:
        return False
