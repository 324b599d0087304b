"""Balanced network: the weight, the analysis, and the rate of a shortened run."""

from __future__ import annotations

import tomllib
from math import exp, log

import pytest

from spikemesh_scenarios import spikemesh_scenarios


@pytest.fixture(scope="module")
def scenario():
    path = next(f.path for f in spikemesh_scenarios() if f.name == "balanced_two_chip")
    return tomllib.loads((path / "scenario.toml").read_text(encoding="utf-8"))


def test_the_weight_makes_a_potential_of_a_tenth_of_a_millivolt(scenario):
    # Peak of the response to 1 pA, closed form (Rotter & Diesmann 1999).
    tau_m, tau_syn, c_m = 20.0, 2.0, 250.0
    at = tau_m * tau_syn / (tau_m - tau_syn) * log(tau_m / tau_syn)
    peak = tau_m * tau_syn / (c_m * (tau_m - tau_syn)) * (exp(-at / tau_m) - exp(-at / tau_syn))
    weights = {table["source"]: table["weight"] for table in scenario["projection"]}
    assert weights["exc"] * peak == pytest.approx(0.1, rel=1e-12)
    assert weights["inh"] == pytest.approx(-5.0 * weights["exc"], rel=1e-12)
    assert {p["drive"][0]["weight"] for p in scenario["population"]} == {weights["exc"]}


def test_the_network_has_ten_million_synapses(scenario):
    sizes = {p["name"]: p["size"] for p in scenario["population"]}
    assert sum(p["connect"]["indegree"] * sizes[p["target"]] for p in scenario["projection"]) == 10_000_000


def test_the_first_300_ms_fire_at_the_known_rate(run):
    summary = run("balanced_two_chip", duration="300 ms")
    results = summary["results"]
    # 15.5 Hz over 1 s (NEST 15.6, Brian2 15.4); over 300 ms realisations spread by +-0.5 Hz.
    assert results["rate_hz"] == pytest.approx(15.5, abs=1.2)
    assert results["rate_exc_hz"] == pytest.approx(results["rate_inh_hz"], abs=0.8)
    # A spike reaches 1,000 neurons on average; those of the last 1.5 ms are still on their way.
    spikes = summary["spikes"]
    assert results["synaptic_events"] == pytest.approx(1000.0 * spikes, rel=0.03)
