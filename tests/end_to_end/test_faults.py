"""Whatever dies or hangs: the command ends soon and says so, and what was recorded is right."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from spikemesh import open_trace

pytestmark = pytest.mark.ray

SOON_S = 10


def memory(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


@pytest.fixture
def check_recovery(command, tmp_path, undisturbed, sonata):
    """Recover ``run.h5`` and compare it with a run on threads that nobody disturbed; return its steps."""

    def check(of):
        done = command("recover", "run.h5", "--json")
        found = json.loads(done.stdout)
        assert (done.code, done.stderr, found["status"]) == (0, "", "interrupted")
        steps = found["until_tick"]
        expected = undisturbed(steps, of)
        spikes = sonata(tmp_path / "run.h5")
        assert len(spikes) > 20
        assert spikes == sonata(expected)
        with open_trace(tmp_path / "run.h5") as recovered, open_trace(expected) as other:
            assert recovered.digest() == other.digest()
        assert not (tmp_path / "run.h5.live").exists()
        return steps

    return check


def test_a_killed_actor_is_named_and_nothing_recorded_is_lost(long_run, uneven, check_recovery, nothing_left):
    run = long_run("ray", of=uneven)
    run.computed(600)
    assert len(run.actors) == 2
    os.kill(max(run.actors, key=memory), signal.SIGKILL)
    done = run.end()
    assert (done.code, done.stdout) == (1, "")
    failed, remedy = done.stderr.splitlines()[-2:]
    found = re.fullmatch(r"the run failed: chip 1: its process died .*\(after completed step (\d+)\)", failed)
    assert found, failed
    assert remedy == "to keep what was recorded: spikemesh recover run.h5"
    assert done.seconds < SOON_S
    run.gone(run.below, 2)
    assert check_recovery(uneven) == int(found[1]) >= 600


def test_a_killed_command_leaves_no_actor_and_a_trace_to_recover(
    long_run, scenario, command, check_recovery, nothing_left, temporary
):
    run = long_run("ray")
    run.computed(600)
    actors = run.actors
    assert len(actors) == 2
    os.kill(run.process.pid, signal.SIGKILL)
    run.gone(actors, SOON_S)
    again = command("run", scenario, "--backend", "local", "--out", "run.h5")
    assert again.code == 2
    assert "spikemesh recover run.h5" in again.stderr
    assert "--overwrite" in again.stderr
    assert check_recovery(scenario) >= 600
    # The folder of Ray stays behind, for nobody is there to remove it; the next run on Ray does.
    assert list(temporary.iterdir())
    options = ("--backend", "ray", "--out", "run.h5", "--overwrite", "--json")
    on_actors = json.loads(command("run", scenario, *options).stdout)
    on_threads = json.loads(command("run", scenario, "--backend", "local", "--out", "l.h5", "--json").stdout)
    assert on_actors["digest"] == on_threads["digest"]
    assert on_actors["spikes"] == on_threads["spikes"] > 100


def test_a_stopped_actor_is_named_after_the_stall_timeout(long_run, uneven, nothing_left):
    run = long_run("ray", "--set", "run.stall_timeout_s=3", of=uneven)
    run.computed(100)
    os.kill(max(run.actors, key=memory), signal.SIGSTOP)
    done = run.end()
    assert (done.code, done.stdout) == (1, "")
    assert "the run failed: chip 1: no progress for 3 s; its process does not answer" in done.stderr
    assert "spikemesh recover run.h5" in done.stderr
    assert 3 < done.seconds < 3 + SOON_S
    run.gone(run.below, 2)
