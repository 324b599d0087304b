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
    NO_DELIVERIES,
    NO_DROPS,
    NO_ROOM,
    NO_ROWS,
    NODE,
    NOT_EXACT,
    ONLY_CHILD,
    OUTSIDE,
    PACKETS,
    REPORT,
    WAITING,
    WORK,
)
from spikemesh.kernels.network_sort import merge_runs, sort_deliveries
from spikemesh.kernels.pointers import as_int64, prefetch

# Addresses of a channel's list: its next free record, its first, and the end of its room.
FILL, FIRST, END = range(3)

LONG_AGO = -(1 << 62)

# What a sweep has found so far.
STEPS, DELIVERIES, DROPS, ROWS = range(4)


@bare_inlined
def _put(rank: Any, time: Any, tag: Any, f: Any, w: Any) -> Any:
    """Append a packet to a channel's list; return whether there was room."""
    cell = as_int64(w.lists.ctypes.data + 32 * rank)
    place, first = cell[FILL], cell[FIRST]
    if place == first:
        reached = as_int64(w.reached.ctypes.data)
        reached[rank >> 5] |= 1 << (rank & 31)
    if place == cell[END]:
        return False
    prefetch(f.flow.ctypes.data + 32 * (tag & NODE))
    record = as_int64(place)
    record[0] = time
    record[1] = tag
    cell[FILL] = place + 16
    return True


@bare_inlined
def _clock(time: Any, period: Any) -> Any:
    return (time + period - 1) // period * period


@bare_inlined
def _enough_places(rank: Any, count: Any, arrivals: Any, ends: Any, f: Any) -> Any:
    """Whether no packet had to stall for the channel: places are taken when a packet sets out for it.

    It is asked of all as if they had set out as early as those with the longest way: the answer may be no
    where a yes were right, never the other way round.
    """
    places = f.places[rank]
    if count <= places:
        return True
    gone = 0
    for i in range(count):
        set_out = arrivals[i] - f.longest_way[rank]
        while gone < i and ends[gone] <= set_out:
            gone += 1
        if i + 1 - gone > places:
            return False
    return True


@bare_inlined
def _send_on(time: Any, arrival: Any, tag: Any, f: Any, w: Any, o: Any) -> Any:
    """Hand a packet that leaves its channel to what comes next."""
    node = tag & NODE
    flow = as_int64(f.flow.ctypes.data + 32 * node)
    child = flow[ONLY_CHILD]
    if child >= 0:
        return DONE if _put(child >> 32, time, (tag - node) | (child & NODE), f, w) else NO_ROOM
    if flow[REPORT]:
        row = o.cursor[DELIVERIES]
        if 3 * row == o.deliveries.size:
            return NO_DELIVERIES
        delivery = as_int64(o.deliveries.ctypes.data + 24 * row)
        delivery[0] = time
        delivery[1] = tag
        delivery[2] = arrival
        o.cursor[DELIVERIES] = row + 1
    for e in range(f.ptr[node], f.ptr[node + 1]):
        child = f.child[e]
        if not _put(child >> 32, time, (tag - node) | (child & NODE), f, w):
            return NO_ROOM
    return DONE


@bare_inlined
def _note(
    rank: Any, packets: Any, busy: Any, waiting: Any, longest: Any, dropped: Any, area: Any, through: Any, f: Any, o: Any
) -> Any:
    """Write down what a channel did."""
    row = o.cursor[ROWS]
    if row == o.rows.shape[0]:
        return NO_ROWS
    o.cursor[ROWS] = row + 1
    o.rows[row, 0] = f.number[rank]
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
    arrival, tag = packet[0], packet[1]
    period = f.period[rank]
    begin = _clock(arrival, period) if period > 1 else arrival
    busy = f.service[rank] + as_int64(f.flow.ctypes.data + 32 * (tag & NODE))[WORK]
    end = begin + busy
    through = end + f.latency[rank]
    status = _send_on(through, arrival, tag, f, w, o)
    return _note(rank, 1, busy, begin - arrival, 0, 0, end - arrival, through, f, o) if status == DONE else status


@bare_inlined
def _serve(rank: Any, count: Any, one: Any, other: Any, f: Any, w: Any, o: Any) -> Any:
    """Serve a channel's packets and send them on.

    They are at address ``one``, as two rising runs, of which the other begins at ``other``. Merging them here costs
    little, for the processor does it while it waits for what else is to be done with a packet.
    """
    ends, arrivals = as_int64(w.ends.ctypes.data), as_int64(w.arrivals.ctypes.data)
    one_end, other_end = other, one + 16 * count
    service, latency, period, places = f.service[rank], f.latency[rank], f.period[rank], f.places[rank]
    rule = f.rule[rank]
    free = LONG_AGO
    waiting = 0
    busy = 0
    longest = 0
    area = 0
    last = 0
    taken = 0
    gone = 0
    for i in range(count):
        left, right = as_int64(one), as_int64(other)
        later = (right[0] > left[0]) | ((right[0] == left[0]) & (right[1] > left[1]))
        second = (one == one_end) | ((other < other_end) & (not later))
        packet = right if second else left
        one += 0 if second else 16
        other += 16 if second else 0
        arrival = packet[0]
        tag = packet[1]
        arrivals[i] = arrival
        while gone < taken and ends[gone] <= arrival:
            area += (taken - gone) * (ends[gone] - last)
            last = ends[gone]
            gone += 1
        area += (taken - gone) * (arrival - last)
        last = arrival
        if rule == DROP and taken - gone >= places:
            row = o.cursor[DROPS]
            if 2 * row == o.drops.size:
                return NO_DROPS
            o.drops[2 * row] = arrival
            o.drops[2 * row + 1] = tag
            o.cursor[DROPS] = row + 1
            continue
        longest = max(longest, taken - gone)
        begin = max(arrival, free)
        if period > 1:
            begin = _clock(begin, period)
        free = begin + service + as_int64(f.flow.ctypes.data + 32 * (tag & NODE))[WORK]
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
    if rule > DROP and not _enough_places(rank, count, arrivals, ends, f):
        return NOT_EXACT
    return _note(rank, taken, busy, waiting, longest, count - taken, area, free + latency, f, o)


@bare_inlined
def _inject(first: Any, last: Any, time: Any, root: Any, f: Any, w: Any) -> Any:
    for p in range(first, last):
        node = root[p]
        if not _put(f.rank[node], time[p], p << 32 | node, f, w):
            return NO_ROOM
    return DONE


@bare_inlined
def _sweep(f: Any, w: Any, o: Any) -> Any:
    """Serve all channels that packets reach, in order."""
    spare, runs = w.spare.ctypes.data, w.runs.ctypes.data
    for word in range(w.reached.size):
        while w.reached[word]:
            bits = w.reached[word]
            w.reached[word] = bits & (bits - 1)
            rank = 32 * word + trailing_zeros(bits)
            cell = as_int64(w.lists.ctypes.data + 32 * rank)
            first = cell[FIRST]
            count = (cell[FILL] - first) >> 4
            cell[FILL] = first
            if count == 1:
                status = _serve_one(rank, as_int64(first), f, w, o)
                if status != DONE:
                    return status
                continue
            found, middle = merge_runs(first, count, spare, runs, 2, 2)
            status = _serve(rank, count, found, found + 16 * middle, f, w, o)
            if status != DONE:
                return status
    return DONE


@bare_inlined
def _forget(w: Any) -> None:
    """Empty the lists of a step that cannot be finished."""
    for word in range(w.reached.size):
        while w.reached[word]:
            bits = w.reached[word]
            w.reached[word] = bits & (bits - 1)
            rank = 32 * word + trailing_zeros(bits)
            cell = as_int64(w.lists.ctypes.data + 32 * rank)
            cell[FILL] = cell[FIRST]


@bare_inlined
def _finish(step: Any, o: Any) -> None:
    """Close a step: sort its deliveries, add up what its channels did."""
    first, last = o.delivery_ptr[step], o.cursor[DELIVERIES]
    address = o.deliveries.ctypes.data + 24 * first
    sort_deliveries(address, last - first, o.spare.ctypes.data, o.runs.ctypes.data)
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
            status = _sweep(f, w, o)
        if status != DONE:
            _forget(w)
            o.cursor[DELIVERIES] = o.delivery_ptr[step]
            o.cursor[DROPS] = o.drop_ptr[step]
            o.cursor[ROWS] = o.row_ptr[step]
            return status
        _finish(step, o)
        o.cursor[STEPS] = step + 1
    return DONE
