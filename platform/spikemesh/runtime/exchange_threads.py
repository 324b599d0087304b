"""Exchange between threads of one process: a queue per directed pair."""

from __future__ import annotations

from collections.abc import Iterable
from queue import SimpleQueue

from spikemesh.ids import AnyArray
from spikemesh.runtime.stream import PeerLostError, out_of_order

_Item = tuple[int, AnyArray] | None
"""Window and block; None wakes a waiting thread when the run is being aborted."""


class ThreadMesh:
    """The queues of all workers of a process.

    Parameters
    ----------
    pairs
        Directed pairs (source, target) that exchange packets.
    """

    def __init__(self, pairs: Iterable[tuple[int, int]]) -> None:
        self.queues: dict[tuple[int, int], SimpleQueue[_Item]] = {pair: SimpleQueue() for pair in pairs}
        self.aborted = False

    def exchange(self, worker: int) -> ThreadExchange:
        """Return that worker's side."""
        return ThreadExchange(self, worker)

    def abort(self) -> None:
        """Wake every waiting thread with an error, and let no later wait begin."""
        self.aborted = True
        for queue in self.queues.values():
            queue.put(None)


class ThreadExchange:
    """One thread's side; see :class:`spikemesh.engine.exchange.Exchange`."""

    def __init__(self, mesh: ThreadMesh, worker: int) -> None:
        self._mesh = mesh
        self._inlets = {source: queue for (source, target), queue in mesh.queues.items() if target == worker}
        self._outlets = {target: queue for (source, target), queue in mesh.queues.items() if source == worker}
        self._expected = dict.fromkeys(self._inlets, 0)
        self.waiting_for: int | None = None

    def send(self, target: int, window: int, packets: AnyArray) -> None:
        """Hand over a copy of a block; never waits.

        Raises
        ------
        RunError
            If the run is being aborted.
        """
        if self._mesh.aborted:
            raise PeerLostError("the run is being aborted")
        self._outlets[target].put((window, packets.copy()))

    def receive(self, source: int, window: int) -> AnyArray:
        """Return the block of that window from worker ``source``, waiting until it is there.

        Raises
        ------
        RunError
            If a block is missing or repeated, or the run is being aborted.
        """
        if self._mesh.aborted:
            raise PeerLostError("the run is being aborted")
        self.waiting_for = source
        item = self._inlets[source].get()
        self.waiting_for = None
        if item is None:
            raise PeerLostError("the run is being aborted")
        found, packets = item
        if found != window or found != self._expected[source]:
            raise out_of_order(source, found, self._expected[source])
        self._expected[source] = window + 1
        return packets

    def close(self) -> None:
        """Nothing is held that needs release."""
