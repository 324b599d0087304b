"""What a partitioner sees of a bound network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundProjection
from spikemesh.contracts.mapping import PartitionProblem
from spikemesh.description.system import MappingSettings, System
from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import FloatArray, IntArray
from spikemesh.mapping.connections import SYNAPSES_MAX, DrawnConnections

EXCHANGEABLE_RULES = ("all_to_all", "fixed_probability", "fixed_indegree", "fixed_outdegree", "fixed_total")
"""Rules under which neurons of one population differ by chance alone."""
LOCAL_RULES = ("one_to_one", "conv2d", "pool2d", "distance")
"""Rules that join neurons of like relative index."""
LOCAL_DISTANCE = 1.0 / 16.0
"""Mean distance of relative indices below which a list of synapses is local; at random it is 1/3."""
SAMPLE = 100_000


def partition_problem(
    network: BoundNetwork, system: System, settings: MappingSettings, measured: FloatArray | None = None
) -> PartitionProblem:
    """Condense a network to populations and expected synapses; those of single neurons are drawn if asked for.

    Parameters
    ----------
    network, system, settings
        What is mapped, where, and how.
    measured : ndarray of float64, shape (neurons,), optional
        Spikes of every neuron in a short run, for ``rates = "measured"``.

    Raises
    ------
    DescriptionError
        If a pin or a rate names a population or a chip that does not exist; lists all of them.
    """
    _check_pins(network, system, settings)
    rates, core = neuron_rates(network, settings, measured), system.chip.core
    total = sum(p.expected for p in network.projections)
    connections = None
    if total <= SYNAPSES_MAX:
        connections = DrawnConnections(network, np.ones(network.size) if rates is None else rates)
    count = len(network.populations)
    sizes = np.array([p.size for p in network.populations], dtype=np.int64)
    synapses: FloatArray = np.zeros((count, count))
    local: IntArray = np.zeros((count, count), dtype=np.int64)
    spread: IntArray = np.zeros((count, count), dtype=np.int64)
    for projection in network.projections:
        ends = projection.source, projection.target
        synapses[ends] += projection.expected
        (local if _is_local(projection, sizes) else spread)[ends] = 1
    return PartitionProblem(
        names=tuple(p.name for p in network.populations),
        sizes=tuple(int(n) for n in sizes),
        network=network,
        fan_in=synapses.sum(axis=0) / np.maximum(sizes, 1),
        synapses=synapses,
        # Random synapses beside local ones reach everywhere.
        local=(local & ~spread).astype(bool),
        axons_in=np.minimum(synapses, sizes[:, None]).sum(axis=0),
        system=system,
        pin=dict(settings.pin),
        rates=rates,
        connections=connections,
        exchangeable=all(p.rule in EXCHANGEABLE_RULES for p in network.projections),
        cores=settings.cores or ("fewest" if core.neurons or core.synapse_memory_bits else "all"),
        seed=settings.seed,
    )


def neuron_rates(
    network: BoundNetwork, settings: MappingSettings, measured: FloatArray | None = None
) -> FloatArray | None:
    """Return the spikes of every neuron in Hz as given or measured; None if neither.

    A population without a figure gets the mean of those that have one.

    Raises
    ------
    DescriptionError
        If a population does not exist, or its rates are not one for each neuron; lists all of them.
    """
    if settings.rates == "measured":
        return measured
    given = settings.rates
    if not given:
        return None
    _check_rates(network, given)
    known = [np.broadcast_to(given[p.name], p.size) for p in network.populations if p.name in given]
    mean = float(np.concatenate(known).mean()) if sum(k.size for k in known) else 1.0
    rates = [np.broadcast_to(given.get(p.name, mean), p.size) for p in network.populations]
    return np.concatenate(rates).astype(np.float64)


def _check_rates(network: BoundNetwork, given: Mapping[str, Any]) -> None:
    sizes = {p.name: p.size for p in network.populations}
    problems = []
    for name, rates in given.items():
        where = f"mapping.rates.{name}"
        if name not in sizes:
            problems.append(Problem(where, f'there is no population "{name}"', nearest(name, sizes)))
        elif isinstance(rates, tuple) and len(rates) != sizes[name]:
            problems.append(
                Problem(where, f"{len(rates)} rates for {sizes[name]} neurons", "one, or one for each")
            )
    if problems:
        raise DescriptionError(problems)


def _is_local(projection: BoundProjection, sizes: IntArray) -> bool:
    if projection.rule != "explicit":
        return projection.rule in LOCAL_RULES
    sources = np.asarray(projection.arguments.get("sources", ()))
    targets = np.asarray(projection.arguments.get("targets", ()))
    if sources.size == 0 or sources.shape != targets.shape:
        return False
    step = max(1, sources.size // SAMPLE)
    apart = sources[::step] / sizes[projection.source] - targets[::step] / sizes[projection.target]
    return bool(np.abs(apart).mean() < LOCAL_DISTANCE)


def _check_pins(network: BoundNetwork, system: System, settings: MappingSettings) -> None:
    names = [p.name for p in network.populations]
    problems = []
    for name, chips in settings.pin.items():
        where = f"mapping.pin.{name}"
        if name not in names:
            problems.append(Problem(where, f'there is no population "{name}"', nearest(name, names)))
        if not chips:
            problems.append(Problem(where, "names no chips", f"one or more of 0 to {system.chip_count - 1}"))
        problems += [
            Problem(where, f"there is no chip {chip}", f"chips are 0 to {system.chip_count - 1}")
            for chip in chips
            if not 0 <= chip < system.chip_count
        ]
    if problems:
        raise DescriptionError(problems)
