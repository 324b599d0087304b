"""Mailboxes in memory: a ring of blocks of packets from one worker to another, and how to wait for them.

The same compiled code serves threads of a process and processes of a machine. A worker has one inbox:
a head, then a mailbox per worker that sends to it. A block has room for the most packets a window can
make, so nothing overflows; pages that are never written take no memory. The sender writes packets where
the receiver reads them.

Who waits looks for a moment, then sleeps. A receiver counts the workers it still misses in the head of
its inbox; each of them that publishes a block takes itself off, and the last one rings the bell: one wake
for each wait, and none while nobody sleeps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import carray, inlined, kernel
from spikemesh.kernels.atomics import (
    add,
    clock_ns,
    exchange,
    fence,
    load,
    sleep_while,
    store,
    wake,
    yield_core,
)
from spikemesh.kernels.pointers import as_int64, as_uint32

LINE = 64

# Head of an inbox, in bytes: times the bell rang, workers still missing, whether to stop.
BELL, PENDING, STOP = 0, LINE, 2 * LINE
INBOX_BYTES = 3 * LINE

# Head of a mailbox: blocks published, blocks released, whether the receiver misses the next block, how many
# releases the sender waits for, whether either side is gone.
PUBLISHED, RELEASED, MISSED, SENDER_WAITS, SENDER_GONE, RECEIVER_GONE = (k * LINE for k in range(6))
MAILBOX_BYTES = 6 * LINE

# Words of a block, before its packets: number of the window, the ticks it begins after and ends at, packets.
SEQUENCE, FIRST, LAST, COUNT = range(4)

_LOOKS = 32
"""Looks without a pause before the clock is asked."""


def block_bytes(room: int) -> int:
    """Size of a block with room for so many packets."""
    return LINE + -(-8 * room // LINE) * LINE


def mailbox_bytes(room: int, blocks: int) -> int:
    """Size of a mailbox."""
    return MAILBOX_BYTES + blocks * block_bytes(room)


@inlined
def block_at(box: Any, number: Any, room: Any, blocks: Any) -> Any:
    """Address of the block of a window; ``blocks`` is a power of two."""
    return box + MAILBOX_BYTES + (number & (blocks - 1)) * (LINE + (8 * room + LINE - 1) // LINE * LINE)


@inlined
def publish(
    box: Any, inbox: Any, block: Any, sequence: Any, first: Any, last: Any, count: Any, calls: Any
) -> None:
    """Hand over a block whose packets are written, and wake its receiver if that waits for this one alone."""
    head = as_int64(block)
    head[SEQUENCE], head[FIRST], head[LAST], head[COUNT] = sequence, first, last, count
    store(box + PUBLISHED, sequence + 1)
    fence()
    if load(box + MISSED) and exchange(box + MISSED, 0) and add(inbox + PENDING, -1) == 1:
        ring(inbox, calls)


@inlined
def ring(inbox: Any, calls: Any) -> None:
    """Wake the owner of an inbox."""
    add(inbox + BELL, 1)
    wake(inbox + BELL, calls)


@inlined
def release(box: Any, taken: Any, calls: Any) -> None:
    """Give back all blocks but those from number ``taken`` on."""
    store(box + RELEASED, taken)
    fence()
    wanted = load(box + SENDER_WAITS)
    if wanted and taken >= wanted:
        store(box + SENDER_WAITS, 0)
        wake(box + RELEASED, calls)


@inlined
def _arrived(m: Any, due: Any) -> Any:
    """Whether a block that is due is there, or will never be."""
    for k in range(m.sources.size):
        if m.taken[k] < due:
            box = m.sources[k]
            if load(box + PUBLISHED) > m.taken[k] or load(box + SENDER_GONE):
                return True
    return load(m.inbox + STOP) != 0


@inlined
def _looked(m: Any, due: Any, spin_ns: Any, scratch: Any) -> Any:
    """Look for a moment; return whether something came."""
    for _ in range(_LOOKS):
        if _arrived(m, due):
            return True
    if spin_ns:
        end = clock_ns(m.calls, scratch) + spin_ns
        while clock_ns(m.calls, scratch) < end:
            if _arrived(m, due):
                return True
            yield_core(m.calls)
    return False


@kernel
def await_blocks(m: Any, due: Any, spin_ns: Any, timeout_ns: Any, scratch: Any) -> None:
    """Wait until a block comes that is due, the run stops, or time is up.

    Parameters
    ----------
    m
        :class:`spikemesh.engine.exchange.Post`.
    due
        Blocks that have to be taken from every source.
    """
    if _looked(m, due, spin_ns, scratch):
        return
    bell = load(m.inbox + BELL)
    # One for the waiter itself, so that nobody rings while it still counts.
    exchange(m.inbox + PENDING, 1)
    for k in range(m.sources.size):
        if m.taken[k] < due:
            add(m.inbox + PENDING, 1)
            exchange(m.sources[k] + MISSED, 1)
    # Who published before it could see that it is missed shows now.
    if add(m.inbox + PENDING, -1) > 1 and not _arrived(m, due):
        sleep_while(m.inbox + BELL, bell, timeout_ns, m.calls, scratch)
    for k in range(m.sources.size):
        exchange(m.sources[k] + MISSED, 0)


@kernel
def await_room(m: Any, k: Any, number: Any, timeout_ns: Any, scratch: Any) -> Any:
    """Wait until target ``k`` has room for the block of window ``number``; return whether it has."""
    box, blocks = m.targets[k], m.target_blocks[k]
    seen = load(box + RELEASED)
    if number - seen < blocks:
        return True
    # Sleep until half of the blocks are free: not one wake for each of them.
    exchange(box + SENDER_WAITS, number + 1 - blocks // 2)
    seen = load(box + RELEASED)
    if number - seen >= blocks and not load(m.inbox + STOP) and not load(box + RECEIVER_GONE):
        sleep_while(box + RELEASED, seen, timeout_ns, m.calls, scratch)
    return number - load(box + RELEASED) < blocks


@kernel
def put(m: Any, k: Any, number: Any, first: Any, last: Any, packets: Any) -> None:
    """Copy packets into the block of a window for target ``k``, which has room, and publish it."""
    block = block_at(m.targets[k], number, m.target_room[k], m.target_blocks[k])
    carray(as_uint32(block + LINE), (packets.shape[0], 2))[:] = packets
    publish(m.targets[k], m.bells[k], block, number, first, last, packets.shape[0], m.calls)


@kernel
def head_of(m: Any, k: Any) -> Any:
    """Return number, ticks (after, to) and packets of the next block of source ``k``; number -1: it is not there."""
    if load(m.sources[k] + PUBLISHED) <= m.taken[k]:
        return np.int64(-1), np.int64(0), np.int64(0), np.int64(0)
    head = as_int64(block_at(m.sources[k], m.taken[k], m.source_room[k], m.source_blocks[k]))
    return head[SEQUENCE], head[FIRST], head[LAST], head[COUNT]


@kernel
def take(m: Any, k: Any, into: Any) -> None:
    """Copy the next block of source ``k``, which is there, and release it."""
    block = block_at(m.sources[k], m.taken[k], m.source_room[k], m.source_blocks[k])
    into[:] = carray(as_uint32(block + LINE), (into.shape[0], 2))
    m.taken[k] += 1
    release(m.sources[k], m.taken[k], m.calls)


@kernel
def stop(m: Any) -> None:
    """Make every wait of the owner of this inbox end, now and later."""
    exchange(m.inbox + STOP, 1)
    ring(m.inbox, m.calls)


@kernel
def leave(m: Any) -> None:
    """Tell all peers that nothing more is sent or taken."""
    for k in range(m.targets.size):
        exchange(m.targets[k] + SENDER_GONE, 1)
        ring(m.bells[k], m.calls)
    for k in range(m.sources.size):
        exchange(m.sources[k] + RECEIVER_GONE, 1)
        wake(m.sources[k] + RELEASED, m.calls)


@kernel
def gone(box: Any, word: Any) -> Any:
    """Whether one side of a mailbox is gone: ``SENDER_GONE`` or ``RECEIVER_GONE``."""
    return load(box + word) != 0
