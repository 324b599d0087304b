"""The compiled loop over windows: nothing in the results depends on windows, workers or what carries packets."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import spikemesh.engine.worker
from spikemesh.engine.worker import Worker
from spikemesh.errors import RunError
from spikemesh.kernels.mailbox import put
from spikemesh.runtime.backend import rooms
from spikemesh.runtime.exchange_memory import Inbox, MemoryExchange
from spikemesh.runtime.exchange_relays import IncomingRelay, OutgoingRelay
from spikemesh.runtime.exchange_sockets import Listener
from spikemesh.runtime.exchange_threads import ThreadMesh
from spikemesh.runtime.lost import PeerLostError

STEPS = 400


def on_threads(programs):
    mesh = ThreadMesh(rooms(programs), len(programs))
    return [Worker(p, e) for p, e in zip(programs, mesh.exchanges, strict=True)], mesh


@pytest.fixture(scope="module")
def alone(built):
    """Spikes and events of one worker that runs everything, by shortest delay."""
    found = {}

    def run(shortest):
        if shortest not in found:
            report = Worker(built(1, shortest)[0]).advance(STEPS)
            found[shortest] = (
                sorted(zip(*(c.tolist() for c in report.spikes["exc"]), strict=True)),
                report.synaptic_events,
            )
            assert len(found[shortest][0]) > 1000
        return found[shortest]

    return run


# Steps between two exchanges, and blocks under way beside the newest: (1, 0), (1, 1), (1, 2), (2, 1), (3, 1), (4, 1).
@pytest.mark.parametrize("shortest", [1, 2, 3, 5, 7, 8])
@pytest.mark.parametrize("workers", [2, 3, 16])
def test_windows_and_workers_do_not_change_a_spike(shortest, workers, built, alone, advance):
    programs = built(workers, shortest)
    assert {p.window for p in programs} == {shortest}
    assert {p.exchange_steps for p in programs} == {max(1, shortest // 2)}
    assert advance(on_threads(programs)[0], [STEPS]) == alone(shortest)


@pytest.mark.parametrize("shortest", [1, 3, 7])
def test_pieces_of_any_length_do_not_change_a_spike(shortest, built, alone, advance):
    pieces = [*range(1, 60), 61, 64, 200, 201, STEPS]
    assert advance(on_threads(built(3, shortest))[0], pieces) == alone(shortest)


def test_windows_go_on_where_the_record_was_full(built, alone, advance, monkeypatch):
    monkeypatch.setattr(spikemesh.engine.worker, "_RECORDS", 1)
    # Room for two spikes of each of 32 neurons, in windows of 4 steps: it is full in the midst of them.
    workers, _ = on_threads(built(3, 8))
    taken = []
    for worker in workers:
        original = worker._take_spikes
        worker._take_spikes = lambda original=original: (taken.append(1), original())
    assert advance(workers, [STEPS]) == alone(8)
    assert len(taken) > 10


def mixed(programs):
    """Workers 0 and 1 share memory, all others are behind connections of their own."""
    found, count = rooms(programs), len(programs)
    inboxes = [Inbox.private({s: room for (s, t), room in found.items() if t == w}) for w in range(count)]
    listeners = [Listener("127.0.0.1", b"secret", w) for w in range(count)]
    offers = {w: listener.offer for w, listener in enumerate(listeners)}

    def far(a, b):
        return a != b and {a, b} != {0, 1}

    def connect(w):
        come, gone = listeners[w].connect(
            frozenset(s for s, t in found if t == w and far(s, t)),
            {t: offers[t] for s, t in found if s == w and far(s, t)},
            10.0,
        )
        relays = {t: OutgoingRelay(c, t, w, found[w, t]) for t, c in gone.items()}
        watches = [(s, IncomingRelay(c, s, w, inboxes[w])) for s, c in come.items()]
        targets = {t: relays[t].inbox if far(w, t) else inboxes[t] for s, t in found if s == w}
        return MemoryExchange(w, inboxes[w], targets, watches=[*watches, *relays.items()])

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(connect, range(count)))


@pytest.mark.parametrize("shortest", [1, 4])
def test_sockets_mixed_with_memory_do_not_change_a_spike(shortest, built, alone, advance):
    programs = built(4, shortest)
    exchanges = mixed(programs)
    workers = [Worker(p, e) for p, e in zip(programs, exchanges, strict=True)]
    assert advance(workers, [10, 11, STEPS]) == alone(shortest)
    for exchange in exchanges:
        exchange.close()


def test_waiting_worker_sleeps_says_for_whom_and_wakes_when_the_run_is_aborted(built):
    workers, mesh = on_threads(built(2, 4))
    ended, used = [], []

    def run():
        with pytest.raises(PeerLostError, match="the run is being aborted"):
            workers[0].advance(STEPS)
        used.append(time.thread_time())
        ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    until = time.monotonic() + 30
    while mesh.exchanges[0].waiting_for != 1:
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(0.5)
    assert mesh.exchanges[0].waiting_for == 1
    # Windows of 2 steps; the first is due before the third: both before it ran.
    assert workers[0].tick == 4
    begun = time.monotonic()
    mesh.abort()
    thread.join(5)
    assert ended[0] - begun < 0.04  # a wait looks by itself every 50 ms
    assert used[0] < 0.2


def test_peer_that_stops_is_noticed_by_compiled_code(built):
    workers, mesh = on_threads(built(2, 4))
    mesh.exchanges[1].close()
    begun = time.monotonic()
    with pytest.raises(PeerLostError, match="lost worker 1: it stopped") as caught:
        workers[0].advance(STEPS)
    assert caught.value.peer == 1
    assert time.monotonic() - begun < 1


def test_skipped_window_is_refused(built):
    workers, mesh = on_threads(built(2, 4))
    nothing = np.zeros((0, 2), dtype=np.uint32)
    put(mesh.exchanges[1].post, 0, 5, 0, 0, nothing)
    with pytest.raises(RunError, match="what worker 1 sent is damaged: packets were lost or repeated"):
        workers[0].advance(STEPS)


def test_exchanges_are_timed(built):
    workers, _ = on_threads(built(2, 2))
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda w: w.advance(STEPS), workers))
    for report in reports:
        # One between every two of 400 windows of a step.
        assert len(report.exchange_us) == STEPS - 1
        assert min(report.exchange_us) > 0
        assert 0 < report.busy_s < 5
    assert Worker(built(1, 2)[0]).advance(STEPS).exchange_us == []
