"""A sweep that is killed or interrupted goes on where it was, and ends with the table of one that was not."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

SLOW = """
import time

def results(trace):
    time.sleep(0.5)
    return {"spikes_of_exc": len(trace.spikes("exc").neurons)}
"""
VARY = ("--vary", "seed=1,2,3,4")
BACKENDS = ["local", pytest.param("ray", marks=pytest.mark.ray)]


@pytest.fixture
def slow(scenario, tmp_path):
    """Return the scenario as a folder, each run of which takes half a second longer."""
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "scenario.toml").write_text(scenario.read_text())
    (folder / "scenario.py").write_text(SLOW)
    return folder


def recorded(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "results").glob("*.json")}


def named(pid):
    return Path(f"/proc/{pid}/cmdline").read_text()


def go_on(command, slow, tmp_path, backend):
    """Run the rest, and compare with a sweep that nothing happened to."""
    before = recorded(tmp_path / "out")
    assert 0 < len(before) < 4
    again = ("sweep", slow, *VARY, "--out", "out", "--backend", backend)
    done = command(*again)
    assert done.code == 0
    assert f"{len(before)} of 4 combinations are done already" in done.stderr
    after = recorded(tmp_path / "out")
    assert before.items() <= after.items()
    assert len(after) == 4
    command("sweep", slow, *VARY, "--out", "other", "--backend", "local", "--jobs", "1", "--quiet")
    assert (tmp_path / "out" / "table.csv").read_text() == (tmp_path / "other" / "table.csv").read_text()
    assert [p for p in (tmp_path / "out" / "traces").iterdir() if p.suffix != ".h5"] == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_after_a_kill(start, command, slow, tmp_path, backend, wait_until):
    sweep = start("sweep", slow, *VARY, "--out", "out", "--backend", backend, "--jobs", 2)
    wait_until(lambda: len(recorded(tmp_path / "out")) >= 1, 90, "no result")
    sweep.below = sweep.processes()
    tasks = [pid for pid in sweep.below if "task_process" in named(pid) or "ray::call" in named(pid)]
    assert tasks
    sweep.process.send_signal(signal.SIGKILL)
    sweep.process.communicate()
    # A task that lived on would write the traces that the next sweep writes.
    sweep.gone(tasks, 20)
    go_on(command, slow, tmp_path, backend)


@pytest.mark.parametrize("backend", ["local"])  # what Ray leaves behind is seen after a kill
def test_after_ctrl_c(start, command, slow, tmp_path, backend, wait_until, nothing_left):
    sweep = start("sweep", slow, *VARY, "--out", "out", "--backend", backend, "--jobs", 2, "--json")
    wait_until(lambda: len(recorded(tmp_path / "out")) >= 1, 90, "no result")
    below = sweep.processes()
    sweep.signal(signal.SIGINT)
    done = sweep.end()
    assert done.code == 130
    assert "of 4 combinations are done; the same command runs the others" in done.stderr.splitlines()[-1]
    sweep.gone(below, 10)
    go_on(command, slow, tmp_path, backend)
