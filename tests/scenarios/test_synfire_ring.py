"""The packet's lap time is the sum of delays and responses, exactly."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def ring(scenario_module):
    return scenario_module("synfire_ring")


def test_the_response_is_the_first_step_at_threshold(ring):
    # Propagators for tau_m 10, tau_syn 2 ms, 250 pF at steps of 0.1 ms (Rotter & Diesmann 1999).
    synapse, membrane, coupling = 0.951229424500714, 0.9900498337491681, 3.882040924845409e-4
    constants = {"timestep": 0.1, "tau_m": 10.0, "tau_syn": 2.0, "c_m": 250.0}
    v, i = 0.0, 1.0
    for step in range(1, 31):
        v, i = membrane * v + coupling * i, synapse * i
        assert ring.response_steps(1.0, v * (1 - 1e-9), **constants) == step
        assert ring.response_steps(1.0, v * (1 + 1e-9), **constants) == step + 1


def test_a_volley_whose_peak_stays_below_threshold_gives_no_response(ring):
    # 1 pA peaks at 5.3499224398e-3 mV with these constants.
    constants = {"timestep": 0.1, "tau_m": 10.0, "tau_syn": 2.0, "c_m": 250.0}
    assert ring.response_steps(1.0, 5.34e-3, **constants) is not None
    assert ring.response_steps(1.0, 5.35e-3, **constants) is None


def test_laps_take_fifteen_point_two_milliseconds(run):
    summary = run("synfire_ring", duration="100 ms", workers=2)
    results = summary["results"]
    # 8 x (1.5 ms + 0.4 ms); the first volley of group 0 is at 2.9 ms.
    assert results["lap_time_ms"] == results["expected_lap_ms"] == pytest.approx(15.2, abs=1e-9)
    assert results["laps"] == 6
    assert results["equal"] is True
    assert results["volleys_complete"] is True
    assert summary["chips"] == 8


def test_every_volley_crosses_one_link_as_one_packet_a_neuron(run):
    # Firings end at 2.9 ms + 1.9 ms k <= 100 ms, k = 0..51: 52 volleys of 100 spikes, each to the next chip.
    summary = run("synfire_ring", duration="100 ms")
    assert summary["spikes"] == 52 * 100 + 100
    assert summary["packets"] == 52 * 100


def test_a_longer_delay_makes_the_expected_lap_longer(run):
    overrides = [f"projection[{k}].delay=3 ms" for k in range(1, 9)]
    results = run("synfire_ring", *overrides, duration="100 ms")["results"]
    assert results["lap_time_ms"] == results["expected_lap_ms"] == pytest.approx(27.2, abs=1e-9)


def test_too_weak_a_volley_ends_the_chain_after_one_group(run):
    # 100 synapses of 80 pA lift the membrane by 80 / 87.808 x 0.15 mV x 100 = 13.7 mV, 15 mV are needed.
    overrides = [f"projection[{k}].weight=80" for k in range(1, 9)]
    summary = run("synfire_ring", *overrides, duration="50 ms")
    assert summary["spikes"] == 100 + 100
    assert summary["results"]["laps"] == 0
    assert summary["results"]["expected_lap_ms"] is None
    assert summary["results"]["equal"] is False
