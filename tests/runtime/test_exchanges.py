"""Every kind of exchange delivers every block, once, in order, and wakes up when the run is aborted."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikemesh.errors import RunError
from spikemesh.runtime.exchange_memory import Inbox, MemoryExchange
from spikemesh.runtime.exchange_relays import FRAME, IncomingRelay
from spikemesh.runtime.lost import PeerLostError

BOTH = [(0, 1), (1, 0)]


def block(worker, window, size):
    start = worker * 1_000_003 + window * 7919
    return (start + np.arange(2 * size, dtype=np.uint32)).reshape(-1, 2)


def swap(exchange, worker, peers_out, peers_in, sizes):
    """Send blocks of the given sizes and check what comes."""
    for window, size in enumerate(sizes):
        for peer in peers_out:
            exchange.send(peer, window, block(worker, window, size))
        for peer in peers_in:
            found = exchange.receive(peer, window)
            assert found.dtype == np.uint32
            np.testing.assert_array_equal(found, block(peer, window, size))


def send_and_receive(a, b, sent, received):
    for window in sent:
        a.send(1, window, block(0, window, 1))
    for window in received:
        b.receive(0, window)


def run_all(jobs, timeout=60):
    with ThreadPoolExecutor(len(jobs)) as pool:
        for future in [pool.submit(*job) for job in jobs]:
            future.result(timeout)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(
        st.one_of(st.integers(0, 40), st.sampled_from([2047, 2048, 2049, 8191, 8192, 8193])), max_size=12
    )
)
def test_blocks_of_any_size_arrive_unchanged(connect, sizes):
    (a, b), _ = connect(2, BOTH)
    try:
        run_all([(swap, a, 0, [1], [1], sizes), (swap, b, 1, [0], [0], sizes)])
    finally:
        a.close()
        b.close()


def test_large_blocks_cross_without_deadlock(connect):
    # 8 MB each way: both sides send before either receives, with a third in between.
    pairs = [(s, t) for s in range(3) for t in range(3) if s != t]
    exchanges, _ = connect(3, pairs, 1_000_000)
    others = [[1, 2], [2, 0], [0, 1]]
    run_all([(swap, exchanges[w], w, others[w], others[w], [1_000_000, 0, 300_000]) for w in range(3)])


def test_thousands_of_windows(connect):
    exchanges, _ = connect(3, [(0, 1), (1, 2), (2, 0)])
    sizes = [n % 97 for n in range(4000)]
    run_all([(swap, exchanges[w], w, [(w + 1) % 3], [(w - 1) % 3], sizes) for w in range(3)])


def test_one_way_sender_may_run_ahead(connect):
    (a, b), _ = connect(2, [(0, 1)])
    sizes = [50] * 200

    def late():
        time.sleep(0.2)
        swap(b, 1, [], [0], sizes)

    def check():
        for window, size in enumerate(sizes):
            a.send(1, window, block(0, window, size))

    run_all([(check,), (late,)])


def test_sender_may_reuse_its_array(connect):
    (a, b), _ = connect(2, [(0, 1)])
    packets = block(0, 0, 10)
    a.send(1, 0, packets)
    packets[:] = 0
    np.testing.assert_array_equal(b.receive(0, 0), block(0, 0, 10))


@pytest.mark.parametrize("first", [1, 5])
def test_gap_is_an_error(connect, first):
    (a, b), _ = connect(2, [(0, 1)])
    with pytest.raises(RunError, match=f"window {first}"):
        send_and_receive(a, b, [first], [0])


def test_repeat_is_an_error(connect):
    (a, b), _ = connect(2, [(0, 1)])
    with pytest.raises(RunError, match="window 0"):
        send_and_receive(a, b, [0, 0], [0, 1])


def test_abort_wakes_waiting_workers_and_lets_no_wait_begin(connect):
    (a, b), abort = connect(2, BOTH)
    woken = []

    def wait(exchange, peer):
        with pytest.raises(PeerLostError):
            exchange.receive(peer, 0)
        woken.append(time.monotonic())

    threads = [threading.Thread(target=wait, args=pair) for pair in ((a, 1), (b, 0))]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    begun = time.monotonic()
    abort()
    for thread in threads:
        thread.join(5)
    assert len(woken) == 2
    assert max(woken) - begun < 0.2
    with pytest.raises(PeerLostError):
        a.receive(1, 0)


def test_more_packets_than_a_block_holds_are_refused(connect):
    (a, b), _ = connect(2, [(0, 1)], 10)
    with pytest.raises(RunError, match="11 packets for worker 1 in window 0; a block holds 10"):
        a.send(1, 0, block(0, 0, 11))
    a.send(1, 0, block(0, 0, 10))
    np.testing.assert_array_equal(b.receive(0, 0), block(0, 0, 10))


def test_sender_of_a_full_mailbox_sleeps_until_there_is_room(connect):
    (a, b), _ = connect(2, [(0, 1)], 50_000)
    # 8 blocks in each mailbox on the way; sockets hold a few of 400 kB more.
    sent = []

    def send():
        for window in range(60):
            a.send(1, window, block(0, window, 50_000))
            sent.append(window)

    thread = threading.Thread(target=send)
    thread.start()
    until = time.monotonic() + 30  # the first block may have to wait for the compiler
    while a.waiting_for != 1 or len(sent) < 8:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert len(sent) < 60
    for window in range(60):
        np.testing.assert_array_equal(b.receive(0, window), block(0, window, 50_000))
    thread.join(10)
    assert len(sent) == 60
    assert a.waiting_for is None


@pytest.fixture
def relay():
    """An exchange whose worker 0 is behind a connection, and the other end of that."""
    ours, theirs = socket.socketpair()
    inbox = Inbox.private({0: 50})
    carried = IncomingRelay(ours, 0, 1, inbox)
    exchange = MemoryExchange(1, inbox, {}, watches=[(0, carried)])
    yield exchange, theirs
    exchange.close()
    theirs.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(sizes=st.lists(st.integers(0, 50), min_size=1, max_size=5), portion=st.integers(1, 37))
def test_frames_survive_any_fragmentation(sizes, portion):
    ours, theirs = socket.socketpair()
    inbox = Inbox.private({0: 50})
    receiver = MemoryExchange(1, inbox, {}, watches=[(0, IncomingRelay(ours, 0, 1, inbox))])
    frames = [
        FRAME.pack(w, 7 * w, 7 * w + 7, 8 * size) + block(0, w, size).tobytes()
        for w, size in enumerate(sizes)
    ]
    data = b"".join(frames)
    for at in range(0, len(data), portion):
        theirs.sendall(data[at : at + portion])
    for window, size in enumerate(sizes):
        first, last, packets = receiver.receive_block(0, window)
        assert (first, last) == (7 * window, 7 * window + 7)
        np.testing.assert_array_equal(packets, block(0, window, size))
    receiver.close()
    theirs.close()


@pytest.mark.parametrize(
    ("window", "size", "said"),
    [(3, 8, "window 3"), (0, 12, "damaged block of 12"), (0, 408, "damaged block of 408")],
)
def test_wrong_frame_is_refused(relay, window, size, said):
    exchange, theirs = relay
    theirs.sendall(FRAME.pack(window, 0, 1, size) + bytes(size))
    with pytest.raises(RunError, match=said):
        exchange.receive(0, 0)


def test_what_came_before_the_end_still_counts(relay):
    exchange, theirs = relay
    theirs.sendall(FRAME.pack(0, 0, 1, 8) + bytes(8))
    theirs.close()
    assert exchange.receive(0, 0).shape == (1, 2)
    with pytest.raises(PeerLostError, match="lost worker 0: it closed the connection") as caught:
        exchange.receive(0, 1)
    assert caught.value.peer == 0


def test_peer_that_closes_is_noticed_and_what_it_sent_counts(connect):
    (a, b), _ = connect(2, BOTH)
    b.send(0, 0, block(1, 0, 3))
    time.sleep(0.05)  # for the threads behind a connection
    b.close()
    np.testing.assert_array_equal(a.receive(1, 0), block(1, 0, 3))
    begun = time.monotonic()
    with pytest.raises(PeerLostError, match="lost worker 1: it") as caught:
        a.receive(1, 1)
    assert caught.value.peer == 1
    assert time.monotonic() - begun < 1
