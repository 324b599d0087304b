"""Random sources and drives against their distributions (models.md E1); four standard errors, seeds fixed."""

from math import exp, factorial, sqrt

import numpy as np
import pytest

import spikemesh as sm


def test_counts_of_sources_are_binomial(simulate):
    # KA-E1: on a grid the Fano factor of the counts is 1 - r dt
    probabilities, n, steps = np.array([0.05, 0.2, 0.5, 0.9]), 2000, 250
    net = sm.Network(timestep="1 ms", seed=5)
    source = net.add_population("in", n * 4, "poisson", rate=np.repeat(1000 * probabilities, n))
    net.probe(source, "spikes")
    spikes = simulate(net, steps).spikes("in")
    counts = np.bincount(spikes.neurons.astype(int), minlength=4 * n).reshape(4, n)
    for p, found in zip(probabilities, counts, strict=True):
        assert found.mean() == pytest.approx(steps * p, abs=4 * sqrt(steps * p * (1 - p) / n))
        # Standard error of a variance: sqrt(2 / n) of it, but for a kurtosis of order 1 / steps.
        fano = found.var(ddof=1) / (steps * p)
        assert fano == pytest.approx(1 - p, abs=4 * sqrt(2 / n) * (1 - p) + 1e-3)
    # Intervals are geometric: mean 1/p, variance (1 - p)/p^2, and no memory from one step to the next.
    fired = np.zeros((steps, n), dtype=bool)
    mine = spikes.neurons < 2 * n
    mine &= spikes.neurons >= n
    fired[spikes.ticks[mine] - 1, spikes.neurons[mine].astype(int) - n] = True
    pairs = (fired[1:] & fired[:-1]).mean()
    assert pairs == pytest.approx(0.04, abs=4 * sqrt(0.04 * 0.96 / (n * (steps - 1))) * 1.3)


def drive_counts(simulate, mean, n=300, steps=800, seed=7):
    """Number of drive spikes by step and neuron: the growth of v of a neuron that never fires."""
    net = sm.Network(timestep="0.5 ms", seed=seed)
    neurons = net.add_population("n", n, "iaf", v_th=1e12)
    net.drive(neurons, sm.poisson(rate=mean / 0.5e-3, weight=1.0))
    net.probe(neurons, "v")
    v = simulate(net, 0.5 * steps).probe("n", "v").values
    counts = np.diff(v, axis=0, prepend=0.0)
    assert np.array_equal(counts, np.rint(counts))
    return counts


@pytest.mark.parametrize("mean", [0.02, 0.85, 7.0, 40.0, 300.0])
def test_mean_and_variance_of_a_drive(simulate, mean):
    # A mean of 40 or more is drawn as a sum of several Poisson numbers.
    counts = drive_counts(simulate, mean)
    n = counts.size
    assert counts.mean() == pytest.approx(mean, abs=4 * sqrt(mean / n))
    # Var of a sample variance of Poisson numbers: (mu4 - sigma^4) / n = (2 mean^2 + mean) / n
    assert counts.var() == pytest.approx(mean, abs=4 * sqrt((2 * mean**2 + mean) / n))
    # Neither steps nor neurons are correlated: the covariance has standard error mean / sqrt(n).
    centred = counts - mean
    assert (centred[1:] * centred[:-1]).mean() == pytest.approx(0.0, abs=4 * mean / sqrt(n))
    assert (centred[:, 1:] * centred[:, :-1]).mean() == pytest.approx(0.0, abs=4 * mean / sqrt(n))


@pytest.mark.parametrize("mean", [0.85, 40.0])
def test_every_count_is_as_frequent_as_it_should_be(simulate, mean):
    counts = drive_counts(simulate, mean, seed=11).astype(int).ravel()
    for k in range(counts.max() + 1):
        p = exp(-mean) * mean**k / factorial(k)
        if p * counts.size < 25:  # too rare for a normal approximation
            continue
        share = np.mean(counts == k)
        assert share == pytest.approx(p, abs=4.5 * sqrt(p * (1 - p) / counts.size)), k


def test_rates_differ_by_neuron(simulate):
    net = sm.Network(timestep="1 ms", seed=2)
    rates = np.array([0.0, 100.0, 2000.0, 50000.0])
    neurons = net.add_population("n", 4, "iaf", v_th=1e12)
    net.drive(neurons, sm.poisson(rate=rates, weight=1.0))
    net.probe(neurons, "v", every="2 s")
    total = simulate(net, 2000).probe("n", "v").values[-1]
    expected = rates * 2.0
    assert np.all(np.abs(total - expected) <= 4 * np.sqrt(expected))


def test_another_seed_gives_other_numbers(simulate):
    first, again, other = (drive_counts(simulate, 1.0, n=20, steps=50, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
