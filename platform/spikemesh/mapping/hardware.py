"""A mapped network as the hardware sees it: channels, ways of packets, and what everything takes."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.mapping import Router
from spikemesh.description.system import ChipSpec, Cost, LinkSpec, System
from spikemesh.engine.dependencies import channel_order
from spikemesh.engine.hardware import BUCKETS, Hardware
from spikemesh.engine.learning_updates import LearningTables
from spikemesh.engine.network import Channels, forest_dependencies
from spikemesh.engine.network_chains import join_chains
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.barrier import (
    ANALYTIC,
    COSTS,
    IDLE,
    LEARN,
    NONE,
    OVERLAPPED,
    PACKET,
    SEND,
    SPIKE,
    TAKE,
    TICK,
    UPDATE,
)
from spikemesh.kernels.barrier import BARRIER as BARRIER_COST
from spikemesh.kernels.spread import list_channels
from spikemesh.kernels.ways import EAST, NORTH, PORTS, SOUTH, TILE, WEST
from spikemesh.mapping.barrier import barrier_ns
from spikemesh.mapping.forest import Ways, multicast_ways, unicast_ways
from spikemesh.mapping.geometry import Geometry, geometry_of
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import FanOut

SPREAD_MAX = 1 << 22
"""Channels that the spikes of all neurons may meet, at 32 bytes each, so that they are listed in advance."""
_NONE: IntArray = np.zeros(0, dtype=np.int64)
LEVELS = {"none": NONE, "analytic": ANALYTIC, "packet": PACKET}
_PORT_HOPS = {TILE: 0, EAST: 1, WEST: 1, NORTH: 2, SOUTH: 2}
"""Kind of hop (see :data:`spikemesh.engine.hardware.HOPS`) by port."""


def picoseconds(ns: float | None) -> int:
    """Return a time in whole picoseconds; what is not published takes none."""
    return 0 if ns is None else round(1000.0 * ns)


def hardware_of(
    network: BoundNetwork,
    placement: Placement,
    fan: FanOut,
    router: Router,
    level: str,
    relay: bool = False,
    tick_ps: int = 0,
    learning: LearningTables | None = None,
) -> Hardware:
    """Describe a mapped network for :class:`spikemesh.engine.timing.StepClock`.

    Parameters
    ----------
    network, placement, fan
        Neurons, where they are, and which cores they reach.
    router
        Finds the ways between chips.
    level
        How time on links is found: ``none``, ``analytic`` or ``packet``.
    relay
        Whether packets to another chip go to one core there, which sends them on.
    tick_ps
        How long a step may be for the work of its cores, where overruns are counted; 0: they are not.
    learning
        Where plastic synapses are, and when they are updated; None: there are none.
    """
    return hardware_on(updates_each_step(network), placement, fan, router, level, relay, tick_ps, learning)


def hardware_on(
    updated: AnyArray,
    placement: Placement,
    fan: FanOut,
    router: Router,
    level: str,
    relay: bool = False,
    tick_ps: int = 0,
    learning: LearningTables | None = None,
) -> Hardware:
    """Do what :func:`hardware_of` does, for neurons of which it is known whether they are updated in every step."""
    system, home = placement.system, placement.core_of_neuron.astype(np.int64)
    geometry, ways = ways_of(placement, fan, router, relay)
    costs = _costs(system, home)
    costs[TICK] = tick_ps
    update_ps = 0 if learning is None else picoseconds(system.cost_set.learning_update.latency_ns)
    costs[LEARN] = update_ps > 0
    by_core = np.flatnonzero(updated)[np.argsort(home[updated], kind="stable")]
    run_ptr, run = _rows(by_core, home, system.core_count)
    channels = channels_of(geometry)._replace(order=_order(ways, geometry.channels))
    forest = ways.forest._replace(work=node_work(geometry, ways))
    joined = join_chains(channels, forest, ways.root, _ports(geometry))
    hardware = Hardware(
        level=np.array([LEVELS[level]], dtype=np.int64),
        links=np.array([geometry.links], dtype=np.int64),
        costs=costs,
        idle_apart=np.array([idle_costs_differ(system)], dtype=np.int64),
        core_of=placement.core_of_neuron,
        core_ptr=np.searchsorted(home[by_core], np.arange(system.core_count + 1)).astype(np.int64),
        by_core=by_core.astype(np.int64),
        run_ptr=run_ptr,
        run=run,
        used=np.unique(home[by_core]).astype(np.int64),
        root_ptr=ways.root_ptr,
        root=ways.root,
        entry=ways.entry,
        fan_ptr=fan.ptr,
        fan_core=fan.core,
        load=picoseconds(system.cost_set.synaptic_event.latency_ns) * fan.synapses,
        **_learning(learning if update_ps else None, update_ps, home.size, system.core_count),
        spread_ptr=_NONE,
        spread=_NONE,
        channels=joined.channels,
        forest=joined.forest,
        rank=ways.rank,
        core=ways.core,
        follower_ptr=joined.follower_ptr,
        follower=joined.follower,
        kind=_by_port(geometry, _PORT_HOPS),
        chip_of_channel=_chip_of_channel(geometry),
        core_of_channel=_core_of_channel(geometry),
        channel_of_rank=channels.order
        if channels.order.size
        else np.arange(geometry.channels, dtype=np.int64),
        rank_of_core=_rank_of_core(geometry, channels.order),
        tile=geometry.tile_of_core,
        chip=np.arange(system.core_count, dtype=np.int64) // system.chip.core_count,
        board=_boards(system),
    )
    return _spread(hardware) if level == "analytic" else hardware


def _learning(
    learning: LearningTables | None, update_ps: int, neurons: int, cores: int
) -> dict[str, AnyArray]:
    """Return what updates of plastic synapses take: of those that a spike changes, and of all."""
    if learning is None:
        return {
            "learn_ptr": np.zeros(neurons + 1, dtype=np.int64),
            "learn_core": np.zeros(0, dtype=np.int32),
            "learn_ps": _NONE,
            "visit_ps": np.zeros((0, cores), dtype=np.int64),
        }
    visits = [visits.synapses for visits in learning.visits]
    return {
        "learn_ptr": learning.ptr,
        "learn_core": learning.core.astype(np.int32),
        "learn_ps": update_ps * learning.updates,
        "visit_ps": update_ps * np.stack(visits) if visits else np.zeros((0, cores), dtype=np.int64),
    }


def _spread(hardware: Hardware) -> Hardware:
    """List what each neuron's spike does to channels, unless that would be too long a list."""
    ptr = np.zeros(hardware.core_of.size + 1, dtype=np.int64)
    count = int(list_channels(hardware, BUCKETS, SPREAD_MAX, ptr, _NONE))
    if not 0 < count <= SPREAD_MAX:
        return hardware
    entries = np.zeros(4 * count, dtype=np.int64)
    list_channels(hardware, BUCKETS, SPREAD_MAX, ptr, entries)
    return hardware._replace(spread_ptr=ptr, spread=entries)


def _rows(by_core: IntArray, home: IntArray, cores: int) -> tuple[IntArray, IntArray]:
    """Return rows of consecutive neurons by core."""
    core = home[by_core]
    begins = np.ones(by_core.size, dtype=bool)
    begins[1:] = (np.diff(by_core) != 1) | (np.diff(core) != 0)
    first = np.flatnonzero(begins)
    last = np.append(first, by_core.size)[1:]
    ends = np.stack([by_core[first], by_core[last - 1] + 1], axis=1).astype(np.int64)
    return np.searchsorted(core[first], np.arange(cores + 1)).astype(np.int64), ends.reshape(-1)


def ways_of(placement: Placement, fan: FanOut, router: Router, relay: bool) -> tuple[Geometry, Ways]:
    """Lay out the channels of a system, and the ways of all packets through them.

    Parameters
    ----------
    placement, fan
        Where neurons are, and which cores they reach.
    router
        Finds the ways between chips.
    relay
        Whether packets to another chip go to one core there, which sends them on.
    """
    system, home = placement.system, placement.core_of_neuron.astype(np.int64)
    unicast = system.chip.router == "unicast"
    branching = not unicast and not relay
    geometry = geometry_of(placement, router, hardware_pairs(fan, home, system), branching)
    if unicast and not relay:
        return geometry, unicast_ways(geometry, fan, home)
    return geometry, multicast_ways(geometry, fan, home, relay)


def hardware_pairs(fan: FanOut, home: IntArray, system: System) -> set[tuple[int, int]]:
    """Find the (from chip, to chip) between which packets travel."""
    per_chip, chips = system.chip.core_count, system.chip_count
    pair = np.unique(home[fan.source] // per_chip * chips + fan.core // per_chip)
    return {(int(p) // chips, int(p) % chips) for p in pair if p // chips != p % chips}


def _costs(system: System, home: IntArray) -> IntArray:
    known, costs = system.cost_set, np.zeros(COSTS, dtype=np.int64)
    named = {SPIKE: known.spike, SEND: known.axon_out, TAKE: known.axon_in}
    for place, cost in named.items():
        costs[place] = picoseconds(cost.latency_ns)
    costs[BARRIER_COST] = picoseconds(barrier_ns(system, np.unique(home)))
    costs[OVERLAPPED] = known.phases == "overlapped"
    costs[UPDATE] = picoseconds(known.neuron_update.latency_ns)
    idle = known.neuron_idle.latency_ns
    costs[IDLE] = costs[UPDATE] if idle is None else picoseconds(idle)
    return costs


WORK = ("neuron_update", "synaptic_event", "axon_out")
"""Costs that the work of a core consists of."""


def work_is_known(system: System, learns: bool = False) -> bool:
    """Tell whether the time that cores take for a step is published: each cost, or that others include it.

    Parameters
    ----------
    system
        The system.
    learns
        Whether cores update plastic synapses as well.
    """
    costs, work = system.cost_set, (*WORK, *(("learning_update",) if learns else ()))
    known = [getattr(costs, name).latency_ns is not None for name in work]
    return any(known) and all(k or name in costs.excluded for k, name in zip(known, work, strict=True))


def idle_costs_differ(system: System) -> bool:
    """Tell whether a neuron that stays as it is costs something else than one that does not."""
    update, idle = system.cost_set.neuron_update, system.cost_set.neuron_idle
    times = idle.latency_ns not in (None, update.latency_ns)
    return times or idle.energy_pj not in (None, update.energy_pj)


def updates_each_step(network: BoundNetwork) -> AnyArray:
    """Whether a core updates each neuron in every step: all but sources, which stand for input from outside."""
    updated = [np.full(p.size, not p.model.events and bool(p.model.receptors)) for p in network.populations]
    return np.concatenate([np.zeros(0, dtype=bool), *updated])


def channels_of(geometry: Geometry) -> Channels:
    """Return what every channel does to packets, without their order."""
    system = geometry.system
    count = geometry.channels
    service, latency, queue, drops, wait, period = (np.zeros(count, dtype=np.int64) for _ in range(6))
    queue[:] = -1
    for link, (a, b) in enumerate(geometry.ends):
        spec = system.link_kind((int(a), int(b)))
        latency[link] = picoseconds(spec.latency)
        _fill(spec, system, slice(link, link + 1), service, queue, drops, wait, period)
    on_chip, costs = system.links.get("on_chip", LinkSpec()), system.cost_set
    for port, cost in _port_costs(costs.hop_tile, costs.hop_x, costs.hop_y).items():
        here = slice(geometry.links + port, geometry.links + PORTS * geometry.routers, PORTS)
        latency[here] = picoseconds(cost.latency_ns) + picoseconds(on_chip.latency)
        if port != TILE or system.chip.network == "router":
            _fill(on_chip, system, here, service, queue, drops, wait, period)
    sends = slice(count - system.core_count, count)
    service[sends] = picoseconds(costs.axon_out.latency_ns)
    # What is not published still takes a moment, so that packets have an order.
    unknown = np.zeros(0, dtype=np.int64)
    return Channels(np.maximum(service, 1), latency, queue, drops.astype(np.uint8), wait, period, unknown)


def _port_costs(tile: Cost, x: Cost, y: Cost) -> dict[int, Cost]:
    return {TILE: tile, EAST: x, WEST: x, NORTH: y, SOUTH: y}


def _fill(
    spec: LinkSpec,
    system: System,
    here: slice,
    service: IntArray,
    queue: IntArray,
    drops: IntArray,
    wait: IntArray,
    period: IntArray,
) -> None:
    """Write what a kind of link does to packets."""
    service[here] = service_ps(spec, system.chip)
    queue[here] = -1 if spec.queue is None else spec.queue
    drops[here], wait[here] = spec.when_full == "drop", picoseconds(spec.wait)
    period[here] = 0 if spec.clock_mhz is None else round(1e6 / spec.clock_mhz)


def service_ps(link: LinkSpec, chip: ChipSpec) -> int:
    """Return the time for which a packet occupies a link; 0 where its bandwidth is not known."""
    if link.bandwidth is None:
        return 0
    units = 1 if link.bandwidth_of == "packet" else chip.packet_bits + link.frame_bits
    return round(1e12 * units / link.bandwidth)


def _order(ways: Ways, channels: int) -> IntArray:
    """Channels in an order in which packets take them; empty if there is none."""
    return channel_order(*forest_dependencies(ways.forest), channels)


def node_work(geometry: Geometry, ways: Ways) -> IntArray:
    """Return what each node takes besides its channel: taking a packet in costs a core so much, synapses apart."""
    first = int(geometry.core_in(np.zeros(1, dtype=np.int64))[0])
    channel = ways.forest.channel
    takes = (channel >= first) & (channel < first + geometry.system.core_count)
    cost = picoseconds(geometry.system.cost_set.axon_in.latency_ns)
    return np.where(takes, cost, 0).astype(np.int64)


def _ports(geometry: Geometry) -> AnyArray:
    """Return which channels are ports of routers."""
    channel = np.arange(geometry.channels)
    result: AnyArray = (channel >= geometry.links) & (channel < geometry.links + PORTS * geometry.routers)
    return result


def _by_port(geometry: Geometry, values: dict[int, int]) -> IntArray:
    result = np.full(geometry.channels, -1, dtype=np.int64)
    for port, value in values.items():
        result[geometry.links + port : geometry.links + PORTS * geometry.routers : PORTS] = value
    return result


def _chip_of_channel(geometry: Geometry) -> IntArray:
    cores = np.arange(geometry.system.core_count) // geometry.system.chip.core_count
    routers = np.repeat(geometry.chip_of_router(np.arange(geometry.routers)), PORTS)
    return np.concatenate([geometry.ends[:, 0], routers, cores, cores]).astype(np.int64)


def _core_of_channel(geometry: Geometry) -> IntArray:
    cores = geometry.system.core_count
    result = np.full(geometry.channels, -1, dtype=np.int64)
    result[geometry.channels - 2 * cores : geometry.channels - cores] = np.arange(cores)
    return result


def _rank_of_core(geometry: Geometry, order: IntArray) -> IntArray:
    inputs = geometry.core_in(np.arange(geometry.system.core_count))
    if order.size == 0:
        return inputs
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return rank[inputs]


def _boards(system: System) -> IntArray:
    chips = [system.board_of(chip) for chip in range(system.chip_count)]
    return np.repeat(np.array(chips, dtype=np.int64), system.chip.core_count)
