"""Compiled code on disk: shared by processes, written by one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numba
import numpy as np
import pytest

from spikemesh.kernels import random
from spikemesh.kernels.accelerate import cache_folder, kernel
from spikemesh.kernels.locks import alone

# Everything that compiled code may refer to: containers, hashes of texts, linear algebra, errors, boxed results.
PROGRAM = """
import numpy as np, sys
from spikemesh.kernels.accelerate import kernel

@kernel
def figures(a):
    if a.size == 0:
        raise ValueError("empty", a.size)
    squares, names = {k: a[k, 0] ** 2 for k in range(a.shape[0])}, {"x", "y", "x"}
    solved = np.linalg.solve(a, a[:, 0].copy())
    return squares[1] + len(names) + solved[0] + np.dot(a, a)[0, 0], [1.5, 2.5], (3, "word")

print(figures(np.eye(4) + 0.5))
try:
    figures(np.zeros((0, 0)))
except ValueError as error:
    print(error.args)
print(sum(figures.stats.cache_hits.values()), sum(figures.stats.cache_misses.values()))
"""


def test_kept_code_does_what_fresh_code_does(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    environment = {**os.environ, "SPIKEMESH_CACHE": str(tmp_path / "cache")}

    def lines() -> list[str]:
        done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    first, second = lines(), lines()
    # 0.25 + 2 + 1 + 3.0 = ((1.5, 0.5, 0.5, 0.5) squared)
    assert first[0] == second[0] == "(6.25, [1.5, 2.5], (3, 'word'))"
    assert first[1] == second[1] == "('empty', 0)"
    assert (first[2], second[2]) == ("0 1", "1 0")


def test_one_process_at_a_time_adds_code(tmp_path, monkeypatch):
    # An empty cache, so that there is something to add every time.
    monkeypatch.setenv("SPIKEMESH_CACHE", str(tmp_path))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "code"))

    @kernel
    def added(x):
        return x + 1

    done = threading.Event()

    def compiled() -> None:
        assert added(np.float32(1.0)) == 2.0
        done.set()

    with alone(cache_folder() / "saving.lock"):
        thread = threading.Thread(target=compiled)
        thread.start()
        assert not done.wait(3.0)
    assert done.wait(30.0)
    thread.join()
    assert len(list((tmp_path / "code").rglob("*.nbc"))) == 1


def test_without_a_folder_nothing_is_waited_for(tmp_path):
    (tmp_path / "file").write_text("")
    with alone(tmp_path / "file" / "lock"):
        assert not (tmp_path / "file" / "lock").exists()


def test_a_kernel_that_only_kernels_call_refuses_python():
    with pytest.raises(TypeError, match=r"^unit_interval is called by kernels only"):
        random.unit_interval(1, 2)
