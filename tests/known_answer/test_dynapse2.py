"""DYNAP-SE2's neuron in a network: its four dendrites, and a device's mismatch (models.md A11, B4)."""

import numpy as np
import pytest

import spikemesh as sm

RECEPTORS = ("ampa", "nmda", "gaba_a", "gaba_b")


def test_each_dendrite_has_its_own_current(simulate):
    # KA-A11b: 1 nA is a jump of 99.9500167 pA at the arrival; magnitudes, whatever the sign
    net = sm.Network(timestep=0.1)
    source = net.add_population("in", 1, "spike_source", times=[1.0])
    neurons = net.add_population("n", 4, "dynapse2")
    for k, receptor in enumerate(RECEPTORS):
        weight = "1 nA" if k < 2 else -1000.0
        net.connect(source, neurons, sources=[0], targets=[k], weight=weight, receptor=receptor, delay=0.5)
    net.probe(neurons, *(f"i_{receptor}" for receptor in RECEPTORS))
    trace = simulate(net, 3.0)
    for k, receptor in enumerate(RECEPTORS):
        current = trace.probe("n", f"i_{receptor}").values
        assert not current[:14].any()
        assert current[14:, k] == pytest.approx(99.9500167 * np.exp(-0.01 * np.arange(16)), rel=1e-8)
        assert not np.delete(current, k, axis=1).any()


def rest_currents(simulate, seed=1, chips=1, **params):
    """Fixed points of neurons driven by a constant current: r_gain_mem (i_in - i_tau), where i_tau = 106.4/tau."""
    net = sm.Network(timestep="0.1 ms", seed=seed)
    neurons = net.add_population("n", 900, "dynapse2", i_dc=50.0, i_a_gain=0.0, **params)
    net.probe(neurons, "i_mem")
    return simulate(net, 400.0, chips=chips).probe("n", "i_mem").values[-1]


def test_mismatch_has_the_coefficient_of_variation_it_is_given(simulate):
    # I* = r (50 - I_tau), both r and I_tau vary by 10 %: to first order CV^2 = 0.01 + 0.01 (5.32/44.68)^2
    found = rest_currents(simulate, mismatch=0.1)
    wanted = 0.1 * np.sqrt(1 + (5.3191 / 44.6809) ** 2)
    standard_error = wanted / np.sqrt(2 * found.size)
    assert found.std() / found.mean() == pytest.approx(wanted, abs=4 * standard_error)
    assert found.mean() == pytest.approx(4 * 44.6809, abs=4 * 4 * 44.6809 * wanted / 30)


def test_mismatch_belongs_to_the_device(simulate):
    # Neither the seed of the run nor the mapping changes it; another device has another.
    first = rest_currents(simulate, mismatch=0.1)
    assert rest_currents(simulate, mismatch=0.1, seed=2, chips=3).tobytes() == first.tobytes()
    other = rest_currents(simulate, mismatch=0.1, device=1)
    assert abs(np.corrcoef(first, other)[0, 1]) < 4 / np.sqrt(first.size)
    assert len(set(rest_currents(simulate).tolist())) == 1


def test_hosted_by_the_chip_in_its_own_numbers(tmp_path):
    # 4 bits of weight: multiples of a fifteenth of the largest
    net = sm.Network(timestep="0.1 ms")
    source = net.add_population("in", 2, "spike_source", times=[1.0])
    neurons = net.add_population("n", 2, "dynapse2")
    net.connect(
        source, neurons, sources=[0, 1], targets=[0, 1], weight=[15_000.0, 6400.0], receptor="ampa", delay=0.1
    )
    net.probe(neurons, "i_ampa")
    system = sm.System.preset("dynapse2", chips=1, numerics="chip")
    sm.run(net, system, 2.0, out=tmp_path / "run.h5", backend="local", workers=1)
    last = sm.open_trace(tmp_path / "run.h5").probe("n", "i_ampa").values[-1]
    assert last[1] / last[0] == pytest.approx(6.0 / 15.0, rel=1e-9)
