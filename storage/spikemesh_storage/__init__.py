"""Trace files: writer, reader, recovery, analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikemesh.contracts.hooks import hookimpl

if TYPE_CHECKING:
    import click

    from spikemesh.contracts.trace import TraceStore

__all__ = ["spikemesh_commands", "spikemesh_stores"]


@hookimpl
def spikemesh_stores() -> list[TraceStore]:
    """Return the HDF5 store."""
    from spikemesh_storage.store import Hdf5Store

    return [Hdf5Store()]


@hookimpl
def spikemesh_commands() -> list[click.Command]:
    """Return ``info``, ``analyze``, ``report`` and ``recover``."""
    from spikemesh_storage.commands import analyze, info, recover, report

    return [info, analyze, report, recover]
