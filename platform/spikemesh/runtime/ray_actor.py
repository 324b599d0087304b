"""What runs inside one Ray actor: a worker and its side of the exchange."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from spikemesh.engine.report import WorkerReport
from spikemesh.errors import RunError
from spikemesh.runtime.backend import Factory, Weights, WorkerLike
from spikemesh.runtime.exchange_shared import RingOffer, SharedInlet, SharedOutlet, ring_bytes
from spikemesh.runtime.exchange_sockets import Listener, SocketOffer
from spikemesh.runtime.exchange_streams import StreamExchange
from spikemesh.runtime.failures import Failure, failure_of
from spikemesh.runtime.groups import usable_cpus
from spikemesh.runtime.packing import Packed
from spikemesh.runtime.stream import Inlet, Outlet

_SPIN_S = 0.0001


@dataclass(frozen=True)
class Seat:
    """What an actor is told of its place in the run."""

    run: str
    index: int
    peers_in: tuple[int, ...]
    peers_out: tuple[int, ...]
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
    rings
        Per sender the ring it may write to.
    """

    index: int
    pid: int
    machine: str
    node: str
    host: str
    versions: tuple[str, ...]
    rings: Mapping[int, RingOffer]
    socket: SocketOffer | None


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
        self._inlets: dict[int, SharedInlet] = {}
        self._listener: Listener | None = None
        self._exchange: StreamExchange | None = None
        self._worker: WorkerLike | None = None
        self._failure: Failure | None = None
        self._sequence = 0

    def present(self) -> Presence:
        """Offer a ring to every sender, and an address to those of other machines."""
        import ray

        seat = self._seat
        context = ray.get_runtime_context()
        host = ray.util.get_node_ip_address()
        size = ring_bytes(len(seat.peers_in))
        if not seat.force_sockets:
            self._inlets = {source: SharedInlet(seat.run, size) for source in seat.peers_in}
        if seat.peers_in or seat.peers_out:
            self._listener = Listener(host, seat.secret, seat.index)
        versions = (f"Python {platform.python_version()}", f"spikemesh {version('spikemesh')}")
        node = context.get_node_id()
        machine = f"{node} {seat.index if seat.force_sockets else ''}"
        offer = self._listener.offer if self._listener else None
        rings = {source: inlet.offer for source, inlet in self._inlets.items()}
        return Presence(seat.index, os.getpid(), machine, node, host, versions, rings, offer)

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
            for inlet in self._inlets.values():
                inlet.drop_name()
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

    def _connect(self, peers: Mapping[int, Presence], timeout_s: float) -> StreamExchange:
        seat, here = self._seat, peers[self._seat.index].machine
        inlets: dict[int, Inlet] = {}
        outlets: dict[int, Outlet] = {}
        for target in seat.peers_out:
            if peers[target].machine == here:
                outlets[target] = SharedOutlet(peers[target].rings[seat.index])
        for source, inlet in self._inlets.items():
            if peers[source].machine == here:
                inlet.watch(peers[source].pid)
                inlets[source] = inlet
            else:
                inlet.close()
        far_in = frozenset(seat.peers_in) - inlets.keys()
        far_out = {t: peers[t].socket for t in seat.peers_out if t not in outlets}
        self._connect_far(inlets, outlets, far_in, far_out, timeout_s)
        crowded = sum(p.machine == here for p in peers.values()) > usable_cpus()
        return StreamExchange(inlets, outlets, 0.0 if crowded else _SPIN_S)

    def _connect_far(
        self,
        inlets: dict[int, Inlet],
        outlets: dict[int, Outlet],
        sources: frozenset[int],
        targets: Mapping[int, SocketOffer | None],
        timeout_s: float,
    ) -> None:
        listener = self._listener
        if listener is None:
            return
        reachable = {peer: offer for peer, offer in targets.items() if offer is not None}
        if sources or reachable:
            found_in, found_out = listener.connect(sources, reachable, timeout_s)
            inlets.update(found_in)
            outlets.update(found_out)
        listener.close()

    def _fail(self, error: BaseException) -> Failure:
        self._failure = failure_of(error)
        if self._exchange is not None:
            with contextlib.suppress(OSError):
                self._exchange.close()
        return self._failure
