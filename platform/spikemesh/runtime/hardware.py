"""Adds what the hardware did to the chunks of a run, or of a run that was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from spikemesh.contracts.trace import Chunk
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
    tick_ps
        Hardware time of every step, where it is fixed; None: what the clock says.

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
        tick_ps: int | None = None,
    ) -> None:
        self._clock = clock
        self._tick_ps = tick_ps
        self._offsets = dict(offsets)
        self._recorded = frozenset(recorded)
        self.hardware_ps = 0

    def add_to(self, chunk: Chunk) -> None:
        """Add counters and series to a chunk with the spikes of all populations; drop those not recorded."""
        empty: IntArray = np.zeros(0, dtype=np.int64)
        ticks = np.concatenate([empty, *(t for t, _ in chunk.spikes.values())])
        neurons = np.concatenate([empty, *(n + self._offsets[name] for name, (_, n) in chunk.spikes.items())])
        figures = self._clock.advance(chunk.until, ticks, neurons)
        if self._tick_ps is not None:
            figures.series["step_time_ps"][:] = self._tick_ps
        # Where packets can be late, the workers have simulated the links: that goes before what loads say.
        chunk.counters = {**figures.counters, **chunk.counters}
        chunk.series.update(figures.series)
        self.hardware_ps += int(figures.series["step_time_ps"].sum())
        for name in [name for name in chunk.spikes if name not in self._recorded]:
            del chunk.spikes[name]
