"""TrueNorth's neuron by hand (Merolla et al. 2014, supplement, table S2: add, leak, v >= alpha, reset)."""

from __future__ import annotations

import spikemesh as sm


def run(simulate, arrivals, steps, **params):
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", len(arrivals), "spike_source", times=[[k - 1.0] for k in arrivals])
    neuron = net.add_population("n", 1, "truenorth", **params)
    order = range(len(arrivals))
    net.connect(source, neuron, sources=order, targets=[0] * len(arrivals), weight=list(arrivals.values()))
    net.probe(neuron, "spikes", "v")
    trace = simulate(net, steps)
    return trace.probe("n", "v").sel(neuron=0).values.tolist(), trace.spikes("n").ticks.tolist()


def test_add_leak_test_reset(simulate):
    v, spikes = run(simulate, {2: 5, 3: 5, 5: 4, 6: -9}, 8, alpha=8, leak=1, reset=2)
    # -1, +4 - 1... : -1, 3, 7, 6, 9 >= 8 -> 2, -8, -9, -10
    assert v == [-1, 3, 7, 6, 2, -8, -9, -10]
    assert spikes == [5]


def test_the_threshold_itself_is_a_spike(simulate):
    assert run(simulate, {2: 8}, 3, alpha=8)[1] == [2]
    assert run(simulate, {2: 7}, 3, alpha=8)[1] == []


def test_a_negative_leak_drives(simulate):
    # 3 a tick to 10: four ticks, again and again.
    assert run(simulate, {2: 0}, 12, alpha=10, leak=-3)[1] == [4, 8, 12]


def test_20_bits(simulate):
    v, spikes = run(simulate, {2: 1, 4: 1}, 5, alpha=2**19 - 1, reset=0, leak=2**18)
    assert v == [-(2**18), 1 - 2**19, -(2**19), -(2**19), -(2**19)]
    assert spikes == []
