"""How workers pass packets to one another: a sequence-numbered mailbox per directed pair."""

from __future__ import annotations

from typing import Protocol

from spikemesh.ids import AnyArray


class Exchange(Protocol):
    """One worker's side of the exchange.

    After every window a worker sends one block of packets (possibly empty) to every peer it has
    synapses on, and receives one from every peer that has synapses on it. Blocks carry the number
    of the window; a gap or a repeat is an error. A block is an array of uint32, shape (n, 2):
    the axon at the receiver, and the tick at which the source neuron spiked, minus the window's
    first tick. Order inside a block does not matter.
    """

    def send(self, target: int, window: int, packets: AnyArray) -> None:
        """Hand a block to worker ``target``; may wait while that worker's mailbox is full."""
        ...

    def receive(self, source: int, window: int) -> AnyArray:
        """Return the block of that window from worker ``source``; waits until it is there.

        The array may be a view that stays valid until the next ``receive`` from the same source.

        Raises
        ------
        RunError
            If the run is being aborted or the peer is gone.
        """
        ...

    def close(self) -> None:
        """Release everything; never blocks."""
        ...
