"""LIF with alpha-shaped currents against its closed form (models.md A3)."""

import math

import numpy as np
import pytest

from spikemesh.errors import DescriptionError, UnitError
from spikemesh_plugins.neurons.lif_psc_alpha import LifPscAlpha

FREE = {"e_l": 0.0, "v_reset": 0.0, "v_th": 1000.0, "t_ref": 0.0}


def potential(t, tau_m=10.0, tau_s=2.0, c_m=250.0):
    """PSP per pA of peak current, closed form."""
    if tau_m == tau_s:
        return math.e * t**2 * np.exp(-t / tau_m) / (2 * c_m * tau_m)
    d = 1 / tau_s - 1 / tau_m
    decays = (np.exp(-t / tau_m) - np.exp(-t / tau_s)) / d**2
    return math.e / (c_m * tau_s) * (decays - t * np.exp(-t / tau_s) / d)


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("side", ["exc", "inh"])
def test_psp_equals_the_closed_form_at_every_step(simulate, dt, side):
    # A3: V(5) = 0.012241634878185 mV, V(10) = 0.011355272569454 mV, whatever the step
    run = simulate(LifPscAlpha, FREE, dt, round(40 / dt), **{side: {1: 1.0}}, record=["v"])
    t = dt * np.arange(round(40 / dt))
    assert run.values["v"][0] == 0.0
    np.testing.assert_allclose(run.values["v"], potential(t), rtol=1e-10, atol=1e-17)
    assert run.values["v"][round(5 / dt)] == pytest.approx(0.012241634878185, rel=1e-10)
    assert run.values["v"][round(10 / dt)] == pytest.approx(0.011355272569454, rel=1e-10)


def test_psp_peak(simulate):
    # A3: 0.0130006625 mV at 6.650998 ms
    run = simulate(LifPscAlpha, FREE, 6.650998 / 400, 500, exc={1: 1.0}, record=["v"])
    assert int(np.argmax(run.values["v"])) == 400
    assert run.values["v"].max() == pytest.approx(0.0130006625, rel=1e-8)


def test_current_peaks_at_the_weight(simulate):
    # A3: i(t) = w (e/tau_s) t e^(-t/tau_s): w at tau_s, charge e w tau_s
    run = simulate(LifPscAlpha, FREE, 0.1, 600, exc={1: 7.0}, record=["i_syn_ex"])
    i = run.values["i_syn_ex"]
    assert int(np.argmax(i)) == 20
    assert i.max() == pytest.approx(7.0, rel=1e-13)
    assert i.sum() * 0.1 == pytest.approx(7.0 * math.e * 2.0, rel=1e-3)


def test_equal_time_constants(simulate):
    # A3: equal tau = 10: V(5) = 0.0082436063535 mV
    params = {**FREE, "tau_syn_ex": 10.0}
    run = simulate(LifPscAlpha, params, 0.1, 300, exc={1: 1.0}, record=["v"])
    t = 0.1 * np.arange(300)
    np.testing.assert_allclose(run.values["v"], potential(t, tau_s=10.0), rtol=1e-10, atol=1e-17)
    assert run.values["v"][50] == pytest.approx(0.0082436063535, rel=1e-10)


@pytest.mark.parametrize("excess", [1e-12, -1e-9, 1e-6, -1e-3])
def test_nearly_equal_time_constants_lose_no_digits(constants_of, excess):
    # As in A2, near the singular case; the derivative of log P by tau_s is of the order of h/tau
    c = constants_of(LifPscAlpha, 0.1, tau_syn_ex=10.0 * (1 + excess))
    limit = 0.1**2 / 2 / 250.0 * math.exp(-0.01)
    assert c["p31_ex"] == pytest.approx(limit, rel=max(1e-12, 0.02 * abs(excess)))


@pytest.mark.parametrize("dt", [0.1, 1.0, 5.0, 20.0])
def test_slope_response_on_both_sides_of_its_seam(constants_of, dt):
    # P31 by its integral: the series and the closed form take turns at |z| = 1
    tau_s = np.array([0.5, 1.5, 2.0, 5.0, 9.0, 11.0, 40.0])
    c = constants_of(LifPscAlpha, dt, tau_syn_ex=tau_s, t_ref=0.0)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t = dt * (nodes + 1) / 2
    for k, tau in enumerate(tau_s):
        d = 1 / tau - 0.1
        integral = dt / 2 * (weights * t * np.exp(-d * t)).sum()
        assert c["p31_ex"][k] == pytest.approx(math.exp(-dt / 10) / 250 * integral, rel=1e-12)


@pytest.mark.parametrize(("i_e", "interval"), [(376.0, 613), (1000.0, 68)])
def test_f_i_curve_on_the_grid(simulate, i_e, interval):
    # KA-A2d, which no synapse has a part in
    run = simulate(LifPscAlpha, {"i_e": i_e}, 0.1, 4 * interval)
    assert run.spikes == [interval - 20 + k * interval for k in range(4)]


def test_currents_go_on_while_the_potential_is_held(simulate):
    params = {"e_l": 0.0, "v_reset": 0.0, "v_th": 0.1, "t_ref": 2.0}
    run = simulate(LifPscAlpha, params, 0.1, 12, exc={1: 1000.0}, record=["v", "i_syn_ex"])
    first = run.spikes[0]
    assert run.values["v"][first - 1 :].tolist() == [0.0] * (13 - first)
    t = 0.1 * np.arange(12)
    np.testing.assert_allclose(run.values["i_syn_ex"], 500.0 * math.e * t * np.exp(-t / 2), rtol=1e-12)


def test_what_cannot_be(constants_of):
    with pytest.raises(DescriptionError, match="v_reset = -50 mV is not below v_th = -55 mV"):
        constants_of(LifPscAlpha, 0.1, v_reset=-50.0)
    with pytest.raises(UnitError, match=r"t_ref: 2\.05 ms"):
        constants_of(LifPscAlpha, 0.1, t_ref=2.05)
