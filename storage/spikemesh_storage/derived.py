"""A trace made of another: its spikes, probes and weights, with counters of other hardware."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.contracts.trace import Chunk, CounterPlan, TracePlan
from spikemesh.errors import TraceError
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh_storage.chunk_rows import RowBuilder
from spikemesh_storage.content import Content, Outcome, bin_count
from spikemesh_storage.finalise import finalise
from spikemesh_storage.hardware_layout import axis_names, counters_of
from spikemesh_storage.plan_file import check_plan
from spikemesh_storage.reader import Trace
from spikemesh_storage.schema import STATES


class DerivedContent:
    """Function of one run, hardware of another.

    Parameters
    ----------
    source
        Content with spikes, probes and weights.
    plan
        What the new trace says of itself; probes in the order of those of the source.
    """

    def __init__(self, source: Content, plan: TracePlan) -> None:
        self._source = source
        self.plan = plan
        self.until = source.until
        self.outcome = Outcome("unfinished")
        self.counters = {c.name: np.zeros(_shape(plan, c, source.until), np.int64) for c in counters_of(plan)}
        self.figures = {s.name: np.zeros(source.until, np.int64) for s in plan.series}

    def spikes(self, population: str) -> tuple[IntArray, IntArray]:
        """Return ticks and local neurons, sorted by tick, then neuron."""
        return self._source.spikes(population)

    def samples(self, probe: int, start: int, stop: int) -> FloatArray:
        """Return the samples ``start .. stop`` of a probe, shape (samples, neurons)."""
        return self._source.samples(probe, start, stop)

    def stored_weights(self) -> tuple[str, ...]:
        """Return the projections whose weights are stored, in order."""
        return self._source.stored_weights()

    def weights(self, projection: str) -> tuple[IntArray, IntArray, FloatArray]:
        """Return sources, targets and weights, sorted by source, target, weight."""
        return self._source.weights(projection)

    def counter(self, name: str) -> IntArray:
        """Return a counter, shape (bins, cores or links)."""
        return self.counters[name]

    def series(self, name: str) -> IntArray:
        """Return a figure of every step, shape (steps,)."""
        return self.figures[name]

    def activity(self, start: int, stop: int) -> AnyArray:
        """Return bit by bit who spiked or changed state in the steps after ``start`` to ``stop``, uint8."""
        return self._source.activity(start, stop)

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def _shape(plan: TracePlan, counter: CounterPlan, until: int) -> tuple[int, int]:
    return bin_count(plan, until) if counter.binned else 1, len(axis_names(plan, counter.axis))


class DerivedWriter:
    """Writer of a trace whose spikes, probes and weights are those of another one.

    Chunks bring counters and series alone. They are kept in memory, and the file is written at the end: what it is
    made from is still there if that fails.

    Parameters
    ----------
    target
        The file to be.
    source
        Content with spikes, probes and weights; it is closed at the end.
    plan
        What the new trace says of itself.
    """

    def __init__(self, target: Path, source: Content, plan: TracePlan) -> None:
        check_plan(plan)
        self.target, self.plan = target, plan
        self._content = DerivedContent(source, plan)
        self._check = RowBuilder(plan)
        self._until = 0

    def append(self, chunk: Chunk) -> None:
        """Add the counters and series of the next ticks.

        Raises
        ------
        TraceError
            If the chunk does not continue the last one, holds spikes or samples, or does not fit the plan.
        """
        if chunk.first != self._until or not chunk.first <= chunk.until <= self._content.until:
            ticks = f"({chunk.first}, {chunk.until}]"
            raise TraceError(f"{self.target}: chunk of ticks {ticks} does not continue tick {self._until}")
        if chunk.spikes or chunk.probes:
            raise TraceError(f"{self.target}: spikes and samples are those of the source")
        kinds = {c.name: c for c in counters_of(self.plan)}
        for path, rows in self._check.hardware_rows(chunk).items():
            kind, name, part = path.split("/")[0], path.split("/")[1], path.rpartition("/")[2]
            if kind == "series":
                self._content.figures[name][chunk.first : chunk.until] = rows
            elif part == "bin":
                values = chunk.counters[name][rows - (chunk.first_bin if kinds[name].binned else 0)]
                held = self._content.counters[name]
                held[rows] = (
                    held[rows] + values if kinds[name].how == "sum" else np.maximum(held[rows], values)
                )
        self._until = chunk.until

    def store_weights(
        self,
        projection: str,
        sources: IntArray,  # noqa: ARG002 - the contract's arguments
        targets: IntArray,  # noqa: ARG002
        weights: FloatArray,  # noqa: ARG002
    ) -> None:
        """Refuse weights: they are those of the source."""
        raise TraceError(f'{self.target}: weights of "{projection}" are those of the source')

    def view(self) -> Trace:
        """Return a reader of what will be written."""
        return Trace(self.target, self._content)

    def finish(
        self,
        status: str,
        message: str = "",
        results: Mapping[str, Any] | None = None,
        timing: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the file; see :class:`spikemesh.contracts.trace.TraceWriter`.

        Raises
        ------
        TraceError
            If ticks are missing, or it cannot be written (nothing is left then).
        """
        if status not in STATES:
            raise TraceError(f'status "{status}" is none of {", ".join(STATES)}')
        if self._until != self._content.until:
            raise TraceError(f"{self.target}: ticks after {self._until} of {self._content.until} are missing")
        self._content.outcome = Outcome(status, message, results=results, timing=timing)
        try:
            finalise(self._content, self.target)
        finally:
            self._content.close()
        return self.target

    def abandon(self) -> None:
        """Close the source and write nothing."""
        self._content.close()
