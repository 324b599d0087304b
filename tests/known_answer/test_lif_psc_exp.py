"""Leaky integrate-and-fire with exponential currents: closed forms (models.md A2)."""

from math import exp, log

import numpy as np
import pytest

import spikemesh as sm

TAU_M, TAU_S, C = 10.0, 2.0, 250.0  # ms, ms, pF
PEAK_MS, PEAK_MV = 4.023594781, 5.3499224398e-3  # KA-A2b, per pA
AT_5_MS = 5.244456610887e-3
# 38 bits hold a weight that all synapses share.
RESOLUTION = 1e-9


def psp(t, tau_s=TAU_S):
    """Potential t ms after 1 pA arrived."""
    return TAU_M * tau_s / (C * (TAU_M - tau_s)) * (np.exp(-t / TAU_M) - np.exp(-t / tau_s))


def impulse(h, weight=1.0, delay=3.0, **params):
    """One spike at 2 ms that arrives ``delay`` later, at a neuron at rest at 0 mV."""
    net = sm.Network(timestep=h)
    source = net.add_population("in", 1, "spike_source", times=[2.0])
    model = {"tau_m": TAU_M, "tau_syn_ex": TAU_S, "tau_syn_in": TAU_S, "c_m": C, "e_l": 0.0, "v_reset": 0.0}
    neuron = net.add_population("n", 1, "lif_psc_exp", **{**model, "v_th": 50.0, **params})
    net.connect(source, neuron, "all_to_all", weight=weight, delay=delay)
    net.probe(neuron, "v", "i_syn_ex", "i_syn_in")
    return net


@pytest.mark.parametrize("h", [0.1, 0.5, 1.0])
def test_psp_is_the_closed_form_at_every_step(simulate, h):
    # KA-A2b: the membrane moves in the step after the arrival, so the samples lie on the closed form
    v = simulate(impulse(h), 40.0).probe("n", "v").sel(neuron=0)
    since = v.time.values - 5.0
    assert v.values == pytest.approx(np.where(since > 0, psp(np.maximum(since, 0.0)), 0.0), rel=RESOLUTION)
    # The same number 5 ms after the arrival whatever the step.
    assert v.values[round(10.0 / h) - 1] == pytest.approx(AT_5_MS, rel=RESOLUTION)


def test_peak(simulate):
    v = simulate(impulse(0.1), 40.0).probe("n", "v").sel(neuron=0)
    peak = int(np.argmax(v.values))
    assert v.time.values[peak] - 5.0 == pytest.approx(PEAK_MS, abs=0.05)
    assert v.values[peak] == pytest.approx(PEAK_MV, rel=1e-4)
    assert v.values[peak] <= PEAK_MV


def test_weight_of_a_psp_of_given_height(simulate):
    # KA-A2c: Potjans & Diesmann 2014: 0.15 mV with tau_s = 0.5 ms takes 87.80849352920845 pA, at 1.5767 ms
    net = impulse(0.1, weight=87.80849352920845, tau_syn_ex=0.5, e_l=-65.0, v_reset=-65.0, v_th=-50.0)
    v = simulate(net, 20.0).probe("n", "v").sel(neuron=0)
    peak = int(np.argmax(v.values))
    assert v.time.values[peak] - 5.0 == pytest.approx(1.5767, abs=0.05)
    assert v.values[peak] + 65.0 == pytest.approx(0.15, rel=1e-3)


def test_signs_go_to_their_own_currents(simulate):
    # receptor "auto"; current-based receptors keep the sign
    trace = simulate(impulse(1.0, weight=-3.0, tau_syn_in=4.0), 12.0)
    assert not trace.probe("n", "i_syn_ex").values.any()
    i = trace.probe("n", "i_syn_in").sel(neuron=0)
    assert i.values[4:] == pytest.approx(-3.0 * np.exp(-(i.time.values[4:] - 5.0) / 4.0), rel=RESOLUTION)
    v = trace.probe("n", "v").sel(neuron=0).values
    assert v[-1] == pytest.approx(-3.0 * psp(7.0, 4.0), rel=RESOLUTION)


def test_equal_time_constants(simulate):
    # A2: P21 = (h / C) e^(-h / tau), V(t) = t / C e^(-t / tau)
    v = simulate(impulse(0.1, tau_syn_ex=TAU_M), 25.0).probe("n", "v").sel(neuron=0)
    since = v.time.values[50:] - 5.0
    assert v.values[50:] == pytest.approx(since / C * np.exp(-since / TAU_M), rel=RESOLUTION)


@pytest.mark.parametrize("how", ["i_e", "drive"])
def test_rate_on_the_grid(simulate, how):
    # KA-A2d: T = t_ref + h ceil((tau_m / h) ln((R I + E_L - V_reset) / (R I + E_L - V_th))), rheobase 375 pA
    table = {374.0: None, 376.0: 61.3, 500.0: 15.9, 750.0: 9.0, 1000.0: 6.8}
    currents = np.array(list(table))
    net = sm.Network(timestep="0.1 ms")
    neurons = net.add_population(
        "n", len(table), "lif_psc_exp", **({"i_e": currents} if how == "i_e" else {})
    )
    if how == "drive":
        net.drive(neurons, sm.constant_current(currents))
    net.probe(neurons, "spikes")
    spikes = simulate(net, 1000.0).spikes("n")
    for k, (current, interval) in enumerate(table.items()):
        train = spikes.train(k)
        if interval is None:
            assert train.size == 0
            continue
        steps = np.rint(np.diff(train) / 0.1)
        assert set(steps) == {round(interval / 0.1)}
        # The first spike has no refractory time before it.
        assert train[0] == pytest.approx(interval - 2.0, abs=1e-9)
        closed = 2.0 + TAU_M * log(current / (current - 375.0))  # R I / (R I - 15 mV), R = tau_m / C
        assert closed <= interval + 1e-9 <= closed + 0.1


def test_threshold_is_not_reached_by_the_rheobase(simulate):
    net = sm.Network(timestep="0.1 ms")
    neuron = net.add_population("n", 1, "lif_psc_exp", i_e=375.0, init={"v": -60.0})
    net.probe(neuron, "spikes", "v")
    trace = simulate(net, 200.0)
    v = trace.probe("n", "v").sel(neuron=0).values
    assert v[:1000] == pytest.approx(-55.0 - 5.0 * np.exp(-np.arange(1, 1001) * 0.1 / TAU_M), rel=1e-12)
    assert v[-1] == pytest.approx(-55.0 - 5.0 * exp(-20.0), abs=1e-6)
