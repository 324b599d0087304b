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

import numpy as np

from spikemesh.kernels.accelerate import bare, bare_inlined
from spikemesh.kernels.network_fabric import (
    AREA,
    BLOCKED,
    BUSY,
    DONE,
    DROP,
    DROPPED,
    LATENCY,
    LONGEST,
    NO_DELIVERIES,
    NO_DROPS,
    NO_ROOM,
    NODE,
    OUTSIDE,
    PACKETS,
    PERIOD,
    PLACES,
    RANK,
    REPORT,
    RULE,
    SERVICE,
    STALL,
    WAITING,
    detour_of,
    reported_as,
    service_of,
)
from spikemesh.kernels.network_heap import pop, push
from spikemesh.kernels.network_places import (
    AROUND,
    ARRIVAL,
    ARRIVE,
    ASKED,
    CHANGED,
    DELIVERED_LEAVES,
    DELIVERIES,
    DROPPED_LEAVES,
    DROPS,
    EVENTS,
    FIRST_FREE,
    FOLLOWING,
    FREE,
    GAVE_UP,
    GIVE_UP,
    GO_ON,
    HEAD,
    IN,
    INSIDE,
    LACKING,
    LEAVING,
    NONE,
    NUMBER,
    OUTSIDE_FIRST,
    RECORDS,
    REROUTED,
    SENT,
    SENT_LEAVES,
    SERVING,
    TAG,
    TAIL,
    UNDER_WAY,
    USED,
    WAITERS,
    WHERE,
    next_able,
    next_give_up,
    take_places,
    wait_for,
    wait_no_longer,
)


@bare_inlined
def _record(tag: Any, arrival: Any, place: Any, s: Any) -> Any:
    """Take a free record."""
    r = s.counter[FIRST_FREE]
    s.counter[FIRST_FREE] = s.records[r, FOLLOWING]
    s.records[r, TAG] = tag
    s.records[r, ARRIVAL] = arrival
    s.records[r, WHERE] = place
    s.records[r, LACKING] = NONE
    s.counter[RECORDS] += 1
    return r


@bare_inlined
def _release(r: Any, s: Any) -> None:
    s.counter[RECORDS] -= 1
    s.records[r, WHERE] = FREE
    s.records[r, FOLLOWING] = s.counter[FIRST_FREE]
    s.counter[FIRST_FREE] = r


@bare_inlined
def _schedule(clock: Any, tag: Any, r: Any, s: Any) -> None:
    push(s.heap, s.counter[EVENTS], clock, tag, r)
    s.counter[EVENTS] += 1


@bare_inlined
def _count_drop(time: Any, given: Any, f: Any, s: Any, o: Any) -> None:
    """Count a packet that is dropped at a node; ``given`` is its tag there."""
    tag = reported_as(given, f)
    row = s.counter[DROPS]
    o.drops[2 * row] = time
    o.drops[2 * row + 1] = tag
    s.counter[DROPS] = row + 1
    s.counter[DROPPED_LEAVES] += f.leaves[tag & NODE]
    s.counts[f.nodes[tag & NODE, RANK], DROPPED] += 1


@bare_inlined
def _occupy(rank: Any, time: Any, change: Any, s: Any) -> None:
    """Add to the packets in a channel."""
    s.counts[rank, AREA] += s.channels[rank, INSIDE] * (time - s.channels[rank, CHANGED])
    s.channels[rank, CHANGED] = time
    s.channels[rank, INSIDE] += change


@bare_inlined
def _begin_service(r: Any, rank: Any, time: Any, f: Any, s: Any) -> None:
    period = f.lines[rank, PERIOD]
    begin = max(time, s.free[rank])
    begin = (begin + period - 1) // period * period if period > 1 else begin
    duration = service_of(f.lines[rank, SERVICE], s.records[r, TAG], f, s.loads)
    s.channels[rank, SERVING] = r
    s.counts[rank, WAITING] += begin - s.records[r, ARRIVAL]
    s.counts[rank, BUSY] += duration
    _schedule(4 * (begin + duration) + GO_ON, s.records[r, TAG], r, s)


@bare_inlined
def _copy_to_children(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    """Send a packet on to all for which a place was taken; ``time`` is when it leaves its channel."""
    tag = s.records[r, TAG]
    node = tag & NODE
    first = f.ptr[node]
    arrival = time + f.lines[f.nodes[node, RANK], LATENCY]
    for e in range(first, f.ptr[node + 1]):
        following = f.child[e] & NODE
        if s.taken[e - first] == AROUND:
            following = detour_of(following, f) & NODE
            s.counter[REROUTED] += 1
        below = (tag - node) | following
        if s.taken[e - first]:
            copy = _record(below, arrival, UNDER_WAY, s)
            _schedule(4 * arrival + ARRIVE, below, copy, s)
        else:
            _count_drop(time, below, f, s, o)


@bare_inlined
def _leave_channel(r: Any, time: Any, f: Any, s: Any) -> None:
    """Free a record's place and begin the next service."""
    rank = f.nodes[s.records[r, TAG] & NODE, RANK]
    s.counts[rank, BLOCKED] += time - (s.records[r, ASKED] >> 2)
    _occupy(rank, time, -1, s)
    if f.lines[rank, RULE] >= STALL:
        s.channels[rank, USED] -= 1
    s.channels[rank, SERVING] = NONE
    head = s.channels[rank, HEAD]
    if head != NONE:
        s.channels[rank, HEAD] = s.records[head, FOLLOWING]
        if s.channels[rank, HEAD] == NONE:
            s.channels[rank, TAIL] = NONE
        _begin_service(head, rank, time, f, s)


@bare_inlined
def _enter_first(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    """Let a packet that was sent into its first channel, or drop it."""
    tag = s.records[r, TAG]
    node = tag & NODE
    s.counts[f.nodes[node, RANK], OUTSIDE] += time - (s.records[r, ASKED] >> 2)
    if s.taken[0] == AROUND:
        s.records[r, TAG] = (tag - node) | (detour_of(node, f) & NODE)
        s.counter[REROUTED] += 1
    if s.taken[0]:
        s.records[r, WHERE] = UNDER_WAY
        s.records[r, ARRIVAL] = time
        _schedule(4 * time + ARRIVE, s.records[r, TAG], r, s)
    else:
        _count_drop(time, tag, f, s, o)
        _release(r, s)


@bare_inlined
def _go_on(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    """Let a record go for which all places are taken, and then those, one after the other, that it made room for."""
    while r != NONE:
        if s.records[r, WHERE] == OUTSIDE_FIRST:
            _enter_first(r, time, f, s, o)
            return
        node = s.records[r, TAG] & NODE
        rank = f.nodes[node, RANK]
        _copy_to_children(r, time, f, s, o)
        _leave_channel(r, time, f, s)
        if (f.nodes[node, REPORT] & 1) or f.ptr[node] == f.ptr[node + 1]:
            s.records[r, WHERE] = LEAVING
            s.records[r, TAG] = reported_as(s.records[r, TAG], f)
            _schedule(4 * (time + f.lines[rank, LATENCY]) + ARRIVE, s.records[r, TAG], r, s)
        else:
            _release(r, s)
        r = next_able(rank, f, s) if f.lines[rank, RULE] >= STALL else NONE


@bare_inlined
def _deadline(r: Any, clock: Any, f: Any, s: Any) -> Any:
    """When a record that waits first gives up a place, later than ``clock``; 0: never."""
    node = s.records[r, TAG] & NODE
    asked = s.records[r, ASKED] >> 2
    if s.records[r, WHERE] == OUTSIDE_FIRST:
        return next_give_up(asked, clock, f.nodes[node, RANK], node, f)
    found = 0
    for e in range(f.ptr[node], f.ptr[node + 1]):
        due = next_give_up(asked, clock, f.child[e] >> 32, f.child[e] & NODE, f)
        if due and (found == 0 or due < found):
            found = due
    return found


@bare_inlined
def _ask(r: Any, clock: Any, f: Any, s: Any, o: Any) -> None:
    """Let a record go on if there is room, else let it wait."""
    lacking = take_places(r, f, s)
    if lacking == NONE:
        if s.records[r, LACKING] != NONE:
            wait_no_longer(r, s)
        _go_on(r, clock >> 2, f, s, o)
        return
    if s.records[r, LACKING] != NONE:
        wait_no_longer(r, s)
    wait_for(r, lacking, s)
    due = _deadline(r, clock, f, s)
    if due:
        _schedule(due, s.records[r, TAG], r, s)


@bare_inlined
def _arrive(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    tag = s.records[r, TAG]
    rank = f.nodes[tag & NODE, RANK]
    if f.lines[rank, RULE] == DROP and s.channels[rank, INSIDE] >= f.lines[rank, PLACES]:
        _count_drop(time, tag, f, s, o)
        _release(r, s)
        return
    s.records[r, WHERE] = IN
    s.counts[rank, PACKETS] += 1
    s.counts[rank, LONGEST] = max(s.counts[rank, LONGEST], s.channels[rank, INSIDE])
    _occupy(rank, time, 1, s)
    if s.channels[rank, SERVING] == NONE:
        _begin_service(r, rank, time, f, s)
        return
    s.records[r, FOLLOWING] = NONE
    if s.channels[rank, HEAD] == NONE:
        s.channels[rank, HEAD] = r
    else:
        s.records[s.channels[rank, TAIL], FOLLOWING] = r
    s.channels[rank, TAIL] = r


@bare_inlined
def _deliver(r: Any, time: Any, f: Any, s: Any, o: Any) -> None:
    node = s.records[r, TAG] & NODE
    if f.nodes[node, REPORT] & 1:
        row = s.counter[DELIVERIES]
        o.deliveries[3 * row] = time
        o.deliveries[3 * row + 1] = s.records[r, TAG]
        o.deliveries[3 * row + 2] = s.records[r, ARRIVAL]
        s.counter[DELIVERIES] = row + 1
    if f.ptr[node] == f.ptr[node + 1]:
        s.counter[DELIVERED_LEAVES] += 1
    _release(r, s)


@bare_inlined
def _begins_to_ask(clock: Any, tag: Any, r: Any, f: Any, s: Any) -> Any:
    """Note since when a record asks to go on, or that it gives up; return whether there is something to ask."""
    if clock & 3 == GIVE_UP:
        # It may have gone on in the meantime, and its record may be another's.
        if s.records[r, TAG] != tag or s.records[r, LACKING] == NONE or s.records[r, WHERE] == FREE:
            return False
        s.records[r, GAVE_UP] = clock >> 2
        return True
    if s.records[r, WHERE] == SENT:
        s.records[r, WHERE] = OUTSIDE_FIRST
        s.counter[SENT_LEAVES] += f.leaves[tag & NODE]
    s.records[r, ASKED] = clock
    s.records[r, GAVE_UP] = NONE
    return True


@bare_inlined
def _handle(clock: Any, tag: Any, r: Any, f: Any, s: Any, o: Any) -> None:
    """Do what is due."""
    if clock & 3 < ARRIVE:
        if _begins_to_ask(clock, tag, r, f, s):
            _ask(r, clock, f, s, o)
    elif s.records[r, WHERE] == LEAVING:
        _deliver(r, clock >> 2, f, s, o)
    else:
        _arrive(r, clock >> 2, f, s, o)


@bare_inlined
def _lacking_room(s: Any, o: Any) -> Any:
    """Whether an event could need more room than there is: every packet that waits could go, with all its copies."""
    going = s.counter[WAITERS] + 2
    copies = going * s.taken.size
    if (
        s.counter[RECORDS] + copies > s.records.shape[0]
        or 3 * (s.counter[EVENTS] + copies + 2 * going) > s.heap.size
    ):
        return NO_ROOM
    if 3 * (s.counter[DELIVERIES] + 1) > o.deliveries.size:
        return NO_DELIVERIES
    return NO_DROPS if 2 * (s.counter[DROPS] + copies) > o.drops.size else DONE


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
        status = _lacking_room(s, o)
        if status != DONE:
            return status
        k, events = done[0], s.counter[EVENTS]
        clock, tag, r = s.heap[0], s.heap[1], s.heap[2]
        if k < time.size:
            sent, own = 4 * time[k] + GO_ON, (number + k) << 32 | np.int64(root[k])
            later = sent > last
            if later or events == 0 or sent < clock or (sent == clock and own < tag):
                r = _record(own, time[k], SENT, s)
                done[0] = k + 1
                if later:
                    _schedule(sent, own, r, s)
                    continue
                clock, tag, events = sent, own, -1
        if events == 0 or clock > last:
            break
        if events > 0:
            pop(s.heap, events)
            s.counter[EVENTS] = events - 1
        _handle(clock, tag, r, f, s, o)
    s.counter[NUMBER] = number + done[0]
    return DONE
