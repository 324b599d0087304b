"""Delays: an impulse of delay d arrives d later, on one chip and across chips (models.md B3)."""

import numpy as np
import pytest

import spikemesh as sm

D_MAX = 40
SYSTEMS = {1: {"in": [0], "out": [0]}, 2: {"in": [0], "out": [1]}, 4: {"in": [3], "out": [0, 1, 2]}}


@pytest.mark.parametrize("shortest", [1, 7])
@pytest.mark.parametrize("chips", SYSTEMS)
@pytest.mark.parametrize("learning", [None, "stdp_pair"])
def test_every_delay(simulate, chips, shortest, learning):
    # The window is as long as the shortest delay across chips, so both ends of it are met.
    times = [3.0, 4.0, 11.0, 100.0]
    delays = np.arange(shortest, D_MAX + 1)
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", 1, "spike_source", times=times)
    target = net.add_population("out", delays.size, "iaf")
    net.connect(
        source, target, sources=np.zeros(delays.size, int), targets=np.arange(delays.size), weight=1.0,
        delay=delays.astype(float), learning=learning and sm.rule(learning, a_plus=0.0, a_minus=0.0),
    )  # fmt: skip
    net.probe(target, "spikes")
    spikes = simulate(net, 150, chips=chips, pin=SYSTEMS[chips], workers=min(chips, 2)).spikes("out")
    for neuron, delay in enumerate(delays):
        assert spikes.train(neuron).tolist() == [t + delay for t in times]


@pytest.mark.parametrize("chips", SYSTEMS)
def test_what_goes_in_comes_out(simulate, chips):
    # Sum of all weights sent = sum of all potentials at the end; the weights are dyadic, so exactly.
    rng = np.random.default_rng(3)
    n, synapses = 50, 3000
    net = sm.Network(timestep="0.5 ms")
    source = net.add_population("in", n, "spike_source", times=[[0.5 * (1 + k % 9), 20.0] for k in range(n)])
    target = net.add_population("out", n, "iaf", v_th=1e9)
    sources, targets = rng.integers(0, n, (2, synapses))
    weights = rng.integers(-512, 512, synapses) / 256
    net.connect(
        source, target, sources=sources, targets=targets, weight=weights,
        delay=rng.integers(1, 100, synapses) * 0.5,
    )  # fmt: skip
    net.probe(target, "v", every="80 ms")
    v = simulate(net, 80, chips=chips, pin=SYSTEMS[chips], workers=min(chips, 2)).probe("out", "v").values[-1]
    assert v.tolist() == (2 * np.bincount(targets, weights, minlength=n)).tolist()


def test_a_relay_across_chips_adds_up(simulate):
    # A spike that goes round four chips is late by the sum of its delays.
    net = sm.Network(timestep="0.1 ms")
    net.add_population("n0", 1, "spike_source", times=[0.1])
    for k in range(1, 9):
        net.add_population(f"n{k}", 1, "iaf")
        net.connect(f"n{k - 1}", f"n{k}", "one_to_one", weight=1.0, delay=0.1 * k)
        net.probe(f"n{k}", "spikes")
    trace = simulate(net, 10.0, chips=4, pin={f"n{k}": [k % 4] for k in range(9)}, workers=2)
    arrivals = [trace.spikes(f"n{k}").ticks.tolist() for k in range(1, 9)]
    assert arrivals == [[1 + k * (k + 1) // 2] for k in range(1, 9)]


def test_the_longest_delay_outlives_many_windows(simulate):
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", 1, "spike_source", times=[1.0, 999.0])
    target = net.add_population("out", 2, "iaf")
    net.connect(source, target, sources=[0, 0], targets=[0, 1], weight=1.0, delay=[1.0, 1000.0])
    net.probe(target, "spikes")
    spikes = simulate(net, 2000, chips=2, pin={"in": [0], "out": [1]}, workers=2).spikes("out")
    assert spikes.train(0).tolist() == [2.0, 1000.0]
    assert spikes.train(1).tolist() == [1001.0, 1999.0]
