"""Leaky integrate-and-fire with exponential conductances, compiled and in a network (models.md A4, H1)."""

import math

import numpy as np
import pytest

import spikemesh as sm

BRETTE = {
    "c_m": 200.0, "g_l": 10.0, "e_l": -60.0, "v_th": -50.0, "v_reset": -60.0, "t_ref": 5.0,
    "e_ex": 0.0, "e_in": -80.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0,
}  # fmt: skip


def test_a_spike_of_either_sign_opens_its_conductance(simulate):
    # A4: magnitudes; the membrane moves in the step after the arrival, by exponential Euler
    net = sm.Network(timestep=0.1)
    source = net.add_population("in", 1, "spike_source", times=[1.0])
    n = net.add_population("n", 2, "lif_cond_exp", **BRETTE)
    net.connect(source, n, sources=[0], targets=[0], weight=6.0, delay=1.0)
    net.connect(source, n, sources=[0], targets=[1], weight=-67.0, delay=1.0)
    net.probe(n, "v", "g_ex", "g_in")
    trace = simulate(net, 3.0)
    g_ex, g_in, v = (trace.probe("n", name).values for name in ("g_ex", "g_in", "v"))
    decays = np.arange(11)
    assert g_ex[19:, 0] == pytest.approx(6.0 * np.exp(-0.1 / 5.0 * decays), rel=1e-9)
    assert g_in[19:, 1] == pytest.approx(67.0 * np.exp(-0.1 / 10.0 * decays), rel=1e-9)
    assert not g_ex[:, 1].any()
    assert not g_in[:, 0].any()
    assert v[19].tolist() == [-60.0, -60.0]
    v_inf = np.array([-600.0 / 16.0, (-600.0 - 67.0 * 80.0) / 77.0])
    rate = np.exp(-0.1 / 200.0 * np.array([16.0, 77.0]))
    assert v[20] == pytest.approx(v_inf + (-60.0 - v_inf) * rate, rel=1e-12)


def test_place_in_the_array_changes_no_bit(simulate):
    # The same neuron at each of 37 places, where vector and scalar code take turns; exponents of 0.01 to 40.
    random = np.random.default_rng(4)
    g_l = np.exp(random.uniform(math.log(20.0), math.log(80_000.0), 37))
    rows = []
    for shift in range(0, 37, 5):
        net = sm.Network(timestep=0.1)
        values = {**BRETTE, "g_l": np.roll(g_l, shift), "i_e": 1000.0}
        net.add_population("n", 37, "lif_cond_exp", init={"v": -55.0}, **values)
        net.probe("n", "v")
        rows.append(np.roll(simulate(net, 0.5).probe("n", "v").values, -shift, axis=1))
    assert all(row.tobytes() == rows[0].tobytes() for row in rows)
    balance = 1000.0 / g_l
    assert rows[0][0] == pytest.approx(
        -60.0 + balance + (5.0 - balance) * np.exp(-0.1 / 200.0 * g_l), rel=1e-14
    )


@pytest.mark.parametrize("chips", [1, 3])
def test_self_sustained_activity(simulate, chips):
    # KA-H1: the state of high conductances, where it does not die, fires at 15 to 21 Hz and irregularly.
    random = np.random.default_rng(1)
    net = sm.Network(timestep="0.1 ms", seed=1)
    for name, size in (("exc", 3200), ("inh", 800)):
        start = {
            "v": random.normal(-65.0, 5.0, size),
            "g_ex": np.maximum(random.normal(40.0, 15.0, size), 0.0),
            "g_in": np.maximum(random.normal(200.0, 120.0, size), 0.0),
        }
        net.add_population(name, size, "lif_cond_exp", init=start, **BRETTE)
        net.probe(name, "spikes")
    for source, weight in (("exc", 6.0), ("inh", -67.0)):
        for target in ("exc", "inh"):
            net.connect(source, target, "fixed_probability", p=0.02, weight=weight, delay=0.1)
    trace = simulate(net, 1000.0, chips=chips)
    trains = [
        trace.spikes(name).train(k) for name, size in (("exc", 3200), ("inh", 800)) for k in range(size)
    ]
    assert 15.0 < np.mean([train.size for train in trains]) < 21.0
    variation = [np.std(np.diff(t)) / np.mean(np.diff(t)) for t in trains if t.size > 5]
    assert 1.4 < np.mean(variation) < 1.8
