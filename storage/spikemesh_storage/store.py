"""The HDF5 trace store; h5py is imported when a trace is first opened."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spikemesh.contracts.trace import TracePlan
from spikemesh.errors import TraceError
from spikemesh_storage.lock import is_locked, owner
from spikemesh_storage.paths import check_free, live_folder
from spikemesh_storage.schema import LIVE_SUFFIX, PLAN

if TYPE_CHECKING:
    from spikemesh_storage.derived import DerivedWriter
    from spikemesh_storage.live import LiveWriter
    from spikemesh_storage.reader import Trace


class Hdf5Store:
    """Traces in one HDF5 file each."""

    name = "hdf5"
    suffixes: Sequence[str] = (".h5", ".hdf5", LIVE_SUFFIX)

    def create(self, path: Path, plan: TracePlan, *, overwrite: bool = False) -> LiveWriter:
        """Open a live trace that becomes ``path``.

        Parameters
        ----------
        path
            The file to be.
        plan
            What is recorded.
        overwrite
            Replace a finished file (when the new one is whole) and drop what a dead run left.

        Raises
        ------
        TraceError
            If there is a finished file or an unrecovered live trace, another run writes it, or the
            folder does not exist.
        InputError
            If the plan holds a name that cannot be stored.
        """
        from spikemesh_storage.live import LiveWriter

        path = Path(path)
        folder = live_folder(path)
        check_free(path, overwrite)
        if folder.is_dir():
            _clear(path, folder, overwrite)
        return LiveWriter(path, folder, plan)

    def derive(self, path: Path, source: Path, plan: TracePlan, *, overwrite: bool = False) -> DerivedWriter:
        """Begin a trace that takes its spikes, probes and weights from a finished one.

        Parameters
        ----------
        path
            The file to be.
        source
            A finished trace.
        plan
            What the new one says of itself.
        overwrite
            Replace a finished file.

        Raises
        ------
        TraceError
            If ``source`` is not finished or cannot be read, both are the same file, or ``path`` cannot be written.
        """
        from spikemesh_storage.derived import DerivedWriter
        from spikemesh_storage.reader import open_file

        path = Path(path)
        check_free(path, overwrite)
        folder = live_folder(path)
        if folder.is_dir():
            _clear(path, folder, overwrite)
        if path.exists() and path.samefile(source):
            raise TraceError(f"{path} is the trace that is read; choose another name for the new one")
        return DerivedWriter(path, open_file(source), plan)

    def open(self, path: Path) -> Trace:
        """Open a finished or live trace.

        Raises
        ------
        TraceError
            If there is none, or it cannot be read.
        """
        from spikemesh_storage.reader import open_trace

        return open_trace(path)

    def recover(self, path: Path) -> Path:
        """Turn what a killed run left into the canonical file.

        Raises
        ------
        TraceError
            If there is nothing to recover, the run is alive, or the file cannot be written.
        """
        from spikemesh_storage.recover import recover

        return recover(Path(path))


def _clear(path: Path, folder: Path, overwrite: bool) -> None:
    if is_locked(folder):
        raise TraceError(f"cannot write {path}: {owner(folder)} is writing it")
    # Without a plan the run died before its first step, and nothing is lost.
    if (folder / PLAN).exists() and not overwrite:
        raise TraceError(
            f"cannot write {path}: {folder.name} holds what a killed run recorded; "
            f"keep it with: spikemesh recover {path}, or drop it with --overwrite"
        )
    shutil.rmtree(folder)
