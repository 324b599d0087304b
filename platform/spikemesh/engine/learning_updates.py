"""Updates of plastic synapses by core, counted from who spiked.

An update is one run of a rule's function for one synapse. Those that a spike causes are counted with the spike, like
its synaptic events: at its synapses (``on_pre``) and at the synapses onto the neuron that spiked (``on_post``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from spikemesh.contracts.bound import ThirdSpikes
from spikemesh.engine.tally import TallyTables, tally_counters
from spikemesh.ids import AnyArray, FloatArray, IntArray


class ThirdFactor:
    """The third factor of a projection, followed from stretch to stretch of a run.

    Parameters
    ----------
    ticks, values : ndarray, shape (changes,)
        Its value from the step after each tick on.
    spikes
        Spikes that add to it.
    first, last
        Global indices of the first neuron whose spikes they are, and of the one after the last.
    """

    def __init__(
        self,
        ticks: IntArray,
        values: FloatArray,
        spikes: ThirdSpikes | None = None,
        first: int = 0,
        last: int = 0,
    ) -> None:
        self._ticks, self._values, self._spikes = ticks, np.concatenate(([0.0], values)), spikes
        self._first, self._last = first, last
        self._coming: Counter[int] = Counter()
        self._levels = [0.0]
        self._span, self._known = (-1, -1), np.zeros(0)

    def between(self, first: int, until: int, ticks: IntArray, neurons: IntArray) -> FloatArray:
        """Return its values in the steps ``first .. until``, of which the first is that of the last call.

        Several may ask for the same steps, one after the other.

        Parameters
        ----------
        first, until
            Ticks.
        ticks, neurons : ndarray of int64, shape (spikes,)
            Spikes of the ticks ``(first, until]``.
        """
        if (first, until) == self._span:
            return self._known
        tick = np.arange(first, until + 1)
        given: FloatArray = self._values[np.searchsorted(self._ticks + 1, tick, side="right")]
        if self._spikes is None:
            return given
        here = (neurons >= self._first) & (neurons < self._last)
        self._coming.update((ticks[here] + self._spikes.delay).tolist())
        levels = self._levels[-1:]
        for step in range(first + 1, until + 1):
            level = levels[-1] * self._spikes.decay + self._coming.pop(step, 0) * self._spikes.gain
            levels.append(level if abs(level) >= self._spikes.least else 0.0)
        self._levels = levels
        given += np.array(levels)
        self._span, self._known = (first, until), given
        return given


@dataclass(frozen=True, eq=False)
class Visits:
    """Runs of a function for all synapses of a projection.

    Attributes
    ----------
    every
        Steps from one to the next.
    on_third
        Whether it also runs in steps whose third factor is not 0, once more for the steps missed before.
    third
        The third factor; one for all functions of the projection.
    synapses : ndarray of int64, shape (cores,)
        Synapses on each core.
    """

    every: int
    on_third: bool
    third: ThirdFactor
    synapses: IntArray

    def runs(self, first: int, until: int, third: FloatArray) -> IntArray:
        """Return how often it runs in each of the steps ``first + 1 .. until``; ``third`` as of ``first``."""
        tick = np.arange(first, until + 1)
        due: AnyArray = (tick % self.every == 0) & (tick > 0)
        if not self.on_third:
            every: IntArray = due[1:].astype(np.int64)
            return every
        on: AnyArray = third != 0.0
        due |= on
        # What was missed up to the step before is made up first; before the first step there is nothing.
        missed = on[1:] & ~due[:-1] & (tick[1:] > 1)
        runs: IntArray = due[1:].astype(np.int64) + missed
        return runs


@dataclass(frozen=True, eq=False)
class LearningTables:
    """What the plastic synapses of a mapped network do when a neuron spikes, and without that.

    Attributes
    ----------
    core_of : ndarray of int32, shape (neurons,)
        Core of every neuron.
    ptr : ndarray of int64, shape (neurons + 1,)
        Entries of each neuron.
    core, updates : ndarray, shape (entries,)
        Updates on a core that one spike causes.
    cores
        Cores of the system.
    visits
        Functions that run whether or not anybody spikes.
    """

    core_of: AnyArray
    ptr: IntArray
    core: AnyArray
    updates: IntArray
    cores: int
    visits: tuple[Visits, ...]


def count_updates(
    first: int, until: int, ticks: IntArray, neurons: IntArray, bin_steps: int, tables: LearningTables
) -> IntArray:
    """Count the updates of the ticks ``(first, until]``, which follow those of the last call.

    Parameters
    ----------
    first, until
        Ticks.
    ticks, neurons : ndarray of int64, shape (spikes,)
        All spikes of these ticks in any order; neurons by their global index.
    bin_steps
        Width of a bin in steps.
    tables
        The mapped network.

    Returns
    -------
    ndarray of int64, shape (bins, cores)
        The first row is of the bin that holds tick ``first + 1``.
    """
    order = np.argsort(ticks, kind="stable")
    nowhere = np.zeros(tables.ptr.size, dtype=np.int64)
    fan = TallyTables(
        *(tables.core_of, tables.ptr, tables.core, tables.updates),
        *(nowhere, np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)),
    )
    first_bin, counters = tally_counters(
        first, until, ticks[order], neurons[order], bin_steps, tables.cores, 0, fan
    )
    counts = counters["core_synaptic_events"]
    row = np.arange(first, until) // bin_steps - first_bin
    third = {
        factor: factor.between(first, until, ticks, neurons) for factor in {v.third for v in tables.visits}
    }
    for visits in tables.visits:
        runs = np.zeros(len(counts), dtype=np.int64)
        np.add.at(runs, row, visits.runs(first, until, third[visits.third]))
        counts += runs[:, None] * visits.synapses
    return counts
