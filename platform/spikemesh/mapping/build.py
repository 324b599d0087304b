"""Programs of workers: slices, connectivity, drives, inputs and probes as plain arrays."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundPoisson
from spikemesh.contracts.mapping import Router
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.program import (
    DriveSlice,
    InputSlice,
    PlasticTable,
    PopulationSlice,
    ProbeSlice,
    Program,
    StaticPart,
    Wiring,
)
from spikemesh.errors import MappingError, Problem
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.poisson import MEAN_MAX
from spikemesh.mapping.by_packets import check_learning, split, timed_fields
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import FanOut, Routes, fan_out_from, packet_routes
from spikemesh.mapping.scales import input_scales, whole_weight
from spikemesh.mapping.tables import Incoming, Slot, incoming
from spikemesh.mapping.third import spikes_of

_PARTS_MAX = 511
"""Parts of a Poisson count, each below 128, whose sum fits into 16 bits."""
_BLOCK_PACKETS = 1 << 20
"""Packets that a block has room for at most, unless a single step can make more."""


@dataclass(frozen=True, eq=False)
class WorkerPlan:
    """Which worker runs which cores.

    Attributes
    ----------
    worker_of_core : ndarray of int64, shape (cores,)
        Worker of each core; -1 for cores without neurons.
    agents
        Names of the agents of each worker.
    """

    worker_of_core: IntArray
    agents: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Build:
    """Programs of all workers, and what the mapping report needs."""

    programs: tuple[Program, ...]
    fan: FanOut
    routes: Routes
    indegree: IntArray
    """Synapses onto each neuron by global index."""


def build_programs(
    network: BoundNetwork,
    placement: Placement,
    router: Router,
    plan: WorkerPlan,
    bin_steps: int,
    plugin_files: Sequence[str] = (),
    timed: Callable[[FanOut], LinkTiming | None] | None = None,
    relay: bool = False,
) -> Build:
    """Build the program of every worker.

    Parameters
    ----------
    network, placement, router
        What is mapped, where every neuron is, and how packets travel.
    plan
        Which worker runs which cores.
    bin_steps
        Width of counter bins in steps.
    plugin_files
        Files that a worker in another process must load first.
    timed
        Makes the timing of packets, given who sends to which cores; None, or what it returns: they are never late.
    relay
        Whether there is one packet for each target chip, to a core there that sends it on.

    Raises
    ------
    InputError
        If packets can be late that plastic synapses wait for.
    MappingError
        If a delay or a weight is not one that the chip, or a learning rule, can have.
    """
    scales = input_scales(network)
    workers = range(len(plan.agents))
    slots = [_slots(network, placement, plan, w) for w in workers]
    with ThreadPoolExecutor(max(1, min(len(slots), os.cpu_count() or 1))) as threads:
        arriving = list(threads.map(lambda mine: incoming(network, mine, scales), slots))
    check_longest(network, placement, _longest(arriving))
    _check_plastic(network, arriving)
    fan = _fan(network, arriving)
    routes = packet_routes(fan, placement, router, relay)
    timing = timed(fan) if timed is not None else None
    timing = timing if timing is not None and timing.routed.any() else None
    if timing is not None:
        check_learning(network, [a.plastic_fan for a in arriving], timing)
    routed = np.zeros(network.size, dtype=bool) if timing is None else timing.routed
    # Who sends packets is known to all: every worker simulates the whole network.
    axons = [np.flatnonzero((a.synapses > 0) | routed) for a in arriving]
    at_once, by_packets = split(fan, timing)
    home = _home(network, slots)
    slot_count = _slot_count(arriving)
    window = _window(arriving, axons, home, routed)
    return Build(
        tuple(
            _program(network, placement, plan, w, slots, arriving, axons, home, scales.units, at_once, routes,
                     bin_steps, slot_count, window, tuple(plugin_files), timing, by_packets)
            for w in workers
        ),
        fan,
        routes,
        np.sum([a.indegree for a in arriving], axis=0),
    )  # fmt: skip


def _slots(network: BoundNetwork, placement: Placement, plan: WorkerPlan, worker: int) -> list[Slot]:
    """Slices of a worker. Inputs lie by receptor, then by slice: those that one source reaches are close."""
    mine: list[tuple[int, AnyArray, AnyArray]] = []
    for population in network.populations:
        core = np.asarray(placement.core_of[population.index])
        neurons = np.flatnonzero(plan.worker_of_core[core] == worker)
        if neurons.size:
            mine.append((population.index, neurons.astype(np.uint32), core[neurons]))
    receptors = [len(network.populations[index].model.receptors) for index, _, _ in mine]
    inputs: list[list[int]] = [[] for _ in mine]
    first = 0
    for receptor in range(max(receptors, default=0)):
        for slot, (_, neurons, _) in enumerate(mine):
            if receptor < receptors[slot]:
                inputs[slot].append(first)
                first += neurons.size
    starts = np.cumsum([0, *(neurons.size for _, neurons, _ in mine)])
    return [Slot(*slot, int(starts[k]), tuple(inputs[k])) for k, slot in enumerate(mine)]


def _fan(network: BoundNetwork, arriving: Sequence[Incoming]) -> FanOut:
    triples = [t for a in arriving for t in a.fan]
    empty = np.zeros(0, dtype=np.int64)
    source, core, synapses = (np.concatenate([empty, *(t[k] for t in triples)]) for k in range(3))
    return fan_out_from(network.size, source, core, synapses)


def _home(network: BoundNetwork, slots: Sequence[Sequence[Slot]]) -> IntArray:
    """Worker of every neuron by global index."""
    home = np.zeros(network.size, dtype=np.int64)
    for worker, mine in enumerate(slots):
        for slot in mine:
            home[network.populations[slot.population].offset + slot.neurons.astype(np.int64)] = worker
    return home


def _longest(arriving: Sequence[Incoming]) -> dict[int, int]:
    """Longest delay in steps by projection."""
    longest: dict[int, int] = {}
    for found in arriving:
        for index, steps in found.longest.items():
            longest[index] = max(steps, longest.get(index, 0))
    return longest


def _slot_count(arriving: Sequence[Incoming]) -> int:
    """Ticks for which spikes are kept: a power of two that holds the longest delay and a window after it."""
    longest = max((steps for found in arriving for steps in found.longest.values()), default=1)
    longest = max([longest, *(found.longest_third for found in arriving)])
    return 1 << int(2 * longest + 1).bit_length()


def check_longest(network: BoundNetwork, placement: Placement, longest: Mapping[int, int]) -> None:
    """Hold delays, drawn ones too, to what the chip can keep.

    Parameters
    ----------
    network, placement
        Projections, and the system they are on.
    longest
        Longest delay in steps by index of the projection, where it has synapses.

    Raises
    ------
    MappingError
        If the chip keeps fewer steps.
    """
    limit = placement.system.chip.core.delay_steps
    problems = []
    for projection in network.projections:
        steps = longest.get(projection.index, 0)
        if limit is not None and steps > limit:
            found = f"delays reach {steps} steps; a core keeps {limit}: {steps - limit} too many"
            remedy = "shorter delays, or a longer timestep"
            problems.append(Problem(f'projection "{projection.name}".delay', found, remedy))
        third = projection.learning.third_spikes if projection.learning else None
        if limit is not None and third is not None and third.delay > limit:
            found = f"{third.delay} steps; a core keeps {limit}: {third.delay - limit} too many"
            where = f'projection "{projection.name}".learning.third_delay'
            problems.append(Problem(where, found, "a shorter delay, or a longer timestep"))
    if problems:
        raise MappingError(problems)


def _check_plastic(network: BoundNetwork, arriving: Sequence[Incoming]) -> None:
    """Hold drawn initial weights of plastic projections to one sign and to w_max."""
    problems = []
    for projection in network.projections:
        ranges = [f.plastic_range[projection.index] for f in arriving if projection.index in f.plastic_range]
        if not ranges or projection.learning is None:
            continue
        low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
        w_max = float(projection.learning.parameters["w_max"])
        where = f'projection "{projection.name}".weight'
        if low < 0 < high:
            problems.append(Problem(where, f"{low:g} to {high:g}: learning keeps the sign", "one sign"))
        if max(abs(low), abs(high)) > w_max:
            found = f"initial weights reach {max(abs(low), abs(high)):g}, above w_max = {w_max:g}"
            problems.append(Problem(where, found, "a larger w_max, or bounds on the weights"))
    if problems:
        raise MappingError(problems)


def _window(
    arriving: Sequence[Incoming], axons: Sequence[IntArray], home: IntArray, routed: AnyArray
) -> int | None:
    """Shortest delay between workers: the most steps that can pass before a packet matters elsewhere.

    Also the shortest of all whose packets can be late. Less where many neurons send over long delays, so that a
    block with room for all they can send stays small.
    """
    shortest = [
        int(a.shortest[(home != w) | routed].min(initial=np.iinfo(np.int64).max))
        for w, a in enumerate(arriving)
    ]
    least = min(shortest)
    if least == np.iinfo(np.int64).max:
        return None
    workers = range(len(arriving))
    senders = [np.bincount(home[a], minlength=len(arriving)) for a in axons]
    most = max([1, *(int(senders[to][source]) for to in workers for source in workers if to != source)])
    # A block takes half a window.
    return min(least, max(1, 2 * _BLOCK_PACKETS // most))


def _program(
    network: BoundNetwork,
    placement: Placement,
    plan: WorkerPlan,
    worker: int,
    slots: Sequence[Sequence[Slot]],
    arriving: Sequence[Incoming],
    axons: Sequence[IntArray],
    home: IntArray,
    units: Sequence[tuple[float, ...]],
    fan: FanOut,
    routes: Routes,
    bin_steps: int,
    slots_kept: int,
    window: int | None,
    plugin_files: tuple[str, ...],
    timing: LinkTiming | None,
    by_packets: FanOut,
) -> Program:
    mine = slots[worker]
    gids = _global(network, mine)
    others = [w for w in range(len(slots)) if w != worker]
    peers_out = tuple(w for w in others if np.any(home[axons[w]] == worker))
    peers_in = tuple(w for w in others if np.any(home[axons[worker]] == w))
    found = arriving[worker]
    plastic_axon = np.cumsum(found.plastic_source) - 1
    slices = tuple(_slice(network, slot, units[slot.population]) for slot in mine)
    number = {slot.population: k for k, slot in enumerate(mine)}
    source, here = by_packets.source, (plan.worker_of_core == worker)[by_packets.core]
    later = np.zeros(network.size, dtype=np.int64)
    np.add.at(later, source[here], by_packets.synapses[here])
    return Program(
        index=worker,
        agents=plan.agents[worker],
        peers_out=peers_out,
        peers_in=peers_in,
        window=window if peers_out or peers_in or timing is not None else None,
        timestep_ms=network.timestep_ms,
        seed=network.seed,
        slots=slots_kept,
        inputs=sum(s.size * len(s.model.receptors) for s in slices),
        cores=len(placement.core_names),
        links=len(placement.link_names),
        bin_steps=bin_steps,
        slices=slices,
        wiring=_wiring(
            network,
            found,
            found.synapses - later,
            axons[worker],
            gids,
            mine,
            peers_out,
            peers_in,
            axons,
            home,
            fan,
            routes,
        ),
        plastic=tuple(_with_axons(network, t, offset, plastic_axon) for offset, t in found.plastic),
        plastic_axons=int(found.plastic_source.sum()),
        drives=tuple(_drives(network, slices, number, units)),
        feeds=tuple(_feeds(network, number)),
        probes=tuple(_probes(network, mine, number)),
        static_weights=tuple(found.static_weights),
        plugin_files=plugin_files,
        **timed_fields(timing, axons[worker], source, by_packets, here),
    )


def _with_axons(
    network: BoundNetwork, table: PlasticTable, offset: int, plastic_axon: IntArray
) -> PlasticTable:
    axon = plastic_axon[offset + table.source].astype(np.int32)
    third = table.third_axon
    if table.third_spikes is not None:
        third = plastic_axon[spikes_of(network, table.third_spikes)].astype(np.int32)
    return replace(table, axon=axon, third_axon=third)


def _global(network: BoundNetwork, mine: Sequence[Slot]) -> IntArray:
    parts = [network.populations[s.population].offset + s.neurons.astype(np.int64) for s in mine]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _rows(ptr: IntArray, gids: IntArray, *columns: AnyArray) -> tuple[IntArray, ...]:
    """Take the rows of some neurons out of arrays compressed by neuron."""
    counts = ptr[gids + 1] - ptr[gids]
    own = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    entry = np.repeat(ptr[gids] - own[:-1], counts) + np.arange(own[-1])
    return (own, *(c[entry].astype(np.int32) for c in columns))


def _wiring(
    network: BoundNetwork,
    found: Incoming,
    synapses: IntArray,
    axons: IntArray,
    gids: IntArray,
    mine: Sequence[Slot],
    peers_out: tuple[int, ...],
    peers_in: tuple[int, ...],
    all_axons: Sequence[IntArray],
    home: IntArray,
    fan: FanOut,
    routes: Routes,
) -> Wiring:
    axon_of = np.full(network.size, -1, dtype=np.int64)
    axon_of[axons] = np.arange(axons.size)
    plastic_axon = np.where(found.plastic_source, np.cumsum(found.plastic_source) - 1, -1)[axons]
    fan_ptr, fan_core, fan_synapses = _rows(fan.ptr, gids, fan.core, fan.synapses)
    route_ptr, route_link, route_packets = _rows(routes.ptr, gids, routes.link, routes.packets)
    out_ptr, out_peer, out_axon = _outgoing(network, gids, peers_out, all_axons)
    recorded = [np.full(s.neurons.size, s.population in network.recorded, dtype=np.uint8) for s in mine]
    own = np.count_nonzero(axon_of[gids] >= 0)
    return Wiring(
        parts=_parts(network, found, axon_of),
        group=_groups(network, axons),
        senders=np.array([own, *(np.count_nonzero(home[axons] == w) for w in peers_in)], dtype=np.int64),
        axon_synapses=synapses[axons],
        plastic_axon=plastic_axon.astype(np.int64),
        axon=axon_of[gids],
        core=np.concatenate([np.zeros(0, np.int64), *(s.core for s in mine)]).astype(np.int64),
        recorded=np.concatenate([np.zeros(0, np.uint8), *recorded]),
        fan_ptr=fan_ptr,
        fan_core=fan_core,
        fan_synapses=fan_synapses,
        route_ptr=route_ptr,
        route_link=route_link,
        route_packets=route_packets,
        out_ptr=out_ptr,
        out_peer=out_peer,
        out_axon=out_axon,
    )


def _groups(network: BoundNetwork, axons: IntArray) -> AnyArray:
    """Group of each axon: one for every population that has axons here."""
    offsets = np.array([p.offset for p in network.populations])
    _, group = np.unique(np.searchsorted(offsets, axons, side="right"), return_inverse=True)
    return group.astype(np.int32)


def _parts(network: BoundNetwork, found: Incoming, axon_of: IntArray) -> tuple[StaticPart, ...]:
    """Parts with one row for each axon in place of one for each neuron of the source population."""
    parts = []
    for source, part in found.parts:
        population = network.populations[source]
        axon = axon_of[population.offset : population.offset + population.size]
        used = np.flatnonzero(axon >= 0)
        starts = part.starts
        if used.size < population.size:
            rows = starts[:-1].reshape(population.size, -1)[used]
            starts = np.append(rows.reshape(-1), starts[-1]).astype(np.uint32)
        parts.append(replace(part, axon=int(axon[used[0]]), starts=starts))
    found.parts.clear()
    return tuple(sorted(parts, key=lambda part: part.axon))


def _outgoing(
    network: BoundNetwork, gids: IntArray, peers_out: tuple[int, ...], all_axons: Sequence[IntArray]
) -> tuple[IntArray, IntArray, IntArray]:
    local = np.full(network.size, -1, dtype=np.int64)
    local[gids] = np.arange(gids.size)
    neuron, peer, axon = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for number, worker in enumerate(peers_out):
        here = np.flatnonzero(local[all_axons[worker]] >= 0)
        neuron.append(local[all_axons[worker][here]])
        peer.append(np.full(here.size, number))
        axon.append(here)
    neurons = np.concatenate(neuron)
    order = np.argsort(neurons, kind="stable")
    ptr = np.concatenate(([0], np.cumsum(np.bincount(neurons, minlength=gids.size)))).astype(np.int64)
    return ptr, np.concatenate(peer)[order].astype(np.int64), np.concatenate(axon)[order].astype(np.int64)


def _slice(network: BoundNetwork, slot: Slot, units: tuple[float, ...]) -> PopulationSlice:
    population = network.populations[slot.population]

    def local(values: Mapping[str, Any]) -> dict[str, Any]:
        return {k: np.asarray(v)[slot.neurons] if np.ndim(v) else v for k, v in values.items()}

    ticks = positions = np.zeros(0, dtype=np.int64)
    if population.event_ticks is not None and population.event_neurons is not None:
        where = np.full(population.size, -1, dtype=np.int64)
        where[slot.neurons] = np.arange(slot.neurons.size)
        here = where[population.event_neurons] >= 0
        ticks, positions = population.event_ticks[here], where[population.event_neurons[here]]
    return PopulationSlice(
        population=slot.population,
        name=population.name,
        model=population.model,
        neurons=slot.neurons,
        first=slot.first,
        inputs=slot.inputs,
        scales=units,
        constants=local(population.constants),
        initial=local(population.initial),
        layers=len(_layers(network, slot.population)),
        recorded=slot.population in network.recorded,
        event_ticks=np.ascontiguousarray(ticks, dtype=np.int64),
        event_positions=np.ascontiguousarray(positions, dtype=np.int64),
    )


def _layers(network: BoundNetwork, population: int) -> list[object]:
    """Currents of a population in a fixed order; each is a layer, and layers are added up in this order."""
    layers: list[object] = [c for c in network.currents if c.population == population]
    return layers + [i for i in network.inputs if i.population == population and i.encoder.emits == "current"]


def _drives(
    network: BoundNetwork,
    slices: Sequence[PopulationSlice],
    number: Mapping[int, int],
    units: Sequence[tuple[float, ...]],
) -> list[DriveSlice]:
    drives = []
    for drive in network.poissons:
        if drive.population not in number:
            continue
        part = slices[number[drive.population]]
        rate = np.asarray(drive.rate, dtype=np.float64)
        mean = rate * network.timestep_ms * 1e-3
        parts = max(1, math.ceil(float(mean.max()) / MEAN_MAX))
        if parts > _PARTS_MAX:
            found = f"{float(mean.max()):,.0f} events a step"
            remedy = f"at most {MEAN_MAX * _PARTS_MAX:,.0f}: a lower rate and a larger weight, or a current"
            raise MappingError(Problem(f'population "{part.name}".drive.rate', found, remedy))
        receptor = part.model.receptors.index(drive.receptor)
        if part.model.arithmetic == "int64":
            weight = whole_weight(drive.weight, f'population "{part.name}".drive.weight')
        else:
            weight = round(drive.weight / units[drive.population][receptor])
        drives.append(
            DriveSlice(
                _rank(network, drive),
                number[drive.population],
                receptor,
                mean[part.neurons] if mean.ndim else mean,
                parts,
                weight,
            )
        )
    return drives


def _rank(network: BoundNetwork, drive: BoundPoisson) -> int:
    """Return the place of a drive among those of its own population: what drives others has no say."""
    return [d.index for d in network.poissons if d.population == drive.population].index(drive.index)


def _feeds(network: BoundNetwork, number: Mapping[int, int]) -> list[InputSlice]:
    feeds = []
    for current in network.currents:
        if current.population in number:
            layer = _layers(network, current.population).index(current)
            feeds.append(InputSlice(number[current.population], layer, current=current))
    for given in network.inputs:
        # A worker without the input's own population still resets others at the start of a presentation.
        layer = _layers(network, given.population).index(given) if given.encoder.emits == "current" else -1
        if given.population in number:
            feeds.append(InputSlice(number[given.population], layer, input=given))
        elif any(p in number for p in given.reset):
            feeds.append(InputSlice(-1, -1, input=given))
    streams = (s for s in network.streams if s.population in number)
    return feeds + [InputSlice(number[s.population], -1, stream=s) for s in streams]


def _probes(network: BoundNetwork, mine: Sequence[Slot], number: Mapping[int, int]) -> list[ProbeSlice]:
    probes = []
    for k, probe in enumerate(network.probes):
        if probe.population not in number:
            continue
        slot = mine[number[probe.population]]
        _, positions, columns = np.intersect1d(
            slot.neurons.astype(np.int64), probe.neurons, assume_unique=True, return_indices=True
        )
        if positions.size:
            probes.append(
                ProbeSlice(
                    k,
                    number[probe.population],
                    probe.variable,
                    positions,
                    columns.astype(np.int64),
                    probe.every,
                )
            )
    return probes
