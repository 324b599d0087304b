"""Segments: the synapses of one projection onto one worker, sorted by source, delay and receptor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundProjection
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels.connect import sort_into_segments, sorted_targets
from spikemesh.mapping.edges import Edges, edge_delays, edge_weights
from spikemesh.mapping.scales import STORED_BITS, stored_shift, whole_weight

BLOCK = 1 << 16
"""Targets are 16-bit offsets; larger slices are cut into blocks of so many."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Sorted synapses of one projection onto one worker.

    Attributes
    ----------
    source, delay, base, start, end : ndarray of int64, shape (segments,)
        Source neuron within its population, delay in steps, first input of the block, first and
        last target.
    weight : ndarray of int64
        Shared integer weight, or the shift of the weights.
    weights_at : ndarray of int64
        Offset into ``weights``, -1 if the weight is shared.
    targets : ndarray of uint16
    weights : ndarray of int32
        Empty if all synapses share one weight.
    """

    source: IntArray
    delay: IntArray
    base: IntArray
    start: IntArray
    end: IntArray
    weight: IntArray
    weights_at: IntArray
    targets: AnyArray
    weights: AnyArray


def signed_receptor(
    projection: BoundProjection, receptors: tuple[str, ...], weight: float | FloatArray
) -> AnyArray:
    """Receptor index of synapses: as given, or by the sign of the weight for ``auto``."""
    if projection.receptor != "auto":
        return np.array(receptors.index(projection.receptor))
    inhibitory = receptors.index("inh") if "inh" in receptors else 0
    excitatory = receptors.index("exc") if "exc" in receptors else 0
    return np.where(np.asarray(weight) < 0, inhibitory, excitatory)


def static_segments(
    network: BoundNetwork,
    projection: BoundProjection,
    edges: Edges,
    units: tuple[float, ...],
    bound: float,
    slice_size: int,
    input_base: int,
) -> Segments:
    """Sort static synapses into segments.

    Parameters
    ----------
    network, projection, edges
        The synapses.
    units
        Weight of one accumulator unit, per receptor of the target.
    bound
        Largest weight of the projection, as a magnitude.
    slice_size, input_base
        Neurons of the target population on this worker, and its first input.
    """
    model = network.populations[projection.target].model
    weight = edge_weights(network, projection, edges)
    delay = edge_delays(network, projection, edges)
    receptor = signed_receptor(projection, model.receptors, weight)
    if model.receptor_kind == "conductance":
        weight = np.abs(weight)
    delays, delay_rank = np.unique(np.asarray(delay), return_inverse=True)
    blocks = -(-max(1, slice_size) // BLOCK)
    key = edges.source.astype(np.int64)
    for part, count in ((delay_rank.reshape(-1), delays.size), (receptor.reshape(-1), len(model.receptors))):
        if count > 1:
            key = key * count + part
    if blocks > 1:
        key = key * blocks + (edges.position >> 16)
    sizes = (delays.size, len(model.receptors), blocks)
    shared = np.ndim(weight) == 0
    keys, key = _compressed(key, network.populations[projection.source].size * int(np.prod(sizes)))
    starts = np.zeros(keys.size + 1, dtype=np.int64)
    targets = np.empty(edges.source.size, dtype=np.uint16)
    weights = np.zeros(0, dtype=np.int32)
    if shared:
        sorted_targets(key, keys.size, edges.position, starts, targets)
    else:
        order = np.empty(edges.source.size, dtype=np.int64)
        sort_into_segments(key, keys.size, starts, order)
        targets[:] = (edges.position[order] & 0xFFFF).astype(np.uint16)
        if model.arithmetic == "int64":
            _check_whole(np.asarray(weight), projection.name)
        weights = _stored(np.asarray(weight), receptor, units, bound)[order]
    used = np.flatnonzero(np.diff(starts))
    source, delay_of, receptor_of, block_of = _decoded(keys[used], sizes)
    if not receptor.ndim:
        receptor_of = np.full(used.size, int(receptor))
    base = input_base + receptor_of * slice_size + block_of * BLOCK
    if shared:
        one = _shared(float(weight), units[int(np.max(receptor, initial=0))], model, projection.name)
        value, offset = np.full(used.size, one), np.full(used.size, -1)
    else:
        value = np.array([stored_shift(bound, unit) for unit in units], dtype=np.int64)[receptor_of]
        offset = starts[used]
    return Segments(
        source, delays[delay_of].astype(np.int64), base, starts[used], starts[used + 1],
        value.astype(np.int64), offset.astype(np.int64), targets, weights,
    )  # fmt: skip


def _compressed(key: AnyArray, span: int) -> tuple[IntArray, IntArray]:
    """Renumber keys without gaps if they are few within their span."""
    if span <= max(4 * key.size, 1 << 20):
        return np.arange(span, dtype=np.int64), np.ascontiguousarray(key, dtype=np.int64)
    keys, rank = np.unique(key, return_inverse=True)
    return keys.astype(np.int64), rank.astype(np.int64)


def _decoded(keys: IntArray, sizes: tuple[int, int, int]) -> tuple[IntArray, ...]:
    parts = []
    for size in reversed(sizes):
        parts.append(keys % size if size > 1 else np.zeros_like(keys))
        keys = keys // size if size > 1 else keys
    block, receptor, delay = parts
    return keys, delay, receptor, block


def _shared(weight: float, unit: float, model: type[NeuronModel], name: str) -> int:
    if model.arithmetic == "int64":
        return whole_weight(weight, f'projection "{name}".weight')
    return round(weight / unit)


def _check_whole(weight: FloatArray, name: str) -> None:
    wrong = np.flatnonzero((weight != np.rint(weight)) | (np.abs(weight) >= 2.0**STORED_BITS))
    if wrong.size:
        whole_weight(float(weight[wrong[0]]), f'projection "{name}".weight')


def _stored(weight: FloatArray, receptor: AnyArray, units: tuple[float, ...], bound: float) -> AnyArray:
    """Return weights as 32-bit numbers, to be shifted left by ``stored_shift``."""
    one = np.array([math.ldexp(unit, stored_shift(bound, unit)) for unit in units])
    stored: AnyArray = np.rint(weight / one[receptor]).astype(np.int32)
    return stored
