"""Partitioners that look at sizes alone."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts import PartitionProblem
from spikemesh.ids import IntArray
from spikemesh_plugins.mapping.cores import on_cores
from spikemesh_plugins.mapping.layouts import blocks, even_room, fill, over_cores
from spikemesh_plugins.mapping.shares import shares_of


class Linear:
    """Neurons in the order of description, in equal shares, chip after chip and core after core.

    On a chip they fill as few cores as its limits allow, or all cores evenly, as ``cores`` says.
    """

    name = "linear"

    def partition(self, problem: PartitionProblem) -> list[IntArray]:
        """Return per population the core of each neuron; see :class:`spikemesh.contracts.Partitioner`."""
        shares = shares_of(problem)
        sizes = np.where(shares.free, problem.sizes, 0)
        counts = shares.pinned + fill([int(n) for n in sizes], shares.room)
        evenly = blocks(over_cores(problem, counts, fill))
        if problem.cores == "all":
            return evenly
        found = on_cores(problem, blocks(counts), ordered=False)
        return evenly if found is None else found


class RoundRobin:
    """Neurons dealt one by one to the chips, and on a chip one by one to all its cores."""

    name = "round_robin"

    def partition(self, problem: PartitionProblem) -> list[IntArray]:
        """Return per population the core of each neuron; see :class:`spikemesh.contracts.Partitioner`."""
        shares = shares_of(problem)
        chip_of = [_deal(row) for row in shares.pinned]
        dealt, start = _deal(shares.room), 0
        for p in np.flatnonzero(shares.free):
            chip_of[p] = dealt[start : start + problem.sizes[p]]
            start += problem.sizes[p]
        return np.split(self._cores(problem, np.concatenate(chip_of)), np.cumsum(problem.sizes)[:-1])

    def _cores(self, problem: PartitionProblem, chip_of: IntArray) -> IntArray:
        cores = problem.system.chip.core_count
        result = np.empty(chip_of.size, dtype=np.int64)
        for chip in range(problem.system.chip_count):
            mine = np.flatnonzero(chip_of == chip)
            result[mine] = chip * cores + _deal(even_room(mine.size, cores))
        return result


def _deal(room: IntArray) -> IntArray:
    """Return bins in the order in which they take neurons: each as often as its room, evenly mixed."""
    bins = np.repeat(np.arange(room.size), room)
    turn = np.arange(bins.size) - np.repeat(np.cumsum(room) - room, room)
    when = (turn + 0.5) / np.repeat(np.maximum(room, 1), room)
    result: IntArray = bins[np.lexsort((bins, when))].astype(np.int64)
    return result
