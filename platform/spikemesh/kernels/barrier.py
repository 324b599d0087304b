"""The hardware time of algorithmic steps that end with a barrier, from who spiked in them.

In a step every core updates its neurons one after the other; a neuron that spikes sends its packets at once, one
after the other. Packets go through channels (see :mod:`spikemesh.engine.network`); a core takes them in one
after the other, and each of their synapses. The step ends when all cores and packets are done, plus a barrier.

At the level *none* packets need no time. At the level *analytic* they do, and each channel is busy for as long as
the packets that cross it, but they do not wait for one another: a lower bound,

    max over channels of (earliest arrival + work + latency),

which the level *packet* reaches where no packet meets another and no channel waits for its second.

Legend: N neurons, P packets that neurons can send, E entries of the fan-out, K nodes, C channels. Times in ps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.cpython.unsafe.numbers import leading_zeros

from spikemesh.kernels.accelerate import bare, bare_inlined
from spikemesh.kernels.pointers import address_of, as_int64, prefetch

# Costs of a step, in ps.
SPIKE, SEND, TAKE, BARRIER, OVERLAPPED, UPDATE, IDLE = range(7)
COSTS = 7

# Words of a step's scratch.
TOUCHED_CORES, TOUCHED_CHANNELS, STAMP = range(3)
"""Cores and channels in use, and what marks them as used in this attempt at a step."""

# Words of a packet of a step in ``StepScratch.listed``: when and from which core it is sent, its first node, and the
# place of its first load among those of the step.
LISTED_TIME, LISTED_CORE, LISTED_ROOT, LISTED_LOAD = range(4)
LISTED = 4

NONE, ANALYTIC, PACKET = range(3)
"""Levels of links."""


@bare_inlined
def _core(core: Any, s: Any) -> None:
    """Begin a core's step, unless it has begun."""
    if s.core_stamp[core] != s.words[STAMP]:
        s.core_stamp[core] = s.words[STAMP]
        s.cores[s.words[TOUCHED_CORES]] = core
        s.words[TOUCHED_CORES] += 1
        s.sent[core] = 0
        s.taken[core] = 0
        s.in_packets[core] = 0
        s.out_packets[core] = 0


@bare_inlined
def _cross(channel: Any, arrival: Any, work: Any, s: Any) -> None:
    """Let a packet that arrives at a channel take it for so long."""
    if s.channel_stamp[channel] != s.words[STAMP]:
        s.channel_stamp[channel] = s.words[STAMP]
        s.crossed[s.words[TOUCHED_CHANNELS]] = channel
        s.words[TOUCHED_CHANNELS] += 1
        s.first[channel] = arrival
        s.load[channel] = 0
    s.first[channel] = min(s.first[channel], arrival)
    s.load[channel] += work
    s.packets[channel] += 1
    s.busy[channel] += work


@bare_inlined
def _work(node: Any, first_load: Any, h: Any, s: Any) -> Any:
    """Work of a node besides its channel's service: a core takes in a packet and its synapses."""
    work = h.forest.work[node]
    if h.rank[node] >= 0:
        work += s.loads[first_load + h.rank[node]]
    return work


@bare_inlined
def _class_of(source: Any, target: Any, h: Any) -> Any:
    """How far apart two cores are: on one tile, chip, pair of chips, or on two boards."""
    if h.tile[source] == h.tile[target]:
        return 0
    if h.chip[source] == h.chip[target]:
        return 1
    return 2 if h.board[source] == h.board[target] else 3


@bare_inlined
def bucket_of(latency: Any) -> Any:
    """Bucket of a latency in ps: eight to an octave, the first of them whole numbers below 16."""
    octave: Any = max(0, 60 - np.int64(leading_zeros(np.int64(latency))))
    return 8 * octave + (latency >> octave)


def lower_edge(bucket: int) -> int:
    """Return the least latency in ps of a bucket."""
    octave = max(0, bucket // 8 - 1)
    return (bucket - 8 * octave) << octave


@bare_inlined
def record_latency(latency: Any, source: Any, target: Any, h: Any, o: Any) -> None:
    """Add to the histogram of latencies between cores so far apart."""
    bucket = min(bucket_of(latency), o.latency.shape[1] - 1)
    o.latency[_class_of(source, target, h), bucket] += 1


@bare_inlined
def _updated(core: Any, s: Any) -> Any:
    """When a core has updated its neurons and sent all packets."""
    return s.base[core] + (s.sent[core] if s.core_stamp[core] == s.words[STAMP] else 0)


@bare_inlined
def _follow(k: Any, h: Any, s: Any, o: Any) -> None:
    """Take a packet of a step along its tree without waiting."""
    listed = as_int64(address_of(s.listed) + 8 * LISTED * k)
    sent, source, first_load = listed[LISTED_TIME], listed[LISTED_CORE], listed[LISTED_LOAD]
    s.stack_node[0], s.stack_time[0] = listed[LISTED_ROOT], sent
    depth = 1
    while depth:
        depth -= 1
        node, arrival = s.stack_node[depth], s.stack_time[depth]
        channel = h.forest.channel[node]
        work = h.channels.service[channel] + _work(node, first_load, h, s)
        if h.core[node] >= 0:
            record_latency(arrival - sent, source, h.core[node], h, o)
            if not h.costs[OVERLAPPED]:
                arrival = max(arrival, _updated(h.core[node], s))
        _cross(channel, arrival, work, s)
        after = arrival + work + h.channels.latency[channel]
        s.last[0] = max(s.last[0], after)
        for k in range(h.forest.child_ptr[node], h.forest.child_ptr[node + 1]):
            s.stack_node[depth], s.stack_time[depth] = h.forest.child[k], after
            depth += 1


@bare
def update_neurons(step: Any, active: Any, h: Any, s: Any) -> None:
    """Fix when the neurons of a step are updated: core by core, one after the other.

    Parameters
    ----------
    step
        Row of ``active``.
    active : ndarray of uint8, shape (steps, bytes)
        Bit by bit who spiked or changed state; without rows everybody did, and the times are those of every step.
    """
    if s.known[0] and active.shape[0] == 0:
        return
    s.known[0] = 1
    latest, critical = 0, 0
    for core in range(s.base.size):
        time = 0
        busy = 0
        for k in range(h.core_ptr[core], h.core_ptr[core + 1]):
            n = h.by_core[k]
            if active.shape[0] == 0 or (active[step, n >> 3] >> (7 - (n & 7))) & 1:
                time += h.costs[UPDATE]
                busy += 1
            else:
                time += h.costs[IDLE]
            s.turn[n] = time
        s.base[core] = time
        s.active[core] = busy
        if time > latest:
            latest, critical = time, core
    s.longest_update[0], s.longest_update[1] = latest, critical


@bare_inlined
def _ask_for(neuron: Any, h: Any) -> None:
    """Ask for what is known of a neuron's packets, for it lies anywhere in memory."""
    for packet in range(h.root_ptr[neuron], h.root_ptr[neuron + 1], 8):
        prefetch(address_of(h.entry) + 8 * packet)
        prefetch(address_of(h.root) + 4 * packet)
    for entry in range(h.fan_ptr[neuron], h.fan_ptr[neuron + 1], 8):
        prefetch(address_of(h.load) + 8 * entry)
        prefetch(address_of(h.fan_core) + 4 * entry)


@bare_inlined
def generate(at: Any, until: Any, neurons: Any, h: Any, s: Any) -> Any:
    """Begin a step: list its packets with the times at which they are sent; returns how many there are.

    A core's spikes come in the order in which it updates its neurons. Loads are copied, so that those of a step are
    close together when packets bring them to their cores.
    """
    s.words[TOUCHED_CORES] = s.words[TOUCHED_CHANNELS] = 0
    s.words[STAMP] += 1
    count = 0
    loads = 0
    for spike in range(at, until):
        n = neurons[spike]
        core = h.core_of[n]
        first = h.fan_ptr[n]
        if spike + 1 < until:
            _ask_for(neurons[spike + 1], h)
        _core(core, s)
        sent, turn, send = s.sent[core] + h.costs[SPIKE], s.turn[n], h.costs[SEND]
        for packet in range(h.root_ptr[n], h.root_ptr[n + 1]):
            sent += send
            listed = as_int64(address_of(s.listed) + 8 * LISTED * count)
            listed[LISTED_TIME] = turn + sent
            listed[LISTED_CORE] = core
            listed[LISTED_ROOT] = h.root[packet]
            listed[LISTED_LOAD] = loads + h.entry[packet] - first
            count += 1
        s.sent[core] = sent
        for entry in range(first, h.fan_ptr[n + 1]):
            target = h.fan_core[entry]
            _core(target, s)
            load = h.load[entry]
            s.taken[target] += h.costs[TAKE] + load
            s.in_packets[target] += 1
            s.loads[loads] = load
            loads += 1
        s.out_packets[core] += h.root_ptr[n + 1] - h.root_ptr[n]
    return count


@bare_inlined
def cores_done(h: Any, s: Any) -> Any:
    """When the last core is done by itself, and which; packets take no time."""
    latest, critical = s.longest_update[0], s.longest_update[1]
    for k in range(s.words[TOUCHED_CORES]):
        core = s.cores[k]
        done = s.base[core] + s.sent[core]
        if h.level[0] == NONE:
            done = max(done, s.taken[core]) if h.costs[OVERLAPPED] else done + s.taken[core]
        if done > latest or (done == latest and core < critical):
            latest, critical = done, core
    return latest, critical


@bare_inlined
def count_cores(row: Any, h: Any, s: Any, o: Any) -> None:
    """Add what cores did in a step to the counters of its bin."""
    for core in range(s.base.size):
        neurons = h.core_ptr[core + 1] - h.core_ptr[core]
        if neurons:
            o.core_busy_ps[row, core] += s.base[core]
            o.core_updates[row, core] += s.active[core]
            o.core_idle_updates[row, core] += neurons - s.active[core]
    for k in range(s.words[TOUCHED_CORES]):
        core = s.cores[k]
        o.core_busy_ps[row, core] += s.sent[core] + s.taken[core]
        o.core_packets_in[row, core] += s.in_packets[core]
        o.core_packets_out[row, core] += s.out_packets[core]


@bare_inlined
def _channels_done(h: Any, s: Any) -> Any:
    """When the last channel is done at the earliest, the core that takes in longest, and the link; -1: none."""
    latest, core_latest, core, link_latest, link = s.last[0], 0, -1, 0, -1
    for k in range(s.words[TOUCHED_CHANNELS]):
        channel = s.crossed[k]
        done = s.first[channel] + s.load[channel] + h.channels.latency[channel]
        latest = max(latest, done)
        number = h.core_of_channel[channel]
        if number >= 0 and (done > core_latest or (done == core_latest and number < core)):
            core_latest, core = done, number
        if channel < h.links[0] and (done > link_latest or (done == link_latest and channel < link)):
            link_latest, link = done, channel
    return latest, core_latest, core, link


@bare
def estimate_steps(
    first: Any, until: Any, ticks: Any, neurons: Any, active: Any, h: Any, s: Any, o: Any
) -> None:
    """Find the hardware time of steps at the levels *none* and *analytic*.

    Parameters
    ----------
    first, until
        Steps ``first + 1 .. until``.
    ticks, neurons : ndarray of int64, shape (spikes,)
        Every spike in these steps, sorted by tick, then neuron.
    active : ndarray of uint8, shape (steps, bytes)
        Bit by bit who spiked or changed state; without rows: everybody.
    h, s, o
        Hardware, scratch and outputs: see :mod:`spikemesh.engine.hardware`.
    """
    at = 0
    for tick in range(first + 1, until + 1):
        end = at
        while end < ticks.size and ticks[end] == tick:
            end += 1
        row = (tick - 1) // o.bin_steps - o.first_bin
        s.last[0] = 0
        update_neurons(tick - first - 1, active, h, s)
        count = generate(at, end, neurons, h, s)
        latest, core = cores_done(h, s)
        count_cores(row, h, s, o)
        link = -1
        if h.level[0] == ANALYTIC:
            for k in range(count):
                _follow(k, h, s, o)
            drained, core_latest, busiest, link = _channels_done(h, s)
            if core_latest > latest:
                core = busiest
            latest = max(latest, drained)
        o.step_time_ps[tick - first - 1] = latest + h.costs[BARRIER]
        o.step_core[tick - first - 1] = core
        o.step_link[tick - first - 1] = link
        at = end
        if tick % o.bin_steps == 0 or tick == until:
            settle(row, h, s, o)


@bare
def settle(row: Any, h: Any, s: Any, o: Any) -> None:
    """Move what was counted by channel to the counters of a bin."""
    for channel in range(s.packets.size):
        packets = s.packets[channel]
        if packets == 0:
            continue
        if channel < h.links[0]:
            o.link_busy_ps[row, channel] += s.busy[channel]
        elif h.kind[channel] >= 0:
            o.chip_hops[h.kind[channel], row, h.chip_of_channel[channel]] += packets
        s.packets[channel] = 0
        s.busy[channel] = 0
