"""Irregularity and synchrony of trains whose values are known."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh_scenarios.activity import interval_cv, synchrony


def test_variation_of_intervals():
    regular = (np.array([10, 20, 30, 40]), np.array([0, 0, 0, 0]))
    assert interval_cv(*regular, 2) == pytest.approx(0.0)
    # Intervals 10 and 30: mean 20, standard deviation 10; the neuron with one interval does not count.
    assert interval_cv(np.array([5, 15, 20, 45, 60]), np.array([0, 0, 1, 0, 1]), 3) == pytest.approx(0.5)
    assert interval_cv(np.array([5]), np.array([0]), 1) is None


def test_synchrony_is_variance_over_mean_of_binned_counts():
    # Bins of 10 steps from step 11 on: counts 3, 1, 0, 0; mean 1, variance 1.5. Spikes elsewhere do not count.
    ticks = np.array([5, 11, 15, 20, 21, 51, 60])
    assert synchrony(ticks, 11, 55, 10) == pytest.approx(1.5)
    assert synchrony(ticks, 61, 100, 10) is None
    assert synchrony(ticks, 1, 15, 10) is None


def test_synchrony_of_independent_trains_is_one():
    ticks = np.random.default_rng(1).integers(1, 300_001, 50_000)
    # 10,000 bins: standard error of variance / mean is sqrt(2 / 10,000) = 0.014.
    assert synchrony(ticks, 1, 300_000, 30) == pytest.approx(1.0, abs=0.06)
