"""Carries blocks between mailboxes in memory and connections to other machines.

To compiled code, a worker of another machine is a mailbox like any other: packets for it go to a mailbox
of this process that a thread empties into a connection, and another thread fills its mailbox in the inbox
from one.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from abc import ABC, abstractmethod

import numpy as np

from spikemesh.errors import RunError
from spikemesh.runtime.exchange_memory import Inbox, MemoryExchange
from spikemesh.runtime.exchange_sockets import fill, read_exactly

FRAME = struct.Struct("<QqqQ")
"""Before the packets of a block: number of the window, the ticks it begins after and ends at, bytes of packets."""
_GRACE_S = 0.5


class _Relay(ABC):
    """A thread that carries the blocks of one direction; see :class:`spikemesh.runtime.exchange_memory.Watch`."""

    def __init__(self, name: str, connection: socket.socket, exchange: MemoryExchange) -> None:
        self._connection = connection
        self._exchange = exchange
        self._lost = ""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def lost(self) -> str:
        """Return why nothing more will pass, or an empty string."""
        return self._lost

    def close(self) -> None:
        """End the thread and the connection."""
        self._lost = self._lost or "it stopped"
        self._exchange.abort()
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(_GRACE_S)

    def _run(self) -> None:
        try:
            self._carry()
        except (OSError, RunError) as error:
            self._lost = self._lost or str(error)
        finally:
            # Wakes the worker, if it waits for this one.
            self._exchange.close()
            self._connection.close()

    @abstractmethod
    def _carry(self) -> None:
        """Carry blocks until one end closes."""


class IncomingRelay(_Relay):
    """Takes the blocks of a worker from a connection.

    Parameters
    ----------
    connection
        Connection from that worker.
    source
        Its number.
    worker, inbox
        Receiver.
    """

    def __init__(self, connection: socket.socket, source: int, worker: int, inbox: Inbox) -> None:
        self._worker = worker
        self._room = inbox.places[source].room
        exchange = MemoryExchange(source, Inbox.private({}), {worker: inbox})
        super().__init__(f"spikemesh from worker {source}", connection, exchange)

    def _carry(self) -> None:
        window = 0
        while True:
            number, first, last, size = FRAME.unpack(read_exactly(self._connection, FRAME.size))
            if number != window:
                raise RunError(
                    f"it sent the packets of window {number} where those of window {window} were due: "
                    "packets were lost or repeated"
                )
            if size % 8 or size // 8 > self._room:
                raise RunError(f"it sent a damaged block of {size} bytes in window {window}")
            packets = np.empty((size // 8, 2), dtype=np.uint32)
            if size:
                fill(self._connection, packets.reshape(-1).view(np.uint8).data)
            self._exchange.send(self._worker, window, packets, first, last)
            window += 1


class OutgoingRelay(_Relay):
    """Hands the blocks for a worker to a connection.

    Parameters
    ----------
    connection
        Connection to that worker.
    target
        Its number.
    worker
        Sender.
    room
        Most packets of a block.

    Attributes
    ----------
    inbox
        Where the sender puts them.
    """

    def __init__(self, connection: socket.socket, target: int, worker: int, room: int) -> None:
        self._worker = worker
        self.inbox = Inbox.private({worker: room})
        exchange = MemoryExchange(target, self.inbox, {})
        super().__init__(f"spikemesh to worker {target}", connection, exchange)

    def _carry(self) -> None:
        window = 0
        while True:
            first, last, packets = self._exchange.receive_block(self._worker, window)
            self._connection.sendall(FRAME.pack(window, first, last, packets.nbytes) + packets.tobytes())
            window += 1
