"""Weights of synapses as they are stored: whole numbers of the accumulator's unit, magnitudes where they learn."""

from __future__ import annotations

import math

import numpy as np

from spikemesh.contracts.bound import BoundLearning, BoundNetwork, BoundProjection
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.ids import AnyArray, FloatArray
from spikemesh.kernels.arrivals import BYTE, HALF_WIDE, SHARED, WIDE
from spikemesh.kernels.weight_grid import on_grid
from spikemesh.mapping.scales import STORED_BITS, stored_shift, whole_weight

STORED_AS = {WIDE: np.int32, HALF_WIDE: np.int16, BYTE: np.int8}
"""Type of the weights of a kind of part."""


def signed_receptor(
    projection: BoundProjection, receptors: tuple[str, ...], weight: float | FloatArray
) -> AnyArray:
    """Receptor index of synapses: as given, or by the sign of the weight for ``auto``."""
    if projection.receptor != "auto":
        return np.array(receptors.index(projection.receptor))
    inhibitory = receptors.index("inh") if "inh" in receptors else 0
    excitatory = receptors.index("exc") if "exc" in receptors else 0
    return np.where(np.asarray(weight) < 0, inhibitory, excitatory)


def stored_kind(network: BoundNetwork, projection: BoundProjection, bound: float) -> int:
    """How the weights of a projection are stored, given the largest of them as a magnitude."""
    if isinstance(projection.weight, float | int) and projection.rule not in ("conv2d", "pool2d"):
        return SHARED
    if network.populations[projection.target].model.arithmetic == "int64":
        return BYTE if bound < 2**7 else HALF_WIDE if bound < 2**15 else WIDE
    return WIDE


def shared_weight(weight: float, unit: float, model: type[NeuronModel], name: str) -> int:
    """Return the weight that all synapses of a projection share."""
    if model.receptor_kind == "conductance":
        weight = abs(weight)
    if model.arithmetic == "int64":
        return whole_weight(weight, f'projection "{name}".weight')
    return round(weight / unit)


def stored_weights(
    weight: FloatArray, receptor: AnyArray, units: tuple[float, ...], bound: float, model: type[NeuronModel],
    name: str,
) -> AnyArray:  # fmt: skip
    """Return weights as 32-bit numbers, to be shifted left by ``stored_shift``."""
    if model.receptor_kind == "conductance":
        weight = np.abs(weight)
    if model.arithmetic == "int64":
        _check_whole(weight, name)
    one = np.array([math.ldexp(unit, stored_shift(bound, unit)) for unit in units])
    stored: AnyArray = np.rint(weight / one[receptor]).astype(np.int32)
    return stored


def initial_weights(learning: BoundLearning, weight: FloatArray) -> FloatArray:
    """Return the magnitudes that plastic synapses start with: of as many bits as their weights have."""
    magnitude: FloatArray = np.abs(weight)
    if learning.weight_bits:
        return on_grid(magnitude, learning.weight_bits, float(learning.parameters["w_max"]))
    return magnitude


def _check_whole(weight: FloatArray, name: str) -> None:
    wrong = np.flatnonzero((weight != np.rint(weight)) | (np.abs(weight) >= 2.0**STORED_BITS))
    if wrong.size:
        whole_weight(float(weight[wrong[0]]), f'projection "{name}".weight')
