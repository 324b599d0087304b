"""The hardware time of algorithmic steps, packet by packet; see :mod:`spikemesh.kernels.barrier`.

Legend: h hardware, s scratch, o outputs as there; f fabric of the channels, w space of the sweep, r its results.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare, bare_inlined
from spikemesh.kernels.barrier import (
    BARRIER,
    LISTED,
    LISTED_CORE,
    LISTED_LOAD,
    LISTED_ROOT,
    LISTED_TIME,
    OVERLAPPED,
    STAMP,
    TOUCHED_CORES,
    cores_done,
    count_cores,
    generate,
    record_latency,
    settle,
    update_neurons,
)
from spikemesh.kernels.network_fabric import (
    AREA,
    BLOCKED,
    BUSY,
    COUNTS,
    DONE,
    LONGEST,
    NO_ROOM,
    NODE,
    PACKETS,
    RANK,
    WAITING,
)
from spikemesh.kernels.network_sort import sort_by_time
from spikemesh.kernels.network_sweep import DELIVERIES, DROPS, ROWS, forget, put_packet, sweep_channels
from spikemesh.kernels.pointers import address_of, as_int64

# Words of a stretch of steps: where it is, and what became of packets; see `StepClock`.
TICK, SPIKE_AT, SENT, UNEQUAL = range(4)


@bare_inlined
def _order_packets(count: Any, s: Any) -> Any:
    """Sort the packets of a step by the time at which they are sent, then as listed; returns the address of records."""
    for k in range(count):
        s.records[2 * k + 2] = s.listed[LISTED * k + LISTED_TIME]
        s.records[2 * k + 3] = k
    return sort_by_time(address_of(s.records) + 16, count, address_of(s.spare) + 16, address_of(s.runs))


@bare_inlined
def _inject(count: Any, address: Any, s: Any, f: Any, w: Any) -> Any:
    """Put the packets of a step into their first channels, numbered in order."""
    records, listed = as_int64(address), address_of(s.listed)
    for number in range(count):
        packet = as_int64(listed + 8 * LISTED * records[2 * number + 1])
        node = packet[LISTED_ROOT]
        s.sent_at[number] = records[2 * number]
        s.sent_by[number] = packet[LISTED_CORE]
        w.loads[number] = packet[LISTED_LOAD]
        rank = f.nodes[node, RANK]
        if not put_packet(rank, records[2 * number], number << 32 | node, f, w):
            return NO_ROOM
    return DONE


@bare_inlined
def _hold_cores(h: Any, s: Any, w: Any) -> None:
    """Let cores take in nothing before they have updated all neurons and sent all packets."""
    for k in range(s.words[TOUCHED_CORES]):
        core = s.cores[k]
        w.free[h.rank_of_core[core]] = s.base[core] + s.sent[core]


@bare_inlined
def count_channels(row: Any, first: Any, last: Any, table: Any, h: Any, s: Any, o: Any) -> Any:
    """Add what channels did to the counters; returns the last end, that of the last core, the core, and the link."""
    latest = 0
    core_latest, core = 0, -1
    link_latest, link = 0, -1
    for k in range(first, last):
        channel = h.channel_of_rank[table[k, 0]]
        done = table[k, 1 + COUNTS]
        s.packets[channel] += table[k, 1 + PACKETS]
        s.busy[channel] += table[k, 1 + BUSY]
        if table[k, 1 + AREA] != table[k, 1 + WAITING] + table[k, 1 + BUSY] + table[k, 1 + BLOCKED]:
            s.stretch[UNEQUAL] += 1
        number = h.core_of_channel[channel]
        if number >= 0 and s.core_stamp[number] == s.words[STAMP]:
            done += s.learned[number]
        latest = max(latest, done)
        if number >= 0 and (done > core_latest or (done == core_latest and number < core)):
            core_latest, core = done, number
        if channel < h.links[0]:
            o.link_wait_ps[row, channel] += table[k, 1 + WAITING] + table[k, 1 + BLOCKED]
            o.link_queue_max[row, channel] = max(o.link_queue_max[row, channel], table[k, 1 + LONGEST])
            if done > link_latest or (done == link_latest and channel < link):
                link_latest, link = done, channel
    return latest, core_latest, core, link


@bare_inlined
def count_deliveries(first: Any, last: Any, deliveries: Any, h: Any, s: Any, o: Any) -> None:
    """Record the latencies of packets that arrived at cores: from when they were sent to their arrival."""
    for k in range(first + 1, last + 1):
        tag = deliveries[3 * k + 1]
        number, core = tag >> 32, h.core[tag & NODE]
        record_latency(deliveries[3 * k + 2] - s.sent_at[number], s.sent_by[number], core, h, o)


@bare
def begin_step(step: Any, at: Any, end: Any, neurons: Any, active: Any, h: Any, s: Any) -> Any:
    """List and order the packets of one step; returns their number and the address of the records."""
    update_neurons(step, at, end, neurons, active, h, s)
    count = generate(step, at, end, neurons, h, s)
    return count, _order_packets(count, s)


@bare
def end_step(
    row: Any,
    index: Any,
    first: Any,
    last: Any,
    table: Any,
    delivered: Any,
    deliveries: Any,
    active: Any,
    h: Any,
    s: Any,
    o: Any,
) -> None:
    """Write down a step whose packets are all through: rows of channels and deliveries."""
    latest, core = cores_done(h, s)
    count_cores(row, active, h, s, o)
    drained, core_latest, busiest, link = count_channels(row, first, last, table, h, s, o)
    count_deliveries(0, delivered, deliveries, h, s, o)
    if core_latest > latest:
        core = busiest
    o.step_time_ps[index] = max(latest, drained) + h.costs[BARRIER]
    o.step_core[index] = core
    o.step_link[index] = link


@bare
def packet_steps(
    first: Any,
    until: Any,
    ticks: Any,
    neurons: Any,
    active: Any,
    h: Any,
    s: Any,
    o: Any,
    f: Any,
    w: Any,
    r: Any,
) -> Any:
    """Find the hardware time of steps packet by packet.

    Parameters
    ----------
    first, until
        Steps ``first + 1 .. until``; it goes on after ``s.stretch[TICK]``.
    ticks, neurons : ndarray of int64, shape (spikes,)
        Every spike in these steps, sorted by tick, then neuron.
    active : ndarray of uint8, shape (steps, bytes)
        Bit by bit who spiked or changed state; without rows: everybody.
    h, s, o, f, w, r
        See the module.

    Returns
    -------
    int
        DONE, or why the step after ``s.stretch[TICK]`` could not be swept; nothing of it is counted then.
    """
    while s.stretch[TICK] < until:
        tick, at = s.stretch[TICK] + 1, s.stretch[SPIKE_AT]
        end = at
        while end < ticks.size and ticks[end] == tick:
            end += 1
        count, address = begin_step(tick - first - 1, at, end, neurons, active, h, s)
        s.stretch[SENT] = count
        if not h.costs[OVERLAPPED]:
            _hold_cores(h, s, w)
        status = _inject(count, address, s, f, w)
        if status == DONE:
            status = sweep_channels(f, w, r)
        rows, delivered = r.cursor[ROWS], r.cursor[DELIVERIES]
        r.cursor[ROWS] = r.cursor[DELIVERIES] = r.cursor[DROPS] = 0
        if status != DONE:
            forget(w)
            return status
        row = (tick - 1) // o.bin_steps - o.first_bin
        end_step(row, tick - first - 1, 0, rows, r.rows, delivered, r.deliveries, active, h, s, o)
        if tick % o.bin_steps == 0 or tick == until:
            settle(row, h, s, o)
        s.stretch[TICK], s.stretch[SPIKE_AT] = tick, end
    return DONE
