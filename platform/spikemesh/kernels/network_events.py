"""Packets through any channels, event by event: finite queues that stall or drop, and cycles.

At one picosecond, first what has been served (or is just being sent) tries to go on, in order of packet and node;
then those give up that have waited too long; then packets arrive. Services take time, so that nothing that happens
at a picosecond adds to what has already been done in it.

A packet at a node is a record. It is UNDER_WAY to the node's channel, IN it, served and blocked there included,
OUTSIDE its first channel while there is no room, or LEAVING: through, but its report is due later. A
record that waits for places is in the list of one channel that lacks one.

Legend: f fabric, s state, o results; channels are ranks; a clock is 4 * time + phase.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare, bare_inlined
from spikemesh.kernels.network_fabric import (
    AREA,
    BLOCKED,
    BUSY,
    DONE,
    DROP,
    DROPPED,
    EXPIRE,
    LONGEST,
    NO_ROOM,
    NO_ROWS,
    NODE,
    OUTSIDE,
    PACKETS,
    STALL,
    WAITING,
    service_of,
)
from spikemesh.kernels.network_heap import pop, push

GO_ON, GIVE_UP, ARRIVE = range(3)
"""Phases of a picosecond."""

FREE, UNDER_WAY, IN, OUTSIDE_FIRST, LEAVING, SENT = range(6)
"""Where a record is; SENT: its packet will be sent later."""

# Counters of the state.
(
    EVENTS,
    FIRST_FREE,
    RECORDS,
    WAITERS,
    DELIVERIES,
    DROPS,
    NUMBER,
    SENT_LEAVES,
    DELIVERED_LEAVES,
    DROPPED_LEAVES,
) = range(10)
COUNTERS = 10
"""Events due, first free record, records in use, records that wait for places, rows of results, packets sent so far,
ends of branches."""

NONE = -1


@bare_inlined
def _record(tag: Any, arrival: Any, place: Any, s: Any) -> Any:
    """Take a free record."""
    r = s.counter[FIRST_FREE]
    s.counter[FIRST_FREE] = s.following[r]
    s.tag[r] = tag
    s.arrival[r] = arrival
    s.place[r] = place
    s.lacking[r] = NONE
    s.counter[RECORDS] += 1
    return r


@bare_inlined
def _release(r: Any, s: Any) -> None:
    s.counter[RECORDS] -= 1
    s.place[r] = FREE
    s.following[r] = s.counter[FIRST_FREE]
    s.counter[FIRST_FREE] = r


@bare_inlined
def _schedule(clock: Any, tag: Any, r: Any, s: Any) -> None:
    push(s.heap, s.counter[EVENTS], clock, tag, r)
    s.counter[EVENTS] += 1


@bare_inlined
def _count_drop(time: Any, tag: Any, rank: Any, f: Any, s: Any, o: Any) -> None:
    row = s.counter[DROPS]
    o.drops[2 * row] = time
    o.drops[2 * row + 1] = tag
    s.counter[DROPS] = row + 1
    s.counter[DROPPED_LEAVES] += f.leaves[tag & NODE]
    s.counts[rank, DROPPED] += 1


@bare_inlined
def _expired(r: Any, rank: Any, f: Any, s: Any) -> Any:
    """Whether a record has given up waiting for a channel."""
    return f.rule[rank] == EXPIRE and (s.asked[r] >> 2) + f.wait[rank] <= s.gave_up[r]


@bare_inlined
def _take_one(r: Any, rank: Any, f: Any, s: Any) -> Any:
    """Try for one place: 1 taken (or none needed), 0 given up, -1 lacking."""
    if f.rule[rank] < STALL:
        return 1
    if s.used[rank] < f.places[rank]:
        s.used[rank] += 1
        return 1
    return 0 if _expired(r, rank, f, s) else -1


@bare
def _take_places(r: Any, f: Any, s: Any) -> Any:
    """Take a place in every channel a record goes on to, or none; return a rank that lacks one, or NONE.

    What was taken (1) or given up (0) is left in ``s.taken``, by child.
    """
    node = s.tag[r] & NODE
    if s.place[r] == OUTSIDE_FIRST:
        rank = f.rank[node]
        s.taken[0] = _take_one(r, rank, f, s)
        return rank if s.taken[0] < 0 else NONE
    first = f.ptr[node]
    for e in range(first, f.ptr[node + 1]):
        rank = f.child[e] >> 32
        got = _take_one(r, rank, f, s)
        s.taken[e - first] = got
        if got < 0:
            for back in range(first, e):
                other = f.child[back] >> 32
                if s.taken[back - first] and f.rule[other] >= STALL:
                    s.used[other] -= 1
            return rank
    return NONE


@bare_inlined
def _goes_before(a: Any, b: Any, s: Any) -> Any:
    """Whether record a asked before record b."""
    return s.asked[a] < s.asked[b] or (s.asked[a] == s.asked[b] and s.tag[a] < s.tag[b])


@bare
def _wait_for(r: Any, rank: Any, s: Any) -> None:
    """Put a record into the list of those that wait for a channel, by when they asked."""
    before = s.last_waiter[rank]
    while before != NONE and _goes_before(r, before, s):
        before = s.preceding[before]
    after = s.first_waiter[rank] if before == NONE else s.following[before]
    s.preceding[r] = before
    s.following[r] = after
    s.lacking[r] = rank
    s.counter[WAITERS] += 1
    if before == NONE:
        s.first_waiter[rank] = r
    else:
        s.following[before] = r
    if after == NONE:
        s.last_waiter[rank] = r
    else:
        s.preceding[after] = r


@bare
def _wait_no_longer(r: Any, s: Any) -> None:
    rank = s.lacking[r]
    before, after = s.preceding[r], s.following[r]
    if before == NONE:
        s.first_waiter[rank] = after
    else:
        s.following[before] = after
    if after == NONE:
        s.last_waiter[rank] = before
    else:
        s.preceding[after] = before
    s.lacking[r] = NONE
    s.counter[WAITERS] -= 1


@bare_inlined
def _next_able(rank: Any, f: Any, s: Any) -> Any:
    """Find the first record that waits for a channel and can go now; its places are taken then."""
    r = s.first_waiter[rank]
    while r != NONE:
        after = s.following[r]
        lacking = _take_places(r, f, s)
        if lacking == NONE:
            _wait_no_longer(r, s)
            return r
        if lacking != rank:
            _wait_no_longer(r, s)
            _wait_for(r, lacking, s)
        r = after
    return NONE


@bare_inlined
def _occupy(rank: Any, time: Any, change: Any, s: Any) -> None:
    """Add to the packets in a channel."""
    s.counts[rank, AREA] += s.inside[rank] * (time - s.changed[rank])
    s.changed[rank] = time
    s.inside[rank] += change


@bare_inlined
def _begin_service(r: Any, rank: Any, time: Any, f: Any, s: Any) -> None:
    period = f.period[rank]
    begin = max(time, s.free[rank])
    begin = (begin + period - 1) // period * period if period > 1 else begin
    duration = service_of(rank, s.tag[r], f, s.loads)
    s.serving[rank] = r
    s.counts[rank, WAITING] += begin - s.arrival[r]
    s.counts[rank, BUSY] += duration
    _schedule(4 * (begin + duration) + GO_ON, s.tag[r], r, s)


@bare_inlined
def _copy_to_children(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    """Send a packet on to all for which a place was taken; ``time`` is when it leaves its channel."""
    tag = s.tag[r]
    node = tag & NODE
    first = f.ptr[node]
    arrival = time + f.latency[f.rank[node]]
    for e in range(first, f.ptr[node + 1]):
        below = (tag - node) | (f.child[e] & NODE)
        if s.taken[e - first]:
            copy = _record(below, arrival, UNDER_WAY, s)
            _schedule(4 * arrival + ARRIVE, below, copy, s)
        else:
            _count_drop(time, below, f.child[e] >> 32, f, s, o)


@bare_inlined
def _leave_channel(r: Any, time: Any, f: Any, s: Any) -> None:
    """Free a record's place and begin the next service."""
    rank = f.rank[s.tag[r] & NODE]
    s.counts[rank, BLOCKED] += time - (s.asked[r] >> 2)
    _occupy(rank, time, -1, s)
    if f.rule[rank] >= STALL:
        s.used[rank] -= 1
    s.serving[rank] = NONE
    head = s.head[rank]
    if head != NONE:
        s.head[rank] = s.following[head]
        if s.head[rank] == NONE:
            s.tail[rank] = NONE
        _begin_service(head, rank, time, f, s)


@bare_inlined
def _enter_first(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    """Let a packet that was sent into its first channel, or drop it."""
    rank = f.rank[s.tag[r] & NODE]
    s.counts[rank, OUTSIDE] += time - (s.asked[r] >> 2)
    if s.taken[0]:
        s.place[r] = UNDER_WAY
        s.arrival[r] = time
        _schedule(4 * time + ARRIVE, s.tag[r], r, s)
    else:
        _count_drop(time, s.tag[r], rank, f, s, o)
        _release(r, s)


@bare
def _go_on(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    """Let a record go for which all places are taken, and then those, one after the other, that it made room for."""
    while r != NONE:
        if s.place[r] == OUTSIDE_FIRST:
            _enter_first(r, time, f, s, o)
            return
        node = s.tag[r] & NODE
        rank = f.rank[node]
        _copy_to_children(r, time, f, s, o)
        _leave_channel(r, time, f, s)
        if f.report[node] or f.ptr[node] == f.ptr[node + 1]:
            s.place[r] = LEAVING
            _schedule(4 * (time + f.latency[rank]) + ARRIVE, s.tag[r], r, s)
        else:
            _release(r, s)
        r = _next_able(rank, f, s) if f.rule[rank] >= STALL else NONE


@bare_inlined
def _deadline(r: Any, clock: Any, f: Any, s: Any) -> Any:
    """When a record that waits first gives up a place, later than ``clock``; 0: never."""
    node = s.tag[r] & NODE
    asked = s.asked[r] >> 2
    if s.place[r] == OUTSIDE_FIRST:
        rank = f.rank[node]
        due = 4 * (asked + f.wait[rank]) + GIVE_UP
        return due if f.rule[rank] == EXPIRE and due > clock else 0
    found = 0
    for e in range(f.ptr[node], f.ptr[node + 1]):
        rank = f.child[e] >> 32
        due = 4 * (asked + f.wait[rank]) + GIVE_UP
        if f.rule[rank] == EXPIRE and due > clock and (found == 0 or due < found):
            found = due
    return found


@bare
def _ask(r: Any, clock: Any, f: Any, s: Any, o: Any) -> None:
    """Let a record go on if there is room, else let it wait."""
    lacking = _take_places(r, f, s)
    if lacking == NONE:
        if s.lacking[r] != NONE:
            _wait_no_longer(r, s)
        _go_on(r, clock >> 2, f, s, o)
        return
    if s.lacking[r] != NONE:
        _wait_no_longer(r, s)
    _wait_for(r, lacking, s)
    due = _deadline(r, clock, f, s)
    if due:
        _schedule(due, s.tag[r], r, s)


@bare_inlined
def _give_up(r: Any, clock: Any, tag: Any, f: Any, s: Any, o: Any) -> None:
    """Try again, without the channels that a record has waited for too long, if it still waits."""
    if s.tag[r] == tag and s.lacking[r] != NONE and s.place[r] != FREE:
        s.gave_up[r] = clock >> 2
        _ask(r, clock, f, s, o)


@bare_inlined
def _arrive(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    tag = s.tag[r]
    rank = f.rank[tag & NODE]
    if f.rule[rank] == DROP and s.inside[rank] >= f.places[rank]:
        _count_drop(time, tag, rank, f, s, o)
        _release(r, s)
        return
    s.place[r] = IN
    s.counts[rank, PACKETS] += 1
    s.counts[rank, LONGEST] = max(s.counts[rank, LONGEST], s.inside[rank])
    _occupy(rank, time, 1, s)
    if s.serving[rank] == NONE:
        _begin_service(r, rank, time, f, s)
        return
    s.following[r] = NONE
    if s.head[rank] == NONE:
        s.head[rank] = r
    else:
        s.following[s.tail[rank]] = r
    s.tail[rank] = r


@bare_inlined
def _deliver(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    node = s.tag[r] & NODE
    if f.report[node]:
        row = s.counter[DELIVERIES]
        o.deliveries[3 * row] = time
        o.deliveries[3 * row + 1] = s.tag[r]
        o.deliveries[3 * row + 2] = s.arrival[r]
        s.counter[DELIVERIES] = row + 1
    if f.ptr[node] == f.ptr[node + 1]:
        s.counter[DELIVERED_LEAVES] += 1
    _release(r, s)


@bare_inlined
def _send(tag: Any, time: Any, r: Any, f: Any, s: Any, o: Any) -> None:
    """Send a packet into its first channel."""
    s.place[r] = OUTSIDE_FIRST
    s.asked[r] = 4 * time + GO_ON
    s.gave_up[r] = NONE
    s.counter[SENT_LEAVES] += f.leaves[tag & NODE]
    _ask(r, 4 * time + GO_ON, f, s, o)


@bare_inlined
def _handle(clock: Any, tag: Any, r: Any, f: Any, s: Any, o: Any) -> None:
    """Do what is due."""
    phase = clock & 3
    if phase == GIVE_UP:
        _give_up(r, clock, tag, f, s, o)
    elif phase == ARRIVE:
        if s.place[r] == LEAVING:
            _deliver(r, clock >> 2, f, s, o)
        else:
            _arrive(r, clock >> 2, f, s, o)
    elif s.place[r] == SENT:
        _send(tag, clock >> 2, r, f, s, o)
    else:
        s.asked[r] = clock
        s.gave_up[r] = NONE
        _ask(r, clock, f, s, o)


@bare_inlined
def _lacking_room(f: Any, s: Any, o: Any) -> Any:
    """Whether an event could need more room than there is: every packet that waits could go, with all its copies."""
    going = s.counter[WAITERS] + 2
    copies = going * s.taken.size
    if s.counter[RECORDS] + copies > s.tag.size or 3 * (s.counter[EVENTS] + copies + 2 * going) > s.heap.size:
        return NO_ROOM
    if 3 * (s.counter[DELIVERIES] + 1) > o.deliveries.size or 2 * (s.counter[DROPS] + copies) > o.drops.size:
        return NO_ROWS
    return DONE


@bare
def advance(time: Any, root: Any, done: Any, horizon: Any, f: Any, s: Any, o: Any) -> Any:
    """Send packets and let all happen that is due up to ``horizon``.

    Parameters
    ----------
    time, root : ndarray of int64 and int32
        When packets are sent and at which node, by time; times after the horizon are kept for later.
    done : ndarray of int64, shape (1,)
        Packets of the list that have been taken in.
    horizon
        Last picosecond.
    f, s, o
        Fabric, state and results.

    Returns
    -------
    int
        DONE, or what there has to be more of before it can go on.
    """
    number = s.counter[NUMBER]
    last = 4 * horizon + ARRIVE
    while True:
        status = _lacking_room(f, s, o)
        if status != DONE:
            return status
        k = done[0]
        events = s.counter[EVENTS]
        if k < time.size:
            clock = 4 * time[k] + GO_ON
            tag = (number + k) << 32 | root[k]
            if clock > last:
                _schedule(clock, tag, _record(tag, time[k], SENT, s), s)
                done[0] = k + 1
                continue
            if events == 0 or clock < s.heap[0] or (clock == s.heap[0] and tag < s.heap[1]):
                _send(tag, time[k], _record(tag, time[k], SENT, s), f, s, o)
                done[0] = k + 1
                continue
        if events == 0 or s.heap[0] > last:
            break
        clock, tag, r = s.heap[0], s.heap[1], s.heap[2]
        pop(s.heap, events)
        s.counter[EVENTS] = events - 1
        _handle(clock, tag, r, f, s, o)
    s.counter[NUMBER] = number + done[0]
    return DONE
