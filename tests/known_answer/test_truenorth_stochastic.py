"""TrueNorth's whole neuron: modes by hand, rates and intervals of random modes (models.md A12; Cassidy et al. 2013)."""

from __future__ import annotations

import math

import numpy as np
import pytest

import spikemesh as sm

NEURONS, TICKS = 500, 2000


@pytest.fixture
def trains(simulate):
    """Spikes of ``NEURONS`` neurons that differ in their draws only."""

    def run(steps=TICKS, neurons=NEURONS, **params):
        net = sm.Network(timestep="1 ms", seed=8)
        n = net.add_population("n", neurons, "truenorth_stochastic", **params)
        net.probe(n, "spikes")
        return simulate(net, steps).spikes("n")

    return run


@pytest.fixture
def potentials(simulate):
    """Potential by tick of one neuron, to which ``arrivals`` (by tick) are added."""

    def run(arrivals, steps, **params):
        net = sm.Network(timestep="1 ms")
        source = net.add_population("in", len(arrivals), "spike_source", times=[[k - 1.0] for k in arrivals])
        neuron = net.add_population("n", 1, "truenorth_stochastic", **params)
        order = range(len(arrivals))
        weights = list(arrivals.values())
        net.connect(source, neuron, sources=order, targets=[0] * len(arrivals), weight=weights)
        net.probe(neuron, "spikes", "v")
        trace = simulate(net, steps)
        return trace.probe("n", "v").sel(neuron=0).values.tolist(), trace.spikes("n").ticks.tolist()

    return run


def test_a_constant_leak_of_3_to_10(trains):
    # KA-A12: 250 spikes in 1,000 ticks with reset, 300 where the rest is kept
    for mode, count in (("normal", 250), ("linear", 300)):
        assert len(trains(1000, 1, leak=-3, alpha=10, reset_mode=mode).ticks) == count


def test_random_leak(trains):
    # KA-A12: a leak of 64 at the threshold 1 fires with 65/256, as |leak| >= rho
    count, chance = len(trains(leak=-64, alpha=1, leak_random=True, reset_mode="linear").ticks), 65 / 256
    trials = NEURONS * TICKS
    assert count == pytest.approx(trials * chance, abs=4 * math.sqrt(trials * chance * (1 - chance)))


def test_random_threshold(trains):
    # KA-A12: thresholds from 10 to 17, a leak of 1: intervals of 12.245018 on average
    spikes = trains(leak=-1, alpha=10, mask_bits=3)
    intervals = np.concatenate([np.diff(spikes.ticks[spikes.neurons == k]) for k in range(NEURONS)])
    assert set(np.unique(intervals)) == set(range(10, 18))
    # P(fires after k ticks) for k = 10 ... 17, of which each asks v >= 10 + eta with a new eta
    alive, mean, square = 1.0, 0.0, 0.0
    for k in range(10, 18):
        chance = alive * (k - 9) / 8
        mean, square, alive = mean + k * chance, square + k * k * chance, alive - chance
    assert mean == pytest.approx(12.245018, abs=1e-6)
    error = math.sqrt((square - mean**2) / intervals.size)
    assert intervals.mean() == pytest.approx(mean, abs=4 * error)


@pytest.mark.parametrize(
    ("mode", "saturate", "v"),
    [
        # +12 over alpha = 10, then -20 under -beta = -5, reset 2
        ("normal", True, [2, -5]),
        ("linear", True, [2, -5]),
        ("none", True, [12, -5]),
        ("normal", False, [2, -2]),
        ("linear", False, [2, -13]),
        ("none", False, [12, -8]),
    ],
)
def test_six_reset_modes(potentials, mode, saturate, v):
    found, spikes = potentials(
        {2: 12, 3: -20}, 3, alpha=10, beta=5, reset=2, reset_mode=mode, saturate=saturate
    )
    assert found[1:] == v
    assert spikes == [2]


def test_leak_reversal_draws_v_to_0(potentials):
    v, _ = potentials({2: 5, 6: -9}, 9, alpha=100, leak=2, leak_reversal=True)
    # 5 - 2, 3 - 2, 1 - 2, -1 + 2; 1 - 9 + 2, ... ; at 0 it rests
    assert v == [0, 3, 1, -1, 1, -6, -4, -2, 0]
    assert potentials({2: 4}, 5, alpha=100, leak=2, leak_reversal=True)[0] == [0, 2, 0, 0, 0]


def test_without_its_modes_it_is_the_plain_neuron(simulate):
    found = []
    for model in ("truenorth", "truenorth_stochastic"):
        net = sm.Network(timestep="1 ms", seed=5)
        source = net.add_population("in", 40, "poisson", rate=80.0)
        cells = net.add_population("n", 20, model, alpha=12, leak=1, reset=-2)
        net.connect(source, cells, "fixed_probability", p=0.5, weight=3.0, delay=1.0)
        net.connect(source, cells, "fixed_probability", p=0.2, weight=-4.0, delay=2.0)
        net.probe(cells, "spikes")
        spikes = simulate(net, 400).spikes("n")
        found.append(list(zip(spikes.ticks.tolist(), spikes.neurons.tolist(), strict=True)))
    assert found[0] == found[1]
    assert len(found[0]) > 100


def test_a_random_synapse_is_a_release(simulate):
    # F(s, rho) sgn s with s = 63: 64/256
    net = sm.Network(timestep="1 ms", seed=2)
    source = net.add_population("in", 1, "regular", interval="1 ms")
    cells = net.add_population("n", NEURONS, "truenorth_stochastic", alpha=1)
    net.connect(
        source,
        cells,
        "all_to_all",
        weight=1.0,
        learning=sm.rule("stochastic_release", p_release=64 / 256, w_max=1.0),
    )
    net.probe(cells, "spikes")
    count = len(simulate(net, 400).spikes("n").ticks)
    trials = NEURONS * 399
    assert count == pytest.approx(trials * 0.25, abs=4 * math.sqrt(trials * 0.1875))


def test_random_numbers_do_not_depend_on_the_chips(simulate):
    found = []
    for chips in (1, 3):
        net = sm.Network(timestep="1 ms", seed=8)
        net.add_population("n", 30, "truenorth_stochastic", leak=-40, leak_random=True, mask_bits=4, alpha=3)
        net.probe("n", "spikes")
        spikes = simulate(net, 200, chips=chips).spikes("n")
        found.append(list(zip(spikes.ticks.tolist(), spikes.neurons.tolist(), strict=True)))
    assert found[0] == found[1] != []
