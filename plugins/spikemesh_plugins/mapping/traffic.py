"""The default partitioner: the one that sends the fewest packets between chips."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts import PartitionProblem, expected_packets
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.mapping.cores import on_cores, too_much_memory
from spikemesh_plugins.mapping.layouts import blocks, fill, proportional
from spikemesh_plugins.mapping.neurons import by_neuron, pays
from spikemesh_plugins.mapping.shares import Shares, shares_of

SLACK = 0.1
"""How far a cut between chips may move, in shares; both cuts of a chip together stay within 20 %."""
GAIN = 0.99
"""A layout must send less than this fraction of an earlier one's packets to be taken instead."""


class Traffic:
    """Compare four layouts over the chips by expected packets, and make the best better neuron by neuron.

    1. Every population split over all chips in proportion: best for networks connected at random, and
       the most even in memory.
    2. Chips filled with one population after the other, in the order of description, with cuts at
       exact shares.
    3. The same with each cut moved to the next border between populations, if that is within
       a tenth of a share.
    4. As 3, in an order in which every population follows those it is most connected to.

    Of near equals the first is taken. Unless neurons of a population are all alike and each reaches every chip
    however they are split, partitions of single neurons are tried as well (:mod:`.neurons`). The cores of a chip
    are filled as :func:`.cores.on_cores` says.
    """

    name = "traffic"

    def partition(self, problem: PartitionProblem) -> list[IntArray]:
        """Return per population the core of each neuron; see :class:`spikemesh.contracts.Partitioner`."""
        shares = shares_of(problem)
        candidates = [self._proportional(problem, shares), *self._filled(problem, shares)]
        packets = [float(expected_packets(problem, blocks(c)).sum()) for c in candidates]
        costs = [cost * GAIN ** (len(candidates) - k) for k, cost in enumerate(packets)]
        by_cost = [blocks(candidates[k]) for k in np.argsort(costs, kind="stable")]
        single = pays(problem, packets)
        if single:
            by_cost.insert(0, by_neuron(problem, shares, by_cost))
        for chip_of in by_cost:
            cores = on_cores(problem, chip_of, single)
            if cores is not None:
                return cores
        raise too_much_memory(problem, candidates[0])

    def _proportional(self, problem: PartitionProblem, shares: Shares) -> IntArray:
        return shares.pinned + proportional(_free_sizes(problem, shares), shares.room)

    def _filled(self, problem: PartitionProblem, shares: Shares) -> list[IntArray]:
        sizes = np.asarray(_free_sizes(problem, shares))
        given = np.arange(sizes.size)
        layouts = []
        for order, snap in ((given, False), (given, True), (connected_order(problem), True)):
            room = _snapped(problem, sizes[order], shares) if snap else shares.room
            counts = np.empty_like(shares.pinned)
            counts[order] = fill([int(n) for n in sizes[order]], room)
            layouts.append(counts + shares.pinned)
        return layouts


def _free_sizes(problem: PartitionProblem, shares: Shares) -> list[int]:
    return [int(n) for n in np.where(shares.free, problem.sizes, 0)]


def connected_order(problem: PartitionProblem) -> IntArray:
    """Order populations so that each follows those it shares most synapses with, the latest counting most.

    Begins with the population that has the fewest synapses (an end of a chain); ties go to the lower index.
    """
    weight: FloatArray = problem.synapses + problem.synapses.T
    left = list(range(len(problem.names)))
    pull = np.zeros(len(left))
    order: list[int] = []
    following = int(np.argmin(weight.sum(axis=1)))
    while left:
        left.remove(following)
        order.append(following)
        pull = 0.5 * pull + weight[following]
        if left:
            following = left[int(np.argmax(pull[left]))]
    return np.asarray(order, dtype=np.int64)


def _snapped(problem: PartitionProblem, sizes: IntArray, shares: Shares) -> IntArray:
    """Move cuts between chips to nearby borders between populations, within slack and limits."""
    chip = problem.system.chip
    cuts, borders = np.cumsum(shares.room), np.concatenate([[0], np.cumsum(sizes)])
    after = np.searchsorted(borders, cuts).clip(1, borders.size - 1)
    near = np.where(cuts - borders[after - 1] <= borders[after] - cuts, borders[after - 1], borders[after])
    # Whole neurons already put a chip up to one neuron off its share: half of it for each cut.
    most = SLACK * sum(problem.sizes) / problem.system.chip_count - 0.5
    moved = np.where(np.abs(near - cuts) <= most, near, cuts)
    room = np.diff(moved, prepend=0)
    total = room + shares.pinned.sum(axis=0)
    fits = chip.core.neurons is None or total.max() <= chip.core_count * chip.core.neurons
    result: IntArray = room if fits and room.min() >= 0 and room[shares.room > 0].all() else shares.room
    return result
