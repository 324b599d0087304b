"""What runs inside one Ray actor: a worker and its side of the exchange."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from spikemesh.engine.report import WorkerReport
from spikemesh.errors import RunError
from spikemesh.runtime.backend import Factory, Weights, WorkerLike
from spikemesh.runtime.exchange_memory import Inbox, MemoryExchange, Watch
from spikemesh.runtime.exchange_relays import IncomingRelay, OutgoingRelay
from spikemesh.runtime.exchange_shared import InboxOffer, ProcessPeer, SharedInbox, open_inbox
from spikemesh.runtime.exchange_sockets import Listener, SocketOffer
from spikemesh.runtime.exchange_threads import SPIN_S
from spikemesh.runtime.failures import Failure, failure_of
from spikemesh.runtime.groups import usable_cpus
from spikemesh.runtime.packing import Packed


@dataclass(frozen=True)
class Seat:
    """What an actor is told of its place in the run.

    Attributes
    ----------
    rooms_in, rooms_out
        Workers it receives from and sends to, and the most packets of a window of each.
    """

    run: str
    index: int
    rooms_in: Mapping[int, int]
    rooms_out: Mapping[int, int]
    secret: bytes
    plugin_files: tuple[str, ...] = ()
    force_sockets: bool = False


@dataclass(frozen=True)
class Presence:
    """What an actor tells of itself: where it runs and how to reach it.

    Attributes
    ----------
    machine, node
        Two actors share memory if ``machine`` is equal; the node in Ray's terms.
    versions
        Versions that have to be equal everywhere.
    inbox
        Where those that share memory with it send to.
    """

    index: int
    pid: int
    machine: str
    node: str
    host: str
    versions: tuple[str, ...]
    inbox: InboxOffer | None
    address: SocketOffer | None


@dataclass(frozen=True)
class Status:
    """How far a worker is; ``waiting_for`` is the peer it waits for, None while it computes."""

    tick: int
    waiting_for: int | None


class RayActor:
    """One worker in one process; every failure is returned as a value, so that none is lost on the way.

    Parameters
    ----------
    seat
        Its place in the run.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._shared: SharedInbox | None = None
        self._listener: Listener | None = None
        self._exchange: MemoryExchange | None = None
        self._worker: WorkerLike | None = None
        self._failure: Failure | None = None
        self._sequence = 0

    def present(self) -> Presence:
        """Offer an inbox to the senders of this machine, and an address to those of others."""
        import ray

        seat = self._seat
        context = ray.get_runtime_context()
        host = ray.util.get_node_ip_address()
        if not seat.force_sockets:
            self._shared = SharedInbox(seat.run, seat.rooms_in)
        if seat.rooms_in or seat.rooms_out:
            self._listener = Listener(host, seat.secret, seat.index)
        versions = (f"Python {platform.python_version()}", f"spikemesh {version('spikemesh')}")
        node = context.get_node_id()
        machine = f"{node} {seat.index if seat.force_sockets else ''}"
        offer = self._listener.offer if self._listener else None
        inbox = self._shared.offer if self._shared else None
        return Presence(seat.index, os.getpid(), machine, node, host, versions, inbox, offer)

    def assemble(self, peers: Mapping[int, Presence], timeout_s: float) -> Failure | None:
        """Connect to all peers.

        Parameters
        ----------
        peers
            Every actor of the run.
        timeout_s
            Time for connecting.
        """
        try:
            self._exchange = self._connect(peers, timeout_s)
        except BaseException as error:  # a failure travels as a value
            return self._fail(error)
        return None

    def build(self, packed: Packed, factory: Factory) -> Failure | None:
        """Make the worker; all peers have opened their ends by now."""
        try:
            if self._seat.plugin_files:
                from spikemesh.registry.discovery import load_registry

                load_registry(self._seat.plugin_files)
            if self._exchange is None:
                raise RunError("a worker was to be made before its exchange")
            if self._shared is not None:
                self._shared.drop_name()
            self._worker = factory(packed.unpack(), self._exchange)
        except BaseException as error:  # a failure travels as a value
            return self._fail(error)
        return None

    def advance(self, sequence: int, until: int) -> WorkerReport | Failure:
        """Run to tick ``until``; ``sequence`` counts the calls, for Ray does not promise their order."""
        if self._failure is not None:
            return self._failure
        try:
            if self._worker is None or sequence != self._sequence:
                raise RunError(f"call {sequence} came where call {self._sequence} was due")
            self._sequence += 1
            return self._worker.advance(until)
        except BaseException as error:  # a failure travels as a value
            return self._fail(error)

    def weights(self, projection: str) -> Weights | Failure:
        """Return the synapses of a projection that live here."""
        try:
            if self._worker is None:
                raise RunError("there is no worker")
            return self._worker.weights(projection)
        except BaseException as error:  # a failure travels as a value
            return self._fail(error)

    def status(self) -> Status:
        """Tell how far the worker is; answers while it runs."""
        tick = -1 if self._worker is None else self._worker.tick
        return Status(tick, None if self._exchange is None else self._exchange.waiting_for)

    def _connect(self, peers: Mapping[int, Presence], timeout_s: float) -> MemoryExchange:
        seat, here = self._seat, peers[self._seat.index].machine
        near = {n for n, p in peers.items() if p.machine == here and n != seat.index}
        inbox = self._shared.inbox if self._shared is not None else Inbox.private(seat.rooms_in)
        watches: list[tuple[int, Watch]] = [
            (n, ProcessPeer(peers[n].pid))
            for n in sorted(near & (seat.rooms_in.keys() | seat.rooms_out.keys()))
        ]
        come, gone = self._connect_far(peers, near, timeout_s)
        watches += [(n, IncomingRelay(c, n, seat.index, inbox)) for n, c in come.items()]
        relays = {n: OutgoingRelay(c, n, seat.index, seat.rooms_out[n]) for n, c in gone.items()}
        watches += relays.items()
        targets = {}
        for target in seat.rooms_out:
            offer = peers[target].inbox
            targets[target] = open_inbox(offer) if target in near and offer else relays[target].inbox
        crowded = len(near) >= usable_cpus()
        return MemoryExchange(seat.index, inbox, targets, 0.0 if crowded else SPIN_S, watches)

    def _connect_far(
        self, peers: Mapping[int, Presence], near: set[int], timeout_s: float
    ) -> tuple[dict[int, socket.socket], dict[int, socket.socket]]:
        listener = self._listener
        if listener is None:
            return {}, {}
        sources = frozenset(self._seat.rooms_in.keys() - near)
        offers = {n: peers[n].address for n in self._seat.rooms_out if n not in near}
        targets = {n: offer for n, offer in offers.items() if offer is not None}
        found = listener.connect(sources, targets, timeout_s) if sources or targets else ({}, {})
        listener.close()
        return found

    def _fail(self, error: BaseException) -> Failure:
        self._failure = failure_of(error)
        if self._exchange is not None:
            with contextlib.suppress(OSError):
                self._exchange.close()
        return self._failure
