"""The compiled loop over windows: run, publish, take in what is due, go on.

A spike stamped t acts at another worker from t + D on, where D is the shortest delay between workers.
Windows are shorter than D, so the block of a window may still be under way while the next one runs:
it is due before the first window that reaches its first tick plus D. What is delivered when changes
nothing in the results, because every packet is delivered before the step in which it arrives, and sums
do not depend on order.

The loop returns to Python when the stretch is done, records have to be taken out, a plugin raised, or
a peer kept it waiting for too long; called again, it goes on where it was. Where packets can be late or lost,
it also returns before a window, so that the network can be simulated up to its end minus D; not if it is known that
nothing happens there until then, and nobody has spiked.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import inlined, kernel
from spikemesh.kernels.arrivals import deliver_packets
from spikemesh.kernels.atomics import clock_ns, load
from spikemesh.kernels.cursor import FAILED_POPULATION, FAILED_TABLE
from spikemesh.kernels.mailbox import (
    COUNT,
    FIRST,
    LAST,
    LINE,
    PUBLISHED,
    SEQUENCE,
    STOP,
    await_blocks,
    await_room,
    block_at,
    publish,
    release,
)
from spikemesh.kernels.pointers import as_int64
from spikemesh.kernels.window import run_window, settle

# Why the loop returned.
DONE, FULL, FAILED, WAITING, DAMAGED, PAUSED = range(6)
_TAKING, _READY = -2, -1

# Words of `Post.words`, which carry the place in the loop from call to call.
(
    TICK,  # last completed step
    RUNNING,  # whether a window is under way
    BEGAN,  # first tick of the window under way: the last one of the window before
    ENDS,  # its last tick
    WINDOWS,  # windows published
    DUE,  # blocks that have to be taken from every source
    WAITS_FOR,  # source (1 + k) or target (-1 - k) that is being waited for, 0 while computing
    BUSY_NS,  # time in steps and deliveries
    SPENT_NS,  # time between the present two windows without deliveries, so far
    EXCHANGES,  # exchanges timed
    SPIN_NS,  # how long to look before sleeping
    PATIENCE_NS,  # how long to sleep before returning
    STALLED,  # blocks taken when the last wait began, -1 if none did
    KNOWN,  # tick up to which it is known which packets were late or lost
    QUIET,  # tick up to which nothing happens to packets, unless a spike sends new ones
    SCRATCH,  # two words
) = range(16)
WORDS = SCRATCH + 2

LAG = 2
"""Most blocks of one source that may be under way beside the newest."""
STARTS = 4
"""First ticks that are kept: a power of two above ``LAG``."""


@inlined
def _take(m: Any, t: Any, q: Any, a: Any, cursor: Any) -> Any:
    """Deliver the blocks that are due and there; returns the sources still missing, or -1 if one is damaged."""
    w = m.words
    scratch = w[SCRATCH:]
    missing = 0
    for k in range(m.sources.size):
        box = m.sources[k]
        while m.taken[k] < w[DUE]:
            if load(box + PUBLISHED) <= m.taken[k]:
                missing += 1
                w[WAITS_FOR] = k + 1
                break
            block = block_at(box, m.taken[k], m.source_room[k], m.source_blocks[k])
            head = as_int64(block)
            count = head[COUNT]
            if head[SEQUENCE] != m.taken[k] or count < 0 or count > m.source_room[k]:
                w[WAITS_FOR] = k + 1
                return -1
            begun = clock_ns(m.calls, scratch)
            if not deliver_packets(block + LINE, count, k + 1, head[FIRST], head[LAST], t, q, a, cursor):
                w[WAITS_FOR] = k + 1
                return -1
            delivering = clock_ns(m.calls, scratch) - begun
            w[BUSY_NS] += delivering
            w[SPENT_NS] -= delivering
            m.taken[k] += 1
            release(box, m.taken[k], m.calls)
    if missing == 0:
        w[WAITS_FOR] = 0
    return missing


@inlined
def _plan(until: Any, window: Any, delay: Any, m: Any) -> Any:
    """Fix where the next window ends and which blocks are due before it."""
    w = m.words
    if w[TICK] >= until:
        # Nothing stays under way between two stretches: reports count what was delivered.
        w[DUE] = w[WINDOWS]
        return _TAKING
    if load(m.inbox + STOP):
        return WAITING
    w[ENDS] = min(until, w[TICK] + window)
    w[DUE] = max(w[DUE], w[WINDOWS] - LAG)
    while w[DUE] < w[WINDOWS] and m.starts[w[DUE] & (STARTS - 1)] + delay < w[ENDS]:
        w[DUE] += 1
    return _TAKING


@inlined
def _await(m: Any, missing: Any) -> Any:
    """Wait for sources that are missing; if nothing has come since the last time, say so."""
    w = m.words
    if missing <= 0:
        w[STALLED] = -1
        return _READY if missing == 0 else DAMAGED
    taken = 0
    for k in range(m.taken.size):
        taken += m.taken[k]
    if w[STALLED] == taken:
        w[STALLED] = -1
        return WAITING
    w[STALLED] = taken
    await_blocks(m, w[DUE], w[SPIN_NS], w[PATIENCE_NS], w[SCRATCH:])
    return _TAKING


@inlined
def _open(m: Any, o: Any) -> Any:
    """Open the blocks that the next window writes to."""
    w = m.words
    number = w[WINDOWS]
    for k in range(m.targets.size):
        if not await_room(m, k, number, w[PATIENCE_NS], w[SCRATCH:]):
            w[WAITS_FOR] = -1 - k
            return WAITING
        o.packet_at[k] = block_at(m.targets[k], number, m.target_room[k], m.target_blocks[k]) + LINE
    w[WAITS_FOR] = 0
    m.starts[number & (STARTS - 1)] = w[TICK]
    w[BEGAN], w[RUNNING] = w[TICK], 1
    return _READY


@inlined
def _publish(m: Any, o: Any) -> None:
    """Hand the packets of the window that ended to all peers."""
    w = m.words
    for k in range(m.targets.size):
        box = m.targets[k]
        block = block_at(box, w[WINDOWS], m.target_room[k], m.target_blocks[k])
        count = (o.packet_at[k] - block - LINE) // 8
        publish(box, m.bells[k], block, w[WINDOWS], w[BEGAN], w[ENDS], count, m.calls)
    w[WINDOWS] += 1
    w[RUNNING] = 0


@inlined
def _is_quiet(through: Any, m: Any, a: Any, c: Any) -> Any:
    """Pass ticks in which nothing happens to packets and nobody spikes; tell whether it got through a tick."""
    w = m.words
    while w[KNOWN] < through:
        tick = w[KNOWN] + 1
        if tick > w[QUIET]:
            return False
        slot = tick & (a.first.shape[1] - 1)
        for origin in range(a.first.shape[0]):
            if a.first[origin, slot] != a.last[origin, slot]:
                return False
        slot = tick & (c.first.size - 1)
        c.first[slot] = c.last[slot] = c.head[0]
        c.until[0] = w[KNOWN] = tick
    return True


@kernel
def run_windows(
    until: Any,
    window: Any,
    delay: Any,
    m: Any,
    t: Any,
    p: Any,
    q: Any,
    d: Any,
    h: Any,
    b: Any,
    o: Any,
    a: Any,
    c: Any,
    cursor: Any,
) -> Any:
    """Run windows up to tick ``until``.

    Parameters
    ----------
    until, window, delay
        Last tick, steps of a window, shortest delay between workers.
    m
        :class:`spikemesh.engine.exchange.Post`.
    t, p, q, d, h, b, o, a, c, cursor
        As for :func:`spikemesh.kernels.window.run_window`.

    Returns
    -------
    int
        ``DONE``, or why it stopped before.
    """
    w = m.words
    mark = clock_ns(m.calls, w[SCRATCH:])
    while True:
        if not w[RUNNING]:
            state = _plan(until, window, delay, m)
            while state == _TAKING:
                state = _await(m, _take(m, t, q, a, cursor))
            if state == _READY:
                if w[TICK] >= until:
                    state = DONE
                elif _is_quiet(w[ENDS] - delay, m, a, c):
                    state = _open(m, o)
                else:
                    state = PAUSED
            now = clock_ns(m.calls, w[SCRATCH:])
            w[SPENT_NS] += now - mark
            mark = now
            if state != _READY:
                if state == DONE:
                    settle(w[TICK], t, o)
                return state
            if w[WINDOWS] and m.sources.size + m.targets.size:
                m.times[w[EXCHANGES] & (m.times.size - 1)] = w[SPENT_NS]
                w[EXCHANGES] += 1
            w[SPENT_NS] = 0
        w[TICK] = run_window(w[BEGAN], w[TICK], w[ENDS], t, p, q, d, h, b, o, a, c, cursor)
        now = clock_ns(m.calls, w[SCRATCH:])
        w[BUSY_NS] += now - mark
        mark = now
        if cursor[FAILED_POPULATION] or cursor[FAILED_TABLE]:
            return FAILED
        if w[TICK] < w[ENDS]:
            return FULL
        _publish(m, o)
