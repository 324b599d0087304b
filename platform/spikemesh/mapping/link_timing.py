"""Timing of packets in the regimes in which the time of their arrival matters."""

from __future__ import annotations

from typing import Literal

import numpy as np

from spikemesh.contracts.mapping import Router
from spikemesh.description.system import System
from spikemesh.engine.dependencies import channel_order
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.network import Channels, Forest, forest_dependencies
from spikemesh.ids import AnyArray, IntArray
from spikemesh.mapping.detours import passages, with_emergency_routing
from spikemesh.mapping.hardware import channels_of, node_work, picoseconds, ways_of
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import FanOut
from spikemesh.mapping.timed_ways import timed_ways

PS_PER_MS = 10**9


def link_timing(
    placement: Placement,
    router: Router,
    fan: FanOut,
    timestep_ms: float,
    level: Literal["none", "analytic", "packet"] = "packet",
    updated: AnyArray | None = None,
    relay: bool = False,
) -> LinkTiming | None:
    """Describe how packets travel in the regimes ``tick`` and ``async``.

    Parameters
    ----------
    placement
        The system, and where the neurons are.
    router
        Finds paths from chip to chip.
    fan
        Target cores of every neuron.
    timestep_ms
        Model time of a step: its hardware time too, unless the system has its own ``tick``.
    level
        ``none``: packets arrive as they are sent. ``analytic``: they wait for no other packet. ``packet``: they do.
    updated : ndarray of bool, shape (neurons,), optional
        Whether a core updates each neuron in every step; None: no neuron.
    relay
        Whether packets to another chip go to one core there, which sends them on.

    Returns
    -------
    LinkTiming or None
        None in regime ``barrier``, at level ``none``, and if nothing on any way takes time.
    """
    system = placement.system
    if system.regime == "barrier" or level == "none":
        return None
    core = placement.core_of_neuron.astype(np.int64)
    ready, send = _sending(system, core, np.zeros(core.size, dtype=bool) if updated is None else updated)
    geometry, ways = ways_of(placement, fan, router, relay)
    channels, work = channels_of(geometry), node_work(geometry, ways)
    takes_time = _takes_time(channels)
    keeps = takes_time[ways.forest.channel] | (work > 0)
    if ready.any() or send.any():
        # Packets of one core set out one after another, wherever they go.
        keeps[ways.root] = True
    if not keeps.any():
        return None
    keeps |= ways.forest.channel < geometry.links
    timed = timed_ways(ways, work, keeps)
    through = passages(geometry, takes_time)
    used = np.unique(np.concatenate([np.arange(geometry.links), timed.forest.channel, through]))
    forest = timed.forest._replace(channel=np.searchsorted(used, timed.forest.channel).astype(np.int32))
    timing = LinkTiming(
        regime="tick" if system.regime == "tick" else "async",
        tick_ps=tick_ps(system, timestep_ms),
        channels=_some(channels, used, forest),
        forest=forest,
        root_ptr=timed.root_ptr,
        roots=timed.root,
        core=core,
        ready_ps=ready,
        send_ps=send,
        target_ptr=timed.target_ptr,
        targets=timed.targets,
        link=np.where(used < geometry.links, used, -1),
        age_ticks=system.packet_age,
        queues=level == "packet",
    )
    return with_emergency_routing(timing, system, np.searchsorted(used, through))


def tick_ps(system: System, timestep_ms: float) -> int:
    """Return the hardware time of a step in the regimes ``tick`` and ``async``."""
    return round(timestep_ms * PS_PER_MS) if system.tick is None else picoseconds(system.tick)


def _takes_time(channels: Channels) -> AnyArray:
    """Whether packets can be late for each channel: it takes more than the moment that keeps them in order."""
    return (channels.service > 1) | (channels.latency > 0) | (channels.queue >= 0) | (channels.period > 1)


def _sending(system: System, core: IntArray, updated: AnyArray) -> tuple[IntArray, IntArray]:
    """When the first spike of each neuron's core could be sent, were it that neuron's; and a core's time for a packet.

    A core updates its neurons one after the other, and sends the packets of one that spikes before it goes on.
    """
    costs = system.cost_set
    send, spike = picoseconds(costs.axon_out.latency_ns), picoseconds(costs.spike.latency_ns)
    order = np.argsort(core, kind="stable")
    done = np.cumsum(updated[order])
    before = np.concatenate(([0], done))[np.searchsorted(core[order], core[order])]
    turn = np.zeros(core.size, dtype=np.int64)
    turn[order] = (done - before) * picoseconds(costs.neuron_update.latency_ns)
    ready: IntArray = turn + spike + send
    return ready, np.full(system.core_count, send, dtype=np.int64)


def _some(channels: Channels, which: IntArray, forest: Forest) -> Channels:
    """Return some of the channels, in the order in which packets take them if there is one."""
    order = channel_order(*forest_dependencies(forest), which.size)
    return Channels._make([*(column[which] for column in channels[:-1]), order])
