"""Mailboxes are private and leave nothing behind; strangers get no connection."""

import os
import socket
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

from spikemesh.errors import RunError
from spikemesh.runtime.exchange_memory import MemoryExchange, places
from spikemesh.runtime.exchange_shared import InboxOffer, SharedInbox, open_inbox
from spikemesh.runtime.exchange_sockets import Listener


def test_anonymous_inbox_has_no_name(nothing_left):
    shared = SharedInbox("run", {1: 100})
    assert not shared.offer.named
    assert not list(Path("/dev/shm").glob("*spikemesh*"))
    shared.drop_name()


def test_named_inbox_is_private_and_unlinked_after_opening(nothing_left):
    shared = SharedInbox("a1b2", {1: 100}, anonymous=False)
    path = Path(shared.offer.path)
    assert "a1b2" in path.name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    opened = open_inbox(shared.offer)
    shared.drop_name()
    assert not path.exists()
    receiver, sender = MemoryExchange(0, shared.inbox, {}), MemoryExchange(1, shared.inbox, {0: opened})
    sender.send(0, 0, np.array([[3, 4]], dtype=np.uint32))
    assert receiver.receive(1, 0).tolist() == [[3, 4]]


def test_named_inbox_that_nobody_opened_goes_with_its_name(nothing_left):
    shared = SharedInbox("run", {1: 100}, anonymous=False)
    shared.drop_name()
    shared.drop_name()
    assert not Path(shared.offer.path).exists()


def test_memory_is_taken_only_by_what_is_written():
    # A million packets in each of 8 blocks: 64 MB if it were all there.
    shared = SharedInbox("run", {1: 1_000_000})
    assert shared.offer.size > 64_000_000
    assert os.stat(shared.offer.path).st_blocks * 512 < 100_000
    shared.drop_name()


def test_another_file_than_offered_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    with pytest.raises(RunError, match="is not the inbox"):
        open_inbox(InboxOffer(str(path), 1 << 16, os.getpid(), True, {}))
    with pytest.raises(RunError, match="cannot open the inbox"):
        open_inbox(InboxOffer(str(tmp_path / "none"), 1 << 16, os.getpid(), True, {}))


def test_mailboxes_do_not_overlap_and_small_ones_have_more_blocks():
    found, size = places({3: 10, 1: 100_000, 2: 0})
    # A block is a line of 64 bytes and 8 bytes for each packet, in whole lines; the head has six lines.
    assert [(p.room, p.blocks) for p in found.values()] == [(10, 64), (100_000, 8), (0, 64)]
    ends = [p.offset + 384 + p.blocks * (64 + -(-8 * p.room // 64) * 64) for p in found.values()]
    assert [p.offset for p in found.values()] == [192, *ends[:2]]
    assert size == ends[2]


def _connect(listener, **arguments):
    errors = []

    def run():
        try:
            inlets, _ = listener.connect(**arguments)
            for connection in inlets.values():
                connection.close()
        except RunError as error:
            errors.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


def test_peer_with_another_secret_is_refused():
    ours, stranger = Listener("127.0.0.1", b"right", 0), Listener("127.0.0.1", b"wrong", 1)
    thread, errors = _connect(ours, sources=frozenset({1}), targets={}, timeout_s=1.0)
    with pytest.raises(RunError, match="worker 1 cannot connect to worker 0"):
        stranger.connect(frozenset(), {0: ours.offer}, 1.0)
    thread.join()
    assert errors == ["worker 1 did not connect to worker 0 within 1 s"]


def test_noise_on_the_port_does_not_keep_peers_out():
    ours, peer = Listener("127.0.0.1", b"right", 0), Listener("127.0.0.1", b"right", 1)
    with socket.create_connection((ours.offer.host, ours.offer.port)) as noise:
        noise.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: everything, whatever it may be\r\n\r\n")
        thread, errors = _connect(ours, sources=frozenset({1}), targets={}, timeout_s=5.0)
        _, outlets = peer.connect(frozenset(), {0: ours.offer}, 5.0)
        thread.join()
    assert not errors
    for outlet in outlets.values():
        outlet.close()


def test_listener_that_does_not_know_the_secret_gets_no_packets():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def impostor():
            connection, _ = server.accept()
            with connection:
                connection.sendall(bytes(32))
                connection.recv(200)
                connection.sendall(bytes(32))

        thread = threading.Thread(target=impostor)
        thread.start()
        ours = Listener("127.0.0.1", b"right", 0)
        offer = type(ours.offer)("127.0.0.1", server.getsockname()[1])
        with pytest.raises(RunError, match="is not worker 1 of this run"):
            ours.connect(frozenset(), {1: offer}, 2.0)
        thread.join()


def test_only_the_given_address_is_listened_on():
    listener = Listener("127.0.0.1", b"secret", 0)
    with pytest.raises(ConnectionRefusedError), socket.socket(socket.AF_INET) as other:
        other.connect(("127.0.0.2", listener.offer.port))
    listener.close()
