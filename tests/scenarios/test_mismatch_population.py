"""Neurons that differ: how charges are measured, and how populations average (models.md B4)."""

from __future__ import annotations

import math

import numpy as np
import pytest


@pytest.fixture(scope="module")
def mismatch(scenario_module):
    return scenario_module("mismatch_population")


def test_the_charge_is_the_sum_of_what_comes(mismatch):
    left, dt = np.array([0.9, 0.99]), 0.1
    steps = 400
    current = 3.0 * left ** np.arange(5000)[:, None]
    found = mismatch.charges(current[[0, steps]], steps, dt)
    assert found == pytest.approx(dt * current.sum(axis=0), rel=1e-9)


def test_bits_of_a_known_spread(mismatch):
    # KA-B4, in theory: CV 0.2 / sqrt n for n = 1, 4, 16, 64, 256
    found = [mismatch.bits(0.2 / math.sqrt(n)) for n in mismatch.SIZES]
    assert found == pytest.approx([0.529, 1.529, 2.529, 3.529, 4.529], abs=5e-4)
    # An ideal converter of 5 bits: rounding to 32 levels of a full scale of 1.
    assert mismatch.bits(1 / 32 / math.sqrt(12)) == pytest.approx(5.0)


def test_neurons_that_do_not_differ_independently_do_not_average_out(mismatch):
    # Each 256 have one value: populations differ as much as neurons do.
    values = np.repeat(np.random.default_rng(4).lognormal(0.0, 0.2, 64), 256)
    assert mismatch.slope(values) == pytest.approx(0.0, abs=1e-9)


def test_populations_average_as_in_theory(run):
    size = 4096
    results = run("mismatch_population", f"population.cells.size={size}")["results"]
    assert results["neurons"] == size
    # 10 ms x 99.95 pA x 1 (A11): a gain of 100 times 1 nA for 0.01 ms; the step of 0.1 ms adds half a per cent
    assert results["charge_fc"] == pytest.approx(1000.0 * 1.0045, rel=4 * 0.2 / math.sqrt(size))
    for name in ("charge", "rate"):
        for row in results[name][0 if name == "charge" else 1 :]:
            assert row["cv"] == pytest.approx(row["theory"], abs=4 * row["error"])
            assert row["populations"] == size // row["size"]
        # 16 populations of 256: a standard error of 0.03
        assert results[f"{name}_slope"] == pytest.approx(-0.5, abs=0.06)
    assert results["charge"][0]["theory"] == 0.2


def test_a_run_without_the_second_sample_has_no_table(run):
    results = run("mismatch_population", "population.cells.size=512", duration="100 ms")["results"]
    assert results == {"neurons": 512}


def test_too_few_neurons_for_the_largest_population_are_refused(run):
    with pytest.raises(Exception, match="too few"):
        run("mismatch_population", "population.cells.size=256", duration="1 ms")
