"""The hardware time of algorithmic steps that end with a barrier, from who spiked in them.

In a step every core updates its neurons one after the other; a neuron that spikes sends its packets at once, one
after the other. Packets go through channels (see :mod:`spikemesh.engine.network`); a core takes them in one
after the other, and each of their synapses. After all that it updates its plastic synapses: those that the spikes of
the step change, and those whose turn it is. The step ends when all cores and packets are done, plus a barrier.

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

from spikemesh.kernels.accelerate import bare, bare_inlined, bare_inner
from spikemesh.kernels.pointers import address_of, as_int64, as_uint8, prefetch

# Costs of a step, in ps; how long it may be for its work (0: for ever); whether updates of plastic synapses take time.
SPIKE, SEND, TAKE, BARRIER, OVERLAPPED, UPDATE, IDLE, TICK, LEARN = range(9)
COSTS = 9

# Words of a step's scratch.
TOUCHED_CORES, TOUCHED_CHANNELS, STAMP, UNCOUNTED = range(4)
WORDS = 4
"""Cores and channels in use, what marks them so in this attempt at a step, and steps since counters were settled."""

# Words of a packet of a step in ``StepScratch.listed``: when and from which core it is sent, its first node, and the
# place of its first load among those of the step.
LISTED_TIME, LISTED_CORE, LISTED_ROOT, LISTED_LOAD = range(4)
LISTED = 4

NONE, ANALYTIC, PACKET = range(3)
"""Levels of links."""

# Words of an entry of what one spike does to channels; see kernels.spread. A channel that packets meet on their way
# is given as it is, the input of a target core as ``-1 - channel``. The last word is the number of packets, or of a
# target the cell of its latency's histogram.
ENTRY_CHANNEL, ENTRY_WORK, ENTRY_FIRST, ENTRY_NUMBER = range(4)


@bare_inlined
def _core(core: Any, s: Any) -> None:
    """Begin a core's step, unless it has begun."""
    if s.core_stamp[core] != s.words[STAMP]:
        s.core_stamp[core] = s.words[STAMP]
        s.cores[s.words[TOUCHED_CORES]] = core
        s.words[TOUCHED_CORES] += 1
        s.sent[core] = 0
        s.taken[core] = 0
        s.learned[core] = 0
        s.in_packets[core] = 0
        s.out_packets[core] = 0


@bare_inlined
def _cross(channel: Any, arrival: Any, work: Any, packets: Any, s: Any) -> None:
    """Let packets, the first of which arrives then, take a channel for so long."""
    if s.channel_stamp[channel] != s.words[STAMP]:
        s.channel_stamp[channel] = s.words[STAMP]
        s.crossed[s.words[TOUCHED_CHANNELS]] = channel
        s.words[TOUCHED_CHANNELS] += 1
        s.first[channel] = arrival
        s.load[channel] = 0
    s.first[channel] = min(s.first[channel], arrival)
    s.load[channel] += work
    s.packets[channel] += packets
    s.busy[channel] += work


@bare_inlined
def node_work(node: Any, loads: Any, first: Any, h: Any) -> Any:
    """Work of a node besides its channel's service: a core takes in a packet and its synapses.

    ``loads`` are those of the packet's neuron from ``first`` on.
    """
    work = h.forest.work[node]
    if h.rank[node] >= 0:
        work += loads[first + h.rank[node]]
    return work


@bare_inlined
def class_of(source: Any, target: Any, h: Any) -> Any:
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
    o.latency[class_of(source, target, h), bucket] += 1


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
        work = h.channels.service[channel] + node_work(node, s.loads, first_load, h)
        if h.core[node] >= 0:
            record_latency(arrival - sent, source, h.core[node], h, o)
            if not h.costs[OVERLAPPED]:
                arrival = max(arrival, _updated(h.core[node], s))
        _cross(channel, arrival, work, 1, s)
        after = arrival + work + h.channels.latency[channel]
        s.last[0] = max(s.last[0], after)
        for k in range(h.forest.child_ptr[node], h.forest.child_ptr[node + 1]):
            s.stack_node[depth], s.stack_time[depth] = h.forest.child[k], after
            depth += 1


@bare_inlined
def _meet_channels(n: Any, began: Any, h: Any, s: Any, o: Any) -> None:
    """Do what following all packets of a neuron's spike would do, from the list of what they meet."""
    latency = as_int64(address_of(o.latency))
    for e in range(h.spread_ptr[n], h.spread_ptr[n + 1]):
        entry = as_int64(address_of(h.spread) + 32 * e)
        channel, work, arrival = entry[ENTRY_CHANNEL], entry[ENTRY_WORK], began + entry[ENTRY_FIRST]
        packets = entry[ENTRY_NUMBER]
        if channel < 0:
            channel = -1 - channel
            latency[packets] += 1
            packets = 1
            if not h.costs[OVERLAPPED]:
                arrival = max(arrival, _updated(h.core_of_channel[channel], s))
            s.last[0] = max(s.last[0], arrival + work + h.channels.latency[channel])
        _cross(channel, arrival, work, packets, s)


@bare_inlined
def _ones(word: Any) -> Any:
    """Count the ones of 64 bits."""
    pairs = word - ((word >> 1) & 0x5555555555555555)
    fours = (pairs & 0x3333333333333333) + ((pairs >> 2) & 0x3333333333333333)
    return (((fours + (fours >> 4)) & 0x0F0F0F0F0F0F0F0F) * 0x0101010101010101 >> 56) & 0x7F


@bare_inlined
def _active_among(first: Any, last: Any, row: Any) -> Any:
    """Count the neurons ``first`` to ``last - 1`` that are active; ``row`` is the address of their bits."""
    count = 0
    n = first
    while n < last:
        if n & 7 == 0 and last - n >= 64:
            count += _ones(as_int64(row + (n >> 3))[0])
            n += 64
        else:
            count += (np.int64(as_uint8(row + (n >> 3))[0]) >> (7 - (n & 7))) & 1
            n += 1
    return count


@bare_inlined
def _time_among(first: Any, last: Any, row: Any, h: Any) -> Any:
    """Time in which a core updates the neurons ``first`` to ``last - 1``."""
    active = _active_among(first, last, row)
    return active * h.costs[UPDATE] + (last - first - active) * h.costs[IDLE]


@bare_inlined
def _turn_of(n: Any, row: Any, h: Any) -> Any:
    """When a neuron has been updated: after those of its core with lower numbers; 0 if it never is."""
    time = 0
    core = h.core_of[n]
    for run in range(h.run_ptr[core], h.run_ptr[core + 1]):
        first, last = h.run[2 * run], h.run[2 * run + 1]
        if n < first:
            break
        if n < last:
            return time + _time_among(first, n + 1, row, h)
        time += _time_among(first, last, row, h)
    return 0


@bare_inlined
def _update_all(h: Any, s: Any) -> None:
    """Fix when neurons are updated if all of them are active."""
    for place in range(h.used.size):
        core = h.used[place]
        for k in range(h.core_ptr[core], h.core_ptr[core + 1]):
            s.turn[h.by_core[k]] = (k + 1 - h.core_ptr[core]) * h.costs[UPDATE]
        s.active[core] = h.core_ptr[core + 1] - h.core_ptr[core]
        s.base[core] = s.active[core] * h.costs[UPDATE]


@bare_inlined
def _update_active(at: Any, until: Any, neurons: Any, row: Any, h: Any, s: Any) -> None:
    """Fix when neurons that spike are updated, and when all of a core have been, from who is active."""
    for place in range(h.used.size):
        core = h.used[place]
        active = 0
        for run in range(h.run_ptr[core], h.run_ptr[core + 1]):
            active += _active_among(h.run[2 * run], h.run[2 * run + 1], row)
        idle = h.core_ptr[core + 1] - h.core_ptr[core] - active
        s.active[core] = active
        s.base[core] = active * h.costs[UPDATE] + idle * h.costs[IDLE]
    for spike in range(at, until):
        s.turn[neurons[spike]] = _turn_of(neurons[spike], row, h)


@bare_inner
def update_neurons(step: Any, at: Any, until: Any, neurons: Any, active: Any, h: Any, s: Any) -> None:
    """Fix when the neurons of a step are updated: core by core, one after the other.

    Parameters
    ----------
    step
        Row of ``active``.
    at, until, neurons
        Spikes of the step: from ``at`` to ``until`` in ``neurons``.
    active : ndarray of uint8, shape (steps, bytes)
        Bit by bit who spiked or changed state; without rows everybody did, and the times are those of every step.
    """
    if active.shape[0]:
        _update_active(at, until, neurons, address_of(active) + step * active.shape[1], h, s)
    elif s.known[0]:
        return
    else:
        _update_all(h, s)
    s.known[0] = 1
    latest, critical = 0, 0
    for place in range(h.used.size):
        core = h.used[place]
        if s.base[core] > latest:
            latest, critical = s.base[core], core
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
def _learn(n: Any, h: Any, s: Any) -> None:
    """Let cores update the plastic synapses that a spike changes."""
    for entry in range(h.learn_ptr[n], h.learn_ptr[n + 1]):
        core = h.learn_core[entry]
        _core(core, s)
        s.learned[core] += h.learn_ps[entry]


@bare_inlined
def _visit_synapses(step: Any, h: Any, s: Any) -> None:
    """Let cores update all synapses of the projections whose turn it is."""
    for visit in range(h.visit_ps.shape[0]):
        if s.visit_runs[step, visit]:
            for core in range(h.visit_ps.shape[1]):
                if h.visit_ps[visit, core]:
                    _core(core, s)
                    s.learned[core] += s.visit_runs[step, visit] * h.visit_ps[visit, core]


@bare_inlined
def generate(step: Any, at: Any, until: Any, neurons: Any, h: Any, s: Any) -> Any:
    """Begin a step: list its packets with the times at which they are sent; returns how many there are.

    A core's spikes come in the order in which it updates its neurons. Loads are copied, so that those of a step are
    close together when packets bring them to their cores.
    """
    s.words[TOUCHED_CORES] = s.words[TOUCHED_CHANNELS] = 0
    s.words[STAMP] += 1
    count = 0
    loads = 0
    if h.costs[LEARN]:
        _visit_synapses(step, h, s)
        for spike in range(at, until):
            _learn(neurons[spike], h, s)
    for spike in range(at, until):
        n = neurons[spike]
        core = h.core_of[n]
        first = h.fan_ptr[n]
        if spike + 1 < until:
            _ask_for(neurons[spike + 1], h)
        _core(core, s)
        sent, turn, send = s.sent[core] + h.costs[SPIKE], s.turn[n], h.costs[SEND]
        s.began[spike - at] = turn + sent
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
        done += s.learned[core]
        if done > latest or (done == latest and core < critical):
            latest, critical = done, core
    return latest, critical


@bare_inlined
def _count_updates(row: Any, steps: Any, h: Any, s: Any, o: Any) -> None:
    """Add updates of neurons in so many equal steps to the counters of a bin."""
    for place in range(h.used.size):
        core = h.used[place]
        o.core_busy_ps[row, core] += steps * s.base[core]
        o.core_updates[row, core] += steps * s.active[core]
        o.core_idle_updates[row, core] += steps * (h.core_ptr[core + 1] - h.core_ptr[core] - s.active[core])


@bare_inlined
def _count_overruns(row: Any, h: Any, s: Any, o: Any) -> None:
    """Count cores that have more to do in a step than it has time for."""
    for place in range(h.used.size):
        core = h.used[place]
        work = s.base[core]
        if s.core_stamp[core] == s.words[STAMP]:
            work += s.sent[core] + s.taken[core] + s.learned[core]
        o.core_overruns[row, core] += work > h.costs[TICK]
    for k in range(s.words[TOUCHED_CORES]):
        core = s.cores[k]
        if h.core_ptr[core] == h.core_ptr[core + 1]:
            o.core_overruns[row, core] += s.sent[core] + s.taken[core] + s.learned[core] > h.costs[TICK]


@bare_inlined
def count_cores(row: Any, active: Any, h: Any, s: Any, o: Any) -> None:
    """Add what cores did in a step to the counters of its bin."""
    if active.shape[0]:
        _count_updates(row, 1, h, s, o)
    else:
        s.words[UNCOUNTED] += 1
    if h.costs[TICK]:
        _count_overruns(row, h, s, o)
    for k in range(s.words[TOUCHED_CORES]):
        core = s.cores[k]
        o.core_busy_ps[row, core] += s.sent[core] + s.taken[core] + s.learned[core]
        o.core_packets_in[row, core] += s.in_packets[core]
        o.core_packets_out[row, core] += s.out_packets[core]


@bare_inlined
def _channels_done(h: Any, s: Any) -> Any:
    """When the last channel is done at the earliest, the core that takes in longest, and the link; -1: none."""
    latest, core_latest, core, link_latest, link = s.last[0], 0, -1, 0, -1
    for k in range(s.words[TOUCHED_CHANNELS]):
        channel = s.crossed[k]
        done = s.first[channel] + s.load[channel] + h.channels.latency[channel]
        number = h.core_of_channel[channel]
        if number >= 0 and s.core_stamp[number] == s.words[STAMP]:
            done += s.learned[number]
        latest = max(latest, done)
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
        update_neurons(tick - first - 1, at, end, neurons, active, h, s)
        count = generate(tick - first - 1, at, end, neurons, h, s)
        latest, core = cores_done(h, s)
        count_cores(row, active, h, s, o)
        link = -1
        if h.level[0] == ANALYTIC:
            if h.spread.size:
                for spike in range(at, end):
                    _meet_channels(neurons[spike], s.began[spike - at], h, s, o)
            else:
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


@bare_inlined
def _count_hops(row: Any, channel: Any, packets: Any, h: Any, o: Any) -> None:
    if h.kind[channel] >= 0:
        o.chip_hops[h.kind[channel], row, h.chip_of_channel[channel]] += packets


@bare
def settle(row: Any, h: Any, s: Any, o: Any) -> None:
    """Move what was counted by channel, and updates of equal steps, to the counters of a bin."""
    _count_updates(row, s.words[UNCOUNTED], h, s, o)
    s.words[UNCOUNTED] = 0
    for channel in range(s.packets.size):
        packets = s.packets[channel]
        if packets == 0:
            continue
        if channel < h.links[0]:
            o.link_busy_ps[row, channel] += s.busy[channel]
        _count_hops(row, channel, packets, h, o)
        for k in range(h.follower_ptr[channel], h.follower_ptr[channel + 1]):
            _count_hops(row, h.follower[k], packets, h, o)
        s.packets[channel] = 0
        s.busy[channel] = 0
