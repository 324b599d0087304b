"""Leaky integrate-and-fire with alpha and with delta currents, compiled and in a network (models.md A3)."""

import math

import numpy as np
import pytest

import spikemesh as sm

RESOLUTION = 1e-9
"""38 bits hold a weight that all synapses share."""


def impulse(model, h, **params):
    """One spike of weight 1 at 2 ms that arrives 3 ms later, at a neuron at rest at 0 mV."""
    net = sm.Network(timestep=h)
    source = net.add_population("in", 1, "spike_source", times=[2.0])
    neuron = net.add_population("n", 1, model, **{"e_l": 0.0, "v_reset": 0.0, "v_th": 50.0, **params})
    net.connect(source, neuron, "all_to_all", weight=1.0, delay=3.0)
    net.probe(neuron, "v")
    return net


@pytest.mark.parametrize("h", [0.1, 1.0])
def test_alpha_psp(simulate, h):
    # KA-A3: 5 and 10 ms after the arrival
    v = simulate(impulse("lif_psc_alpha", h), 40.0).probe("n", "v").sel(neuron=0)
    assert v.values[round(10 / h) - 1] == pytest.approx(0.012241634878185, rel=RESOLUTION)
    assert v.values[round(15 / h) - 1] == pytest.approx(0.011355272569454, rel=RESOLUTION)


def test_alpha_psp_of_equal_time_constants(simulate):
    v = simulate(impulse("lif_psc_alpha", 0.1, tau_syn_ex=10.0), 20.0).probe("n", "v").sel(neuron=0)
    assert v.values[99] == pytest.approx(0.0082436063535, rel=RESOLUTION)


def test_delta_psp(simulate):
    # The jump is in the step that ends at the arrival.
    v = simulate(impulse("lif_psc_delta", 0.1), 20.0).probe("n", "v").sel(neuron=0)
    assert not v.values[:49].any()
    assert v.values[49:] == pytest.approx(np.exp(-0.01 * np.arange(151)), rel=RESOLUTION)


def test_delta_neurons_relay_without_loss_of_time(simulate):
    # A chain of delays of 1.5 ms: a jump over the threshold is a spike in the step of the arrival.
    net = sm.Network(timestep=0.1)
    source = net.add_population("in", 1, "spike_source", times=[1.0])
    chain = net.add_population("chain", 5, "lif_psc_delta")
    net.connect(source, chain, sources=[0], targets=[0], weight=16.0, delay=1.5)
    net.connect(chain, chain, sources=range(4), targets=range(1, 5), weight=16.0, delay=1.5)
    net.probe(chain, "spikes")
    spikes = simulate(net, 20.0, chips=2).spikes("chain")
    assert spikes.neurons.tolist() == [0, 1, 2, 3, 4]
    assert spikes.ticks.tolist() == [25, 40, 55, 70, 85]
    assert math.isclose(spikes.times_ms[-1], 8.5)
