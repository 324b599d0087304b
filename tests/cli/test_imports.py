"""A command loads only the libraries it needs: Ray costs a second, the compiler half of one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ["ray", "numba", "llvmlite", "h5py", "scipy", "pint", "pandas", "xarray", "rich"]
PROBE = """
import json, sys
from spikemesh.cli import main
try:
    main(sys.argv[1:], prog_name="spikemesh")
except SystemExit as ended:
    assert not ended.code, ended.code
print(json.dumps(sorted(sys.modules)))
"""
TINY = """
duration = "10 ms"
[[population]]
name = "exc"
size = 100
model = "lif_psc_exp"
params = {{ tau_m = "20 ms", c_m = "0.25 nF", v_th = {v_th} }}
drive = [ {{ encoder = "poisson", rate = "8 kHz", weight = "16 pA" }} ]
[[projection]]
source = "exc"
target = "exc"
connect = {{ rule = "fixed_indegree", indegree = 10 }}
delay = "1.5 ms"
[[probe]]
target = "exc"
what = ["spikes"]
"""


def loaded(*arguments: str) -> set[str]:
    """Run a command in a process of its own and return the modules it loaded."""
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def heavy(*arguments: str) -> set[str]:
    """Run a command and return which costly libraries it loaded."""
    return set(HEAVY) & {name.split(".")[0] for name in loaded(*arguments)}


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY.format(v_th="-55.0"))
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--help"], ["run", "--help"], ["plugins", "list"], ["scenarios"], ["schema"], ["info", "--help"]),
        *(["compare", "--help"], ["sweep", "--help"]),
    ],
    ids=" ".join,
)
def test_listings_load_nothing_costly(arguments):
    assert heavy(*arguments) == set()


def test_validating_needs_no_compiler_unless_numbers_are_drawn(tiny, tmp_path):
    assert heavy("validate", str(tiny)) == set()
    drawn = tmp_path / "drawn.toml"
    drawn.write_text(TINY.format(v_th="{ normal = [-55.0, 1.0] }"))
    # The compiler, and what it loads itself.
    assert heavy("validate", str(drawn)) == {"numba", "llvmlite", "scipy"}


def test_a_local_run_loads_neither_ray_nor_what_shows_results(tiny, tmp_path):
    used = heavy("run", str(tiny), "--backend", "local", "--out", str(tmp_path / "t.h5"), "--json")
    assert used == {"numba", "llvmlite", "scipy", "h5py"}


def test_kept_code_is_loaded_without_what_compiling_needs(tiny, tmp_path):
    arguments = ["run", str(tiny), "--backend", "local", "--json", "--out"]
    loaded(*arguments, str(tmp_path / "first.h5"))
    # All that numba can translate, and scipy's linear algebra with it: a quarter of a second.
    unused = {"numba.np.arraymath", "numba.cpython.setobj", "scipy.linalg"}
    assert not unused & loaded(*arguments, str(tmp_path / "second.h5"))


def test_a_local_sweep_loads_neither_ray_nor_what_shows_results(tiny, tmp_path):
    arguments = [
        "sweep",
        str(tiny),
        "--vary",
        "seed=1,2",
        "--out",
        str(tmp_path / "out"),
        "--json",
        "--quiet",
    ]
    used = heavy(*arguments, "--backend", "local", "--no-traces")
    assert used & {"ray", "pandas", "xarray", "rich"} == set()


def test_a_comparison_loads_neither_ray_nor_what_shows_results(tiny):
    used = heavy("compare", str(tiny), "--systems", "loihi:2,ideal", "--json", "--quiet")
    assert used == {"numba", "llvmlite", "scipy", "h5py"}
