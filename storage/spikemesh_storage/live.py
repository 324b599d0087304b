"""Stream a run into a live trace: the folder ``run.h5.live`` beside the target ``run.h5``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from spikemesh.contracts.trace import Chunk, TracePlan
from spikemesh.errors import TraceError
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh_storage import commits, series
from spikemesh_storage.chunk_rows import RowBuilder
from spikemesh_storage.faults import require_space, storing
from spikemesh_storage.finalise import finalise
from spikemesh_storage.jsonable import dumps, write_durably
from spikemesh_storage.live_content import LiveContent
from spikemesh_storage.lock import FolderLock
from spikemesh_storage.plan_file import check_plan, plan_text
from spikemesh_storage.schema import LIVE_LIBVER, OUTCOME, PLAN, SHARD, STATES


class LiveWriter:
    """Writer of a trace: a shard that can be read while it grows, made canonical by :meth:`finish`.

    Every dataset exists before the first row, because a file that is read while it is written must
    keep its structure; this class offers no way to change it. One thread may use a writer.

    Parameters
    ----------
    target
        The finished file to be.
    folder
        The live folder; it must not exist.
    plan
        What is recorded.

    Raises
    ------
    InputError
        If the plan holds a name that cannot be stored.
    TraceError
        If the folder cannot be created.
    """

    def __init__(self, target: Path, folder: Path, plan: TracePlan) -> None:
        check_plan(plan)
        self.target, self.folder, self.plan = target, folder, plan
        self._build = RowBuilder(plan)
        self._series = series.series_of(plan)
        self._rows = dict.fromkeys(self._series, 0)
        self._until = 0
        self._commits = 0
        self._weights: set[str] = set()
        with storing(folder):
            folder.mkdir()
            self._lock = FolderLock(folder)
            self._open()
            write_durably(folder / PLAN, plan_text(plan))

    def _open(self) -> None:
        self._file: Any = h5py.File(self.folder / SHARD, "w", libver=LIVE_LIBVER)
        for index, placed in enumerate(self.plan.placement.values()):
            _fixed(self._file, f"plan/placement/{index}", placed, np.int32)
        for index, probe in enumerate(self.plan.probes):
            _fixed(self._file, f"plan/probes/{index}", probe.neurons, np.int64)
        self._datasets = {path: series.create(self._file, s) for path, s in self._series.items()}
        columns = commits.width(len(self._series))
        # Without a filter: each row has a checksum, and one bad row must not hide the others.
        self._table = self._file.create_dataset(
            commits.COMMITS,
            shape=(0, columns),
            maxshape=(None, columns),
            dtype=np.int64,
            chunks=(max(1, 2048 // columns), columns),
            track_times=False,
        )
        self._file.flush()
        os.fsync(self._file.id.get_vfd_handle())
        self._file.swmr_mode = True

    @property
    def until(self) -> int:
        """The last committed tick."""
        return self._until

    def append(self, chunk: Chunk) -> None:
        """Write and commit one chunk; afterwards it survives a kill of the process.

        Raises
        ------
        TraceError
            If the chunk does not continue the last one or does not fit the plan (nothing is written
            then), or if it cannot be written.
        """
        self._check_open()
        if chunk.first != self._until or chunk.until < chunk.first:
            ticks = f"({chunk.first}, {chunk.until}]"
            raise TraceError(f"{self.target}: chunk of ticks {ticks} does not continue tick {self._until}")
        self._commit(chunk.until, self._build.rows(chunk))

    def store_weights(
        self, projection: str, sources: IntArray, targets: IntArray, weights: FloatArray
    ) -> None:
        """Keep the final weights of a projection (neuron indices local to their populations).

        Raises
        ------
        TraceError
            If the projection is not in the plan, was stored before, or the arrays differ in length.
        """
        self._check_open()
        rows = self._build.weights(projection, sources, targets, weights)
        if projection in self._weights:
            raise TraceError(f'{self.target}: weights of "{projection}" are stored already')
        self._commit(self._until, rows)
        self._weights.add(projection)

    def _check_open(self) -> None:
        if not self._file:
            raise TraceError(f"{self.target}: the trace is closed")

    def _commit(self, until: int, rows: Mapping[str, AnyArray]) -> None:
        typed = {
            path: np.ascontiguousarray(r, self._series[path].dtype) for path, r in rows.items() if r.size
        }
        require_space(self.folder, sum(r.nbytes for r in typed.values()))
        reached = {path: count + len(typed.get(path, ())) for path, count in self._rows.items()}
        checksums = [commits.checksum(typed[path]) if path in typed else 0 for path in self._series]
        row = commits.encode(until, list(reached.values()), checksums)
        with storing(self.folder):
            for path, written in typed.items():
                series.extend(self._datasets[path], self._rows[path], written)
            series.extend(self._table, self._commits, row[np.newaxis])
            self._file.flush()
        self._rows, self._until, self._commits = reached, until, self._commits + 1

    def finish(
        self,
        status: str,
        message: str = "",
        results: Mapping[str, Any] | None = None,
        timing: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the canonical file and remove the live folder.

        Parameters
        ----------
        status
            ``complete``, ``interrupted`` or ``failed``.
        message
            Why, if it is not complete.
        results
            The scenario's own figures (JSON-able).
        timing
            Wall-clock figures of the run (JSON-able), kept in the provenance.

        Returns
        -------
        Path
            The finished file.

        Raises
        ------
        TraceError
            If it cannot be written; the live folder then stays, and ``recover`` can try again.
        """
        if status not in STATES:
            raise TraceError(f'status "{status}" is none of {", ".join(STATES)}')
        self._check_open()
        try:
            self._finalise(status, message, results, timing)
            remove_live(self.folder)
        finally:
            self._lock.release()
        return self.target

    def _finalise(
        self,
        status: str,
        message: str,
        results: Mapping[str, Any] | None,
        timing: Mapping[str, Any] | None,
    ) -> None:
        with storing(self.folder):
            # Written first, so that a kill during the next lines does not turn a whole run into a broken one.
            outcome = {"state": status, "message": message, "results": results, "timing": timing}
            write_durably(self.folder / OUTCOME, dumps(outcome))
            self._file.close()
        content = LiveContent(self.folder, verify=False)
        try:
            finalise(content, self.target)
        finally:
            content.close()

    def abandon(self) -> None:
        """Close the live trace as it is, leaving it to ``recover``; a second call does nothing.

        Without a single commit there is nothing to recover, and the live folder goes.
        """
        if self._file:
            self._file.close()
            if not self._commits:
                remove_live(self.folder)
        self._lock.release()


def _fixed(file: Any, path: str, values: AnyArray, dtype: type[np.generic]) -> None:
    array = np.ascontiguousarray(values, dtype)
    filters: dict[str, Any] = {"chunks": (min(len(array), 65_536),), "fletcher32": True} if len(array) else {}
    file.create_dataset(path, data=array, track_times=False, **filters)


def remove_live(folder: Path) -> None:
    """Remove a live folder; a kill in between never leaves half of one behind under its name."""
    doomed = folder.with_name(folder.name + ".removed")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
