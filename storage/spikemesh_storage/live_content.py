"""What a live trace holds: its shard up to the last commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from spikemesh.contracts.trace import TracePlan
from spikemesh.errors import TraceError
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh_storage import order
from spikemesh_storage.commits import COMMITS, Commit, CommitTable, width
from spikemesh_storage.content import Outcome, bin_count
from spikemesh_storage.faults import is_lock_failure, lock_failure
from spikemesh_storage.hardware_layout import axis_names, counter_named
from spikemesh_storage.lock import is_locked, owner
from spikemesh_storage.plan_file import plan_of, read_description
from spikemesh_storage.schema import OUTCOME, SHARD
from spikemesh_storage.series import read_committed, read_prefix, series_of
from spikemesh_storage.superblock import ClearedFile


class LiveContent:
    """Content of a live folder at the time it was opened.

    While the writer lives, the shard is read in step with it (SWMR) up to the last commit. After its
    death the shard is read past the flag that the writer left, and a commit counts only if the
    checksums of all its rows fit.

    Parameters
    ----------
    folder
        The live folder.
    verify
        Whether to check every row against the commit table. None: only if the writer is gone. False
        also says that the shard was closed.

    Raises
    ------
    TraceError
        If it is not a live folder, or its shard cannot be read at all.
    """

    def __init__(self, folder: Path, verify: bool | None = None) -> None:
        described = read_description(folder)
        alive = is_locked(folder)
        self._source: Any = None
        self._file: Any = None
        self.folder = folder
        try:
            self._open(growing=alive and verify is None, closed=verify is False)
            self.plan: TracePlan = self._plan(described)
            self._series = list(series_of(self.plan))
            self._commit: Commit = self._last_commit(not alive if verify is None else verify)
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            self.close()
            if isinstance(error, TraceError):
                raise
            if isinstance(error, OSError) and is_lock_failure(error):
                raise lock_failure(folder / SHARD) from error
            raise TraceError(f"cannot read {folder / SHARD}: {error}") from error
        self.until: int = self._commit.until
        self.outcome: Outcome = self.ended() or _unended(folder, alive)

    def _open(self, growing: bool, closed: bool) -> None:
        if growing or closed:
            self._file = h5py.File(self.folder / SHARD, "r", swmr=growing)
            return
        self._source = ClearedFile(self.folder / SHARD)
        self._file = h5py.File(self._source, "r")

    def _plan(self, described: dict[str, Any]) -> TracePlan:
        neurons = [self._file[f"plan/probes/{i}"][:] for i in range(len(described["probes"]))]
        placement = {
            name: self._file[f"plan/placement/{i}"][:] for i, name in enumerate(described["placement"])
        }
        return plan_of(described, neurons, placement)

    def _last_commit(self, verify: bool) -> Commit:
        table = CommitTable(_table_rows(self._file[COMMITS], width(len(self._series))))
        datasets = [self._file[path] for path in self._series]
        if not verify:
            return table.commit(table.reached([int(d.shape[0]) for d in datasets]))
        count = len(table)
        for index, dataset in enumerate(datasets):
            count = min(count, table.verified(index, read_prefix(dataset, table.last_rows(index))))
        return table.commit(count)

    def _read(self, path: str) -> AnyArray:
        rows = self._commit.rows[self._series.index(path)]
        return read_committed(self._file[path], rows)

    def spikes(self, population: str) -> tuple[IntArray, IntArray]:
        """Return ticks and local neurons, sorted by tick, then neuron."""
        index = self.plan.recorded.index(population)
        return order.by_time(self._read(f"spikes/{index}/tick"), self._read(f"spikes/{index}/neuron"))

    def samples(self, probe: int, start: int, stop: int) -> FloatArray:
        """Return the samples ``start .. stop`` of a probe, shape (samples, neurons)."""
        if not len(self.plan.probes[probe].neurons):
            return np.empty((stop - start, 0))
        dataset = self._file[f"probes/{probe}/value"]
        try:
            block: FloatArray = dataset[start:stop]
        except OSError:
            # The chunk's own checksum does not fit; the commit table vouches for these rows.
            block = read_committed(dataset, stop)[start:]
        return block

    def stored_weights(self) -> tuple[str, ...]:
        """Return the projections whose weights are stored, in order."""
        rows = dict(zip(self._series, self._commit.rows, strict=True))
        return tuple(name for index, name in enumerate(self.plan.weights) if rows[f"weights/{index}/stored"])

    def weights(self, projection: str) -> tuple[IntArray, IntArray, FloatArray]:
        """Return sources, targets and weights, sorted by source, target, weight."""
        base = f"weights/{self.plan.weights.index(projection)}"
        return order.by_synapse(
            *(self._read(f"{base}/{column}") for column in ("source", "target", "weight"))
        )

    def counter(self, name: str) -> IntArray:
        """Return a counter, shape (bins, cores or links)."""
        plan = counter_named(self.plan, name)
        if plan is None:
            raise TraceError(f'the trace has no counter "{name}"')
        bins = bin_count(self.plan, self.until) if plan.binned else 1
        total = np.zeros((bins, len(axis_names(self.plan, plan.axis))), np.int64)
        if total.shape[1]:
            put_together = np.add if plan.how == "sum" else np.maximum
            put_together.at(total, self._read(f"counters/{name}/bin"), self._read(f"counters/{name}/value"))
        return total

    def series(self, name: str) -> IntArray:
        """Return a figure of every step, shape (steps,)."""
        return self._read(f"series/{name}")

    def ended(self) -> Outcome | None:
        """Return how the run ended, or None if it did not say so before its writer died."""
        try:
            ended = json.loads((self.folder / OUTCOME).read_text(encoding="utf-8"))
            return Outcome(ended["state"], ended["message"], results=ended["results"], timing=ended["timing"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TraceError(f"cannot read {self.folder / OUTCOME}: {error}") from error

    def close(self) -> None:
        """Close the shard."""
        if self._file is not None:
            self._file.close()
        if self._source is not None:
            self._source.close()


def _table_rows(dataset: Any, columns: int) -> IntArray:
    rows = read_prefix(dataset, int(dataset.shape[0]))
    if rows.shape[1] != columns:
        raise TraceError(f"the commit table has {rows.shape[1]} columns; the plan needs {columns}")
    return rows


def _unended(folder: Path, alive: bool) -> Outcome:
    if alive:
        return Outcome("running", f"being written by {owner(folder)}")
    return Outcome(
        "unfinished", f"its writer, {owner(folder)}, is gone; spikemesh recover makes it a finished file"
    )
