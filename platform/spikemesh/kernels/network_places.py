"""Places in channels, and the records that wait for them: the state of the simulation event by event.

Legend: f fabric, s state; channels are ranks; a clock is 4 * time + phase.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare, bare_inlined, bare_inner
from spikemesh.kernels.network_fabric import EXPIRE, NODE, PLACES, RANK, RULE, STALL, WAIT, detour_of

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
    REROUTED,
) = range(11)
COUNTERS = 11
"""Events due, first free record, records in use, records that wait for places, rows of results, packets sent so far,
ends of branches, packets that took a detour."""

# Columns of records: tag, ps of arrival, clock since which it asks to go on, ps when it last gave up on channels (-1:
# never), where it is, next and one before in a list (a channel's queue, those that wait for one, the free), channel in
# whose list of waiters it is (-1: none).
TAG, ARRIVAL, ASKED, GAVE_UP, WHERE, FOLLOWING, PRECEDING, LACKING = range(8)

# Columns of channels: record in service, or served and kept; first and last of the queue; first and last of those that
# wait for a place; places taken, by packets that set out for it or are in it; packets that have arrived and not left,
# and ps when that changed.
SERVING, HEAD, TAIL, FIRST_WAITER, LAST_WAITER, USED, INSIDE, CHANGED = range(8)
COLUMNS = 8

NONE = -1

GIVEN_UP, TAKEN, AROUND = range(3)
"""What a packet got of a channel it goes on to: nothing, so that it is dropped there; a place; one on its detour."""


@bare_inlined
def _take_place(rank: Any, f: Any, s: Any) -> Any:
    """Take a place in a channel if it has one, or keeps none; return whether."""
    if f.lines[rank, RULE] < STALL:
        return True
    if s.channels[rank, USED] >= f.lines[rank, PLACES]:
        return False
    s.channels[rank, USED] += 1
    return True


@bare_inlined
def _give_back(rank: Any, f: Any, s: Any) -> None:
    if f.lines[rank, RULE] >= STALL:
        s.channels[rank, USED] -= 1


@bare_inlined
def _gave_up(r: Any, wait: Any, s: Any) -> Any:
    """Whether a record has given up since it has waited so long."""
    return (s.records[r, ASKED] >> 2) + wait <= s.records[r, GAVE_UP]


@bare_inlined
def _take_one(r: Any, rank: Any, node: Any, f: Any, s: Any) -> Any:
    """Try for a place for a node: what it got, or -1 - the rank that lacks one."""
    expired = f.lines[rank, RULE] == EXPIRE and _gave_up(r, f.lines[rank, WAIT], s)
    detour = detour_of(node, f)
    if not expired or detour < 0:
        if _take_place(rank, f, s):
            return TAKEN
        return GIVEN_UP if expired else -1 - rank
    other = detour >> 32
    if _take_place(other, f, s):
        return AROUND
    return GIVEN_UP if _gave_up(r, f.lines[rank, WAIT] + f.lines[other, WAIT], s) else -1 - other


@bare_inner
def take_places(r: Any, f: Any, s: Any) -> Any:
    """Take a place in every channel a record goes on to, or none; return a rank that lacks one, or NONE.

    What it got is left in ``s.taken``, by child.
    """
    node = s.records[r, TAG] & NODE
    if s.records[r, WHERE] == OUTSIDE_FIRST:
        rank = f.nodes[node, RANK]
        s.taken[0] = _take_one(r, rank, node, f, s)
        return -1 - s.taken[0] if s.taken[0] < 0 else NONE
    first = f.ptr[node]
    for e in range(first, f.ptr[node + 1]):
        got = _take_one(r, f.child[e] >> 32, f.child[e] & NODE, f, s)
        s.taken[e - first] = got
        if got < 0:
            for back in range(first, e):
                if s.taken[back - first] == TAKEN:
                    _give_back(f.child[back] >> 32, f, s)
                elif s.taken[back - first] == AROUND:
                    _give_back(detour_of(f.child[back] & NODE, f) >> 32, f, s)
            return -1 - got
    return NONE


@bare_inlined
def next_give_up(asked: Any, clock: Any, rank: Any, node: Any, f: Any) -> Any:
    """Return the first clock after this one at which a record that waits for a node's channel gives up; 0: none."""
    if f.lines[rank, RULE] != EXPIRE:
        return 0
    due = 4 * (asked + f.lines[rank, WAIT]) + GIVE_UP
    detour = detour_of(node, f)
    if due <= clock and detour >= 0:
        due += 4 * f.lines[detour >> 32, WAIT]
    return due if due > clock else 0


@bare_inlined
def _goes_before(a: Any, b: Any, s: Any) -> Any:
    """Whether record a asked before record b."""
    return s.records[a, ASKED] < s.records[b, ASKED] or (
        s.records[a, ASKED] == s.records[b, ASKED] and s.records[a, TAG] < s.records[b, TAG]
    )


@bare
def wait_for(r: Any, rank: Any, s: Any) -> None:
    """Put a record into the list of those that wait for a channel, by when they asked."""
    before = s.channels[rank, LAST_WAITER]
    while before != NONE and _goes_before(r, before, s):
        before = s.records[before, PRECEDING]
    after = s.channels[rank, FIRST_WAITER] if before == NONE else s.records[before, FOLLOWING]
    s.records[r, PRECEDING] = before
    s.records[r, FOLLOWING] = after
    s.records[r, LACKING] = rank
    s.counter[WAITERS] += 1
    if before == NONE:
        s.channels[rank, FIRST_WAITER] = r
    else:
        s.records[before, FOLLOWING] = r
    if after == NONE:
        s.channels[rank, LAST_WAITER] = r
    else:
        s.records[after, PRECEDING] = r


@bare_inner
def wait_no_longer(r: Any, s: Any) -> None:
    """Take a record out of the list of those that wait for a channel."""
    rank = s.records[r, LACKING]
    before, after = s.records[r, PRECEDING], s.records[r, FOLLOWING]
    if before == NONE:
        s.channels[rank, FIRST_WAITER] = after
    else:
        s.records[before, FOLLOWING] = after
    if after == NONE:
        s.channels[rank, LAST_WAITER] = before
    else:
        s.records[after, PRECEDING] = before
    s.records[r, LACKING] = NONE
    s.counter[WAITERS] -= 1


@bare_inlined
def next_able(rank: Any, f: Any, s: Any) -> Any:
    """Find the first record that waits for a channel and can go now; its places are taken then."""
    r = s.channels[rank, FIRST_WAITER]
    while r != NONE:
        after = s.records[r, FOLLOWING]
        lacking = take_places(r, f, s)
        if lacking == NONE:
            wait_no_longer(r, s)
            return r
        if lacking != rank:
            wait_no_longer(r, s)
            wait_for(r, lacking, s)
        r = after
    return NONE
