"""How workers pass packets to one another: a mailbox in memory per directed pair."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from spikemesh.ids import AnyArray
from spikemesh.kernels.atomics import system_calls
from spikemesh.kernels.mailbox import INBOX_BYTES
from spikemesh.kernels.run import KNOWN, PATIENCE_NS, SPIN_NS, STALLED, STARTS, WORDS

ALWAYS = 1 << 62
"""Tick up to which everything is known where no packet can be late."""
TIMED = 4096
"""Exchanges whose duration is kept: the last ones of a stretch. A power of two."""


class Post(NamedTuple):
    """One worker's side of the exchange, as compiled code sees it.

    After every window a worker publishes one block of packets (possibly empty) for every peer it has
    synapses on, and takes one from every peer that has synapses on it. Blocks carry the number of the
    window; a gap or a repeat is an error. A packet is two uint32: the axon at the receiver, and the tick
    at which the source neuron spiked, minus the tick after which the window begins. They are sorted by tick.
    """

    inbox: int  # address
    sources: AnyArray  # int64 [in], addresses of the mailboxes in the inbox
    source_room: AnyArray  # int64 [in], packets in a block
    source_blocks: AnyArray  # int64 [in]
    taken: AnyArray  # int64 [in], blocks taken
    targets: AnyArray  # int64 [out], addresses of the mailboxes at the peers
    target_room: AnyArray  # int64 [out]
    target_blocks: AnyArray  # int64 [out]
    bells: AnyArray  # int64 [out], addresses of the peers' inboxes
    starts: AnyArray  # int64, first ticks of the last windows
    times: AnyArray  # int64, durations of the last exchanges in ns
    words: AnyArray  # int64, see kernels.run
    calls: AnyArray  # int64, see kernels.atomics


class Exchange(Protocol):
    """One worker's side of the exchange."""

    @property
    def post(self) -> Post:
        """Where compiled code finds it; the memory lives as long as this object."""
        ...

    def check(self) -> None:
        """Look whether it makes sense to go on waiting; called after waits that took long.

        Raises
        ------
        RunError
            If the run is being aborted or a peer is gone.
        """
        ...

    def close(self) -> None:
        """Tell the peers that nothing more comes; never blocks."""
        ...


def post(
    inbox: int,
    sources: AnyArray,
    targets: AnyArray,
    bells: AnyArray,
    *,
    spin_ns: int = 0,
    patience_ns: int = 50_000_000,
) -> Post:
    """Make the arrays of one side.

    Parameters
    ----------
    inbox
        Address of the inbox.
    sources, targets : ndarray of int64, shape (peers, 3)
        Address, room and blocks of each mailbox.
    bells
        Address of the inbox of each target.
    spin_ns
        How long to look for a block before sleeping; 0 where workers outnumber cores.
    patience_ns
        How long to sleep before asking whether the peers are alive.
    """
    words = np.zeros(WORDS, dtype=np.int64)
    words[SPIN_NS], words[PATIENCE_NS], words[STALLED] = spin_ns, patience_ns, -1
    words[KNOWN] = ALWAYS
    return Post(
        inbox=inbox,
        sources=sources[:, 0].copy(),
        source_room=sources[:, 1].copy(),
        source_blocks=sources[:, 2].copy(),
        taken=np.zeros(len(sources), dtype=np.int64),
        targets=targets[:, 0].copy(),
        target_room=targets[:, 1].copy(),
        target_blocks=targets[:, 2].copy(),
        bells=bells,
        starts=np.zeros(STARTS, dtype=np.int64),
        times=np.zeros(TIMED, dtype=np.int64),
        words=words,
        calls=system_calls(),
    )


class Alone:
    """The side of a worker that has no peers."""

    def __init__(self) -> None:
        self._inbox = np.zeros(INBOX_BYTES // 8, dtype=np.int64)
        nobody = np.zeros((0, 3), dtype=np.int64)
        self.post = post(int(self._inbox.ctypes.data), nobody, nobody, nobody[:, 0].copy())

    def check(self) -> None:
        """See :class:`Exchange`."""

    def close(self) -> None:
        """See :class:`Exchange`."""
