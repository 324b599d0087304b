"""Mismatch of devices and its averaging over populations (models.md B4)."""

import math

import numpy as np
import pytest

import spikemesh as sm

CV = 0.2
SIZES = 4 ** np.arange(5)


def weights_of(distribution, seed=1):
    """Weights of 2^18 synapses, drawn once per synapse."""
    net = sm.Network(timestep="1 ms", seed=seed)
    pre = net.add_population("pre", 512, "spike_source", times=[[]] * 512)
    post = net.add_population("post", 512, "iaf")
    net.connect(pre, post, "all_to_all", weight=distribution, delay=1.0, name="mismatched")
    net.probe("mismatched", "weights")
    with sm.Simulation(net, backend="local") as simulation:
        return np.asarray(simulation.weights("mismatched")[2], dtype=np.float64)


def lognormal(mean):
    sigma = math.sqrt(math.log(1.0 + CV**2))
    return sm.lognormal(math.log(mean) - 0.5 * sigma**2, sigma)


@pytest.mark.parametrize(
    "distribution", [lognormal(10.0), sm.normal(10.0, 10.0 * CV)], ids=["lognormal", "normal"]
)
def test_variation_of_a_population_falls_with_its_root(distribution):
    # KA-B4: CV/sqrt(n): slope -0.5 +- 0.02, and half a bit more for each doubling of n
    weights = weights_of(distribution)
    assert weights.mean() == pytest.approx(10.0, rel=4 * CV / math.sqrt(weights.size))
    means = [weights[: weights.size // n * n].reshape(-1, n).mean(axis=1) for n in SIZES]
    variation = [m.std() / m.mean() for m in means]
    assert variation[0] == pytest.approx(CV, rel=4 * 1.1 / math.sqrt(2 * weights.size))
    assert np.polyfit(np.log(SIZES), np.log(variation), 1)[0] == pytest.approx(-0.5, abs=0.02)
    bits = [math.log2(1.0 / (math.sqrt(12.0) * v)) for v in variation]
    assert np.diff(bits) / 2 == pytest.approx([0.5] * 4, abs=0.06)


def test_devices_are_drawn_once():
    assert np.array_equal(weights_of(lognormal(10.0)), weights_of(lognormal(10.0)))
    assert not np.array_equal(weights_of(lognormal(10.0)), weights_of(lognormal(10.0), seed=2))


def test_neurons_may_differ_too():
    # A rate proportional to a parameter: input per step of a neuron without leak, 1 % over 4096 neurons
    net = sm.Network(timestep="1 ms", seed=3)
    cells = net.add_population("cells", 4096, "iaf", i_e=sm.normal(0.1, 0.1 * CV, low=0.0))
    net.probe(cells, "spikes")
    trace = sm.run(net, duration="2 s", backend="local").trace
    counts = np.bincount(trace.spikes("cells").neurons.astype(np.int64), minlength=4096)
    assert counts.std() / counts.mean() == pytest.approx(CV, rel=0.05)
    pooled = counts.reshape(-1, 64).mean(axis=1)
    assert pooled.std() / pooled.mean() == pytest.approx(CV / 8, rel=4 / math.sqrt(2 * 64))
