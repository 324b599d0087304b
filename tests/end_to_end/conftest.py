"""The whole command in processes of its own, as a user starts, stops and kills it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import libsonata
import pytest

from spikemesh import open_trace
from spikemesh.errors import TraceError

SHARED_MEMORY = Path("/dev/shm")

TWO_CHIPS = """
name = "two-chips"
duration = "100 ms"
timestep = "0.1 ms"
seed = 3

[system]
preset = "ideal"
chips = [2, 1]

[[population]]
name = "exc"
size = 80
model = "lif_psc_exp"
params = { tau_m = "20 ms", tau_syn_ex = "2 ms", v_th = "15 mV", e_l = 0.0, v_reset = 0.0, c_m = "250 pF" }
init = { v = { uniform = [0.0, 15.0] } }
drive = [{ encoder = "poisson", rate = "8.5 kHz", weight = 20.0 }]

[[projection]]
source = "exc"
target = "exc"
connect = { rule = "fixed_indegree", indegree = 10 }
weight = 16.1
delay = "1.5 ms"

[[probe]]
target = "exc"
what = ["spikes"]
"""

# The process of chip 1 is the one with most memory: from outside, actors do not differ in anything else.
UNEVEN = (
    TWO_CHIPS.replace('name = "two-chips"', 'name = "uneven"')
    + """
[[population]]
name = "large"
size = 400_000
model = "lif_psc_exp"

[[projection]]
source = "exc"
target = "large"
connect = { rule = "fixed_total", total = 100 }
weight = 16.1
delay = "1.5 ms"

[[projection]]
source = "large"
target = "exc"
connect = { rule = "fixed_total", total = 100 }
weight = 16.1
delay = "1.5 ms"

[mapping]
pin = { exc = [0], large = [1] }
"""
)


def _stat(pid):
    # After the name, which may hold anything: state, parent, ...
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def alive(pid):
    try:
        return _stat(pid)[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    """Processes below ``pid``."""
    below = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            below.setdefault(int(_stat(entry.name)[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        found += below.get(todo[0], [])
        todo += below.get(todo.pop(0), [])
    return found


def until(condition, seconds, what):
    """Wait for something to be true; return the seconds it took."""
    begun = time.monotonic()
    while not (value := condition()):
        assert time.monotonic() - begun < seconds, what() if callable(what) else what
        time.sleep(0.02)
    del value
    return time.monotonic() - begun


class Started:
    """A command under way, in a process group of its own, as a shell would start it."""

    def __init__(self, arguments, folder, environment):
        self.out = folder / "run.h5"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spikemesh", *map(str, arguments)],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        self.below = []

    def computed(self, steps, seconds=60):
        """Wait until so many steps are in the live trace."""
        until(lambda: self.process.poll() is not None or self._ticks() >= steps, seconds, "no steps")
        assert self.process.poll() is None, self.process.communicate()
        self.below = children(self.process.pid)

    def _ticks(self):
        try:
            with open_trace(self.out) as trace:
                return trace.until_tick
        except (TraceError, OSError):  # it does not exist yet
            return -1

    def processes(self):
        return children(self.process.pid)

    @property
    def actors(self):
        return [pid for pid in self.below if "RayActor" in Path(f"/proc/{pid}/cmdline").read_text()]

    def signal(self, number):
        """Send a signal to the whole group, as Ctrl-C in a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self, seconds=60):
        """Wait for the end; return exit code, what was printed and the seconds it took."""
        begun = time.monotonic()
        stdout, stderr = self.process.communicate(timeout=seconds)
        took = time.monotonic() - begun
        print(f"[exit {self.process.returncode} after {took:.2f} s]\n{stdout}{stderr}")
        assert "Traceback" not in stderr
        return SimpleNamespace(code=self.process.returncode, stdout=stdout, stderr=stderr, seconds=took)

    def gone(self, pids, seconds):
        """Wait for processes to be gone; return the seconds it took."""
        return until(lambda: not any(map(alive, pids)), seconds, lambda: f"left: {list(filter(alive, pids))}")

    def destroy(self):
        for pid in {self.process.pid, *self.below, *children(self.process.pid)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture(scope="session")
def environment():
    """Variables of the commands, whose temporary files have a folder of their own."""
    # Ray's socket names need a short path, which pytest's folders do not have.
    folder = tempfile.mkdtemp(prefix="sm-", dir="/tmp")
    kept = {k: v for k, v in os.environ.items() if k not in ("SPIKEMESH_DEBUG", "COLUMNS")}
    yield kept | {"TMPDIR": folder}
    shutil.rmtree(folder)


@pytest.fixture
def temporary(environment):
    """Folder of the commands' temporary files."""
    return Path(environment["TMPDIR"])


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "two_chips.toml"
    path.write_text(TWO_CHIPS)
    return path


@pytest.fixture
def uneven(tmp_path):
    path = tmp_path / "uneven.toml"
    path.write_text(UNEVEN)
    return path


@pytest.fixture
def command(tmp_path, environment):
    """Run a command to its end; no user's mistake may show a traceback."""

    def run(*arguments, cwd=tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "spikemesh", *map(str, arguments)],
            cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        print(f"$ spikemesh {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}[{done.returncode}]")
        assert "Traceback" not in done.stderr
        return SimpleNamespace(code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    return run


@pytest.fixture
def start(tmp_path, environment):
    """Start a command and leave it running; it writes ``run.h5``."""
    started = []

    def begin(*arguments):
        started.append(Started(arguments, tmp_path, environment))
        return started[-1]

    yield begin
    for one in started:
        one.destroy()


@pytest.fixture
def long_run(start, scenario):
    """Start a run that lasts minutes; it writes ``run.h5``."""

    def begin(backend, *options, of=scenario):
        options = ("--backend", backend, "--duration", "1000 s", "--out", "run.h5", *options)
        return start("run", of, *options)

    return begin


@pytest.fixture
def nothing_left(temporary):
    """Check afterwards that neither shared memory nor the temporary folder holds anything new."""
    before = set(SHARED_MEMORY.iterdir())
    assert not list(temporary.iterdir())
    yield
    # Other programs of this machine use shared memory as well, for moments.
    until(
        lambda: not set(SHARED_MEMORY.iterdir()) - before,
        10,
        lambda: f"left: {set(SHARED_MEMORY.iterdir()) - before}",
    )
    assert not list(temporary.iterdir())


@pytest.fixture
def wait_until():
    return until


@pytest.fixture
def sonata():
    """Read the spikes of ``exc`` with libsonata: (neuron, time) pairs, sorted."""

    def read(path):
        return sorted(libsonata.SpikeReader(str(path))["exc"].get())

    return read


@pytest.fixture
def undisturbed(command, scenario, tmp_path, sonata):
    """Run the same scenario on threads for so many steps of 0.1 ms; return its trace."""

    def run(steps, of=scenario):
        out = tmp_path / "undisturbed.h5"
        duration = f"{steps // 10}.{steps % 10} ms"
        done = command("run", of, "--backend", "local", "--duration", duration, "--out", out, "--overwrite")
        assert done.code == 0
        return out

    return run
