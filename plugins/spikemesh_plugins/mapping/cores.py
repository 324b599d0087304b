"""Which core of its chip each neuron is on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts import Neighbours, PartitionProblem
from spikemesh.errors import MappingError, Problem
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh_plugins.mapping.graph import parts_of, synapses_taken, within
from spikemesh_plugins.mapping.layouts import fill, over_cores, proportional

ROUNDS = 4
"""How often cores are filled again with the axons that the last filling led to, before a mapping is left to fail."""
GAIN = 0.99
"""An order must leave less than this fraction of the pairs of neuron and core to be taken instead of the plain one."""


def on_cores(problem: PartitionProblem, chip_of: Sequence[AnyArray], ordered: bool) -> list[IntArray] | None:
    """Put the neurons of every chip on its cores.

    With ``cores = "fewest"`` one core is filled after the other, as far as its limits allow; a chip whose cores
    do not suffice so, and every chip with ``cores = "all"``, is spread over all cores: population after population
    where the expected synapses fit the cores' memory so, else every population over all cores in proportion.

    Parameters
    ----------
    problem
        The network.
    chip_of
        Per population the chip of each neuron.
    ordered
        Whether to look for an order of the neurons in which each has its targets on fewer cores.

    Returns
    -------
    list of ndarray, or None
        Per population the core of each neuron; None if the expected synapses do not fit.
    """
    spread = _spread(problem, chip_of)
    if problem.cores == "all":
        return spread
    found = _packed(problem, chip_of, ordered, spread)
    return found if found is not None or spread is None else spread


def _spread(problem: PartitionProblem, chip_of: Sequence[AnyArray]) -> list[IntArray] | None:
    counts = np.stack([np.bincount(c, minlength=problem.system.chip_count) for c in chip_of])
    for layout in (fill, proportional):
        cores = over_cores(problem, counts, layout)
        if memory(problem, cores).max(initial=0.0) <= memory_limit(problem):
            return [_dealt(chips, row) for chips, row in zip(chip_of, cores, strict=True)]
    return None


def _dealt(chips: AnyArray, cores: IntArray) -> IntArray:
    """Deal a population's neurons to cores, those of one chip in rising order."""
    result = np.empty(chips.size, dtype=np.int64)
    result[np.argsort(chips, kind="stable")] = np.repeat(np.arange(cores.size), cores)
    return result


def _packed(
    problem: PartitionProblem, chip_of: Sequence[AnyArray], ordered: bool, spread: list[IntArray] | None
) -> list[IntArray] | None:
    """Fill cores one after the other; chips that need more cores than they have stay spread."""
    chips, most = np.concatenate(chip_of), problem.system.chip.core.axons_out
    graph = _graph(problem) if ordered else None
    start = None if spread is None else np.concatenate(spread)
    found = _packed_chips(problem, chips, graph, start, None)
    for _ in range(0 if most is None or problem.connections is None else ROUNDS):
        if found is None:
            break
        assert problem.connections is not None  # noqa: S101  there would be no rounds
        axons = problem.connections.parts_reached(found, problem.system.core_count)
        if np.bincount(found, weights=axons).max(initial=0) <= most:
            break
        # More cores for the neurons of one mean more axons for those that reach them: hence several rounds.
        found = _packed_chips(problem, chips, graph, start, axons)
    return None if found is None else np.split(found, np.cumsum(problem.sizes)[:-1])


def _packed_chips(
    problem: PartitionProblem,
    chips: AnyArray,
    graph: Neighbours | None,
    start: IntArray | None,
    axons_out: IntArray | None,
) -> IntArray | None:
    """Return the core of every neuron; None if a chip has too few and no neuron has a core to start from."""
    cores = problem.system.chip.core_count
    result = np.empty(chips.size, dtype=np.int64) if start is None else start.copy()
    for chip in range(problem.system.chip_count):
        mine = np.flatnonzero(chips == chip)
        core = _best_order(problem, mine, graph, axons_out)
        if core.max(initial=0) < cores:
            result[mine] = chip * cores + core
        elif start is None:
            return None
    return result


def _graph(problem: PartitionProblem) -> Neighbours | None:
    known = problem.connections
    return None if known is None else known.neighbours(synapses_taken(sum(problem.sizes)))


def _best_order(
    problem: PartitionProblem, mine: IntArray, graph: Neighbours | None, axons_out: IntArray | None
) -> IntArray:
    """Pack a chip's neurons as they are numbered, or in groups that belong together if that takes fewer pairs."""
    plain = packed(problem, mine, axons_out)
    cores = int(plain.max(initial=0)) + 1
    if graph is None or problem.connections is None or cores < 2:
        return plain
    order = np.argsort(parts_of(within(graph, mine), cores, problem.seed), kind="stable")
    grouped = np.empty_like(plain)
    grouped[order] = packed(problem, mine[order], axons_out)
    fits = grouped.max() < problem.system.chip.core_count
    if not fits:
        return plain
    # Targets elsewhere do not differ: they are all on one core of their own.
    pairs = [_pairs(problem, mine, core) for core in (plain, grouped)]
    return grouped if pairs[1] < GAIN * pairs[0] else plain


def _pairs(problem: PartitionProblem, mine: IntArray, core: IntArray) -> int:
    assert problem.connections is not None  # noqa: S101  the caller checked
    part = np.zeros(sum(problem.sizes), dtype=np.int64)
    part[mine] = 1 + core
    return int(problem.connections.parts_reached(part, int(core.max()) + 2).sum())


def packed(problem: PartitionProblem, neurons: IntArray, axons_out: IntArray | None = None) -> IntArray:
    """Fill cores one after the other with neurons in the order given.

    Limits of memory and axons need the synapses; where they are not known, expected ones stand for them.

    Returns
    -------
    ndarray of int64
        Number of the core of each, from 0; there may be more than a chip has.
    """
    core = problem.system.chip.core
    if problem.connections is not None and (core.synapse_memory_bits or core.axons_in or core.axons_out):
        return problem.connections.packed(neurons, core, axons_out)
    if core.neurons is None and core.synapse_memory_bits is None:
        return np.zeros(neurons.size, dtype=np.int64)
    bits = np.repeat(problem.fan_in * core.synapse_bits, problem.sizes)[neurons]
    return _filled(bits, core.neurons or neurons.size, float(core.synapse_memory_bits or np.inf))


def _filled(bits: FloatArray, neurons: int, most: float) -> IntArray:
    """Fill cores of so many neurons and bits."""
    result = np.empty(bits.size, dtype=np.int64)
    total = np.concatenate([[0.0], np.cumsum(bits)])
    first, core = 0, 0
    while first < bits.size:
        fits = int(np.searchsorted(total, total[first] + most * (1.0 + 1e-12), side="right")) - 1
        last = max(first + 1, min(fits, first + neurons))
        result[first:last] = core
        first, core = last, core + 1
    return result


def memory(problem: PartitionProblem, counts: IntArray) -> FloatArray:
    """Bits that the expected synapses take at least on each core (without their axons' overhead)."""
    result: FloatArray = (problem.fan_in @ counts) * problem.system.chip.core.synapse_bits
    return result


def memory_limit(problem: PartitionProblem) -> float:
    """Bits of synapse memory of a core."""
    return float(problem.system.chip.core.synapse_memory_bits or np.inf)


def too_much_memory(problem: PartitionProblem, counts: IntArray) -> MappingError:
    """Say which population's synapses do not fit.

    Parameters
    ----------
    problem
        The network.
    counts : ndarray of int64, shape (populations, chips)
        Neurons by population and chip.
    """
    cores_held = over_cores(problem, counts, proportional)
    needed = memory(problem, cores_held)
    core = int(np.argmax(needed))
    p = int(np.argmax(problem.fan_in * cores_held[:, core]))
    need, limit = round(float(needed[core])), round(memory_limit(problem))
    cores = sum(1 for bits in needed if bits > limit)
    chip, local = divmod(core, problem.system.chip.core_count)
    found = (
        f"{round(problem.fan_in[p] * problem.sizes[p])} expected synapses of "
        f"{problem.system.chip.core.synapse_bits} bits; with all populations spread evenly chip{chip}.core{local} "
        f"needs {need} bits of {limit} (synapse_memory_bits): {need - limit} bits too many, on {cores} cores"
    )
    return MappingError(Problem(f'population "{problem.names[p]}"', found, "more chips, or fewer synapses"))
