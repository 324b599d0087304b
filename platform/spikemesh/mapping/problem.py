"""What a partitioner sees of a bound network."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundProjection
from spikemesh.contracts.mapping import PartitionProblem
from spikemesh.description.system import MappingSettings, System
from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import FloatArray, IntArray

LOCAL_RULES = ("one_to_one", "conv2d", "pool2d", "distance")
"""Rules that join neurons of like relative index."""
LOCAL_DISTANCE = 1.0 / 16.0
"""Mean distance of relative indices below which a list of synapses is local; at random it is 1/3."""
SAMPLE = 100_000


def partition_problem(network: BoundNetwork, system: System, settings: MappingSettings) -> PartitionProblem:
    """Condense a network to populations and expected synapses.

    Raises
    ------
    DescriptionError
        If a pin names a population or a chip that does not exist; lists all of them.
    """
    _check_pins(network, system, settings)
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
        fan_in=synapses.sum(axis=0) / np.maximum(sizes, 1),
        synapses=synapses,
        # Random synapses beside local ones reach everywhere.
        local=(local & ~spread).astype(bool),
        axons_in=np.minimum(synapses, sizes[:, None]).sum(axis=0),
        system=system,
        pin=dict(settings.pin),
    )


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
