"""Opening traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spikemesh.registry.shared import shared_registry


def open_trace(path: str | Path) -> Any:
    """Open a finished or live trace.

    Parameters
    ----------
    path
        The trace file (``run.h5`` also names a live or interrupted run).

    Returns
    -------
    Trace
        See :class:`spikemesh_storage.reader.Trace`.

    Raises
    ------
    TraceError
        If there is none, or it is damaged.
    """
    return shared_registry().stores.get("hdf5").open(Path(path))
