"""Loihi's neuron to the bit, with its weights coming through projections (hardware.md 1.5, models.md A8)."""

import numpy as np
import pytest

import spikemesh as sm


def spikes_in(net, target, arrivals, **weight_format):
    """Make ``arrivals`` (step -> list of weights) reach neuron 0 of a population."""
    steps = sorted(arrivals)
    source = net.add_population("in", len(steps), "spike_source", times=[[k - 1.0] for k in steps])
    pairs = [(n, w) for n, k in enumerate(steps) for w in arrivals[k]]
    sources, weights = (list(column) for column in zip(*pairs, strict=True))
    zeros = np.zeros(len(pairs), int)
    net.connect(source, target, sources=sources, targets=zeros, weight=weights, **weight_format)


def table(trace, name="n"):
    """Return u, v and the steps of spikes."""
    u, v = (trace.probe(name, what).sel(neuron=0).values for what in ("u", "v"))
    return u.tolist(), v.tolist(), trace.spikes(name).ticks.tolist()


def run(simulate, arrivals, steps, init=None, **params):
    net = sm.Network(timestep="1 ms")
    neuron = net.add_population("n", 1, "loihi_cuba", init=init, **params)
    spikes_in(net, neuron, arrivals)
    net.probe(neuron, "spikes", "u", "v")
    return table(simulate(net, steps))


def reset(v, spikes):
    """What a probe sees of a table that gives v before the reset; step 1 comes before the table."""
    return [0, *(0 if tick in spikes else x for tick, x in enumerate(v, 2))]


def test_golden_trace_of_lava(simulate):
    # hardware.md 1.5 (row 1 of its section 13), from Lava's PyLifModelBitAcc. The earliest arrival is in step 2;
    # v = -413 decays to -400 in step 1, which the bias of 400 lifts to 0, so the table begins in step 2.
    u, v, spikes = run(
        simulate, {2: [100], 5: [-50], 6: [200], 11: [-150, -150]}, 13,
        init={"v": -413}, du=409, dv=128, vth=300, bias_mant=100, bias_exp=2,
    )  # fmt: skip
    before = [6800, 12746, 17929, 19231, 14516, 27165, 11831, 22147, 9656, -1117, -10464, -18539]
    assert u == [0, 6400, 5759, 5182, 1463, 14116, 12703, 11431, 10286, 9256, -10871, -9782, -8802]
    assert spikes == [5, 7, 9]
    assert v == reset(before, spikes)


def test_impulse(simulate):
    # KA-A8a
    u, v, spikes = run(simulate, {2: [100]}, 13, du=2047, dv=128, vth=100)
    assert u == [0, 6400, 3200, 1600, 800, 400, 200, 100, 50, 25, 12, 6, 3]
    assert spikes == [3]
    assert v == reset([6400, 9400, 1600, 2350, 2676, 2792, 2804, 2766, 2704, 2631, 2554, 2477], spikes)


def test_inputs_of_both_signs(simulate):
    # KA-A8b
    u, v, spikes = run(simulate, {2: [100], 5: [50], 7: [-30]}, 15, du=1023, dv=256, vth=200)
    assert u == [0, 6400, 4800, 3600, 5900, 4425, 1398, 1048, 786, 589, 441, 330, 247, 185, 138]
    assert spikes == [4]
    before = [6400, 10800, 13725, 5900, 9956, 10731, 11108, 11199, 11088, 10836, 10488, 10079, 9634, 9169]
    assert v == reset(before, spikes)


def test_bias_alone(simulate):
    # KA-A8c: interval floor(64 vth / bias) + 1, as the threshold is strict: vth 10, bias 100 -> 7, 64 -> 11
    net = sm.Network(timestep="1 ms")
    net.probe(net.add_population("n", 2, "loihi_cuba", vth=10, bias_mant=[100, 64]), "spikes")
    spikes = simulate(net, 80).spikes("n")
    assert spikes.train(0).tolist() == [7.0 * k for k in range(1, 12)]
    assert spikes.train(1).tolist() == [11.0 * k for k in range(1, 8)]


def test_truncation_makes_the_decay_finite(simulate):
    # KA-A8d: w = 127 has decayed to exactly 0 after so many steps, by du
    gone = {0: 6112, 10: 1370, 100: 235, 409: 69, 1023: 29, 2047: 13}
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", 1, "spike_source", times=[1.0])
    neurons = net.add_population("n", len(gone), "loihi_cuba", du=list(gone), vth=131071)
    net.connect(source, neurons, "all_to_all", weight=127, sign_mode="excitatory")
    net.probe(neurons, "u")
    u = simulate(net, 6200).probe("n", "u").values
    assert (u[1] == 127 << 6).all()
    # Row 1 is the step of the arrival.
    assert [int(np.argmax(u[1:, k] == 0)) for k in range(len(gone))] == list(gone.values())
    assert not u[-1].any()


def test_charge_of_an_impulse(simulate):
    # KA-A8d: a weight of 1 at du = 409 leaves a charge of 501, not 639.4
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", 1, "spike_source", times=[1.0])
    neuron = net.add_population("n", 1, "loihi_cuba", du=409, vth=131071)
    net.connect(source, neuron, "all_to_all", weight=1, sign_mode="excitatory")
    net.probe(neuron, "u")
    assert simulate(net, 100).probe("n", "u").values.sum() == 501


@pytest.mark.parametrize(("exponent", "u"), [(0, 6400), (3, 51200), (-2, 1600)])
def test_weight_exponent_of_a_projection(simulate, exponent, u):
    # hardware.md 1.5: mantissa times 2^weight_exp, then << 6
    net = sm.Network(timestep="1 ms")
    neuron = net.add_population("n", 1, "loihi_cuba", vth=131071)
    spikes_in(net, neuron, {2: [100]}, weight_exp=exponent)
    net.probe(neuron, "u")
    assert simulate(net, 2).probe("n", "u").values[-1] == u
