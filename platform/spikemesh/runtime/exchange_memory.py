"""Exchange through memory that workers share, threads or processes; see :mod:`spikemesh.kernels.mailbox`."""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spikemesh.engine.exchange import Post, post
from spikemesh.errors import RunError
from spikemesh.ids import AnyArray
from spikemesh.kernels.mailbox import (
    INBOX_BYTES,
    RECEIVER_GONE,
    SENDER_GONE,
    await_blocks,
    await_room,
    block_bytes,
    gone,
    head_of,
    leave,
    mailbox_bytes,
    put,
    stop,
    take,
)
from spikemesh.kernels.run import PATIENCE_NS, SCRATCH, WAITS_FOR
from spikemesh.runtime.lost import PeerLostError, out_of_order

_FEWEST, _MOST, _BUDGET = 8, 64, 1 << 20
"""Blocks of a mailbox, and the bytes up to which there are more than the fewest.

Workers that send to each other are never more than six blocks apart; in a chain, more blocks mean fewer waits.
"""


@dataclass(frozen=True)
class Place:
    """Where the mailbox of one sender is in an inbox: first byte, packets in a block, blocks."""

    offset: int
    room: int
    blocks: int


def places(rooms: Mapping[int, int]) -> tuple[dict[int, Place], int]:
    """Lay out the inbox of a worker.

    Parameters
    ----------
    rooms
        Per sender the most packets of a block.

    Returns
    -------
    dict, int
        Place per sender, and the size in bytes.
    """
    found, at = {}, INBOX_BYTES
    for sender, room in rooms.items():
        blocks = _FEWEST
        while blocks < _MOST and 2 * blocks * block_bytes(room) <= _BUDGET:
            blocks *= 2
        found[sender] = Place(at, room, blocks)
        at += mailbox_bytes(room, blocks)
    return found, at


class Inbox:
    """Memory of the mailboxes of one worker; it lives as long as anybody holds this object.

    Parameters
    ----------
    memory
        Where; zeros at first, and pages that are not written take no room.
    places
        Place of the mailbox of every sender.
    """

    def __init__(self, memory: mmap.mmap, places: Mapping[int, Place]) -> None:
        self._bytes = np.frombuffer(memory, dtype=np.uint8)
        self.address = int(self._bytes.ctypes.data)
        self.places = dict(places)

    @classmethod
    def private(cls, rooms: Mapping[int, int]) -> Inbox:
        """Make one that only this process sees."""
        found, size = places(rooms)
        flags = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        return cls(mmap.mmap(-1, size, flags=flags), found)

    def row(self, sender: int) -> tuple[int, int, int]:
        """Address, packets in a block and blocks of the mailbox of a sender."""
        place = self.places[sender]
        return self.address + place.offset, place.room, place.blocks


def _rows(rows: Sequence[tuple[int, int, int]]) -> AnyArray:
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


class Watch(Protocol):
    """Looks after a peer, or after what carries packets from or to it."""

    def lost(self) -> str:
        """Return why nothing more will come, or an empty string."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class MemoryExchange:
    """One worker's side; see :class:`spikemesh.engine.exchange.Exchange`.

    Parameters
    ----------
    worker
        Its number.
    inbox
        Its own inbox.
    targets
        Inboxes of the workers it sends to.
    spin_s
        Seconds of looking before it sleeps.
    watches
        Who looks after which peer.
    """

    def __init__(
        self,
        worker: int,
        inbox: Inbox,
        targets: Mapping[int, Inbox],
        spin_s: float = 0.0,
        watches: Sequence[tuple[int, Watch]] = (),
    ) -> None:
        # Compiled code goes by addresses: what they point to has to live as long.
        self._inboxes = [inbox, *targets.values()]
        self._sources, self._targets = list(inbox.places), list(targets)
        self._watches = tuple(watches)
        self._sent = [0] * len(targets)
        self._aborted = ""
        self.post: Post = post(
            inbox.address,
            _rows([inbox.row(source) for source in self._sources]),
            _rows([box.row(worker) for box in targets.values()]),
            np.array([box.address for box in targets.values()], dtype=np.int64),
            spin_ns=int(1e9 * spin_s),
        )

    @property
    def waiting_for(self) -> int | None:
        """Number of the peer being waited for, None while computing."""
        word = int(self.post.words[WAITS_FOR])
        if word == 0:
            return None
        return self._sources[word - 1] if word > 0 else self._targets[-word - 1]

    def abort(self, reason: str = "the run is being aborted") -> None:
        """Make every present and later wait end with an error; may be called from another thread."""
        self._aborted = self._aborted or reason
        stop(self.post)

    def check(self) -> None:
        """See :class:`spikemesh.engine.exchange.Exchange`."""
        if self._aborted:
            raise PeerLostError(self._aborted)
        word = int(self.post.words[WAITS_FOR])
        peer = self.waiting_for
        if peer is None:
            return
        reason = next((text for number, w in self._watches if number == peer and (text := w.lost())), "")
        box = self.post.sources[word - 1] if word > 0 else self.post.targets[-word - 1]
        if not reason and gone(box, SENDER_GONE if word > 0 else RECEIVER_GONE):
            reason = "it stopped"
        # What came before the end, between the last look and this one, still counts.
        if reason and not (word > 0 and head_of(self.post, word - 1)[0] >= 0):
            raise PeerLostError(f"lost worker {peer}: {reason}", peer)

    def send(self, target: int, window: int, packets: AnyArray, first: int = 0, last: int = 0) -> None:
        """Hand a block to worker ``target`` as compiled code does, waiting while its mailbox is full.

        Raises
        ------
        RunError
            If the window is out of order, there are more packets than a block holds, the run is being
            aborted or the peer is gone.
        """
        k = self._targets.index(target)
        if window != self._sent[k]:
            raise RunError(
                f"packets for window {window} given where those of window {self._sent[k]} were due"
            )
        flat = np.ascontiguousarray(packets, dtype=np.uint32).reshape(-1, 2)
        room = int(self.post.target_room[k])
        if len(flat) > room:
            raise RunError(
                f"{len(flat)} packets for worker {target} in window {window}; a block holds {room}"
            )
        words = self.post.words
        self._raise_if_aborted()
        while not await_room(self.post, k, window, words[PATIENCE_NS], words[SCRATCH:]):
            words[WAITS_FOR] = -1 - k
            self.check()
        words[WAITS_FOR] = 0
        put(self.post, k, window, first, last, flat)
        self._sent[k] = window + 1

    def receive(self, source: int, window: int) -> AnyArray:
        """Return the packets of that window from worker ``source``, waiting until they are there.

        Raises
        ------
        RunError
            If a block is missing or repeated, the run is being aborted or the peer is gone.
        """
        return self.receive_block(source, window)[2]

    def receive_block(self, source: int, window: int) -> tuple[int, int, AnyArray]:
        """Return the ticks of the window (after, to) and packets; see :meth:`receive`."""
        k = self._sources.index(source)
        due = int(self.post.taken[k])
        if window != due:
            raise RunError(f"window {window} asked of worker {source} where window {due} is due")
        self._raise_if_aborted()
        one = self._only(k)
        words = one.words
        while True:
            number, first, last, count = head_of(one, 0)
            if number >= 0:
                break
            words[WAITS_FOR] = k + 1
            await_blocks(one, due + 1, 0, words[PATIENCE_NS], words[SCRATCH:])
            if head_of(one, 0)[0] < 0:
                self.check()
        words[WAITS_FOR] = 0
        if number != window:
            raise out_of_order(source, number, window)
        if not 0 <= count <= one.source_room[0]:
            raise RunError(f"worker {source} sent a damaged block of {count} packets in window {window}")
        packets = np.empty((count, 2), dtype=np.uint32)
        take(one, 0, packets)
        return first, last, packets

    def close(self) -> None:
        """Tell the peers that nothing more comes; what was sent can still be received."""
        leave(self.post)
        self.abort("the exchange is closed")
        for _, watch in self._watches:
            watch.close()

    def _raise_if_aborted(self) -> None:
        if self._aborted:
            raise PeerLostError(self._aborted)

    def _only(self, k: int) -> Post:
        """Return the post with one source alone; the memory is the same."""
        p, one = self.post, slice(k, k + 1)
        return p._replace(
            sources=p.sources[one],
            source_room=p.source_room[one],
            source_blocks=p.source_blocks[one],
            taken=p.taken[one],
        )
