"""TCP streams between machines.

Both ends prove that they know the secret of the run (HMAC-SHA256 over random numbers) before any
packet passes. The packets themselves travel in clear, as between the nodes of the Ray cluster.
"""

from __future__ import annotations

import hmac
import secrets
import select
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from spikemesh.errors import RunError

_HELLO = struct.Struct("<ii32s32s")
"""Number of the sender, of the receiver, nonce, proof."""
_NONCE = 32
_LOOK_S = 0.1
_GREETING_S = 2.0
"""How long a connection may take to prove itself while others wait behind it."""


@dataclass(frozen=True)
class SocketOffer:
    """Where a worker listens."""

    host: str
    port: int


class SocketInlet:
    """Receiving end of a connection; see :class:`spikemesh.runtime.stream.Inlet`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._lost = ""

    def read(self, into: memoryview) -> int:
        """Fill as much of ``into`` as has arrived."""
        try:
            count = self._socket.recv_into(into)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._lost = str(error)
            return 0
        if not count:
            self._lost = "it closed the connection"
        return count

    def lost(self) -> str:
        """Return why nothing more will come, or an empty string."""
        return self._lost

    def close(self) -> None:
        """Close the connection."""
        self._lost = self._lost or "it stopped"
        self._socket.close()


class SocketOutlet:
    """Sending end of a connection; see :class:`spikemesh.runtime.stream.Outlet`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._lost = ""

    def write(self, data: memoryview) -> int:
        """Hand over as much of ``data`` as the connection takes."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._lost = str(error)
            return 0

    def lost(self) -> str:
        """Return why nothing more can be sent, or an empty string."""
        return self._lost

    def close(self) -> None:
        """Close the connection; what was sent still arrives."""
        self._lost = self._lost or "it stopped"
        self._socket.close()


class Listener:
    """Accepts the connections of the peers of one worker.

    Parameters
    ----------
    host
        Address of this node in the cluster; nothing else is listened on.
    secret
        Secret of the run, the same on all workers.
    worker
        Number of this worker.

    Raises
    ------
    RunError
        If the address cannot be listened on.
    """

    def __init__(self, host: str, secret: bytes, worker: int) -> None:
        self._secret = secret
        self._worker = worker
        self._accepting = True
        try:
            family = socket.getaddrinfo(host, None)[0][0]
            self._socket = socket.create_server((host, 0), family=family, backlog=128)
        except OSError as error:
            raise RunError(f"worker {worker} cannot listen on {host}: {error}") from None
        self.offer = SocketOffer(host, self._socket.getsockname()[1])

    def connect(
        self, sources: frozenset[int], targets: Mapping[int, SocketOffer], timeout_s: float
    ) -> tuple[dict[int, SocketInlet], dict[int, SocketOutlet]]:
        """Connect to all targets while accepting all sources, then listen no more.

        Raises
        ------
        RunError
            If a peer cannot be reached, does not know the secret, or does not come in time.
        """
        inlets: dict[int, SocketInlet] = {}
        outlets: dict[int, SocketOutlet] = {}
        deadline = time.monotonic() + timeout_s
        accepting = threading.Thread(target=self._accept_all, args=(sources, inlets, deadline), daemon=True)
        accepting.start()
        try:
            for peer, offer in targets.items():
                outlets[peer] = self._connect(peer, offer, deadline)
            accepting.join()
            missing = sorted(sources - inlets.keys())
            if missing:
                late = f"worker {missing[0]} did not connect to worker {self._worker}"
                raise RunError(f"{late} within {timeout_s:g} s")
        except BaseException:
            self._accepting = False
            accepting.join()
            for inlet in inlets.values():
                inlet.close()
            for outlet in outlets.values():
                outlet.close()
            raise
        finally:
            self.close()
        return inlets, outlets

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()

    def _accept_all(self, sources: frozenset[int], inlets: dict[int, SocketInlet], deadline: float) -> None:
        while self._accepting and sources - inlets.keys() and time.monotonic() < deadline:
            if not select.select([self._socket], [], [], _LOOK_S)[0]:
                continue
            connection, _ = self._socket.accept()
            source = self._greet(connection, min(deadline, time.monotonic() + _GREETING_S))
            if source in sources and source not in inlets:
                inlets[source] = SocketInlet(_tuned(connection))
            else:
                connection.close()

    def _greet(self, connection: socket.socket, deadline: float) -> int | None:
        """Ask for the proof and give ours; return the peer's number, None if it is a stranger."""
        nonce = secrets.token_bytes(_NONCE)
        try:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            connection.sendall(nonce)
            source, target, theirs, proof = _HELLO.unpack(_read_exactly(connection, _HELLO.size))
            if target != self._worker or not hmac.compare_digest(
                proof, self._proof(b"sender", source, target, nonce + theirs)
            ):
                return None
            connection.sendall(self._proof(b"receiver", target, source, theirs + nonce))
        except OSError:
            return None
        return int(source)

    def _connect(self, peer: int, offer: SocketOffer, deadline: float) -> SocketOutlet:
        place = f"worker {peer} at {offer.host}:{offer.port}"
        connection: socket.socket | None = None
        try:
            left = max(0.01, deadline - time.monotonic())
            connection = socket.create_connection((offer.host, offer.port), left)
            genuine = self._introduce(connection, peer)
        except OSError as error:
            if connection is not None:
                connection.close()
            reason = str(error) or type(error).__name__
            raise RunError(f"worker {self._worker} cannot connect to {place}: {reason}") from None
        if not genuine:
            connection.close()
            raise RunError(f"what answers at {offer.host}:{offer.port} is not worker {peer} of this run")
        return SocketOutlet(_tuned(connection))

    def _introduce(self, connection: socket.socket, peer: int) -> bool:
        """Give the proof and ask for the peer's; return whether that is right."""
        nonce, ours = _read_exactly(connection, _NONCE), secrets.token_bytes(_NONCE)
        proof = self._proof(b"sender", self._worker, peer, nonce + ours)
        connection.sendall(_HELLO.pack(self._worker, peer, ours, proof))
        answer = _read_exactly(connection, _NONCE)
        return hmac.compare_digest(answer, self._proof(b"receiver", peer, self._worker, ours + nonce))

    def _proof(self, role: bytes, prover: int, verifier: int, nonces: bytes) -> bytes:
        return hmac.digest(self._secret, role + struct.pack("<ii", prover, verifier) + nonces, "sha256")


def _tuned(connection: socket.socket) -> socket.socket:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setblocking(False)
    return connection


def _read_exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("the other side closed the connection")
        data += part
    return data
