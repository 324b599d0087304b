"""Packets through channels without cycles: one channel after the other, each with all its packets at once.

A channel's packets are known when all channels before it are done. They come as one rising run from each of
these, are merged, and served in order (Lindley's recursion: service begins when the packet is there and the
one before has gone). Only channels that packets reach are looked at.

Legend: f fabric, w space of the sweep, o results; channels are ranks.
"""

from __future__ import annotations

from typing import Any

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
    LONGEST,
    NO_ROOM,
    NO_ROWS,
    NODE,
    NOT_EXACT,
    OUTSIDE,
    PACKETS,
    WAITING,
    service_of,
)
from spikemesh.kernels.network_sort import sort_records
from spikemesh.kernels.pointers import as_int64

# What a sweep has found so far.
STEPS, DELIVERIES, DROPS, ROWS = range(4)


@bare_inlined
def put_packet(rank: Any, time: Any, tag: Any, w: Any) -> Any:
    """Append a packet to a channel's list; return whether there was room."""
    place = w.fill[rank]
    first = w.base[rank]
    if place == first:
        w.reached[rank >> 5] |= 1 << (rank & 31)
    if place == w.base[rank + 1]:
        return False
    w.records[2 * place] = time
    w.records[2 * place + 1] = tag
    w.fill[rank] = place + 1
    return True


@bare_inlined
def _clock(time: Any, period: Any) -> Any:
    return (time + period - 1) // period * period


@bare_inlined
def _enough_places(rank: Any, count: Any, found: Any, ends: Any, f: Any) -> Any:
    """Whether no packet had to stall for the channel: places are taken when a packet sets out for it.

    It is asked of all as if they had set out as early as those with the longest way: the answer may be no
    where a yes were right, never the other way round.
    """
    places = f.places[rank]
    if count <= places:
        return True
    gone = 0
    for i in range(count):
        set_out = found[2 * i] - f.longest_way[rank]
        while gone < i and ends[gone] <= set_out:
            gone += 1
        if i + 1 - gone > places:
            return False
    return True


@bare_inlined
def _send_on(time: Any, arrival: Any, tag: Any, f: Any, w: Any, o: Any) -> Any:
    """Hand a packet that leaves its channel to what comes next."""
    node = tag & NODE
    if f.report[node]:
        row = o.cursor[DELIVERIES]
        if 3 * row == o.deliveries.size:
            return NO_ROWS
        o.deliveries[3 * row] = time
        o.deliveries[3 * row + 1] = tag
        o.deliveries[3 * row + 2] = arrival
        o.cursor[DELIVERIES] = row + 1
    for e in range(f.ptr[node], f.ptr[node + 1]):
        child = f.child[e]
        if not put_packet(child >> 32, time, (tag - node) | (child & NODE), w):
            return NO_ROOM
    return DONE


@bare
def _serve(rank: Any, count: Any, found: Any, f: Any, w: Any, o: Any) -> Any:
    """Serve a channel's packets, sorted at address ``found``, and send them on."""
    packets = as_int64(found)
    ends = as_int64(w.ends.ctypes.data)
    latency, period, places = f.latency[rank], f.period[rank], f.places[rank]
    rule = f.rule[rank]
    free = w.free[rank]
    waiting = 0
    busy = 0
    longest = 0
    area = 0
    last = packets[0]
    taken = 0
    gone = 0
    for i in range(count):
        arrival = packets[2 * i]
        tag = packets[2 * i + 1]
        while gone < taken and ends[gone] <= arrival:
            area += (taken - gone) * (ends[gone] - last)
            last = ends[gone]
            gone += 1
        area += (taken - gone) * (arrival - last)
        last = arrival
        if rule == DROP and taken - gone >= places:
            row = o.cursor[DROPS]
            if 2 * row == o.drops.size:
                return NO_ROWS
            o.drops[2 * row] = arrival
            o.drops[2 * row + 1] = tag
            o.cursor[DROPS] = row + 1
            continue
        longest = max(longest, taken - gone)
        begin = max(arrival, free)
        if period > 1:
            begin = _clock(begin, period)
        free = begin + service_of(rank, tag, f, w.loads)
        waiting += begin - arrival
        busy += free - begin
        ends[taken] = free
        taken += 1
        status = _send_on(free + latency, arrival, tag, f, w, o)
        if status != DONE:
            return status
    while gone < taken:
        area += (taken - gone) * (ends[gone] - last)
        last = ends[gone]
        gone += 1
    if rule > DROP and not _enough_places(rank, count, packets, ends, f):
        return NOT_EXACT
    row = o.cursor[ROWS]
    if row == o.rows.shape[0]:
        return NO_ROWS
    o.cursor[ROWS] = row + 1
    o.rows[row, 0] = f.number[rank]
    o.rows[row, 1 + PACKETS] = taken
    o.rows[row, 1 + BUSY] = busy
    o.rows[row, 1 + WAITING] = waiting
    o.rows[row, 1 + BLOCKED] = 0
    o.rows[row, 1 + LONGEST] = longest
    o.rows[row, 1 + DROPPED] = count - taken
    o.rows[row, 1 + AREA] = area
    o.rows[row, 1 + OUTSIDE] = 0
    o.rows[row, 1 + COUNTS] = free + latency
    return DONE


@bare_inlined
def _inject(first: Any, last: Any, time: Any, root: Any, f: Any, w: Any) -> Any:
    for p in range(first, last):
        node = root[p]
        if not put_packet(f.rank[node], time[p], p << 32 | node, w):
            return NO_ROOM
    return DONE


@bare_inlined
def sweep_channels(f: Any, w: Any, o: Any) -> Any:
    """Serve all channels that packets reach, in order."""
    records, spare, runs = w.records.ctypes.data, w.spare.ctypes.data, w.runs.ctypes.data
    for word in range(w.reached.size):
        while w.reached[word]:
            bits = w.reached[word]
            w.reached[word] = bits & (bits - 1)
            rank = 32 * word + trailing_zeros(bits)
            first = w.base[rank]
            count = w.fill[rank] - first
            w.fill[rank] = first
            found = sort_records(records + 16 * first, count, spare, runs, 2)
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
            w.fill[rank] = w.base[rank]


@bare
def _finish(step: Any, o: Any) -> None:
    """Close a step: sort its deliveries, add up what its channels did."""
    first, last = o.delivery_ptr[step], o.cursor[DELIVERIES]
    count = last - first
    address = o.deliveries.ctypes.data + 24 * first
    if count > 1:
        found = sort_records(address, count, o.spare.ctypes.data, o.runs.ctypes.data, 3)
        if found != address:
            a, b = as_int64(address), as_int64(found)
            for k in range(3 * count):
                a[k] = b[k]
    latest = 0
    for row in range(o.row_ptr[step], o.cursor[ROWS]):
        latest = max(latest, o.rows[row, 1 + COUNTS])
    o.latest[step] = latest
    o.delivery_ptr[step + 1] = last
    o.drop_ptr[step + 1] = o.cursor[DROPS]
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
