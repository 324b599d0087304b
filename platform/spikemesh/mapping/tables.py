"""Everything that reaches one worker: tables of synapses, filled batch by batch without a list of them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundProjection, ThirdSpikes
from spikemesh.engine.program import PlasticTable, StaticPart, StaticTable
from spikemesh.errors import MappingError, Problem
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.arrivals import RUN_SHARED, SHARED
from spikemesh.kernels.place import count_pairs, first_targets, put
from spikemesh.mapping.columns import Batch, Columns
from spikemesh.mapping.edges import Edges, edge_chunks, edge_delays, edge_weights
from spikemesh.mapping.scales import Scales, stored_shift
from spikemesh.mapping.third import broadcast, spikes_of
from spikemesh.mapping.weights import (
    STORED_AS,
    initial_weights,
    shared_weight,
    signed_receptor,
    stored_kind,
    stored_weights,
)

KEPT = 1 << 18
"""Projections of at most so many synapses are read once, and kept until their table is filled."""
RUN = 8
"""Synapses of a source and column, on average, from which on neighbouring targets are stored as a run."""


class Slot(NamedTuple):
    """Where a slice of a population lies on a worker; ``inputs`` is its first input of each receptor."""

    population: int
    neurons: AnyArray
    core: AnyArray
    first: int
    inputs: tuple[int, ...]


@dataclass(eq=False)
class Incoming:
    """Everything that reaches one worker.

    Attributes
    ----------
    synapses : ndarray of int64, shape (neurons of the network,)
        Synapses here by global source neuron.
    plastic_source : ndarray of bool, shape (neurons of the network,)
        Sources with plastic synapses here, or whose spikes add to the third factor of some.
    shortest : ndarray of int64
        Shortest delay onto this worker by global source neuron; large where there is none.
    indegree : ndarray of int64
        Synapses onto each neuron that lives here, by global index.
    longest
        Longest delay in steps by projection index.
    longest_third
        Longest delay in steps of spikes that add to a third factor.
    plastic_fan
        As ``fan``, of plastic projections, by index.
    plastic_range
        Least and greatest initial weight of plastic projections, by index.
    fan
        (source, core, synapses) triples of global source neurons.
    parts
        Source population, and static synapses with one row of ``starts`` for each of its neurons.
    plastic
        Global index of the source population's first neuron, and plastic synapses.
    """

    synapses: IntArray
    plastic_source: AnyArray
    shortest: IntArray
    indegree: IntArray
    longest: dict[int, int] = field(default_factory=dict)
    longest_third: int = 0
    plastic_fan: dict[int, tuple[IntArray, IntArray, IntArray]] = field(default_factory=dict)
    plastic_range: dict[int, tuple[float, float]] = field(default_factory=dict)
    fan: list[tuple[IntArray, IntArray, IntArray]] = field(default_factory=list)
    parts: list[tuple[int, StaticPart]] = field(default_factory=list)
    plastic: list[tuple[int, PlasticTable]] = field(default_factory=list)
    static_weights: list[StaticTable] = field(default_factory=list)


def incoming(network: BoundNetwork, slots: Sequence[Slot], scales: Scales) -> Incoming:
    """Make the tables of all synapses onto the given slices of one worker.

    Parameters
    ----------
    network
        The network.
    slots
        Slices that live on the worker.
    scales
        Scales of the network's input.

    Raises
    ------
    MappingError
        If more than 2^32 - 1 synapses of one source population and one kind would live on the worker, or a
        weight is not one of its model's.
    """
    found = Incoming(
        np.zeros(network.size, dtype=np.int64),
        np.zeros(network.size, dtype=bool),
        np.full(network.size, np.iinfo(np.int64).max),
        np.zeros(network.size, dtype=np.int64),
    )
    by_population = {slot.population: slot for slot in slots}
    here = [p for p in network.projections if p.target in by_population]
    static: dict[tuple[int, int], list[_Reader]] = {}
    for projection in here:
        reader = _Reader(network, projection, by_population[projection.target], scales, found)
        if projection.learning is None:
            kind = stored_kind(network, projection, reader.bound)
            static.setdefault((projection.source, kind), []).append(reader)
        else:
            _add_plastic(reader, found)
    for source, kind in sorted(static):
        # Taken out, for readers keep what they have read.
        _add_static(source, kind, static.pop((source, kind)), found)
    return found


class _Reader:
    """Reads the synapses of one projection onto one slice, chunk by chunk, any number of times."""

    def __init__(
        self, network: BoundNetwork, projection: BoundProjection, slot: Slot, scales: Scales, found: Incoming
    ) -> None:
        self.network, self.projection, self.slot = network, projection, slot
        self.model = network.populations[projection.target].model
        self.units = scales.units[projection.target]
        self.bound = scales.bounds[projection.index]
        self._found = found
        self._signed = projection.receptor == "auto" and len(self.model.receptors) > 1
        self.joined = False
        """Whether weights of both signs are read as if for the receptor ``exc``."""
        self._kept: list[Edges] | None = []
        self._kept_synapses = 0
        self._delays: list[AnyArray] = []
        cores, self._core_of = np.unique(slot.core, return_inverse=True)
        self._cores = cores.astype(np.int64)

    @property
    def source(self) -> tuple[int, int]:
        """Global index of the source population's first neuron, and its size."""
        population = self.network.populations[self.projection.source]
        return population.offset, population.size

    @property
    def apart(self) -> int:
        """Inputs from those of the receptor ``exc`` to those of ``inh`` if synapses choose by sign; else 0.

        Also 0 where a unit of the one is not a unit of the other.
        """
        if not self._signed or self.projection.rule not in ("explicit", "all_to_all"):
            return 0
        exc, inh = (self.model.receptors.index(name) for name in ("exc", "inh"))
        alike = self.units[exc] == self.units[inh] and self.model.receptor_kind == "current"
        return self.slot.inputs[inh] - self.slot.inputs[exc] if alike else 0

    def stored(self, edges: Edges, batch: Batch) -> AnyArray:
        """Weights of synapses as they are stored."""
        weight = np.asarray(edge_weights(self.network, self.projection, edges))
        weight = np.broadcast_to(weight, edges.source.shape)
        receptor = batch.receptor if batch.receptor.size > 1 else batch.receptor[0]
        return stored_weights(weight, receptor, self.units, self.bound, self.model, self.projection.name)

    def _receptor(self, edges: Edges) -> AnyArray:
        if self.joined:
            return np.array(self.model.receptors.index("exc"))
        weight = edge_weights(self.network, self.projection, edges) if self._signed else 0.0
        return signed_receptor(self.projection, self.model.receptors, weight)

    def _batch(self, edges: Edges, delay: AnyArray | None = None) -> Batch:
        if delay is None:
            delay = np.atleast_1d(np.asarray(edge_delays(self.network, self.projection, edges)))
        receptor = np.atleast_1d(self._receptor(edges)).astype(np.int64)
        weight = np.zeros(len(self.units), dtype=np.int64)
        # A unit means nothing for a receptor that no synapse reaches.
        for used in np.flatnonzero(np.bincount(receptor)):
            weight[used] = self._column_weight(self.units[used])
        return Batch(
            edges.source,
            edges.position,
            delay.astype(np.int32, copy=False),
            receptor,
            np.array(self.slot.inputs, dtype=np.int64),
            weight,
        )

    def _column_weight(self, unit: float) -> int:
        """Weight that all synapses share, or bits by which theirs are shifted."""
        projection = self.projection
        if projection.learning is not None:
            return 0
        if (
            isinstance(projection.weight, float | int)
            and stored_kind(self.network, projection, self.bound) == SHARED
        ):
            return shared_weight(float(projection.weight), unit, self.model, projection.name)
        return stored_shift(self.bound, unit)

    def first_time(self) -> Iterator[Batch]:
        """Read all synapses, and count them by target, core and delay on the way."""
        found, (offset, size) = self._found, self.source
        counts = np.zeros((size, self._cores.size), dtype=np.int32)
        gids = self.network.populations[self.projection.target].offset + self.slot.neurons.astype(np.int64)
        indegree = np.zeros(gids.size, dtype=np.int64)
        core_of = self._core_of.astype(np.int32)
        longest = 0
        for edges in self._chunks():
            batch = self._batch(edges)
            indegree += np.bincount(edges.position, minlength=gids.size)
            count_pairs(edges.source, core_of[edges.position], counts)
            longest = max(longest, int(batch.delay.max()))
            self._keep(edges, batch)
            yield batch
        if longest:
            source, core = np.nonzero(counts)
            triples = (source + offset, self._cores[core], counts[source, core].astype(np.int64))
            found.fan.append(triples)
            if self.projection.learning is not None:
                found.plastic_fan[self.projection.index] = triples
            found.indegree[gids] += indegree
            found.synapses[offset : offset + size] += counts.sum(axis=1)
            found.longest[self.projection.index] = longest

    def _chunks(self) -> Iterator[Edges]:
        chunks = edge_chunks(self.network, self.projection, self.slot.neurons)
        return (edges for edges in chunks if edges.source.size)

    def _keep(self, edges: Edges, batch: Batch) -> None:
        # Delays are drawn but once: they take far less room than the synapses.
        self._delays.append(batch.delay.astype(np.min_scalar_type(int(batch.delay.max(initial=0)))))
        self._kept_synapses += edges.source.size
        if self._kept is not None and self._kept_synapses <= KEPT:
            self._kept.append(edges)
        else:
            self._kept = None

    def again(self) -> Iterator[tuple[Edges, Batch]]:
        """Read all synapses in the same order."""
        kept: Iterable[Edges] | None = self._kept
        if kept is None:
            kept = self._chunks()
        for edges, delay in zip(kept, self._delays, strict=True):
            yield edges, self._batch(edges, delay)


def _add_static(source: int, kind: int, readers: list[_Reader], found: Incoming) -> None:
    # Weights of both signs are read as one first: if that makes runs of them, they are stored together.
    joined = kind != SHARED and len({r.apart for r in readers}) == 1 and readers[0].apart != 0
    columns = Columns(readers[0].source[1])
    for reader in readers:
        reader.joined = joined
        for batch in reader.first_time():
            columns.count(batch)
    part = _filled(kind, readers, columns) if not joined or columns.even else None
    if joined and (part is None or part.kind < RUN_SHARED):
        columns = Columns(readers[0].source[1])
        for reader in readers:
            reader.joined = False
            for _, batch in reader.again():
                columns.count(batch)
        part = _filled(kind, readers, columns)
    if part is None:
        return
    found.parts.append((source, part))
    _note_shortest(columns, readers[0].source[0], found)
    for reader in readers:
        if reader.projection.index in reader.network.stored_weights:
            _store_weights(reader, found)


def _filled(kind: int, readers: list[_Reader], columns: Columns) -> StaticPart | None:
    """Make a part of synapses that are counted; None if there are none."""
    columns.sort()
    if not columns.synapses:
        return None
    if columns.synapses >= 2**32:
        names = ", ".join(f'"{reader.projection.name}"' for reader in readers)
        where = f"{columns.synapses:,} synapses of projections {names} on one worker"
        raise MappingError(Problem("run.workers", where, "more workers, for less than 2^32 on each"))
    targets = np.empty(columns.synapses, dtype=np.uint16)
    weights = np.empty(0 if kind == SHARED else columns.synapses, dtype=STORED_AS.get(kind, np.int8))
    for reader in readers:
        for edges, batch in reader.again():
            place, target = columns.places(batch)
            put(place, target, targets)
            if kind != SHARED:
                put(place, reader.stored(edges, batch), weights)
    columns.end()
    delay, block, value = (np.array(part, dtype=np.int64) for part in zip(*columns.keys, strict=True))
    base, other = block << 16, np.full(delay.size, -1, dtype=np.int64)
    first = np.full(delay.size, -1, dtype=np.int64)
    if columns.synapses >= RUN * columns.used and first_targets(columns.starts, delay.size, targets, first):
        kind, targets, base = kind + RUN_SHARED, targets[:0].copy(), base + np.maximum(first, 0)
        if readers[0].joined:
            other = base + readers[0].apart
    return StaticPart(kind, 0, delay, base, other, value, columns.starts, targets, weights)


def _note_shortest(columns: Columns, offset: int, found: Incoming) -> None:
    delays = np.array([key[0] for key in columns.keys], dtype=np.int64)
    used = np.diff(columns.starts).reshape(-1, delays.size) > 0
    shortest = np.where(used.any(axis=1), delays[used.argmax(axis=1)], np.iinfo(np.int64).max)
    here = found.shortest[offset : offset + shortest.size]
    np.minimum(here, shortest, out=here)


def _store_weights(reader: _Reader, found: Incoming) -> None:
    for edges, _ in reader.again():
        weight = np.broadcast_to(edge_weights(reader.network, reader.projection, edges), edges.source.shape)
        source, target = edges.source.astype(np.int64), reader.slot.neurons[edges.position].astype(np.int64)
        name = reader.projection.name
        found.static_weights.append(StaticTable(name, source, target, weight.astype(np.float64)))


def _add_plastic(reader: _Reader, found: Incoming) -> None:
    projection, slot, learning = reader.projection, reader.slot, reader.projection.learning
    assert learning is not None  # noqa: S101  the caller checked
    offset, size = reader.source
    columns = Columns(size, blocks=False)
    for batch in reader.first_time():
        columns.count(batch)
    columns.sort()
    if not columns.synapses:
        return
    _note_shortest(columns, offset, found)
    target = np.empty(columns.synapses, dtype=np.int32 if slot.neurons.size > 1 << 16 else np.uint16)
    weight = np.empty(columns.synapses)
    low, high, receptor = np.inf, -np.inf, 0
    for edges, batch in reader.again():
        values = np.broadcast_to(edge_weights(reader.network, projection, edges), edges.source.shape)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        receptor = max(receptor, int(np.max(signed_receptor(projection, reader.model.receptors, values))))
        place, _ = columns.places(batch)
        put(place, edges.position, target)
        put(place, initial_weights(learning, values), weight)
    columns.end()
    delay = np.array([key[0] for key in columns.keys], dtype=np.int64)
    used = np.flatnonzero(np.diff(columns.starts))
    source = used // delay.size
    found.plastic_range[projection.index] = (low, high)
    found.plastic_source[offset + source] = True
    table = PlasticTable(
        name=projection.name,
        rule=learning.rule,
        constants=learning.constants,
        parameters=learning.parameters,
        model=reader.model,
        target_population=projection.target,
        input_base=slot.inputs[receptor],
        sign=-1 if low < 0 and reader.model.receptor_kind == "current" else 1,
        unit=reader.units[receptor],
        post_first=slot.first,
        post_size=int(slot.neurons.size),
        axon=np.zeros(used.size, dtype=np.int32),
        delay=delay[used % delay.size].astype(np.int32),
        source=source.astype(np.int32),
        segment_start=np.append(columns.starts[used], columns.synapses).astype(np.int64),
        target=target,
        weight=weight,
        third_ticks=np.zeros(0, np.int64) if learning.third_ticks is None else learning.third_ticks,
        third_values=np.zeros(0)
        if learning.third_values is None
        else np.asarray(learning.third_values, np.float64),
        weight_bits=learning.weight_bits,
        rounding=learning.rounding,
        dendritic=learning.dendritic,
        third_spikes=learning.third_spikes,
        declared=learning.declared,
    )
    found.plastic.append((offset, table))
    if learning.third_spikes is not None:
        _add_third(reader.network, projection.index, learning.third_spikes, found)


def _add_third(network: BoundNetwork, projection: int, spikes: ThirdSpikes, found: Incoming) -> None:
    """Let a population reach all cores with synapses of a projection, on each as if by one synapse a neuron."""
    source, core, synapses = found.plastic_fan[projection]
    triples = broadcast(network, spikes, core)
    found.fan.append(triples)
    found.plastic_fan[projection] = (
        np.concatenate((source, triples[0])),
        np.concatenate((core, triples[1])),
        np.concatenate((synapses, triples[2])),
    )
    here = spikes_of(network, spikes)
    found.synapses[here] += triples[1].size // max(1, here.stop - here.start)
    found.plastic_source[here] = True
    np.minimum(found.shortest[here], spikes.delay, out=found.shortest[here])
    found.longest_third = max(found.longest_third, spikes.delay)
