"""Operations on the synapses of single neurons, in compiled code; for :mod:`spikemesh.mapping.connections`."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.connections import Bounds, Hypergraph, Neighbours
from spikemesh.description.system import CoreSpec
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels import hypergraph as kernels
from spikemesh.kernels.pack import fill_cores
from spikemesh.kernels.refine import count_pins, move_neurons, relieve
from spikemesh.mapping.edges import edge_chunks

SWEEPS_MAX = 12
GAIN_MIN = 1e-3
"""Sweeps end when one saves less than this fraction of the packets."""
_MANY = 2**40


def neighbours(graph: Hypergraph, rates: FloatArray, most: int) -> Neighbours:
    """Return a graph of synapses in both directions, of at most so many synapses of each neuron."""
    size = rates.size
    number = np.zeros(size, dtype=np.int64)
    none32, none = np.zeros(0, dtype=np.int32), np.zeros(0)
    count = int(kernels.neighbours(graph.ptr, graph.target, rates, most, number, none32, none32, none))
    source, reached = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32)
    pull = np.empty(count)
    if count:
        kernels.neighbours(graph.ptr, graph.target, rates, most, number, source, reached, pull)
    ptr = np.concatenate([[0], np.cumsum(number)])
    other, strength = np.empty_like(reached), np.empty_like(pull)
    kernels.deal(source, reached, ptr[:-1].copy(), other)
    kernels.deal(source, pull, ptr[:-1].copy(), strength)
    new_ptr = np.zeros_like(ptr)
    kept = int(kernels.joined(ptr, other, strength, new_ptr, np.zeros(size, dtype=np.int64)))
    return Neighbours(new_ptr, other[:kept], strength[:kept])


def packets(graph: Hypergraph, rates: FloatArray, part: AnyArray, parts: int) -> FloatArray:
    """Return expected packets from part (row) to part (column); the diagonal is what stays."""
    result = np.zeros((parts, parts))
    kernels.packets_between(graph.ptr, graph.target, rates, _whole(part), result)
    return result


def parts_reached(graph: Hypergraph, part: AnyArray, parts: int) -> IntArray:
    """Count for each neuron the parts that have a target of it."""
    number = np.zeros(graph.ptr.size - 1, dtype=np.int64)
    kernels.parts_reached(graph.ptr, graph.target, _whole(part), parts, number)
    return number


def refined(
    graph: Hypergraph, rates: FloatArray, part: AnyArray, bounds: Bounds, movable: AnyArray, seed: int
) -> IntArray:
    """Move neurons between parts while that saves packets and keeps the bounds."""
    parts = bounds.low.size
    part = np.array(part, dtype=np.int64)
    pins = np.zeros((part.size, parts), dtype=np.int32)
    count_pins(graph.ptr, graph.target, part, pins)
    held = np.bincount(part, minlength=parts)
    held_bits = np.bincount(part, weights=bounds.bits, minlength=parts).astype(np.int64)
    random = np.random.Generator(np.random.PCG64(seed))
    state = (graph.in_ptr, graph.source, rates, bounds.bits, bounds.low, bounds.high, bounds.most_bits)
    moving = (part, pins, held, held_bits)
    neurons = np.flatnonzero(movable)
    relieve(random.permutation(neurons), *state, *moving)
    total = float(rates @ (pins > 0).sum(axis=1))
    for _ in range(SWEEPS_MAX):
        saved = float(move_neurons(random.permutation(neurons), *state, *moving))
        total -= saved
        if saved <= GAIN_MIN * total:
            break
    return part


def packed(graph: Hypergraph, neurons: IntArray, core: CoreSpec, axons_out: IntArray | None) -> IntArray:
    """Fill cores one after the other, in the order given, as full as neurons, memory and axons allow."""
    result = np.empty(neurons.size, dtype=np.int64)
    most = (core.neurons, core.synapse_memory_bits, core.axons_in, core.axons_out)
    limits = np.array([_MANY if limit is None else limit for limit in most])
    out = np.zeros(graph.ptr.size - 1, dtype=np.int64) if axons_out is None else axons_out
    block = core.block_synapses or _MANY
    rule = np.array([core.synapse_bits, core.axon_bits, core.block_bits, block, core.word_bits])
    fill_cores(neurons, graph.in_ptr, graph.source, graph.synapses, out, limits, rule, result)
    return result


def fan_out(graph: Hypergraph, core: AnyArray) -> tuple[IntArray, AnyArray, IntArray]:
    """Return what reaches which core: first entry of each source, then core and synapses of each entry."""
    size = graph.ptr.size - 1
    number = np.zeros(size, dtype=np.int64)
    none = np.zeros(0, dtype=np.int64)
    core = np.ascontiguousarray(core, dtype=np.int64)
    incoming = (graph.in_ptr, graph.source, graph.synapses, np.argsort(core, kind="stable"), core)
    kernels.reached(*incoming, number, none, none, none)
    ptr = np.concatenate([[0], np.cumsum(number)])
    there, synapses = np.empty(ptr[-1], dtype=np.int64), np.zeros(ptr[-1], dtype=np.int64)
    kernels.reached(*incoming, number, ptr[:-1].copy(), there, synapses)
    return ptr, there, synapses


def _whole(part: AnyArray) -> IntArray:
    return np.ascontiguousarray(part, dtype=np.int64)


def read(network: BoundNetwork) -> Hypergraph:
    """Draw all synapses and sort them both ways."""
    size = network.size
    chunks = [c for k in range(len(network.projections)) for c in _chunks(network, k)]
    per_source = np.zeros(size, dtype=np.int64)
    for source, _ in chunks:
        kernels.count(source, per_source)
    ptr = np.concatenate([[0], np.cumsum(per_source)])
    target, cursor = np.empty(ptr[-1], dtype=np.int32), ptr[:-1].copy()
    for k, (source, reached) in enumerate(chunks):
        kernels.deal(source, reached, cursor, target)
        chunks[k] = (source[:0], reached[:0])  # no longer needed
    in_ptr, source, synapses = _turned(ptr, target)
    ptr, target, _ = _turned(in_ptr, source)
    return Hypergraph(ptr, target, in_ptr, source, synapses)


def _turned(ptr: IntArray, entry: AnyArray) -> tuple[IntArray, AnyArray, AnyArray]:
    """Turn lists around, sorted and without repetitions, and count the repetitions."""
    number = np.zeros(ptr.size - 1, dtype=np.int64)
    kernels.count(entry, number)
    begin = np.concatenate([[0], np.cumsum(number)])
    turned, times = np.empty_like(entry), np.empty(entry.size, dtype=np.int32)
    kernels.turned(ptr, entry, begin[:-1].copy(), turned)
    new_ptr = np.zeros_like(begin)
    kept = int(kernels.distinct(begin, turned, new_ptr, times))
    return new_ptr, turned[:kept], times[:kept]


def _chunks(network: BoundNetwork, index: int) -> list[tuple[AnyArray, AnyArray]]:
    projection = network.projections[index]
    source, target = network.populations[projection.source], network.populations[projection.target]
    neurons = np.arange(target.size, dtype=np.uint32)
    return [
        (edges.source + np.int32(source.offset), edges.position + np.int32(target.offset))
        for edges in edge_chunks(network, projection, neurons)
        if edges.source.size
    ]
