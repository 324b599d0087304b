"""Mailboxes are private and leave nothing behind; strangers get no connection."""

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from spikemesh.errors import RunError
from spikemesh.runtime.exchange_shared import RingOffer, SharedInlet, SharedOutlet, ring_bytes
from spikemesh.runtime.exchange_sockets import Listener


def test_anonymous_mailbox_has_no_name(nothing_left):
    inlet = SharedInlet("run", 1 << 16)
    assert not inlet.offer.named
    assert not list(Path("/dev/shm").glob("*spikemesh*"))
    inlet.close()


def test_named_mailbox_is_private_and_unlinked_after_opening(nothing_left):
    inlet = SharedInlet("a1b2", 1 << 16, anonymous=False)
    path = Path(inlet.offer.path)
    assert "a1b2" in path.name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    outlet = SharedOutlet(inlet.offer)
    inlet.drop_name()
    assert not path.exists()
    assert outlet.write(memoryview(b"spike")) == 5
    found = bytearray(5)
    assert inlet.read(memoryview(found)) == 5
    assert bytes(found) == b"spike"
    outlet.close()
    inlet.close()


def test_named_mailbox_that_nobody_opened_goes_with_close(nothing_left):
    inlet = SharedInlet("run", 1 << 16, anonymous=False)
    inlet.close()
    assert not Path(inlet.offer.path).exists()


def test_another_file_than_offered_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    with pytest.raises(RunError, match="is not the mailbox"):
        SharedOutlet(RingOffer(str(path), 1 << 16, os.getpid(), True))
    with pytest.raises(RunError, match="cannot open the mailbox"):
        SharedOutlet(RingOffer(str(tmp_path / "none"), 1 << 16, os.getpid(), True))


def test_ring_sizes_stay_within_the_budget():
    # 8 MiB for all rings of one worker, 64 KiB to 1 MiB each.
    assert ring_bytes(1) == 1 << 20
    assert ring_bytes(8) == 1 << 20
    assert ring_bytes(100) == 1 << 16
    assert all(ring_bytes(n) & (ring_bytes(n) - 1) == 0 for n in range(1, 300))


def _connect(listener, **arguments):
    errors = []

    def run():
        try:
            inlets, _ = listener.connect(**arguments)
            for inlet in inlets.values():
                inlet.close()
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
