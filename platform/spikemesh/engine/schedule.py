"""Scheduled changes: events of spike sources, encoded samples, currents, resets, third factors."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np

from spikemesh.contracts.bound import BoundCurrent, BoundInput, BoundStream
from spikemesh.engine.arrays import Schedule
from spikemesh.engine.encoded import currents_of, spikes_of
from spikemesh.engine.program import InputSlice, PopulationSlice, Program
from spikemesh.engine.streams import StreamFeed
from spikemesh.errors import PluginError
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels.random import fill_block, stream_key
from spikemesh.kernels.window import CURRENT, EVENT, RESET, THIRD


class StreamRandom:
    """Uniform numbers keyed by seed, population and purpose; row k belongs to step ``first_step + k``."""

    def __init__(self, key: int, neurons: int) -> None:
        self._key = np.uint64(key)
        self._neurons = np.arange(neurons, dtype=np.uint32)

    def uniform(self, first_step: int, steps: int) -> FloatArray:
        """Return numbers in [0, 1), shape (steps, neurons)."""
        out = np.empty((steps, self._neurons.size))
        block = np.empty((4, self._neurons.size), dtype=np.uint32)
        for number in range(first_step >> 2, (first_step + steps + 3) >> 2):
            fill_block(self._key, np.uint64(number), self._neurons, np.uint64(0), block)
            begin, end = max(4 * number, first_step), min(4 * number + 4, first_step + steps)
            out[begin - first_step : end - first_step] = block[begin - 4 * number : end - 4 * number]
        out *= 1.0 / 4294967296.0
        return out


def _rows(
    tick: AnyArray | int,
    kind: int,
    place: AnyArray | int,
    *,
    population: int = 0,
    value: AnyArray | float = 0.0,
    integer: int = 0,
) -> AnyArray:
    rows = np.empty(np.broadcast(tick, place).size, dtype=_DTYPE)
    rows["tick"], rows["place"], rows["value"] = tick, place, value
    rows["kind"], rows["population"], rows["integer"] = kind, population, integer
    return rows


_DTYPE = np.dtype([(name, "f8" if name == "value" else "i8") for name in Schedule._fields])


def _columns(rows: AnyArray) -> Schedule:
    return Schedule(*(np.ascontiguousarray(rows[name]) for name in Schedule._fields))


class Feed:
    """Produces the schedule of one program piece by piece.

    Parameters
    ----------
    program
        The program of the worker.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._positions = {s.population: k for k, s in enumerate(program.slices)}
        # Sorting lets go of the interpreter lock, and whoever writes results then holds it for long.
        self._nothing = _columns(np.zeros(0, dtype=_DTYPE))
        # Pieces may be far shorter than a presentation; each is encoded once.
        self._encodings: dict[tuple[int, int], list[AnyArray]] = {}
        self._streams = [
            (program.slices[feed.slice], self._stream(feed.stream, program.slices[feed.slice].name))
            for feed in program.feeds
            if feed.stream is not None
        ]

    def _stream(self, given: BoundStream, population: str) -> StreamFeed:
        key = stream_key(self._program.seed, "stream", population, given.rank)
        random = StreamRandom(key, given.size)
        return StreamFeed(given, population, random, self._program.timestep_ms)

    def between(self, first: int, until: int) -> Schedule:
        """Return the changes of the steps that end at ticks ``first + 1 .. until``."""
        parts = list(self._parts(first, until))
        if not parts:
            return self._nothing
        # numpy's concatenation works out the common fields anew for every part.
        rows = np.empty(sum(part.size for part in parts), dtype=_DTYPE)
        at = 0
        for part in parts:
            rows[at : at + part.size] = part
            at += part.size
        rows = rows[(rows["tick"] > first) & (rows["tick"] <= until)]
        # Changes of one step touch different memory: their order within it does not matter.
        rows = rows[np.argsort(rows["tick"], kind="stable")]
        return _columns(rows)

    def _parts(self, first: int, until: int) -> Iterator[AnyArray]:
        for part in self._program.slices:
            low, high = np.searchsorted(part.event_ticks, (first, until), side="right")
            if high > low:
                yield self._events(part, part.event_ticks[low:high], part.event_positions[low:high])
        for feed in self._program.feeds:
            own = self._program.slices[feed.slice] if feed.slice >= 0 else None
            if feed.current is not None and own is not None:
                yield from _current_rows(feed, feed.current, own, first, until)
            if feed.input is not None:
                yield from self._presentations(feed, feed.input, own, first, until)
        for part, stream in self._streams:
            for ticks, neurons in stream.between(first, until):
                yield self._own_events(part, ticks, neurons)
        for number, table in enumerate(self._program.plastic):
            low, high = np.searchsorted(table.third_ticks, (first, until), side="left")
            if high > low:
                yield _rows(
                    table.third_ticks[low:high] + 1, THIRD, number, value=table.third_values[low:high]
                )

    def _events(self, part: PopulationSlice, ticks: IntArray, positions: IntArray) -> AnyArray:
        unit = 1 if part.model.arithmetic == "int64" else round(1.0 / part.scales[0])
        return _rows(ticks, EVENT, part.inputs[0] + positions, integer=unit)

    def _presentations(
        self, feed: InputSlice, given: BoundInput, part: PopulationSlice | None, first: int, until: int
    ) -> Iterator[AnyArray]:
        period = given.present + given.blank
        for sample in range(max(0, first // period - 1), min(len(given.data), until // period + 1)):
            start = sample * period
            for population in given.reset:
                if population in self._positions:
                    yield _rows(start + 1, RESET, self._positions[population])
            if part is None:
                continue
            key = (given.index, sample)
            if key not in self._encodings:
                old = [k for k in self._encodings if k[0] == given.index and k[1] < sample - 1]
                for k in old:
                    del self._encodings[k]
                self._encodings[key] = list(self._encoded(feed, given, part, sample, start))
            yield from self._encodings[key]
            ended = sample + 1 == len(given.data) or given.blank
            if feed.layer >= 0 and ended:
                yield _layer(feed, part, start + given.present, 0.0)

    def _encoded(
        self, feed: InputSlice, given: BoundInput, part: PopulationSlice, sample: int, start: int
    ) -> Iterator[AnyArray]:
        values = given.data[sample]
        own = [
            f.input.index for f in self._program.feeds if f.input and f.input.population == given.population
        ]
        key = stream_key(self._program.seed, "input", part.name, own.index(given.index))
        random = StreamRandom(key, given.size)
        parameters = SimpleNamespace(**given.parameters)
        where = f'encoder {given.encoder.name} failed on sample {sample} of population "{part.name}" at step {start}'
        try:
            encoded = given.encoder.encode(
                values, given.present, start, self._program.timestep_ms, parameters, random
            )
        except Exception as error:
            raise PluginError(f"{where}: {type(error).__name__}: {error}") from error
        if feed.layer >= 0:
            yield _layer(feed, part, start, currents_of(encoded, given.size, where)[part.neurons])
            return
        offsets, neurons = spikes_of(encoded, given.present, given.size, where)
        yield self._own_events(part, start + offsets, neurons)

    def _own_events(self, part: PopulationSlice, ticks: IntArray, neurons: IntArray) -> AnyArray:
        position = np.searchsorted(part.neurons, neurons)
        here = (position < part.size) & (part.neurons[np.minimum(position, part.size - 1)] == neurons)
        return self._events(part, ticks[here], position[here])


def _layer(feed: InputSlice, part: PopulationSlice, tick: int, value: AnyArray | float) -> AnyArray:
    """Set a current layer at a tick; it acts from the step that starts there, which ends one tick later."""
    place = feed.layer * part.size + np.arange(part.size)
    return _rows(tick + 1, CURRENT, place, population=feed.slice, value=value)


def _current_rows(
    feed: InputSlice, current: BoundCurrent, part: PopulationSlice, first: int, until: int
) -> Iterator[AnyArray]:
    low, high = np.searchsorted(current.ticks, (first, until), side="left")
    for k in range(low, high):
        value = current.values[k]
        yield _layer(feed, part, int(current.ticks[k]), value[part.neurons] if np.ndim(value) else value)
