"""Independent tasks in processes of this machine and on Ray."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time

import pytest

from spikemesh.errors import RunError
from spikemesh.runtime.liveness import ProcessWatch
from spikemesh.runtime.tasks import Lost, outcomes

SQRT = "math:sqrt"
PRINT = "builtins:print"
EXIT = "os:_exit"
SLEEP = "time:sleep"


@pytest.mark.parametrize("backend", ["local", pytest.param("ray", marks=pytest.mark.ray)])
def test_every_item_is_answered_once(backend):
    items = [float(n) for n in range(7)]
    found = list(outcomes(SQRT, items, 2, backend))
    assert sorted(found) == [(n, math.sqrt(n)) for n in range(7)]


@pytest.mark.parametrize("backend", ["local", pytest.param("ray", marks=pytest.mark.ray)])
def test_a_process_that_dies_takes_one_task_with_it(backend):
    found = dict(outcomes(EXIT, [3, 4, 5], 1, backend))
    assert all(isinstance(found[n], Lost) for n in range(3))
    if backend == "local":
        assert found[0].reason == "its process ended with code 3"


def test_what_a_task_prints_is_no_answer(capfd):
    assert list(outcomes(PRINT, ["hello"], 1, "local")) == [(0, None)]
    out, err = capfd.readouterr()
    assert (out, err) == ("", "hello\n")


def test_stopping_ends_what_is_under_way():
    began = time.monotonic()
    assert list(outcomes(SLEEP, [60.0, 60.0], 2, "local", lambda: time.monotonic() - began > 1.0)) == []
    assert time.monotonic() - began < 30.0


def test_nothing_is_started_for_no_items():
    assert list(outcomes(SQRT, [], 2, "ray")) == []


def test_an_unknown_backend_is_refused():
    with pytest.raises(RunError, match="threads"):
        list(outcomes(SQRT, [1.0], 1, "threads"))


def test_processes_end_with_whoever_gave_the_tasks(tmp_path):
    code = (
        "from spikemesh.runtime.tasks import outcomes\n"
        "generator = outcomes('tests_of_tasks:slow', [0, 1], 1, 'local')\n"
        "print(next(generator)[1], flush=True)\n"
        "next(generator)\n"
    )
    (tmp_path / "tests_of_tasks.py").write_text(
        "import os, time\ndef slow(n):\n    time.sleep(120 * n)\n    return os.getpid()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    watch = ProcessWatch(worker)
    try:
        assert watch.gone_within(20.0)
    finally:
        watch.close()
