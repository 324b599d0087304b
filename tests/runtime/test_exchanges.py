"""Every kind of exchange delivers every block, once, in order, and wakes up when the run is aborted."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikemesh.errors import RunError
from spikemesh.runtime.stream import FRAME, PeerLostError

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


def test_blocks_much_larger_than_the_mailbox_cross_without_deadlock(connect):
    # 8 MB each way through 64 KiB: both sides send before either receives, with a third in between.
    pairs = [(s, t) for s in range(3) for t in range(3) if s != t]
    exchanges, _ = connect(3, pairs)
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


class _Pipe:
    """A stream that gives what it is given, any few bytes at a time."""

    def __init__(self, data=b"", portion=1 << 20):
        self.data, self.portion, self.reason = bytearray(data), portion, ""

    def read(self, into):
        count = min(len(into), len(self.data), self.portion)
        into[:count] = self.data[:count]
        del self.data[:count]
        return count

    def write(self, data):
        self.data += data[: self.portion]
        return min(len(data), self.portion)

    def lost(self):
        return self.reason

    def close(self):
        pass


@given(sizes=st.lists(st.integers(0, 50), min_size=1, max_size=5), portion=st.integers(1, 37))
def test_frames_survive_any_fragmentation(sizes, portion):
    from spikemesh.runtime.exchange_streams import StreamExchange

    pipe = _Pipe(portion=portion)
    sender, receiver = StreamExchange({}, {1: pipe}), StreamExchange({0: pipe}, {})
    for window, size in enumerate(sizes):
        sender.send(1, window, block(0, window, size))
    for window, size in enumerate(sizes):
        np.testing.assert_array_equal(receiver.receive(0, window), block(0, window, size))


@pytest.mark.parametrize(("window", "size", "said"), [(3, 8, "window 3"), (0, 12, "damaged")])
def test_wrong_frame_is_refused(window, size, said):
    from spikemesh.runtime.exchange_streams import StreamExchange

    receiver = StreamExchange({0: _Pipe(FRAME.pack(window, size) + bytes(size))}, {})
    with pytest.raises(RunError, match=said):
        receiver.receive(0, 0)


def test_what_came_before_the_end_still_counts():
    from spikemesh.runtime.exchange_streams import StreamExchange

    pipe = _Pipe(FRAME.pack(0, 8) + bytes(8), portion=5)
    pipe.reason = "its process ended"
    receiver = StreamExchange({0: pipe}, {})
    assert receiver.receive(0, 0).shape == (1, 2)
    with pytest.raises(PeerLostError, match="lost worker 0: its process ended") as caught:
        receiver.receive(0, 1)
    assert caught.value.peer == 0


def test_peer_that_closes_is_noticed(connect, request):
    if request.node.callspec.params["connect"] == "threads":
        # Threads have no end of their own: the backend aborts them all together.
        (a, _), abort = connect(2, BOTH)
        abort()
    else:
        (a, b), _ = connect(2, BOTH)
        b.close()
    with pytest.raises(PeerLostError):
        a.receive(1, 0)
