"""The growing arrays of a live shard, and how to read what was committed of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import DTypeLike

from spikemesh.contracts.trace import TracePlan
from spikemesh.errors import TraceError
from spikemesh.ids import AnyArray
from spikemesh_storage.hardware_layout import axis_names, counters_of
from spikemesh_storage.schema import (
    COUNT,
    LIVE_CHUNK,
    LIVE_COUNTER_CHUNK,
    NEURON,
    SAMPLE,
    TICK,
    WEIGHT,
)


@dataclass(frozen=True)
class Series:
    """One array that grows row by row; ``width`` is None for a plain column."""

    path: str
    dtype: np.dtype[Any]
    width: int | None = None
    values: int = LIVE_CHUNK

    @property
    def chunk(self) -> tuple[int, ...]:
        """Shape of a storage chunk, which holds about ``values`` values."""
        return (self.values,) if self.width is None else (max(1, self.values // self.width), self.width)

    def shape(self, rows: int) -> tuple[int, ...]:
        """Shape of the array with so many rows."""
        return (rows,) if self.width is None else (rows, self.width)


def series_of(plan: TracePlan) -> dict[str, Series]:
    """Return every growing array of a plan's shard by path, in the order of the commit table.

    Arrays are numbered, not named, and those without columns are left out.
    """

    def column(path: str, dtype: DTypeLike, width: int | None = None, values: int = LIVE_CHUNK) -> None:
        found[path] = Series(path, np.dtype(dtype), width, values)

    found: dict[str, Series] = {}
    for index in range(len(plan.recorded)):
        column(f"spikes/{index}/tick", TICK)
        column(f"spikes/{index}/neuron", NEURON)
    for index, probe in enumerate(plan.probes):
        if len(probe.neurons):
            column(f"probes/{index}/value", SAMPLE, len(probe.neurons))
    for counter in counters_of(plan):
        if width := len(axis_names(plan, counter.axis)):
            column(f"counters/{counter.name}/bin", COUNT, values=LIVE_COUNTER_CHUNK)
            column(f"counters/{counter.name}/value", COUNT, width, LIVE_COUNTER_CHUNK)
    for one in plan.series:
        column(f"series/{one.name}", COUNT)
    for index in range(len(plan.weights)):
        column(f"weights/{index}/stored", np.uint8)
        column(f"weights/{index}/source", NEURON)
        column(f"weights/{index}/target", NEURON)
        column(f"weights/{index}/weight", WEIGHT)
    return found


def create(file: Any, series: Series) -> Any:
    """Create the empty dataset of a series in an open shard."""
    return file.create_dataset(
        series.path,
        shape=series.shape(0),
        maxshape=(None, *series.shape(0)[1:]),
        dtype=series.dtype,
        chunks=series.chunk,
        fletcher32=True,
        track_times=False,
    )


def extend(dataset: Any, start: int, rows: AnyArray) -> None:
    """Write contiguous rows of the dataset's own type from row ``start`` on."""
    # h5py's slices cost four times as much as these calls of HDF5, on every series of every commit.
    if start + len(rows) > dataset.id.shape[0]:  # it is longer after a commit that failed
        dataset.id.set_extent((start + len(rows), *rows.shape[1:]))
    place = dataset.id.get_space()
    place.select_hyperslab((start, *(0 for _ in rows.shape[1:])), rows.shape)
    dataset.id.write(h5py.h5s.create_simple(rows.shape), place, rows)


def read_prefix(dataset: Any, rows: int) -> AnyArray:
    """Read the first ``rows`` rows, or as many of them as can be read.

    A process killed within a write can leave a chunk whose checksum does not fit its new tail,
    although the older rows in it are intact. Such a chunk is read past the checksum: the commit
    table, which has checksums of its own, decides which rows count.
    """
    available = min(rows, int(dataset.shape[0]))
    try:
        whole: AnyArray = dataset[:available]
    except OSError:
        parts = list(_readable_chunks(dataset, available))
        return np.concatenate(parts) if parts else np.empty((0, *dataset.shape[1:]), dataset.dtype)
    return whole


def _readable_chunks(dataset: Any, rows: int) -> Iterator[AnyArray]:
    step = int(dataset.chunks[0])
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        try:
            yield dataset[start:stop]
        except OSError:
            raw = _chunk_without_checksum(dataset, start)
            if raw is None:
                return
            yield raw[: stop - start]


def _chunk_without_checksum(dataset: Any, start: int) -> AnyArray | None:
    try:
        _, raw = dataset.id.read_direct_chunk((start, *(0 for _ in dataset.shape[1:])))
    except (OSError, RuntimeError, ValueError):
        return None
    size = int(np.prod(dataset.chunks)) * dataset.dtype.itemsize
    if len(raw) < size:
        return None
    return np.frombuffer(raw, dataset.dtype, int(np.prod(dataset.chunks))).reshape(dataset.chunks)


def read_committed(dataset: Any, rows: int) -> AnyArray:
    """Read exactly ``rows`` rows.

    Raises
    ------
    TraceError
        If fewer can be read.
    """
    values = read_prefix(dataset, rows)
    if len(values) < rows:
        raise TraceError(f"live shard: {dataset.name} has {len(values)} readable rows of {rows} committed")
    return values
