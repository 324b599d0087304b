"""Adds what the hardware did to the chunks of a run, or of a run that was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from spikemesh.contracts.trace import Chunk
from spikemesh.engine.learning_updates import LearningTables, count_updates
from spikemesh.engine.report import WorkerReport
from spikemesh.engine.timing import StepClock
from spikemesh.ids import IntArray


class HardwareCounts:
    """Finds counters and times of the hardware from the spikes of a chunk.

    Parameters
    ----------
    clock
        Tells how long steps take.
    offsets
        Global index of the first neuron of every population.
    recorded
        Populations whose spikes stay in the chunk; the others are only counted.
    workers
        Global indices of the neurons of each worker, in its order, if workers report activity.
    tick_ps
        Hardware time of every step, where it is fixed; None: what the clock says.
    learning
        Where plastic synapses are; None: there are none.

    Attributes
    ----------
    hardware_ps
        Hardware time of all steps so far.
    """

    def __init__(
        self,
        clock: StepClock,
        offsets: Mapping[str, int],
        recorded: Iterable[str],
        workers: Sequence[IntArray] = (),
        tick_ps: int | None = None,
        learning: LearningTables | None = None,
    ) -> None:
        self._clock = clock
        self._workers = tuple(workers)
        self._tick_ps = tick_ps
        self._learning = learning
        if learning is not None:
            # No steps, so that the loop is compiled or loaded before the clock of the run starts.
            nobody = np.zeros(0, dtype=np.int64)
            count_updates(0, 0, nobody, nobody, clock.bin_steps, learning)
        self._offsets = dict(offsets)
        self._recorded = frozenset(recorded)
        self.hardware_ps = 0

    def join_activity(self, chunk: Chunk, reports: Sequence[WorkerReport]) -> None:
        """Put together which neurons of the network were active, from what the workers report."""
        if not self._workers:
            return
        alone = self._workers[0]
        if len(self._workers) == 1 and np.array_equal(alone, np.arange(alone.size)):
            chunk.activity = reports[0].activity
            return
        active = np.zeros((chunk.until - chunk.first, sum(n.size for n in self._workers)), dtype=np.uint8)
        for neurons, report in zip(self._workers, reports, strict=True):
            if report.activity is not None:
                active[:, neurons] = np.unpackbits(report.activity, axis=1, count=neurons.size)
        chunk.activity = np.packbits(active, axis=1)

    def add_to(self, chunk: Chunk) -> None:
        """Add counters and series to a chunk with the spikes of all populations; drop those not recorded."""
        empty: IntArray = np.zeros(0, dtype=np.int64)
        ticks = np.concatenate([empty, *(t for t, _ in chunk.spikes.values())])
        neurons = np.concatenate([empty, *(n + self._offsets[name] for name, (_, n) in chunk.spikes.items())])
        figures = self._clock.advance(chunk.until, ticks, neurons, chunk.activity)
        if self._tick_ps is not None:
            figures.series["step_time_ps"][:] = self._tick_ps
        # Where packets can be late, the workers have simulated the links: that goes before what loads say.
        chunk.counters = {**figures.counters, **chunk.counters}
        if self._learning is not None:
            chunk.counters["core_learning_updates"] = count_updates(
                chunk.first, chunk.until, ticks, neurons, self._clock.bin_steps, self._learning
            )
        chunk.series.update(figures.series)
        self.hardware_ps += int(figures.series["step_time_ps"].sum())
        for name in [name for name in chunk.spikes if name not in self._recorded]:
            del chunk.spikes[name]
