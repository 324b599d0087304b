"""TCP connections between machines.

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
    ) -> tuple[dict[int, socket.socket], dict[int, socket.socket]]:
        """Connect to all targets while accepting all sources, then listen no more.

        Returns
        -------
        dict, dict
            Connections from the sources and to the targets, by their numbers.

        Raises
        ------
        RunError
            If a peer cannot be reached, does not know the secret, or does not come in time.
        """
        inlets: dict[int, socket.socket] = {}
        outlets: dict[int, socket.socket] = {}
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

    def _accept_all(self, sources: frozenset[int], inlets: dict[int, socket.socket], deadline: float) -> None:
        while self._accepting and sources - inlets.keys() and time.monotonic() < deadline:
            if not select.select([self._socket], [], [], _LOOK_S)[0]:
                continue
            connection, _ = self._socket.accept()
            source = self._greet(connection, min(deadline, time.monotonic() + _GREETING_S))
            if source in sources and source not in inlets:
                inlets[source] = _tuned(connection)
            else:
                connection.close()

    def _greet(self, connection: socket.socket, deadline: float) -> int | None:
        """Ask for the proof and give ours; return the peer's number, None if it is a stranger."""
        nonce = secrets.token_bytes(_NONCE)
        try:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            connection.sendall(nonce)
            source, target, theirs, proof = _HELLO.unpack(read_exactly(connection, _HELLO.size))
            if target != self._worker or not hmac.compare_digest(
                proof, self._proof(b"sender", source, target, nonce + theirs)
            ):
                return None
            connection.sendall(self._proof(b"receiver", target, source, theirs + nonce))
        except OSError:
            return None
        return int(source)

    def _connect(self, peer: int, offer: SocketOffer, deadline: float) -> socket.socket:
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
        return _tuned(connection)

    def _introduce(self, connection: socket.socket, peer: int) -> bool:
        """Give the proof and ask for the peer's; return whether that is right."""
        nonce, ours = read_exactly(connection, _NONCE), secrets.token_bytes(_NONCE)
        proof = self._proof(b"sender", self._worker, peer, nonce + ours)
        connection.sendall(_HELLO.pack(self._worker, peer, ours, proof))
        answer = read_exactly(connection, _NONCE)
        return hmac.compare_digest(answer, self._proof(b"receiver", peer, self._worker, ours + nonce))

    def _proof(self, role: bytes, prover: int, verifier: int, nonces: bytes) -> bytes:
        return hmac.digest(self._secret, role + struct.pack("<ii", prover, verifier) + nonces, "sha256")


def _tuned(connection: socket.socket) -> socket.socket:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.settimeout(None)
    return connection


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """Wait for so many bytes.

    Raises
    ------
    OSError
        If the connection ends before.
    """
    data = bytearray(count)
    fill(connection, memoryview(data))
    return bytes(data)


def fill(connection: socket.socket, into: memoryview) -> None:
    """Wait until memory is full of what comes; raises as :func:`read_exactly`."""
    while len(into):
        part = connection.recv_into(into)
        if not part:
            raise ConnectionError("it closed the connection")
        into = into[part:]
