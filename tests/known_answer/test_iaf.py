"""Integrate-and-fire without leak: exact spike counts (models.md A1)."""

from math import floor

import numpy as np
import pytest

import spikemesh as sm

STEPS = 100
# Dyadic inputs, so that sums and thresholds are exact.
DRIVES = np.array([1, 5, 8, 10, 11, 15, 16, 3]) / 16


def counts(trace, population):
    return np.bincount(trace.spikes(population).neurons.astype(int), minlength=DRIVES.size).tolist()


def network(**params):
    net = sm.Network(timestep="1 ms")
    population = net.add_population("n", DRIVES.size, "iaf", **params)
    net.probe(population, "spikes")
    return net, population


@pytest.mark.parametrize("how", ["i_e", "drive", "constant_current"])
@pytest.mark.parametrize("start", [0.0, 0.5])
def test_count_is_the_floor_of_the_integrated_drive(simulate, how, start):
    # KA-A1a: floor(T z / theta + V0 / theta); z = 5/16, T = 100 gives 31. V0 = theta / 2 is KA-A1c, where
    # the count is the activation rounded to T levels.
    net, population = network(init={"v": start}, **({"i_e": DRIVES} if how == "i_e" else {}))
    if how == "drive":
        net.drive(population, sm.steps([0.0], DRIVES[None, :]))
    if how == "constant_current":
        net.drive(population, sm.constant_current(DRIVES))
    found = counts(simulate(net, STEPS), "n")
    assert found == [floor(STEPS * z + start) for z in DRIVES]
    assert found[1] == 31
    if start == 0.5:
        assert found == [floor(STEPS * z + 0.5) for z in DRIVES]


@pytest.mark.parametrize("levels", [7, 64, 100])
def test_count_is_the_quantised_activation(simulate, levels):
    # KA-A1c and KA-F2c: z = 37/128 and V0 = theta / 2 give 2, 19 and 29 spikes in 7, 64 and 100 steps
    net = sm.Network(timestep="1 ms")
    net.probe(net.add_population("n", 1, "iaf", i_e=37 / 128, init={"v": 0.5}), "spikes")
    assert len(simulate(net, levels).spikes("n")) == {7: 2, 64: 19, 100: 29}[levels]


def test_reset_to_zero_loses_the_surplus(simulate):
    # KA-A1b: floor(T / ceil(theta / z)); z = 5/16, T = 100 gives 25
    net, _ = network(reset="zero", i_e=DRIVES)
    found = counts(simulate(net, STEPS), "n")
    assert found == [STEPS // -(-16 // round(16 * z)) for z in DRIVES]
    assert found[1] == 25


def test_arriving_weights_integrate_like_a_drive(simulate):
    # KA-A1a through synapses: a source that fires in every step, one step of delay, one step of generation
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", DRIVES.size, "regular", interval="1 ms")
    neurons = net.add_population("n", DRIVES.size, "iaf")
    index = np.arange(DRIVES.size)
    net.connect(source, neurons, sources=index, targets=index, weight=DRIVES, delay="1 ms")
    net.probe(neurons, "spikes")
    assert counts(simulate(net, STEPS + 1), "n") == [floor(STEPS * z) for z in DRIVES]
