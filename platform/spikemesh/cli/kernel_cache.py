"""The folder of compiled kernels: what is in it, and emptying it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

_STAMP = re.compile(r"[0-9a-f]{16}")
GENERATED = "generated"
"""Folder of the loops written for plugins, whose names hold the fingerprint of their code."""


def contents(folder: Path, stamp: str) -> dict[str, Any]:
    """Say what a cache holds.

    Parameters
    ----------
    folder
        Where it is.
    stamp
        Stamp of the installed source and compiler; code under any other one is never used again.

    Returns
    -------
    dict
        ``files``, ``size_mb``; ``entries``: functions and signatures kept under the stamp; ``current``: whether the
        loops of a run are among them; ``outdated`` stamps, and ``outdated_mb``.
    """
    outdated = [path for path in _stamps(folder) if path.name != stamp]
    return {
        "stamp": stamp,
        "files": len(_files(folder)),
        "size_mb": _megabytes(folder),
        "entries": sum(1 for _ in (folder / stamp).rglob("*.nbc")),
        "current": (folder / stamp / "compiled").exists(),
        "outdated": len(outdated),
        "outdated_mb": round(sum(_megabytes(path) for path in outdated), 1),
    }


def clear(folder: Path) -> float:
    """Delete all compiled code; returns how many MB that were. Runs under way are not disturbed."""
    freed = 0.0
    # Only what is known to be ours: the folder may be one that someone keeps other things in.
    for path in [*_stamps(folder), folder / GENERATED]:
        if path.is_dir() and not path.is_symlink():
            freed += _megabytes(path)
            shutil.rmtree(path, ignore_errors=True)
    return round(freed, 1)


def _stamps(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.is_dir() and _STAMP.fullmatch(path.name)]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _megabytes(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in _files(folder)) / 2**20, 1)
