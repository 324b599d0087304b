"""Limits that can be checked before any synapse is built, and the rule of synapse memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.mapping import PartitionProblem
from spikemesh.description.system import CoreSpec, System
from spikemesh.description.values import Distribution
from spikemesh.errors import PluginError, Problem
from spikemesh.ids import AnyArray, IntArray


def memory_bits(synapses: IntArray, core: CoreSpec) -> IntArray:
    """Memory that input axons take on a core.

    Parameters
    ----------
    synapses : ndarray of int64
        Synapses of each axon.
    core
        Gives the rule: blocks of at most ``block_synapses``, each ``block_bits`` plus ``synapse_bits``
        per synapse, rounded up to ``word_bits``; ``axon_bits`` besides.

    Returns
    -------
    ndarray of int64
        Bits, zero where there are no synapses.
    """

    def block(count: IntArray) -> IntArray:
        bits = count * core.synapse_bits + core.block_bits
        return -(-bits // core.word_bits) * core.word_bits

    most = core.block_synapses or max(int(synapses.max(initial=0)), 1)
    whole, rest = np.divmod(synapses, most)
    bits = whole * block(np.asarray(most)) + np.where(rest > 0, block(rest), 0)
    return np.where(synapses > 0, bits + core.axon_bits, 0)


def fan_in_problems(problem: PartitionProblem) -> list[Problem]:
    """Find populations whose neurons have more synapses, in the mean, than a neuron may have."""
    limit = problem.system.chip.core.fan_in
    if limit is None:
        return []
    return [
        Problem(
            f'population "{name}"',
            f"{mean:g} synapses onto a neuron in the mean; the limit is {limit} (fan_in): "
            f"{mean - limit:g} too many",
            "fewer synapses onto each neuron",
        )
        for name, mean in zip(problem.names, problem.fan_in, strict=True)
        if mean > limit * (1.0 + 1e-9)
    ]


def delay_problems(network: BoundNetwork, system: System) -> list[Problem]:
    """Find projections with delays longer than the chip can hold."""
    limit = system.chip.core.delay_steps
    if limit is None:
        return []
    problems = []
    for projection in network.projections:
        if isinstance(projection.delay, Distribution):
            continue  # known only when the synapses are drawn
        longest = int(np.max(projection.delay, initial=0))
        if longest > limit:
            found = (
                f"a delay of {longest} steps from population "
                f'"{network.populations[projection.source].name}" to '
                f'"{network.populations[projection.target].name}"; the limit is {limit} (delay_steps): '
                f"{longest - limit} too many"
            )
            problems.append(
                Problem(f'projection "{projection.name}"', found, "a shorter delay or a longer timestep")
            )
    return problems


def neuron_problems(problem: PartitionProblem, core_of: Sequence[AnyArray]) -> list[Problem]:
    """Find cores that hold more neurons than they may."""
    limit = problem.system.chip.core.neurons
    if limit is None:
        return []
    held = np.stack([np.bincount(c, minlength=problem.system.core_count) for c in core_of])
    total, per_chip = held.sum(axis=0), problem.system.chip.core_count
    problems = []
    for core in np.flatnonzero(total > limit):
        names = ", ".join(f'"{problem.names[p]}"' for p in np.flatnonzero(held[:, core]))
        found = f"{total[core]} neurons of {names}; the limit is {limit} (neurons): "
        found += f"{total[core] - limit} too many"
        problems.append(
            Problem(f"chip{core // per_chip}.core{core % per_chip}", found, "another partitioner")
        )
    return problems


def check_partition(problem: PartitionProblem, core_of: Sequence[AnyArray], partitioner: str) -> None:
    """Check that a partitioner kept its contract.

    Raises
    ------
    PluginError
        If a population is missing, has the wrong length, is on cores that do not exist, or is not
        on the chips it is pinned to.
    """
    who = f'partitioner "{partitioner}"'
    if len(core_of) != len(problem.names):
        raise PluginError(f"{who} returned {len(core_of)} populations for {len(problem.names)}")
    cores = problem.system.core_count
    for name, size, assigned in zip(problem.names, problem.sizes, core_of, strict=True):
        if np.shape(assigned) != (size,):
            raise PluginError(
                f'{who} returned shape {np.shape(assigned)} for population "{name}" of {size} neurons'
            )
        if size and (int(assigned.min()) < 0 or int(assigned.max()) >= cores):
            raise PluginError(f'{who} put population "{name}" on a core outside 0 to {cores - 1}')
        allowed = problem.pin.get(name)
        if allowed is not None and not np.isin(assigned // problem.system.chip.core_count, allowed).all():
            raise PluginError(
                f'{who} put population "{name}" on chips other than {list(allowed)}, where it is pinned'
            )
