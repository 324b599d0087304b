"""Voltage-based plasticity against the voltage clamp (models.md C3)."""

import math

import pytest

from spikemesh_plugins.learning.clopath import Clopath


def clamped(learn, u, **params):
    """Change of a weight by one arrival while the potential is held."""
    run = learn(Clopath, params, 0.1, 4000, pre=[10], reads={"v": u}, w=0.5)
    return run.values["w"][-1] - 0.5


@pytest.mark.parametrize(
    ("u", "change"), [(-75.0, 0.0), (-70.6, 0.0), (-60.0, -0.001484), (-40.0, 0.0086904)]
)
def test_voltage_clamp(learn, u, change):
    # KA-C3 [M]: (u - theta_minus)+ [a_ltp (u - theta_plus)+ - a_ltd] per arrival; the integral of the trace,
    # summed in steps of 0.1 ms that begin after the arrival, is short of tau_x by half a step
    short = 0.1 / 15.0 / (math.exp(0.1 / 15.0) - 1.0)
    above = u + 70.6
    exact = max(above, 0.0) * (8e-5 * max(u + 45.3, 0.0) * short - 14e-5)
    assert clamped(learn, u) == pytest.approx(exact, abs=1e-12)
    assert clamped(learn, u) == pytest.approx(change, rel=0.007)


def test_sign_changes_where_the_amplitudes_balance(learn):
    # KA-C3 [M]: u = theta_plus + a_ltd/a_ltp = -43.55 mV
    assert clamped(learn, -43.60) < 0.0 < clamped(learn, -43.50)


def test_running_means_follow_the_potential(learn):
    # A step of u from rest: u_minus - theta_minus at an arrival t later is 30.6 (1 - e^(-t/tau_minus)) - 0.1...
    rest, high, begins = -70.6, -50.6, 20

    def u(tick):
        return high if tick >= begins else rest

    run = learn(Clopath, {}, 1.0, 60, pre=[40], reads={"v": u}, w=0.5)
    # The mean has taken in the steps 20 to 39, and depression sees it at 40.
    want = -14e-5 * 20.0 * (1.0 - math.exp(-20 / 10.0))
    assert run.values["w"][-1] - 0.5 == pytest.approx(want, rel=1e-12)


def test_spikes_that_are_stood_for(learn):
    # a_ltp/tau_x x t_spike (v_spike - theta_plus)(u_plus - theta_minus)+
    params = {"potentiation": "at_spikes", "a_ltd": 0.0}
    run = learn(Clopath, params, 1.0, 60, pre=[10], post=[25], reads={"v": -60.0}, w=0.5)
    want = 8e-5 / 15.0 * math.exp(-1.0) * 2.0 * (33.0 + 45.3) * 10.6
    assert run.values["w"][-1] - 0.5 == pytest.approx(want, rel=1e-12)
    assert learn(Clopath, params, 1.0, 60, pre=[10], reads={"v": -40.0}).values["w"][-1] == 0.5


@pytest.mark.parametrize("u", [-65.6, -60.0])
def test_homeostasis_scales_depression_by_the_mean_depolarisation(learn, u):
    # Clopath et al. 2010: A_LTD m^2 / u_ref^2, here with m the depolarisation that is held
    plain = clamped(learn, u)
    scaled = clamped(learn, u, u_ref2=60.0, e_l=-70.6)
    assert scaled == pytest.approx(plain * (u + 70.6) ** 2 / 60.0, rel=1e-9)


def test_the_mean_of_homeostasis_is_slow(learn):
    # From rest to a depolarisation d: after t the factor is d^2 (1 - e^(-t/tau_mean))^2 / u_ref2.
    def u(tick):
        return -50.6 if tick >= 20 else -70.6

    runs = [
        learn(Clopath, {"u_ref2": ref, "a_ltp": 0.0}, 1.0, 300, pre=[220], reads={"v": u}, w=0.5)
        for ref in (60.0, 0.0)
    ]
    scaled, plain = (run.values["w"][-1] - 0.5 for run in runs)
    assert scaled == pytest.approx(plain * (20.0 * (1.0 - math.exp(-0.2))) ** 2 / 60.0, rel=1e-9)
