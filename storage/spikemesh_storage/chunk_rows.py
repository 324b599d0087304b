"""From a chunk to rows of the live shard, with everything checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikemesh.contracts.trace import Chunk, TracePlan
from spikemesh.errors import TraceError, nearest
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh_storage.hardware_layout import axis_names, counter_named, counters_of
from spikemesh_storage.schema import NEURON

Parts = list[tuple[IntArray, IntArray, FloatArray]]


class RowBuilder:
    """Turns chunks of a run into rows by series path.

    Parameters
    ----------
    plan
        What is recorded.
    """

    def __init__(self, plan: TracePlan) -> None:
        self._plan = plan
        self._sizes = dict(plan.populations)
        self._recorded = {name: index for index, name in enumerate(plan.recorded)}
        self._weights = {name: index for index, name in enumerate(plan.weights)}

    def rows(self, chunk: Chunk) -> dict[str, AnyArray]:
        """Return the rows of a chunk.

        Raises
        ------
        TraceError
            If it names what the plan does not have, holds spikes or bins outside its ticks, or lacks samples.
        """
        found: dict[str, AnyArray] = {}
        for population, (ticks, neurons) in chunk.spikes.items():
            found.update(self._spikes(chunk, population, ticks, neurons))
        for index in chunk.probes:
            if not 0 <= index < len(self._plan.probes):
                raise TraceError(f"chunk has samples of probe {index}; the plan has {len(self._plan.probes)}")
        for index, probe in enumerate(self._plan.probes):
            if len(probe.neurons):
                found[f"probes/{index}/value"] = self._samples(chunk, index)
        for counter, increments in chunk.counters.items():
            found.update(self._counter(chunk, counter, increments))
        for series in self._plan.series:
            found[f"series/{series.name}"] = _one_a_step(chunk, series.name)
        unknown = [name for name in chunk.series if name not in {s.name for s in self._plan.series}]
        if unknown:
            raise TraceError(f'chunk has a series "{unknown[0]}", which the plan does not have')
        return found

    def _spikes(
        self, chunk: Chunk, population: str, ticks: IntArray, neurons: IntArray
    ) -> Mapping[str, AnyArray]:
        index = self._recorded.get(population)
        if index is None:
            hint = nearest(population, self._recorded)
            raise TraceError(f'chunk has spikes of "{population}", which is not recorded; {hint}')
        ticks, neurons = np.asarray(ticks), np.asarray(neurons)
        if len(ticks) != len(neurons):
            raise TraceError(f'chunk has {len(ticks)} ticks and {len(neurons)} neurons of "{population}"')
        if len(ticks):
            _within(f'ticks of "{population}"', ticks, chunk.first + 1, chunk.until)
            _within(f'neurons of "{population}"', neurons, 0, self._sizes[population] - 1)
        return {f"spikes/{index}/tick": ticks, f"spikes/{index}/neuron": neurons}

    def _samples(self, chunk: Chunk, index: int) -> FloatArray:
        probe = self._plan.probes[index]
        every, width = probe.every_steps, len(probe.neurons)
        before = chunk.first // every
        values = np.empty((chunk.until // every - before, width))
        seen = np.zeros(values.shape, bool)
        for ticks, columns, part in chunk.probes.get(index, ()):
            if not part.size:
                continue
            what = f"samples of {probe.population}.{probe.variable}"
            _within(f"ticks of {what}", ticks, chunk.first + 1, chunk.until)
            _within(f"columns of {what}", columns, 0, width - 1)
            if (ticks % every).any():
                raise TraceError(f"chunk has {what} between its sampling ticks (every {every} steps)")
            place = np.ix_(ticks // every - before - 1, columns)
            values[place] = part
            seen[place] = True
        if not seen.all():
            missing = int(seen.size - seen.sum())
            raise TraceError(
                f"chunk of ticks ({chunk.first}, {chunk.until}] lacks {missing} of {seen.size} samples "
                f"of {probe.population}.{probe.variable}"
            )
        return values

    def _counter(self, chunk: Chunk, counter: str, increments: IntArray) -> Mapping[str, AnyArray]:
        plan = counter_named(self._plan, counter)
        if plan is None:
            known = [c.name for c in counters_of(self._plan)]
            raise TraceError(f'chunk has a counter "{counter}"; {nearest(counter, known)}')
        increments = np.asarray(increments)
        width = len(axis_names(self._plan, plan.axis))
        if increments.ndim != 2 or increments.shape[1] != width:
            raise TraceError(f'counter "{counter}" has shape {increments.shape}; expected (bins, {width})')
        kept = np.flatnonzero(increments.any(axis=1))
        if not len(kept):
            return {}
        bins = kept + (chunk.first_bin if plan.binned else 0)
        last = (max(chunk.until, 1) - 1) // self._plan.bin_steps if plan.binned else 0
        _within(f'bins of counter "{counter}"', bins, 0, last)
        return {f"counters/{counter}/bin": bins, f"counters/{counter}/value": increments[kept]}

    def weights(
        self, projection: str, sources: IntArray, targets: IntArray, weights: FloatArray
    ) -> dict[str, AnyArray]:
        """Return the rows of a projection's weights.

        Raises
        ------
        TraceError
            If the projection is not in the plan, the arrays differ in length or an index does not fit.
        """
        index = self._weights.get(projection)
        if index is None:
            raise TraceError(
                f'the plan stores no weights of "{projection}"; {nearest(projection, self._weights)}'
            )
        sources, targets, weights = np.asarray(sources), np.asarray(targets), np.asarray(weights)
        if not len(sources) == len(targets) == len(weights):
            lengths = f"{len(sources)} sources, {len(targets)} targets, {len(weights)} weights"
            raise TraceError(f'weights of "{projection}": {lengths}')
        for what, ids in (("sources", sources), ("targets", targets)):
            if len(ids):
                _within(f'{what} of "{projection}"', ids, 0, np.iinfo(NEURON).max)
        base = f"weights/{index}"
        return {
            f"{base}/stored": np.ones(1, np.uint8),
            f"{base}/source": sources,
            f"{base}/target": targets,
            f"{base}/weight": weights,
        }


def _one_a_step(chunk: Chunk, name: str) -> IntArray:
    values = np.asarray(chunk.series.get(name, ()), dtype=np.int64)
    if values.shape != (chunk.until - chunk.first,):
        raise TraceError(f'series "{name}" has shape {values.shape}; expected {(chunk.until - chunk.first,)}')
    return values


def _within(what: str, values: AnyArray, low: int, high: int) -> None:
    smallest, largest = int(values.min()), int(values.max())
    if smallest < low or largest > high:
        found = smallest if smallest < low else largest
        raise TraceError(f"chunk has {what} outside {low} .. {high}: {found}")
