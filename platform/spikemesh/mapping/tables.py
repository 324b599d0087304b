"""Connectivity tables of one worker, joined from the segments of all projections onto it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundProjection
from spikemesh.engine.program import PlasticTable, StaticTable
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels.connect import count_pairs, sort_into_segments
from spikemesh.mapping.edges import Edges, edge_delays, edge_weights, edges_onto
from spikemesh.mapping.scales import Scales
from spikemesh.mapping.segments import Segments, signed_receptor, static_segments


class Slot(NamedTuple):
    """Where a slice of a population lies on a worker."""

    population: int
    neurons: AnyArray
    core: AnyArray
    first: int
    input_base: int


@dataclass(eq=False)
class Incoming:
    """Everything that reaches one worker.

    Attributes
    ----------
    synapses : ndarray of int64, shape (neurons of the network,)
        Synapses here by global source neuron.
    plastic_source : ndarray of bool, shape (neurons of the network,)
        Sources with plastic synapses here.
    fan
        (source, core, synapses) triples of global source neurons.
    indegree : ndarray of int64
        Synapses onto each neuron that lives here, by global index.
    shortest : ndarray of int64
        Shortest delay onto this worker by global source neuron; large where there is none.
    """

    synapses: IntArray
    plastic_source: AnyArray
    shortest: IntArray
    indegree: IntArray
    longest: dict[int, int] = field(default_factory=dict)
    """Longest delay in steps by projection index."""
    plastic_range: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Least and greatest initial weight of plastic projections, by index."""
    fan: list[tuple[IntArray, IntArray, IntArray]] = field(default_factory=list)
    segments: list[tuple[int, Segments]] = field(default_factory=list)
    plastic: list[tuple[int, PlasticTable]] = field(default_factory=list)
    static_weights: list[StaticTable] = field(default_factory=list)


def incoming(network: BoundNetwork, slots: list[Slot], scales: Scales) -> Incoming:
    """Generate all synapses onto the given slices of one worker.

    Parameters
    ----------
    network
        The network.
    slots
        Slices that live on the worker.
    scales
        Scales of the network's input.
    """
    found = Incoming(
        np.zeros(network.size, dtype=np.int64),
        np.zeros(network.size, dtype=bool),
        np.full(network.size, np.iinfo(np.int64).max),
        np.zeros(network.size, dtype=np.int64),
    )
    by_population = {slot.population: slot for slot in slots}
    for projection in network.projections:
        slot = by_population.get(projection.target)
        if slot is None:
            continue
        edges = edges_onto(network, projection, slot.neurons)
        if edges.source.size:
            _add(network, projection, edges, slot, scales, found)
    return found


def _add(
    network: BoundNetwork,
    projection: BoundProjection,
    edges: Edges,
    slot: Slot,
    scales: Scales,
    found: Incoming,
) -> None:
    units = scales.units[projection.target]
    source = network.populations[projection.source]
    here = slice(source.offset, source.offset + source.size)
    found.synapses[here] += np.bincount(edges.source, minlength=source.size)
    gids = network.populations[projection.target].offset + slot.neurons.astype(np.int64)
    found.indegree[gids] += np.bincount(edges.position, minlength=gids.size)
    _count_cores(edges, slot, source.offset, source.size, found)
    if projection.learning is not None:
        weight = np.broadcast_to(edge_weights(network, projection, edges), edges.source.shape)
        found.plastic_range[projection.index] = (float(weight.min()), float(weight.max()))
        table = _plastic(network, projection, edges, weight, slot, units)
        found.plastic.append((source.offset, table))
        found.plastic_source[source.offset + table.source] = True
        np.minimum.at(found.shortest, source.offset + table.source, table.delay)
        found.longest[projection.index] = int(table.delay.max())
        return
    bound = scales.bounds[projection.index]
    segments = static_segments(network, projection, edges, units, bound, slot.neurons.size, slot.input_base)
    found.segments.append((source.offset, segments))
    np.minimum.at(found.shortest, source.offset + segments.source, segments.delay)
    found.longest[projection.index] = int(segments.delay.max())
    if projection.index in network.stored_weights:
        weight = np.broadcast_to(edge_weights(network, projection, edges), edges.source.shape)
        found.static_weights.append(
            StaticTable(
                projection.name,
                edges.source.astype(np.int64),
                slot.neurons[edges.position].astype(np.int64),
                weight.astype(np.float64),
            )
        )


def _count_cores(edges: Edges, slot: Slot, offset: int, size: int, found: Incoming) -> None:
    used, rank = np.unique(slot.core, return_inverse=True)
    counts = np.zeros((size, used.size), dtype=np.int64)
    count_pairs(edges.source, rank[edges.position].astype(np.int32), counts)
    source, core = np.nonzero(counts)
    found.fan.append((source + offset, used[core].astype(np.int64), counts[source, core]))


def _plastic(
    network: BoundNetwork,
    projection: BoundProjection,
    edges: Edges,
    weight: FloatArray,
    slot: Slot,
    units: tuple[float, ...],
) -> PlasticTable:
    learning = projection.learning
    assert learning is not None  # noqa: S101  the caller checked
    model = network.populations[projection.target].model
    receptor = int(np.max(signed_receptor(projection, model.receptors, weight)))
    sign = -1 if np.min(weight) < 0 and model.receptor_kind == "current" else 1
    delay = np.broadcast_to(np.asarray(edge_delays(network, projection, edges)), edges.source.shape)
    delays, rank = np.unique(delay, return_inverse=True)
    source_size = network.populations[projection.source].size
    key = edges.source.astype(np.int64) * delays.size + rank
    starts = np.zeros(source_size * delays.size + 1, dtype=np.int64)
    order = np.empty(key.size, dtype=np.int64)
    sort_into_segments(key, starts.size - 1, starts, order)
    used = np.flatnonzero(np.diff(starts))
    return PlasticTable(
        name=projection.name,
        rule=learning.rule,
        constants=learning.constants,
        parameters=learning.parameters,
        target_population=projection.target,
        input_base=slot.input_base + receptor * slot.neurons.size,
        sign=sign,
        unit=units[receptor],
        post_first=slot.first,
        post_size=int(slot.neurons.size),
        axon=np.zeros(used.size, dtype=np.int32),
        delay=delays[used % delays.size].astype(np.int32),
        source=(used // delays.size).astype(np.int32),
        segment_start=np.append(starts[used], key.size).astype(np.int64),
        target=edges.position[order].astype(np.int32 if slot.neurons.size > 1 << 16 else np.uint16),
        weight=np.abs(weight)[order].astype(np.float64),
        third_ticks=np.zeros(0, np.int64) if learning.third_ticks is None else learning.third_ticks,
        third_values=np.zeros(0)
        if learning.third_values is None
        else np.asarray(learning.third_values, np.float64),
    )
