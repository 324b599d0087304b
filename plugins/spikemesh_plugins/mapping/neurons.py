"""Partitions over the chips neuron by neuron."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts import Bounds, Connections, PartitionProblem
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh_plugins.mapping.graph import parts_of, synapses_taken
from spikemesh_plugins.mapping.shares import Shares, chip_room

SLACK = 0.1
"""How far a chip may be off what an even split gives it, in shares."""
GAIN = 0.99
"""A partition of neurons must send less than this fraction of the best layout's packets to be taken instead."""
REACHED = 0.95
"""Where neurons reach this share of the other chips, single neurons have no place where they cost less."""
STRUCTURE = 0.97
"""Of a large network, METIS must save this much for it to be worth to go on."""
TRIES, SMALL = 4, 500_000
"""Partitions tried of networks with fewer pairs of neurons than this; others are tried once."""
UNLIMITED = 2**60


def pays(problem: PartitionProblem, packets: Sequence[float]) -> bool:
    """Tell whether single neurons should be looked at.

    Not where neurons of a population differ by chance alone and reach all chips, unless populations can be laid
    out so that fewer packets go between chips than with all of them split in proportion.

    Parameters
    ----------
    problem
        The network.
    packets
        Expected packets of the layouts, the proportional one first.
    """
    chips = problem.system.chip_count
    if problem.connections is None or chips < 2 or max(packets) == 0.0:
        return False
    rates = _rates(problem)
    sends = np.repeat(problem.synapses.any(axis=1), problem.sizes)
    reached = packets[0] / max((chips - 1) * float(rates[sends].sum()), 1e-300)
    return not problem.exchangeable or reached < REACHED or min(packets) < GAIN * packets[0]


def by_neuron(
    problem: PartitionProblem, shares: Shares, layouts: Sequence[Sequence[AnyArray]]
) -> list[IntArray]:
    """Find the chip of every neuron by METIS, or from a layout, made better while that saves packets.

    Parameters
    ----------
    problem
        The network.
    shares
        What an even split gives each chip.
    layouts
        Chips of all neurons by population, as layouts have them, the best one first.

    Returns
    -------
    list of ndarray of int64
        Per population the chip of each neuron: the best layout, if nothing sends clearly less.
    """
    connections, chips = problem.connections, problem.system.chip_count
    assert connections is not None  # noqa: S101  see pays
    plain = np.concatenate(layouts[0])
    movable = np.repeat(shares.free, problem.sizes)
    bounds = _bounds(problem, shares, plain)
    best, least = plain, GAIN * _cost(connections, plain, chips)
    for start in _starts(problem, [np.concatenate(layout) for layout in layouts], movable):
        found = connections.refined(start, bounds, movable, problem.seed)
        cost = _cost(connections, found, chips)
        if cost < least and _kept(found, bounds):
            best, least = found, cost
    return np.split(best, np.cumsum(problem.sizes)[:-1])


def _starts(problem: PartitionProblem, layouts: Sequence[IntArray], movable: AnyArray) -> list[IntArray]:
    """Return the partitions that are to be made better.

    These are all of a small network. Of a large one it is the best alone, and none if METIS finds no structure.
    """
    connections, chips = problem.connections, problem.system.chip_count
    assert connections is not None  # noqa: S101  see pays
    by_metis = _by_metis(problem, layouts[0], movable)
    if connections.hypergraph().target.size < SMALL:
        return [*layouts, *by_metis]
    costs = [_cost(connections, start, chips) for start in (*by_metis, layouts[0])]
    if len(costs) > 1 and costs[0] < STRUCTURE * costs[1]:
        return by_metis
    return [] if costs[0] < costs[-1] or problem.exchangeable else [layouts[0]]


def _rates(problem: PartitionProblem) -> FloatArray:
    return np.ones(sum(problem.sizes)) if problem.rates is None else problem.rates


def _cost(connections: Connections, part: IntArray, chips: int) -> float:
    packets = connections.packets(part, chips)
    return float(packets.sum() - np.trace(packets))


def _bounds(problem: PartitionProblem, shares: Shares, layout: IntArray) -> Bounds:
    """Allow a tenth of a share each way, and whatever the layout has."""
    chips, core = problem.system.chip_count, problem.system.chip.core
    even = shares.pinned.sum(axis=0) + shares.room
    slack = int(SLACK * sum(problem.sizes) / chips)
    held = np.bincount(layout, minlength=chips)
    known = problem.connections
    assert known is not None  # noqa: S101  see pays
    bits, most = np.zeros(layout.size, dtype=np.int64), UNLIMITED
    if core.synapse_memory_bits is not None:
        graph = known.hypergraph()
        total = np.concatenate([[0], np.cumsum(graph.synapses, dtype=np.int64)])
        bits = (total[graph.in_ptr[1:]] - total[graph.in_ptr[:-1]]) * core.synapse_bits
        most = core.synapse_memory_bits * problem.system.chip.core_count
    low = np.minimum(np.maximum(even - slack, np.minimum(even, 1)), held)
    high = np.maximum(np.minimum(even + slack, chip_room(problem)), held)
    return Bounds(low, high, bits, np.full(chips, most, dtype=np.int64))


def _kept(part: IntArray, bounds: Bounds) -> bool:
    held = np.bincount(part, minlength=bounds.low.size)
    bits = np.bincount(part, weights=bounds.bits, minlength=bounds.low.size)
    return bool(
        (held >= bounds.low).all() and (held <= bounds.high).all() and (bits <= bounds.most_bits).all()
    )


def _by_metis(problem: PartitionProblem, layout: IntArray, movable: AnyArray) -> list[IntArray]:
    """Partition by METIS; pinned neurons stay where the layout has them, and parts take the chips that suit them."""
    known, chips = problem.connections, problem.system.chip_count
    assert known is not None  # noqa: S101  see pays
    if layout.size < 2 * chips:
        return []
    graph = known.neighbours(synapses_taken(layout.size))
    tries = TRIES if known.hypergraph().target.size < SMALL else 1
    found = [_matched(parts_of(graph, chips, problem.seed + k), layout, movable, chips) for k in range(tries)]
    return [np.where(movable, part, layout) for part in found]


def _matched(part: IntArray, layout: IntArray, movable: AnyArray, chips: int) -> IntArray:
    """Give parts the numbers of the chips that hold most of their pinned neurons; without pins, as in the layout."""
    # Imported late: commands that map nothing start without it.
    from scipy.optimize import linear_sum_assignment

    asked = ~movable if not movable.all() else movable
    agree = np.zeros((chips, chips))
    np.add.at(agree, (part[asked], layout[asked]), 1.0)
    chip: IntArray = np.asarray(linear_sum_assignment(agree, maximize=True)[1], dtype=np.int64)
    return chip[part]
