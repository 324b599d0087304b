"""Pairing protocol: the closed form itself, the spike times, and the run."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

RULE = {"a_plus": 0.01, "a_minus": 0.012, "tau_plus": 16.8, "tau_minus": 33.7}


@pytest.fixture(scope="module")
def pairs(scenario_module):
    return scenario_module("stdp_pairs")


@pytest.mark.parametrize(
    ("period", "expected"),
    # Steady change per pair at lag d = 10 ms, every spike with every other:
    # a_plus e^(-d/tau_plus) / (1 - e^(-T/tau_plus)) - a_minus e^(-(T-d)/tau_minus) / (1 - e^(-T/tau_minus)).
    [(100.0, 0.00465313896), (20.0, -0.0120025513)],
)
def test_one_more_pair_adds_the_steady_change(pairs, period, expected):
    added = pairs.change(10.0, period, 201, 201, **RULE) - pairs.change(10.0, period, 200, 200, **RULE)
    assert added == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("lag", "period", "arrivals"), [(2.0, 100.0, 12), (95.0, 100.0, 13), (19.0, 20.0, 12)]
)
def test_the_closed_form_is_the_sum_over_all_pairs_of_spikes(pairs, lag, period, arrivals):
    total = 0.0
    for post in range(12):
        for pre in range(arrivals):
            delta = (post - pre) * period + lag
            total += 0.01 * exp(-delta / 16.8) if delta > 0 else -0.012 * exp(delta / 33.7)
    assert pairs.change(lag, period, arrivals, 12, **RULE) == pytest.approx(total, rel=1e-12)


def test_forcing_spikes_follow_by_the_lag_and_the_file_is_deterministic(pairs, tmp_path):
    pairs.prepare(tmp_path)
    first = (tmp_path / pairs.FILE).read_bytes()
    pairs.prepare(tmp_path)
    assert (tmp_path / pairs.FILE).read_bytes() == first
    with np.load(tmp_path / pairs.FILE) as file:
        for rate, lags in pairs.LAGS_MS.items():
            pre, force = file[f"pre_{rate}hz"], file[f"force_{rate}hz"]
            assert pre.shape == force.shape == (5, 60)
            assert np.allclose(np.diff(pre), 1000.0 / rate, rtol=1e-12)
            assert np.allclose(force - pre, np.asarray(lags)[:, None], rtol=1e-12)


def test_weights_change_as_the_closed_form_says(run):
    results = run("stdp_pairs")["results"]
    assert len(results["changes"]) == 10
    # The table of the README, from the double sum over all pairs of spikes.
    first, last = results["changes"][0], results["changes"][-1]
    assert (first["rate_hz"], first["lag_ms"]) == (10, 2.0)
    assert first["measured"] == pytest.approx(0.0493320634, rel=1e-8)
    assert (last["rate_hz"], last["lag_ms"]) == (50, 19.0)
    assert last["measured"] == pytest.approx(-0.1227206339, rel=1e-8)
    assert results["max_relative_error"] < 1e-9


def test_a_run_that_ends_inside_a_pair_is_compared_with_what_it_held(run):
    results = run("stdp_pairs", duration="500 ms")["results"]
    assert results["max_relative_error"] < 1e-9
