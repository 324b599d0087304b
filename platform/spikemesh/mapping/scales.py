"""Integer scales of synaptic input: one power of two per population and receptor.

Input is summed in 64-bit integers, so that its sum does not depend on order or placement. The scale
follows from the largest weight that can occur, which no mapping changes.
"""

from __future__ import annotations

import math

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundProjection
from spikemesh.description.values import Distribution

BITS = 38
"""The largest weight takes this many bits: 2^24 of them in one step still fit into 63."""
SHIFT = 8
"""Weights stored one by one keep 30 bits; they are shifted left by this when delivered."""
_NORMAL_REACH = 8.3
"""No draw lies further than this many standard deviations from the mean (53-bit uniform numbers)."""


def largest(projection: BoundProjection) -> float:
    """Largest weight a projection can have, as a magnitude, including what learning may reach."""
    weight = projection.weight
    bound = _reach(weight) if isinstance(weight, Distribution) else float(np.max(np.abs(weight), initial=0.0))
    if projection.rule == "conv2d":
        bound *= float(np.max(np.abs(projection.arguments["kernel"]), initial=0.0))
    if projection.learning is not None:
        bound = max(bound, float(projection.learning.parameters.get("w_max") or 0.0))
    return bound


def _reach(given: Distribution) -> float:
    a, b = float(given.a), float(given.b)
    if given.kind == "uniform":
        low, high = a, b
    else:
        low, high = a - _NORMAL_REACH * abs(b), a + _NORMAL_REACH * abs(b)
        if given.kind == "lognormal":
            low, high = math.exp(low), math.exp(min(high, 700.0))
    if given.low is not None:
        low = max(low, float(given.low))
    if given.high is not None:
        high = min(high, float(given.high))
    return max(abs(low), abs(high))


def input_units(network: BoundNetwork) -> list[tuple[float, ...]]:
    """Weight of one unit of the integer accumulator, per population and receptor.

    Returns
    -------
    list of tuple of float
        Powers of two; 1 for models in integers.
    """
    bounds = [dict.fromkeys(p.model.receptors, 0.0) for p in network.populations]
    for projection in network.projections:
        receptors = bounds[projection.target]
        for name in receptors if projection.receptor == "auto" else (projection.receptor,):
            receptors[name] = max(receptors[name], largest(projection))
    for drive in network.poissons:
        receptors = bounds[drive.population]
        receptors[drive.receptor] = max(receptors[drive.receptor], abs(drive.weight))
    for population in network.populations:
        if population.model.events:
            first = population.model.receptors[0]
            bounds[population.index][first] = max(bounds[population.index][first], 1.0)
    return [
        tuple(1.0 if p.model.arithmetic == "int64" else _unit(b) for b in bounds[p.index].values())
        for p in network.populations
    ]


def _unit(bound: float) -> float:
    if bound <= 0.0:
        return 1.0
    return math.ldexp(1.0, math.frexp(bound)[1] - BITS)
