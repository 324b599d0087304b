"""The benchmarks: their networks, what counts as wrong, and what is done about a peer that is missing."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
MODULES = (
    "definitions", "machine", "workloads", "table", "environments", "compare", "networks", "measure", "scaling",
)  # fmt: skip


@pytest.fixture
def bench(monkeypatch):
    """The modules of the folder, which are scripts beside one another and no package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield SimpleNamespace(**{name: import_module(name) for name in MODULES})
    for name in MODULES:
        del sys.modules[name]


@pytest.fixture
def faked(bench, monkeypatch):
    """``faked({simulator: spikes or an error})``: measurements without simulators."""

    def give(answers):
        def measure(side, workload, duration_ms):
            answer = answers[side.simulator]
            if isinstance(answer, Exception):
                raise answer
            return {
                "spikes": answer, "neurons": 100, "sim_s": 1.0 if side.simulator == "spikemesh" else 12.0,
                "build_s": 0.5, "peak_rss_mb": 100.0 if side.simulator == "spikemesh" else 500.0,
            }  # fmt: skip

        monkeypatch.setattr(bench.compare, "measure", measure)
        monkeypatch.setattr(bench.table, "COMPARISONS", [small(bench)])

    return give


def small(bench):
    others = ((bench.workloads.NEST, 10.0), (bench.workloads.BRIAN, 20.0))
    ours = bench.workloads.ONE
    return bench.workloads.Comparison(
        "brunel_s", "brunel_s", "small", ours, others, 1000, 200, 1000, 200, memory=0.25
    )


@pytest.mark.parametrize("name", ["brunel_s", "brunel_s_dc", "cuba", "coba", "layers"])
def test_counts_of_the_quick_runs(bench, name):
    # ``layers``: Lava 0.10.0's bit-accurate models give the same number; the others are this seed's own.
    comparison = next(c for c in bench.workloads.COMPARISONS if c.name == name)
    found = bench.compare.measure(comparison.ours, comparison.workload, comparison.quick_ms)
    assert (
        bench.compare.wrong_counts(
            replace(comparison, others=()), {comparison.ours.label: [found]}, comparison.quick_spikes, 1.0
        )
        == []
    )
    assert found["peak_rss_mb"] > 50
    assert 0 < found["sim_s"] < 60


def test_weights_make_the_potentials_they_are_meant_to(bench):
    # models.md A2: the peak of the closed form
    b = bench.definitions.BRUNEL["m"]
    at = 20 * 2 / 18 * math.log(10)
    peak = b.weight_e * 20 * 2 / (250 * 18) * (math.exp(-at / 20) - math.exp(-at / 2))
    assert peak == pytest.approx(0.1, rel=1e-12)
    assert b.weight_e == pytest.approx(16.144370812686052, rel=1e-14)  # as in the scenario balanced_two_chip
    assert b.neurons * (b.indegree_e + b.indegree_i) == 10_000_000


@pytest.mark.parametrize(
    ("exponent", "neurons", "synapses"), [(3, 100, 1e3), (5, 1000, 1e5), (7.5, 31623, 10**7.5)]
)
def test_sizes(bench, exponent, neurons, synapses):
    b = bench.scaling.of_size(exponent)
    assert b.neurons == neurons
    assert b.neurons * (b.indegree_e + b.indegree_i) == pytest.approx(synapses, rel=1e-3)
    m = bench.definitions.BRUNEL["m"]
    assert b.psp_mv * b.indegree_e == pytest.approx(m.psp_mv * m.indegree_e)
    assert b.psp_mv * b.external_hz == pytest.approx(m.psp_mv * m.external_hz)


def test_every_workload_has_its_sides(bench):
    for comparison in bench.workloads.COMPARISONS:
        assert comparison.workload in bench.networks.NETWORKS
        for side, _ in comparison.others:
            assert side.simulator == "spikemesh" or (FOLDER / "peers" / f"{side.simulator}_peer.py").exists()
            source = (
                (FOLDER / "peers" / f"{side.simulator}_peer.py") if side.simulator != "spikemesh" else None
            )
            assert source is None or comparison.workload in source.read_text()


def test_speed_is_never_a_failure_and_counts_are(bench, faked):
    faked({"spikemesh": 1000, "nest": 1050, "brian2": 1200})
    result = bench.compare.compare(small(bench), 2, quick=False)
    assert result["wrong"] == ["brunel_s: brian2 made 1200 spikes, expected 1000 within 6%"]
    faked({"spikemesh": 1001, "nest": 1000, "brian2": 1000})
    result = bench.compare.compare(small(bench), 2, quick=False)
    assert result["wrong"] == ["brunel_s: spikemesh, 1 worker made 1001 spikes, expected 1000"]


def test_a_missing_peer_is_left_out_with_its_reason(bench, faked, capsys):
    faked({"spikemesh": 1000, "nest": 1000, "brian2": bench.environments.UnavailableError("no compiler")})
    result = bench.compare.compare(small(bench), 3, quick=False)
    assert result["missing"] == {"brian2": "no compiler"}
    assert result["wrong"] == []
    assert capsys.readouterr().err.count("brian2 is left out: no compiler") == 1
    rows = list(bench.table._rows(result))
    assert [row[1] for row in rows] == ["spikemesh, 1 worker", "nest", "memory of nest", "brian2"]
    assert rows[3][2] == "left out: no compiler"


def test_a_broken_spikemesh_is_a_failure(bench, faked):
    faked({"spikemesh": bench.compare.FailedError("spikemesh: no"), "nest": 1000, "brian2": 1000})
    with pytest.raises(bench.compare.FailedError):
        bench.compare.compare(small(bench), 1, quick=False)


def test_ratios_and_wishes_stand_in_the_table(bench, faked):
    faked({"spikemesh": 1000, "nest": 1000, "brian2": 1000})
    result = bench.compare.compare(small(bench), 1, quick=False)
    ours, nest, memory, brian = bench.table._rows(result)
    assert ours[2:6] == ("1.00 (1.00-1.00)", "0.500", "100", "10.0")
    assert nest[6:] == ("12.0x", "10x", "yes")
    assert memory[6:] == ("0.20 of it", "0.25", "yes")
    assert brian[6:] == ("12.0x", "20x", "no")


def test_an_interpreter_that_is_nowhere_is_named(bench, monkeypatch):
    monkeypatch.setattr(bench.environments, "_candidates", lambda version: [["python-that-is-not-there"]])
    with pytest.raises(
        bench.environments.UnavailableError, match=r"needs Python 3\.10, which is not installed"
    ):
        bench.environments._base("3.10")


def test_peers_are_pinned(bench):
    tomllib = import_module("tomllib")
    groups = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["dependency-groups"]
    assert groups["bench-nest"] == ["nest-simulator==3.10.0"]
    assert groups["bench-brian2"][:2] == ["brian2==2.9.0", "numpy<2.4"]
    assert groups["bench-lava"] == ["lava-nc==0.10.0"]


@pytest.mark.parametrize("script", ["compare", "limit", "scaling", "measure"])
def test_scripts_explain_themselves(script):
    done = subprocess.run(
        [sys.executable, FOLDER / f"{script}.py", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_limit_measures_every_loop(tmp_path):
    done = subprocess.run(
        [sys.executable, FOLDER / "limit.py", "--runs", "1", "--json", tmp_path / "limit.json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads((tmp_path / "limit.json").read_text())["million_per_s"]
    assert {"shared weight into int64", "weight per synapse, int32 into int64"} < set(found)
    assert all(1 < median <= best for median, best in found.values())
    assert "| shared weight into int64" in done.stdout


def test_tables_take_the_place_that_bears_their_name(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    publish = import_module("publish")
    page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n<!-- y -->\n<!-- end of y -->\n"
    assert publish.published(page, {"x": r"| \1 |"}) == page.replace("old", "\n| \\1 |\n")
    with pytest.raises(ValueError, match="0 places for z"):
        publish.published(page, {"z": "new"})
    places = {"parts", "limit", "compare", "scaling"}
    own = publish.PAGE.read_text()
    assert publish.published(own, dict.fromkeys(places, "new")).count("\nnew\n") == len(places)


def test_parts_are_differences(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    parts = import_module("parts")
    seconds = dict(zip(parts.CASES, (0.5, 0.49, 0.29, 0.1, 0.105, 2.5), strict=True))
    found = {name: (value, remark) for name, value, remark in parts.parts(seconds, 1.6e8, 1.6e9, 1.5e8)}
    assert found["neuron updates"] == (0.1, "1.00 ns per neuron and step")
    assert found["the same by a plugin of one file"] == (0.105, "1.05 times the built-in")
    assert found["Poisson drive"][0] == pytest.approx(0.19)
    # 0.16 x 10^9 events in 0.2 s are half of what 1.6 x 10^9 a second could do.
    assert found["delivery of spikes"][0] == pytest.approx(0.2)
    assert found["delivery of spikes"][1] == "800 M events/s, 50% of the plain loop"
    assert found["recording spikes"][0] == pytest.approx(0.01)
    assert found["STDP on 64 % of the synapses, added"] == (2.0, "60 M events/s in all")
