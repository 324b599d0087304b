"""LIF with exponential currents against its closed form (models.md A2)."""

import math

import numpy as np
import pytest

from spikemesh.errors import DescriptionError, UnitError
from spikemesh_plugins.neurons.lif_psc_exp import LifPscExp

FREE = {"e_l": 0.0, "v_reset": 0.0, "v_th": 1000.0, "t_ref": 0.0}


def potential(t, tau_m=10.0, tau_s=2.0, c_m=250.0):
    """PSP per pA, closed form."""
    return tau_m * tau_s / ((tau_m - tau_s) * c_m) * (np.exp(-t / tau_m) - np.exp(-t / tau_s))


@pytest.mark.parametrize(
    ("dt", "p11", "p22", "p21", "p20"),
    [
        (0.1, 0.951229424500714, 0.9900498337491681, 3.882040924845409e-4, 3.9800665003327575e-4),
        (1.0, 0.6065306597126334, 0.9048374180359595, 2.983067583233261e-3, 3.8065032785616192e-3),
    ],
)
def test_propagators(constants_of, dt, p11, p22, p21, p20):
    # KA-A2a
    c = constants_of(LifPscExp, dt)
    assert [c["p11_ex"], c["p11_in"], c["p22"]] == pytest.approx([p11, p11, p22], rel=1e-14)
    assert [c["p21_ex"], c["p21_in"], c["p20"]] == pytest.approx([p21, p21, p20], rel=1e-13)


@pytest.mark.parametrize("excess", [0.0, 1e-12, -1e-12, 1e-7])
def test_equal_time_constants_lose_no_digits(constants_of, excess):
    # A2: the textbook form gives 3.952e-4 for tau_s = tau_m (1 + 1e-12); the limit is h/C e^(-h/tau)
    c = constants_of(LifPscExp, 0.1, tau_syn_ex=10.0 * (1 + excess))
    limit = 0.1 / 250.0 * math.exp(-0.01)
    assert c["p21_ex"] == pytest.approx(limit, rel=1e-10 if abs(excess) < 1e-9 else 1e-8)


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_psp_equals_the_closed_form_at_every_step(simulate, dt):
    # KA-A2b: the same at both step sizes; the spike that arrives at step 1 moves v from step 2 on
    run = simulate(LifPscExp, FREE, dt, round(20 / dt), exc={1: 1.0}, record=["v", "i_syn_ex"])
    t = dt * np.arange(round(20 / dt))
    assert run.values["v"][0] == 0.0
    assert run.values["i_syn_ex"][0] == 1.0
    np.testing.assert_allclose(run.values["v"], potential(t), rtol=1e-10, atol=1e-18)
    assert run.values["v"][round(5 / dt)] == pytest.approx(5.244456610887e-3, rel=1e-10)


def test_psp_peak(simulate):
    # KA-A2b: 5.3499224398e-3 mV per pA at 4.023594781 ms
    run = simulate(LifPscExp, FREE, 4.023594781 / 400, 500, exc={1: 1.0}, record=["v"])
    assert int(np.argmax(run.values["v"])) == 400
    assert run.values["v"].max() == pytest.approx(5.3499224398e-3, rel=1e-10)


def test_weight_of_the_cortical_microcircuit(simulate):
    # KA-A2c: Potjans & Diesmann 2014, 0.15 mV is 87.80849352920845 pA, peak at 1.5767 ms
    peak = 10 * 0.5 / 9.5 * math.log(20)
    assert peak == pytest.approx(1.5767, abs=5e-5)
    params = {**FREE, "tau_syn_ex": 0.5}
    run = simulate(LifPscExp, params, peak / 200, 300, exc={1: 87.80849352920845}, record=["v"])
    assert run.values["v"].max() == pytest.approx(0.15, rel=1e-10)


@pytest.mark.parametrize(("i_e", "interval"), [(376.0, 613), (500.0, 159), (750.0, 90), (1000.0, 68)])
def test_f_i_curve_on_the_grid(simulate, i_e, interval):
    # KA-A2d: T = t_ref + h ceil((tau_m/h) ln(...)), h = 0.1 ms; 1000 pA needs 47.00036 steps and takes 48
    by_parameter = simulate(LifPscExp, {"i_e": i_e}, 0.1, 4 * interval)
    assert by_parameter.spikes == [interval - 20 + k * interval for k in range(4)]
    by_drive = simulate(LifPscExp, {}, 0.1, 4 * interval, current=i_e)
    assert by_drive.spikes == by_parameter.spikes


def test_below_rheobase_it_is_silent(simulate):
    # KA-A2d: 375 pA takes v to the threshold without end
    assert simulate(LifPscExp, {"i_e": 374.9}, 0.1, 3000).spikes == []


def test_rest_is_exact(simulate):
    run = simulate(LifPscExp, {"e_l": -67.3, "v_reset": -67.3}, 0.1, 100, record=["v"])
    assert set(run.values["v"]) == {-67.3}


def test_currents_go_on_while_the_potential_is_held(simulate):
    params = {"e_l": 0.0, "v_reset": 0.0, "v_th": 0.1, "t_ref": 0.5}
    run = simulate(
        LifPscExp,
        params,
        0.1,
        9,
        exc={1: 1000.0, 4: 50.0},
        inh={5: -30.0},
        record=["v", "i_syn_ex", "i_syn_in"],
    )
    assert run.spikes == [2, 8]
    assert run.values["v"][1:7].tolist() == [0.0] * 6
    p11 = math.exp(-0.05)
    assert run.values["i_syn_ex"][6] == pytest.approx(1000.0 * p11**6 + 50.0 * p11**3, rel=1e-14)
    assert run.values["i_syn_in"][6] == pytest.approx(-30.0 * p11**2, rel=1e-14)


def test_receptors_have_their_own_time_constants(simulate):
    params = {**FREE, "tau_syn_ex": 1.0, "tau_syn_in": 5.0}
    run = simulate(LifPscExp, params, 0.1, 80, exc={1: 2.0}, inh={1: -1.0}, record=["v"])
    t = 0.1 * np.arange(80)
    want = 2.0 * potential(t, tau_s=1.0) - potential(t, tau_s=5.0)
    np.testing.assert_allclose(run.values["v"], want, rtol=1e-9, atol=1e-16)


def test_refractory_time_must_be_whole_steps(constants_of):
    with pytest.raises(UnitError, match=r"t_ref: 2\.05 ms is not a whole number of steps of 0\.1 ms"):
        constants_of(LifPscExp, 0.1, t_ref=2.05)
    steps = constants_of(LifPscExp, 0.1, t_ref=np.array([2.0, 0.0, 0.3]))["ref_steps"]
    assert steps.tolist() == [20.0, 0.0, 3.0]


def test_reset_must_lie_below_threshold(constants_of):
    with pytest.raises(DescriptionError, match="v_reset = -50 mV is not below v_th = -55 mV"):
        constants_of(LifPscExp, 0.1, v_reset=-50.0)
