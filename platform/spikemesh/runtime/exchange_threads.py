"""Exchange between threads of one process."""

from __future__ import annotations

from collections.abc import Mapping

from spikemesh.runtime.exchange_memory import Inbox, MemoryExchange
from spikemesh.runtime.groups import usable_cpus

SPIN_S = 100e-6
"""How long to look for packets before sleeping, where every worker has a core to itself."""


class ThreadMesh:
    """The mailboxes of all workers of a process.

    Parameters
    ----------
    rooms
        Per directed pair (source, target) the most packets of a window.
    workers
        Number of workers.
    """

    def __init__(self, rooms: Mapping[tuple[int, int], int], workers: int) -> None:
        inboxes = [
            Inbox.private({source: room for (source, to), room in rooms.items() if to == worker})
            for worker in range(workers)
        ]
        spin_s = SPIN_S if workers <= usable_cpus() else 0.0
        self.exchanges = [
            MemoryExchange(w, inboxes[w], {to: inboxes[to] for source, to in rooms if source == w}, spin_s)
            for w in range(workers)
        ]

    def abort(self) -> None:
        """Wake every waiting thread with an error, and let no later wait begin."""
        for exchange in self.exchanges:
            exchange.abort()
