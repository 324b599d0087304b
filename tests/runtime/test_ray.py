"""Ray actors: the same results as threads, every failure named, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from spikemesh.errors import AgentError, RunError
from spikemesh.runtime.local import LocalBackend
from spikemesh.runtime.ray_backend import RayBackend
from spikemesh.runtime.session import Session

pytestmark = pytest.mark.ray
SOON_S = 15
"""Seconds within which a failure is told: far less than for ever, and more than a busy machine makes of it."""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_gone(pids, seconds):
    until = time.monotonic() + seconds
    while any(map(alive, pids)):
        assert time.monotonic() < until, f"still there: {[p for p in pids if alive(p)]}"
        time.sleep(0.05)


def children(pid):
    """Processes below ``pid``."""
    found, parents = [], {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents.setdefault(int((entry / "stat").read_text().rpartition(")")[2].split()[1]), []).append(
                int(entry.name)
            )
        except (FileNotFoundError, ProcessLookupError):
            continue
    todo = [pid]
    while todo:
        below = parents.get(todo.pop(), [])
        found += below
        todo += below
    return found


def name(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def session_folders(process):
    return list(Path(tempfile.gettempdir()).glob(f"spikemesh-ray-{process.pid}-*"))


@pytest.fixture(scope="module")
def cluster():
    """A Ray that this process is connected to, and that the backends must leave running."""
    from spikemesh.runtime.ray_cluster import RayCluster

    owner = RayCluster()
    owner.connect(4, 200 << 20)
    yield owner
    owner.close()


@pytest.fixture
def spikes_of(fake, new_recorder):
    """Run programs on a backend and return spikes and final states."""

    def run(backend, programs, steps):
        recorder = new_recorder()
        try:
            backend.start(programs)
            assert Session(backend, recorder).run(steps)
            weights = [float(w[2][0]) for w in backend.weights("a->b")]
        finally:
            backend.close()
        return recorder.spikes, weights

    return run


@pytest.fixture
def failing(fake, recorder, cluster):
    """Run a ring of three with a fault; return the error, the backend, seconds from fault to error."""

    def run(fault, who=1, **options):
        backend = RayBackend(fake.Worker, **options)
        backend.start(fake.ring(3, fault, 300, who))
        pids = backend.pids
        session = Session(backend, recorder, commit_interval_s=0.01)
        begun = time.monotonic()
        with pytest.raises(AgentError) as caught:
            session.run(1 << 40)
        took = time.monotonic() - begun
        assert caught.value.step == session.tick == recorder.chunks[-1].until
        assert 0 < session.tick <= 300
        assert recorder.abandoned == 1
        wait_gone(pids, 1)
        return caught.value, took

    return run


@pytest.mark.parametrize("force_sockets", [False, True])
def test_same_results_as_threads(fake, spikes_of, cluster, force_sockets):
    expected = spikes_of(LocalBackend(fake.Worker), fake.mesh(3), 800)
    assert spikes_of(RayBackend(fake.Worker, force_sockets=force_sockets), fake.mesh(3), 800) == expected


def test_raising_actor_is_named_with_its_traceback(failing):
    error, took = failing("raise")
    assert str(error).startswith(
        "chip 1: ValueError: the membrane potential is not a number (after completed step"
    )
    assert "self.fail" in error.remote_traceback
    assert took < SOON_S


def test_killed_actor_is_noticed_and_named(failing, capfd):
    error, took = failing("kill", who=2)
    assert error.agent == "chip 2"
    assert "its process died" in str(error)
    assert took < SOON_S
    assert capfd.readouterr().out == ""


def test_killed_actor_is_noticed_by_others_that_run_compiled_code(built, cluster):
    backend = RayBackend()
    backend.start(built(3, 4))
    pids = backend.pids
    backend.submit(1 << 23)
    time.sleep(0.5)
    assert not backend.wait(0.1)
    os.kill(pids[2], signal.SIGKILL)
    begun = time.monotonic()
    with pytest.raises(AgentError, match="chip 2: its process died"):
        backend.collect()
    assert time.monotonic() - begun < SOON_S
    wait_gone(pids, 1)


def test_stopped_actor_is_named_after_the_stall_timeout(failing):
    error, took = failing("stop", stall_timeout_s=1.0)
    assert error.agent == "chip 1"
    assert "no progress for 1 s; its process does not answer" in str(error)
    assert took < SOON_S


def test_busy_actor_is_named_and_not_the_ones_that_wait_for_it(failing):
    error, _ = failing("busy", who=0, stall_timeout_s=1.0)
    assert error.agent == "chip 0"
    assert "answers but does not get on" in str(error)


def test_too_few_cpus_is_said_and_nothing_stays_reserved(fake, cluster):
    import ray

    with pytest.raises(
        RunError, match="9 workers need 9 CPUs, but the Ray cluster has 4, of which 4 are free"
    ):
        RayBackend(fake.Worker, start_timeout_s=1.0).start(fake.ring(9))
    assert ray.is_initialized()
    until = time.monotonic() + 5
    while ray.available_resources().get("CPU") != 4:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_program_arrays_are_writable_copies(fake, spikes_of, cluster):
    programs = fake.ring(1)
    before = programs[0].table.copy()
    spikes_of(RayBackend(fake.Worker), programs, 20)
    assert (programs[0].table == before).all()


def test_our_cluster_refuses_strangers(cluster):
    import ray

    address = ray.get_runtime_context().gcs_address
    code = f"import ray; ray.init(address={address!r}, logging_level='ERROR'); print('joined')"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_AUTH")}
    environment["RAY_NUM_REDIS_GET_RETRIES"] = "1"
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode
    assert "joined" not in found.stdout
    assert "uthenti" in found.stderr


@pytest.fixture
def driver(here):
    """Start a run in a process of its own, with more workers than this machine may have CPUs."""
    started = []

    def start(steps, workers=3, ready=True):
        command = [sys.executable, str(here / "ray_driver.py"), str(steps), str(workers)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process, (json.loads(process.stdout.readline()) if ready else None)

    yield start
    for process in started:
        process.kill()
        process.stdout.close()
        process.stderr.close()
        process.wait()


def test_a_whole_run_leaves_no_process_no_file_and_no_noise(driver, fake, spikes_of, nothing_left):
    process, _ = driver(400)
    below = children(process.pid)
    out, err = process.communicate(timeout=60)
    spikes, _ = spikes_of(LocalBackend(fake.Worker), fake.ring(3), 400)
    said = [json.loads(line) for line in out.splitlines()]
    assert said == [
        {"done": True, "tick": 400, "spikes": 1200, "sum": sum(n for _, n in spikes)},
        {"closed": True},
    ]
    assert err == ""
    assert len(below) > 3
    wait_gone(below, 5)
    assert not session_folders(process)


@pytest.mark.parametrize("number", [signal.SIGTERM])  # the other one: tests/end_to_end/test_interruption.py
def test_interrupted_driver_ends_in_order(driver, number, nothing_left):
    process, _ = driver(1 << 40)
    below = children(process.pid)
    time.sleep(0.3)
    process.send_signal(number)
    begun = time.monotonic()
    out, _ = process.communicate(timeout=30)
    assert time.monotonic() - begun < SOON_S
    first, last = map(json.loads, out.splitlines())
    assert not first["done"]
    assert first["spikes"] == 3 * first["tick"] > 0
    assert last == {"closed": True}
    wait_gone(below, 5)
    assert not session_folders(process)


def test_interrupt_while_ray_starts_is_not_lost(driver, nothing_left):
    process, _ = driver(1 << 40, ready=False)
    until = time.monotonic() + 20
    while not any(alive(pid) and name(pid) == "gcs_server" for pid in children(process.pid)):
        assert time.monotonic() < until
        time.sleep(0.02)
    below = children(process.pid)
    assert session_folders(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    wait_gone(below, 5)
    assert out == ""
    assert err.strip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT
    assert not session_folders(process)


def test_killed_driver_leaves_no_actor_and_no_memory(driver, nothing_left):
    process, said = driver(1 << 40)
    below = children(process.pid)
    assert set(said["pids"]) <= set(below)
    # Ray makes actors nicer than others by default, which would slow them down on a busy machine.
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in said["pids"]} == {
        os.getpriority(os.PRIO_PROCESS, 0)
    }
    # Two agents of Ray itself stay for a minute, in which they try to tell a cluster that is gone.
    agents = [pid for pid in below if name(pid) in ("ray::DashboardA", "ray::RuntimeEnv")]
    process.kill()
    try:
        wait_gone(said["pids"], 5)
        wait_gone(set(below) - set(agents), 15)
    finally:
        for pid in filter(alive, agents):
            os.kill(pid, signal.SIGKILL)
