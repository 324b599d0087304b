"""Integer scales of synaptic input: one power of two per population and receptor.

Input is summed in 64-bit integers, so that its sum does not depend on order or placement. The scale
follows from the largest weight that can occur and from how many can arrive in one step, which no mapping
changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundPoisson, BoundProjection
from spikemesh.description.values import Distribution
from spikemesh.errors import MappingError, Problem
from spikemesh.kernels.rule_block import OUTGROWN
from spikemesh.mapping.edges import edge_chunks, edge_weights, synapses_dealt

SUM_BITS = 62
"""Bits of the largest sum of one step, without its sign."""
STORED_BITS = 30
"""Bits of a weight that is stored by itself, without its sign."""
_NORMAL_REACH = 8.3
"""No draw lies further than this many standard deviations from the mean (53-bit uniform numbers)."""
_COUNTS = 128
"""A Poisson count drawn in one part stays below this."""


def largest(network: BoundNetwork, projection: BoundProjection) -> float:
    """Return the largest initial weight of a projection, as a magnitude, or a bound on it."""
    weight = projection.weight
    if isinstance(weight, Distribution):
        bound = _reach(network, projection, weight)
    else:
        bound = float(np.max(np.abs(weight), initial=0.0))
    if projection.rule == "conv2d":
        bound *= float(np.max(np.abs(projection.arguments["kernel"]), initial=0.0))
    return bound


def _reach(network: BoundNetwork, projection: BoundProjection, given: Distribution) -> float:
    a, b = float(given.a), float(given.b)
    if given.kind == "lognormal" and given.high is None:
        # Its bound lies far above what is drawn; the largest draw of all does not depend on the mapping.
        targets = np.arange(network.populations[projection.target].size, dtype=np.uint32)
        chunks = edge_chunks(network, projection, targets)
        return max(float(np.max(edge_weights(network, projection, c), initial=0.0)) for c in chunks)
    low, high = (a, b) if given.kind == "uniform" else (a - _NORMAL_REACH * b, a + _NORMAL_REACH * b)
    if given.kind == "lognormal":
        low, high = 0.0, math.inf
    low = low if given.low is None else max(low, float(given.low))
    high = high if given.high is None else min(high, float(given.high))
    return max(abs(low), abs(high))


def most_synapses(network: BoundNetwork, projection: BoundProjection) -> int:
    """Bound the synapses of a projection onto any one neuron."""
    given, sources = projection.arguments, network.populations[projection.source].size
    if projection.rule == "fixed_indegree":
        return int(given["indegree"])
    if projection.rule == "explicit":
        return int(np.bincount(np.asarray(given["targets"], dtype=np.int64), minlength=1).max())
    if projection.rule == "fixed_total" and projection.multapses:
        return int(synapses_dealt(network, projection).max())
    if projection.rule == "fixed_outdegree" and projection.multapses:
        return sources * int(given["outdegree"])
    return 1 if projection.rule == "one_to_one" else sources


@dataclass(frozen=True)
class Scales:
    """Scales of a network's synaptic input.

    Attributes
    ----------
    units
        Per population and receptor the weight of one unit of the integer accumulator: a power of two, and
        1 for models in integers.
    bounds
        Per projection the largest weight it starts with, as a magnitude.
    """

    units: tuple[tuple[float, ...], ...]
    bounds: tuple[float, ...]


def input_scales(network: BoundNetwork) -> Scales:
    """Choose the scales of a network."""
    # Of a projection in parts, all are scaled as the whole would be.
    wholes = [projection.part_of or projection for projection in network.projections]
    bounds = tuple(largest(network, projection) for projection in wholes)
    reached = [dict.fromkeys(p.model.receptors, (0.0, 0)) for p in network.populations]

    def count(population: int, receptor: str, weight: float, events: int) -> None:
        names = reached[population] if receptor == "auto" else (receptor,)
        for name in names:
            before = reached[population][name]
            reached[population][name] = (max(before[0], weight), before[1] + events)

    for projection, weight in {p.index: (p, w) for p, w in zip(wholes, bounds, strict=True)}.values():
        if projection.learning is not None:
            weight = max(weight, OUTGROWN * float(projection.learning.parameters["w_max"]))
        count(projection.target, projection.receptor, weight, most_synapses(network, projection))
    for drive in network.poissons:
        count(drive.population, drive.receptor, abs(drive.weight), _most_events(network, drive))
    for population in network.populations:
        if population.model.events:
            count(population.index, population.model.receptors[0], 1.0, 1)
    units = tuple(
        tuple(1.0 if p.model.arithmetic == "int64" else _unit(*r) for r in reached[p.index].values())
        for p in network.populations
    )
    return Scales(units, bounds)


def _most_events(network: BoundNetwork, drive: BoundPoisson) -> int:
    mean = float(np.max(drive.rate, initial=0.0)) * network.timestep_ms * 1e-3
    return _COUNTS * max(1, math.ceil(mean))


def _unit(weight: float, events: int) -> float:
    if weight < 1e-250:
        return 1.0 if weight == 0.0 else 1e-300
    return math.ldexp(1.0, math.frexp(weight)[1] + max(events, 1).bit_length() - SUM_BITS)


def stored_shift(bound: float, unit: float) -> int:
    """Bits by which a stored weight is shifted left to be in units, so that the largest fits."""
    return max(0, math.frexp(bound / unit)[1] - STORED_BITS)


def whole_weight(weight: float, where: str) -> int:
    """Return a weight for a model in integers.

    Raises
    ------
    MappingError
        If it is no whole number, or too large to be stored.
    """
    if weight != round(weight) or abs(weight) >= 2**STORED_BITS:
        found = f"{weight:g} is no weight for a model in integers"
        raise MappingError(Problem(where, found, f"whole numbers below 2^{STORED_BITS}"))
    return round(weight)
