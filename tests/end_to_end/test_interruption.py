"""Ctrl-C and SIGTERM: exit code 130, the trace closed and named, nothing left behind."""

import json
import re
import signal
import time
from pathlib import Path

import pytest

from spikemesh import open_trace

BACKENDS = ["local", pytest.param("ray", marks=pytest.mark.ray)]


@pytest.fixture
def check_closed(command, tmp_path, undisturbed, sonata):
    """Check that an interrupted run closed its trace, which is right up to its end."""

    def check(done):
        assert (done.code, done.stdout) == (130, "")
        said, where = done.stderr.splitlines()[-2:]
        found = re.fullmatch(r"interrupted after step (\d+)", said)
        assert found, said
        assert where == "the trace holds what was recorded: run.h5"
        assert not (tmp_path / "run.h5.live").exists()
        info = json.loads(command("info", "run.h5", "--json", "--digest").stdout)
        assert (info["status"], info["recovered"]) == ("interrupted", False)
        assert info["message"] == f"stopped by the user after step {found[1]}"
        assert json.loads(command("analyze", "run.h5", "--json").stdout)["populations"]["exc"]["spikes"]
        expected = undisturbed(int(found[1]))
        with open_trace(expected) as other:
            assert info["digest"] == other.digest()
        assert sonata(tmp_path / "run.h5") == sonata(expected) != []

    return check


@pytest.mark.parametrize(
    ("backend", "number"),
    [("local", signal.SIGTERM), pytest.param("ray", signal.SIGINT, marks=pytest.mark.ray)],
)
def test_an_interrupted_run_closes_its_trace(long_run, backend, number, check_closed, nothing_left):
    run = long_run(backend)
    run.computed(600)
    if number == signal.SIGINT:
        run.signal(number)
    else:
        # As kill and batch systems send it, some of them twice.
        run.process.send_signal(number)
        run.process.send_signal(number)
    done = run.end()
    assert done.seconds < 30
    run.gone(run.below, 2)
    check_closed(done)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_second_ctrl_c_ends_at_once_and_keeps_what_was_recorded(
    long_run, backend, command, tmp_path, undisturbed, sonata, nothing_left
):
    run = long_run(backend)
    run.computed(600)
    run.signal(signal.SIGINT)
    time.sleep(0.01)
    run.signal(signal.SIGINT)
    done = run.end()
    assert done.code == 130
    assert done.seconds < 30
    run.gone(run.below, 5)
    # Which of the two it is depends on whether the first one had closed the trace already.
    if "spikemesh recover run.h5" in done.stderr:
        assert command("recover", "run.h5").code == 0
    else:
        assert "the trace holds what was recorded: run.h5" in done.stderr
    with open_trace(tmp_path / "run.h5") as trace:
        assert trace.status == "interrupted"
        steps = trace.until_tick
    assert steps >= 600
    assert sonata(tmp_path / "run.h5") == sonata(undisturbed(steps))


LOGS_OF_WORKERS = "spikemesh-ray-*/session_*/logs/worker-*"


@pytest.mark.ray
@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, LOGS_OF_WORKERS),
        (signal.SIGTERM, "spikemesh-ray-*"),
    ],
)
def test_interrupted_while_ray_starts_leaves_nothing(
    long_run, number, moment, tmp_path, temporary, nothing_left, wait_until
):
    run = long_run("ray")
    wait_until(lambda: list(temporary.glob(moment)), 60, "Ray does not start")
    run.below = run.processes()
    run.process.send_signal(number)
    done = run.end()
    assert (done.code, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert done.seconds < 30
    run.gone(run.below, 5)
    assert {path.name for path in tmp_path.iterdir()} == {"two_chips.toml"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_before_the_run_leaves_nothing(long_run, number, tmp_path, wait_until, nothing_left):
    run = long_run("local")
    wait_until(lambda: "numpy" in Path(f"/proc/{run.process.pid}/maps").read_text(), 60, "NumPy is not used")
    run.signal(number)
    done = run.end(10)
    assert (done.code, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert {path.name for path in tmp_path.iterdir()} == {"two_chips.toml"}


# Python drops what is raised in a C library's call back; the compiler of the kernels makes such calls.
LOSE = """
import ctypes, os, signal

@ctypes.CFUNCTYPE(None)
def call_back():
    os.kill(os.getpid(), signal.{name})
    for _ in range(1000):
        pass

call_back()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_that_came_in_the_compiler_is_honoured(start, scenario, name, tmp_path, command):
    (tmp_path / "lose.py").write_text(LOSE.format(name=name))
    options = ("--backend", "local", "--duration", "1000 s", "--out", "run.h5", "--plugin", "lose.py")
    done = start("run", scenario, *options).end(20)
    assert done.code == 130
    assert "the trace holds what was recorded: run.h5" in done.stderr
    assert json.loads(command("info", "run.h5", "--json").stdout)["status"] == "interrupted"
