"""Packets through channels without cycles: one channel after the other, each with all its packets at once.

A channel's packets are known when all channels before it are done. They come as one rising run from each of
these, are merged, and served in order (Lindley's recursion: service begins when the packet is there and the
one before has gone). Only channels that packets reach are looked at.

Legend: f fabric, w space of the sweep, o results; channels are ranks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

from spikemesh.kernels.accelerate import bare, bare_inlined
from spikemesh.kernels.network_fabric import (
    AREA,
    BLOCKED,
    BUSY,
    COUNTS,
    DONE,
    DROP,
    DROPPED,
    LATENCY,
    LINE,
    LONGEST,
    LONGEST_WAY,
    NEVER,
    NO_DELIVERIES,
    NO_DROPS,
    NO_ROOM,
    NO_ROWS,
    NODE,
    NOT_EXACT,
    ONLY_CHILD,
    OUTSIDE,
    PACKETS,
    PERIOD,
    PLACES,
    RANK,
    REPORT,
    RULE,
    SAME,
    SERVICE,
    WAITING,
    service_of,
)
from spikemesh.kernels.network_sort import merge_runs, sort_deliveries
from spikemesh.kernels.pointers import address_of, as_int64, prefetch

# Addresses of a channel's list: its next free record, its first, and the end of its room.
FILL, FIRST, END = range(3)

# What a sweep has found so far.
STEPS, DELIVERIES, DROPS, ROWS = range(4)


@bare_inlined
def _line(rank: Any, f: Any) -> Any:
    return as_int64(address_of(f.lines) + 8 * LINE * rank)


@bare_inlined
def put_packet(rank: Any, time: Any, tag: Any, f: Any, w: Any) -> Any:
    """Append a packet to a channel's list; return whether there was room."""
    cell = as_int64(address_of(w.lists) + 32 * rank)
    place, first = cell[FILL], cell[FIRST]
    if place == first:
        reached = as_int64(address_of(w.reached))
        reached[rank >> 5] |= 1 << (rank & 31)
    if place == cell[END]:
        return False
    prefetch(address_of(f.nodes) + 32 * (tag & NODE))
    record = as_int64(place)
    record[0] = time
    record[1] = tag
    cell[FILL] = place + 16
    return True


@bare_inlined
def _clock(time: Any, period: Any) -> Any:
    return (time + period - 1) // period * period


@bare_inlined
def _enough_places(line: Any, count: Any, packets: Any, ends: Any) -> Any:
    """Whether no packet had to stall for the channel: places are taken when a packet sets out for it.

    It is asked of all as if they had set out as early as those with the longest way: the answer may be no
    where a yes were right, never the other way round.
    """
    places = line[PLACES]
    if count <= places:
        return True
    gone = 0
    for i in range(count):
        set_out = packets[2 * i] - line[LONGEST_WAY]
        while gone < i and ends[gone] <= set_out:
            gone += 1
        if i + 1 - gone > places:
            return False
    return True


@bare_inlined
def _send_on(time: Any, arrival: Any, tag: Any, f: Any, w: Any, o: Any) -> Any:
    """Hand a packet that leaves its channel to what comes next."""
    node = tag & NODE
    flow = as_int64(address_of(f.nodes) + 32 * node)
    child = flow[ONLY_CHILD]
    if child >= 0:
        return DONE if put_packet(child >> 32, time, (tag - node) | (child & NODE), f, w) else NO_ROOM
    if flow[REPORT] & 1:
        row = o.cursor[DELIVERIES]
        if 3 * row + 6 > o.deliveries.size:
            return NO_DELIVERIES
        delivery = as_int64(address_of(o.deliveries) + 24 * (row + 1))
        delivery[0] = time
        delivery[1] = tag
        delivery[2] = arrival
        o.cursor[DELIVERIES] = row + 1
    for e in range(f.ptr[node], f.ptr[node + 1]):
        child = f.child[e]
        if not put_packet(child >> 32, time, (tag - node) | (child & NODE), f, w):
            return NO_ROOM
    return DONE


@bare_inlined
def _note(
    rank: Any,
    packets: Any,
    busy: Any,
    waiting: Any,
    longest: Any,
    dropped: Any,
    area: Any,
    through: Any,
    o: Any,
) -> Any:
    """Write down what a channel did."""
    row = o.cursor[ROWS]
    if row == o.rows.shape[0]:
        return NO_ROWS
    o.cursor[ROWS] = row + 1
    o.rows[row, 0] = rank
    o.rows[row, 1 + PACKETS] = packets
    o.rows[row, 1 + BUSY] = busy
    o.rows[row, 1 + WAITING] = waiting
    o.rows[row, 1 + BLOCKED] = 0
    o.rows[row, 1 + LONGEST] = longest
    o.rows[row, 1 + DROPPED] = dropped
    o.rows[row, 1 + AREA] = area
    o.rows[row, 1 + OUTSIDE] = 0
    o.rows[row, 1 + COUNTS] = through
    return DONE


@bare_inlined
def _serve_one(rank: Any, packet: Any, f: Any, w: Any, o: Any) -> Any:
    """Serve the only packet of a channel."""
    arrival, tag, line = packet[0], packet[1], _line(rank, f)
    period = line[PERIOD]
    begin = max(arrival, w.free[rank])
    begin = _clock(begin, period) if period > 1 else begin
    busy = service_of(line[SERVICE], tag, f, w.loads)
    end = begin + busy
    through = end + line[LATENCY]
    status = _send_on(through, arrival, tag, f, w, o)
    return (
        _note(rank, 1, busy, begin - arrival, 0, 0, end - arrival, through, o) if status == DONE else status
    )


@bare_inlined
def _begin_times(free: Any, line: Any, count: Any, packets: Any, ends: Any, f: Any, w: Any) -> Any:
    """Find when services end; return times of waiting and of service, added up, and the longest wait for a service."""
    service, period = line[SERVICE], line[PERIOD]
    waiting = 0
    busy = 0
    latest = 0
    for i in range(count):
        arrival = packets[2 * i]
        latest = max(latest, free - arrival)
        begin = max(arrival, free)
        if period > 1:
            begin = _clock(begin, period)
        free = begin + service_of(service, packets[2 * i + 1], f, w.loads)
        waiting += begin - arrival
        busy += free - begin
        ends[i] = free
    return waiting, busy, latest


@bare_inlined
def _begin_or_drop(free: Any, line: Any, count: Any, packets: Any, ends: Any, f: Any, w: Any, o: Any) -> Any:
    """As ``_begin_times``, but drop what finds no place; return how many are left, too, -1: table full."""
    waiting = 0
    busy = 0
    taken = 0
    gone = 0
    for i in range(count):
        arrival, tag = packets[2 * i], packets[2 * i + 1]
        while gone < taken and ends[gone] <= arrival:
            gone += 1
        if taken - gone >= line[PLACES]:
            row = o.cursor[DROPS]
            if 2 * row == o.drops.size:
                return waiting, busy, -1
            o.drops[2 * row] = arrival
            o.drops[2 * row + 1] = tag
            o.cursor[DROPS] = row + 1
            continue
        begin = _clock(max(arrival, free), line[PERIOD])
        free = begin + service_of(line[SERVICE], tag, f, w.loads)
        waiting += begin - arrival
        busy += free - begin
        ends[taken] = free
        packets[2 * taken] = arrival
        packets[2 * taken + 1] = tag
        taken += 1
    return waiting, busy, taken


@bare_inlined
def _longest_queue(count: Any, packets: Any, ends: Any) -> Any:
    """Most packets that a packet finds in the channel; all but the one in service wait then, and so does it."""
    longest = 0
    gone = 0
    for i in range(count):
        while gone < i and ends[gone] <= packets[2 * i]:
            gone += 1
        longest = max(longest, i - gone)
    return longest


@bare_inlined
def _longest(same: Any, latest: Any, count: Any, packets: Any, ends: Any) -> Any:
    """Most packets that a packet finds in the channel: from the longest wait where all services are the same."""
    if same > 0:
        return (latest + same - 1) // same
    return _longest_queue(count, packets, ends) if same == 0 else 0


@bare_inlined
def _area(count: Any, packets: Any, ends: Any) -> Any:
    """Area between the curves of what has arrived and of what has left."""
    area = 0
    for i in range(count):
        area += ends[i] - packets[2 * i]
    return area


@bare_inlined
def _serve(rank: Any, given: Any, found: Any, f: Any, w: Any, o: Any) -> Any:
    """Serve a channel's packets, sorted at address ``found``, and send them on."""
    packets, ends, line = as_int64(found), as_int64(address_of(w.ends)), _line(rank, f)
    rule, count, latest = line[RULE], given, 0
    if rule == DROP:
        waiting, busy, count = _begin_or_drop(w.free[rank], line, given, packets, ends, f, w, o)
        if count < 0:
            return NO_DROPS
    else:
        waiting, busy, latest = _begin_times(w.free[rank], line, given, packets, ends, f, w)
    same = line[SAME] if rule != DROP else 0
    longest = _longest(same, latest, count, packets, ends)
    area = _area(count, packets, ends)
    if rule > DROP and not _enough_places(line, count, packets, ends):
        return NOT_EXACT
    latency = line[LATENCY]
    for i in range(count):
        status = _send_on(ends[i] + latency, packets[2 * i], packets[2 * i + 1], f, w, o)
        if status != DONE:
            return status
    through = ends[count - 1] + latency
    return _note(rank, count, busy, waiting, longest, given - count, area, through, o)


@bare_inlined
def _serve_freely(rank: Any, count: Any, found: Any, f: Any, w: Any, o: Any) -> Any:
    """Do what ``_serve`` does for a channel that has room for everything and no clock: each packet at once."""
    packets, ends, line = as_int64(found), as_int64(address_of(w.ends)), _line(rank, f)
    service, latency, same, free = line[SERVICE], line[LATENCY], line[SAME], w.free[rank]
    waiting = 0
    busy = 0
    area = 0
    latest = 0
    for i in range(count):
        arrival, tag = packets[2 * i], packets[2 * i + 1]
        latest = max(latest, free - arrival)
        begin = max(arrival, free)
        free = begin + service_of(service, tag, f, w.loads)
        waiting += begin - arrival
        busy += free - begin
        area += free - arrival
        ends[i] = free
        status = _send_on(free + latency, arrival, tag, f, w, o)
        if status != DONE:
            return status
    longest = _longest(same, latest, count, packets, ends)
    return _note(rank, count, busy, waiting, longest, 0, area, free + latency, o)


@bare_inlined
def _inject(first: Any, last: Any, time: Any, root: Any, f: Any, w: Any) -> Any:
    for p in range(first, last):
        node = np.int64(root[p])
        if not put_packet(as_int64(address_of(f.nodes) + 32 * node)[RANK], time[p], p << 32 | node, f, w):
            return NO_ROOM
    return DONE


@bare_inlined
def sweep_channels(f: Any, w: Any, o: Any) -> Any:
    """Serve all channels that packets reach, in order."""
    spare, runs = address_of(w.spare) + 16, address_of(w.runs)
    for word in range(w.reached.size):
        while w.reached[word]:
            bits = w.reached[word]
            w.reached[word] = bits & (bits - 1)
            rank = 32 * word + trailing_zeros(bits)
            cell = as_int64(address_of(w.lists) + 32 * rank)
            first = cell[FIRST]
            count = (cell[FILL] - first) >> 4
            cell[FILL] = first
            if count == 1:
                status = _serve_one(rank, as_int64(first), f, w, o)
                if status != DONE:
                    return status
                continue
            found = merge_runs(first, count, spare, runs, 2)
            line = _line(rank, f)
            if line[RULE] == NEVER and line[PERIOD] == 1:
                status = _serve_freely(rank, count, found, f, w, o)
            else:
                status = _serve(rank, count, found, f, w, o)
            if status != DONE:
                return status
    return DONE


@bare_inlined
def forget(w: Any) -> None:
    """Empty the lists of a step that cannot be finished."""
    for word in range(w.reached.size):
        while w.reached[word]:
            bits = w.reached[word]
            w.reached[word] = bits & (bits - 1)
            rank = 32 * word + trailing_zeros(bits)
            cell = as_int64(address_of(w.lists) + 32 * rank)
            cell[FILL] = cell[FIRST]


@bare_inlined
def _sum_up(step: Any, o: Any) -> None:
    """Add what the channels of a step did to their totals; find the one whose last packet was through last."""
    latest, where = 0, -1
    for row in range(o.row_ptr[step], o.cursor[ROWS]):
        found = as_int64(address_of(o.rows) + 8 * (COUNTS + 2) * row)
        total = as_int64(address_of(o.totals) + 8 * COUNTS * found[0])
        longest = max(total[LONGEST], found[1 + LONGEST])
        for k in range(COUNTS):
            total[k] += found[1 + k]
        total[LONGEST] = longest
        if found[1 + COUNTS] > latest:
            latest, where = found[1 + COUNTS], found[0]
    o.latest[step] = latest
    o.where[step] = where


@bare_inlined
def _finish(step: Any, o: Any) -> None:
    """Close a step: sort its deliveries, add up what its channels did."""
    first, last = o.delivery_ptr[step], o.cursor[DELIVERIES]
    address = address_of(o.deliveries) + 24 * (first + 1)
    sort_deliveries(address, last - first, address_of(o.spare) + 24, address_of(o.runs))
    _sum_up(step, o)
    o.delivery_ptr[step + 1] = last
    o.drop_ptr[step + 1] = o.cursor[DROPS]
    if not o.detail[0]:
        o.cursor[ROWS] = o.row_ptr[step]
    o.row_ptr[step + 1] = o.cursor[ROWS]


@bare
def sweep_steps(time: Any, root: Any, ptr: Any, last: Any, f: Any, w: Any, o: Any) -> Any:
    """Simulate steps, each from empty channels, until ``last`` or until one cannot be finished.

    Parameters
    ----------
    time, root : ndarray of int64 and int32
        When packets set out and at which node, by step and in order of time.
    ptr : ndarray of int64
        First packet of each step.
    last
        The step after the last one.
    f, w, o
        Fabric, space and results; step ``o.cursor[STEPS]`` is the next one.

    Returns
    -------
    int
        DONE, or why the step ``o.cursor[STEPS]`` could not be finished; nothing of it is left then.
    """
    while o.cursor[STEPS] < last:
        step = o.cursor[STEPS]
        status = _inject(ptr[step], ptr[step + 1], time, root, f, w)
        if status == DONE:
            status = sweep_channels(f, w, o)
        if status != DONE:
            forget(w)
            o.cursor[DELIVERIES] = o.delivery_ptr[step]
            o.cursor[DROPS] = o.drop_ptr[step]
            o.cursor[ROWS] = o.row_ptr[step]
            return status
        _finish(step, o)
        o.cursor[STEPS] = step + 1
    return DONE
