"""Statistics of trains whose statistics are known."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh_storage import analysis, order
from spikemesh_storage.trains import SpikeTrains


def trains(ticks, neurons, size, steps, timestep_ms=1.0):
    ticks, neurons = order.by_time(np.asarray(ticks), np.asarray(neurons))
    return SpikeTrains("a", size, timestep_ms, steps * timestep_ms, ticks, neurons.astype(np.uint64))


def raster(fired, timestep_ms=1.0):
    steps, size = fired.shape
    ticks, neurons = np.nonzero(fired)
    return trains(ticks + 1, neurons, size, steps, timestep_ms)


def test_regular_trains_have_cv_zero_and_their_rate():
    periods = [10, 20, 25]
    pairs = [(t, n) for n, period in enumerate(periods) for t in range(period, 1001, period)]
    found = trains(*zip(*pairs, strict=True), 4, 1000)
    np.testing.assert_allclose(found.rates(), [100, 50, 40, 0])
    cv = analysis.interval_cv(found)
    np.testing.assert_array_equal(cv[:3], 0.0)
    assert np.isnan(cv[3])
    figures = analysis.population_figures(found)
    assert (figures["isi_cv"], figures["isi_cv_neurons"]) == (0.0, 3)
    assert figures["rate_mean_hz"] == pytest.approx(47.5)
    assert figures["rate_sd_hz"] == pytest.approx(np.std([100, 50, 40, 0]))
    assert (figures["rate_min_hz"], figures["rate_max_hz"]) == (0.0, 100.0)


def test_two_intervals_have_the_cv_of_their_formula():
    found = trains([1, 11, 41], [0, 0, 0], 1, 50)  # intervals 10 and 30: sd 10, mean 20
    assert analysis.interval_cv(found)[0] == pytest.approx(0.5)
    assert np.isnan(analysis.interval_cv(trains([1, 11], [0, 0], 1, 50))[0])


def test_poisson_trains_have_cv_one():
    # A Poisson train of rate r on a grid of dt has geometric intervals: CV = sqrt(1 - r dt).
    rng = np.random.default_rng(11)
    probability, steps, size = 0.005, 40_000, 200
    found = raster(rng.random((steps, size)) < probability, 0.1)
    cv = analysis.interval_cv(found)
    error = cv.std() / np.sqrt(size)
    # The standard deviation of n intervals is biased low by about CV (1/2n + 1/n), n = steps * probability.
    assert abs(cv.mean() - np.sqrt(1 - probability)) < 4 * error + 1.5 / (steps * probability)
    rate_error = np.sqrt(probability / (steps * size))
    assert abs(found.rates().mean() - probability * 1e4) < 4 * rate_error * 1e4


def test_synchrony_of_identical_and_of_independent_trains():
    rng = np.random.default_rng(3)
    one = rng.random((20_000, 1)) < 0.02
    chi, fano = analysis.synchrony(raster(np.repeat(one, 50, axis=1)))
    assert chi == pytest.approx(1.0, rel=1e-9)
    single = analysis.synchrony(raster(one))[1]
    assert fano == pytest.approx(50 * single)
    # Independent: chi = 1/sqrt(N), Fano 1 - p (models E1: the count's Fano factor on a grid is 1 - r dt).
    chi, fano = analysis.synchrony(raster(rng.random((20_000, 50)) < 0.02))
    bins = 4000
    assert abs(chi - 1 / np.sqrt(50)) < 4 / np.sqrt(50) / np.sqrt(2 * bins)
    assert abs(fano - 0.98) < 4 * 0.98 * np.sqrt(2 / bins)


def test_synchrony_is_undefined_without_spikes_or_bins():
    assert analysis.synchrony(trains([], [], 3, 1000)) == (None, None)
    assert analysis.synchrony(trains([1], [0], 3, 7)) == (None, None)
    chi, fano = analysis.synchrony(trains(np.arange(1, 101), np.zeros(100, int), 1, 100))
    assert (chi, fano) == (None, 0.0)


def test_the_whole_analysis_of_a_trace(finished, store, run):
    with store.open(finished) as trace:
        found = trace.analyse()
    assert list(found["populations"]) == ["exc", "inh", "silent"]
    assert found["populations"]["silent"]["isi_cv"] is None
    assert sum(row["share"] for row in found["links"]) == pytest.approx(1)
    assert sum(row["share"] for row in found["cores"]) == pytest.approx(1)
    assert found["memory"] == {"synapses_bytes": 800}
    assert found["results"] == {"accuracy": 0.5}
