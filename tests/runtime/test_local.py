"""Threads of one process: the loop, its failures and its end."""

import threading
import time

import numpy as np
import pytest

from spikemesh.errors import AgentError, InputError, RunError
from spikemesh.runtime.local import LocalBackend
from spikemesh.runtime.session import Session, first_steps


@pytest.fixture
def local(fake):
    """Make a started local backend; all are closed after the test."""
    made = []

    def make(programs, **options):
        backend = LocalBackend(fake.Worker, **options)
        made.append(backend)
        backend.start(programs)
        return backend

    yield make
    for backend in made:
        backend.close()


def threads():
    return {t for t in threading.enumerate() if t.name.startswith("spikemesh ")}


def test_results_do_not_depend_on_where_pieces_end(local, fake, new_recorder):
    found = []
    for interval in (1e-9, 0.01, 10.0):
        recorder = new_recorder()
        session = Session(local(fake.mesh(3)), recorder, commit_interval_s=interval)
        assert session.run(700)
        assert [c.first for c in recorder.chunks] == [0, *(c.until for c in recorder.chunks[:-1])]
        found.append((recorder.spikes, len(recorder.chunks)))
    assert found[0][0] == found[1][0] == found[2][0]
    assert len(found[0][0]) == 3 * 700
    assert found[0][1] > found[2][1]


def test_session_goes_on_where_it_stopped(local, fake, new_recorder):
    whole, parts = new_recorder(), new_recorder()
    Session(local(fake.ring(2)), whole).run(500)
    session = Session(local(fake.ring(2)), parts)
    for until in (1, 1, 180, 500):
        assert session.run(until)
        assert session.tick == until
    assert parts.spikes == whole.spikes
    assert session.totals.spikes == 1000
    assert session.totals.synaptic_events == 2000
    assert session.totals.median_exchange_us > 0
    with pytest.raises(InputError, match="step 10 is past"):
        session.run(10)


def test_progress_tells_how_far(local, fake):
    seen = []
    session = Session(local(fake.ring(2)), timestep_ms=0.1, commit_interval_s=0.001)
    session.run(400, progress=seen.append)
    assert [p.tick for p in seen] == sorted({p.tick for p in seen})
    assert seen[-1].tick == seen[-1].total == 400
    assert seen[-1].model_ms == pytest.approx(40)
    assert seen[-1].spikes == 800
    assert seen[-1].remaining_s == 0
    assert seen[0].remaining_s > 0
    # Wall-clock seconds per second of model time, over the 40 ms of this run.
    assert seen[-1].realtime_factor == pytest.approx(session.totals.run_s / 0.04, rel=0.2)


def test_pieces_take_about_the_commit_interval(local, fake, recorder):
    session = Session(local(fake.ring(2)), recorder, commit_interval_s=0.02)
    session.run(8000)
    sizes = [c.until - c.first for c in recorder.chunks]
    assert sizes[0] <= 16
    assert max(sizes) > 100
    assert session.totals.run_s / len(sizes) < 0.1


def test_interruption_keeps_what_was_under_way_and_can_go_on(local, fake, recorder):
    session = Session(local(fake.ring(2)), recorder, commit_interval_s=0.001)
    assert not session.run(100_000, interrupted=lambda: session.tick > 200)
    assert 200 < session.tick < 100_000
    assert recorder.chunks[-1].until == session.tick
    assert not recorder.abandoned
    assert session.run(session.tick + 10)


def test_failing_thread_is_named_and_stops_the_others(local, fake, recorder):
    before = threads()
    session = Session(local(fake.ring(3, "raise", 300, 2)), recorder, commit_interval_s=0.001)
    with pytest.raises(
        AgentError, match="chip 2: ValueError: the membrane potential is not a number"
    ) as caught:
        session.run(10_000)
    assert caught.value.step == session.tick == recorder.chunks[-1].until
    assert 0 < session.tick <= 300
    assert "self.fail" in caught.value.remote_traceback
    assert recorder.abandoned == 1
    assert threads() <= before


def test_hung_thread_is_named(local, fake):
    session = Session(local(fake.ring(3, "sleep", 300, 1), stall_timeout_s=0.5), commit_interval_s=0.001)
    begun = time.monotonic()
    with pytest.raises(AgentError, match=r"chip 1: no progress for 0.5 s \(after completed step") as caught:
        session.run(10_000)
    assert caught.value.agent == "chip 1"
    assert time.monotonic() - begun < 15


def test_worker_that_cannot_be_made_is_named(fake):
    program = fake.Program(0, ("chip 0",), (), (), np.array(["text"]))
    with pytest.raises(AgentError, match=r"chip 0: .* \(before the first step\)"):
        LocalBackend(fake.Worker).start([program])


def test_weights_come_by_worker_and_only_between_pieces(local, fake):
    backend = local(fake.ring(3))
    assert [int(w[0][0]) for w in backend.weights("a->b")] == [0, 1, 2]
    backend.submit(10)
    with pytest.raises(RunError, match="while steps are under way"):
        backend.weights("a->b")
    backend.submit(20)
    with pytest.raises(RunError, match="2 pieces are under way"):
        backend.submit(30)
    assert [r.until for r in backend.collect()] == [10, 10, 10]
    assert [r.first for r in backend.collect()] == [10, 10, 10]


def test_close_ends_all_threads_even_twice(local, fake):
    before = threads()
    backend = local(fake.ring(3))
    assert len(threads() - before) == 3
    backend.close()
    backend.close()
    assert threads() <= before


def test_small_networks_start_with_long_pieces():
    # 5 ms at 5 ns a neuron and 0.02 ns a synapse: 2,500 neurons and 625,000 synapses take 25 us a step.
    assert first_steps(2_500, 625_000) == 200
    assert first_steps(1, 0) == 1024
    assert first_steps(1_000_000, 1_000_000_000) == 16


def test_next_pieces_are_asked_for_before_results_are_written(local, fake, new_recorder):
    backend, recorder = local(fake.ring(2)), new_recorder()
    events = []
    submit, append = backend.submit, recorder.append
    backend.submit = lambda until: (events.append(("asked", until)), submit(until))
    recorder.append = lambda chunk: (events.append(("written", chunk.until)), append(chunk))
    assert Session(backend, recorder, steps=10).run(200)
    written = [n for n, (what, _) in enumerate(events) if what == "written"]
    asked = [n for n, (what, _) in enumerate(events) if what == "asked"]
    assert len(written) == len(asked) > 2
    # Two pieces, and then one before each result is written as long as any are left.
    assert all(asked[k + 2] < written[k] for k in range(len(asked) - 2))
    assert [until for what, until in events if what == "written"][-1] == 200
