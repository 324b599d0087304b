"""spikemesh bench: real but tiny runs, and what is said about them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from spikemesh.cli import speed

LIMIT = speed.Limit(2e9, 1e9)
RUN = speed.Speed("S", 1, 0.25, 1e8, 0.5, 0.03, None, 4000, "ab", 0.05)


@pytest.fixture
def measured(monkeypatch):
    """Give ``bench`` these results in place of real ones."""

    def give(*runs):
        monkeypatch.setattr(speed, "limit", lambda: LIMIT)
        monkeypatch.setattr(speed, "speeds", lambda found: iter(runs))

    return give


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(speed, "NETWORKS", {"S": speed.Balanced(100, 10, 800.0, 3600.0)})
    monkeypatch.setattr(speed, "STRETCH_MS", 10.0)
    for name, value in (("LIMIT_SOURCES", 100), ("LIMIT_TARGETS", 10), ("LIMIT_SPIKES", 200)):
        monkeypatch.setattr(speed, name, value)


def test_measures_one_and_two_workers(invoke, tiny):
    result = invoke("bench", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert [(run["network"], run["workers"]) for run in found["runs"]] == [("S", 1), ("S", 2)]
    one, two = found["runs"]
    # Five stretches of 10 ms at more than 1 Hz; the same spikes whoever computes them.
    assert one["spikes"] > 5
    assert (two["spikes"], two["digest"]) == (one["spikes"], one["digest"])
    assert one["window_exchange_us"] is None
    assert two["window_exchange_us"] > 0
    assert found["problems"] == []
    for run in found["runs"]:
        # Each of 100 neurons has 10 inputs, so a spike reaches 10 on average; a stretch is a fifth of the run.
        per_stretch = run["synaptic_events_per_s"] * run["realtime_factor"] * 0.01
        assert per_stretch == pytest.approx(2 * run["spikes"], rel=0.3)
        assert run["share_of_limit"] == pytest.approx(
            run["synaptic_events_per_s"] / found["limit"]["shared_weight"]
        )
    assert found["limit"]["weight_per_synapse"] > 1e6


def test_networks_are_those_of_the_reference(monkeypatch):
    # Weights from the closed form of models.md A2: 0.2 and 0.1 mV with 20 ms, 2 ms and 250 pF.
    peak = 20 * 2 / (18 * 250) * (10 ** (-1 / 9) - 10 ** (-10 / 9))
    assert speed.NETWORKS["M"].weight_pa == pytest.approx(0.1 / peak, rel=1e-12)
    assert speed.NETWORKS["S"].weight_pa == pytest.approx(0.2 / peak, rel=1e-12)
    keys = {(name, workers) for name in speed.NETWORKS for workers in (1, 2)}
    assert set(speed.REFERENCE.realtime_factor) == set(speed.REFERENCE.share_of_limit) == keys


def test_the_table_shows_the_reference_beside_this_machine(invoke, measured):
    measured(RUN, replace(RUN, workers=2, window_exchange_us=12.34))
    result = invoke("bench")
    assert result.exit_code == 0
    header, first, second = result.stdout.splitlines()[:3]
    assert header.split()[:2] == ["NETWORK", "WORKERS"]
    reference = speed.REFERENCE
    assert first.split()[:7] == [
        "S", "1", "0.25", f"{reference.realtime_factor['S', 1]:.3g}", "100M", "5%",
        f"{reference.share_of_limit['S', 1]:.0%}",
    ]  # fmt: skip
    assert "12.3 us" in second
    assert "limit of this machine: 2G events/s with a shared weight, 1G with one per synapse" in result.stdout
    assert reference.machine in result.stdout.splitlines()[-1]


def test_spikes_that_depend_on_the_workers_are_a_failure(invoke, measured):
    measured(RUN, replace(RUN, workers=2, digest="cd"))
    result = invoke("bench", "--json")
    assert result.exit_code == 1
    said = "network S: the spikes depend on the number of workers"
    assert json.loads(result.stdout)["problems"] == [said]
    assert f"problem: {said}" in result.stderr
