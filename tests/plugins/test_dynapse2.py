"""DYNAP-SE2's neuron and its DPI synapses against closed forms (models.md A11)."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spikemesh.errors import DescriptionError
from spikemesh_plugins.neurons.dynapse2 import Dynapse2
from spikemesh_plugins.neurons.dynapse2_constants import leak_current

RECEPTORS = ("ampa", "nmda", "gaba_a", "gaba_b")
PLAIN = {"i_a_gain": 0.0, "i_w_ahp": 0.0}
"""Neither positive feedback nor adaptation."""
I_TAU, I_TH, RATE = 5.319148936170213, 21.27659574468085, 0.0094
"""pA, pA, and kappa/(c_mem u_t) in 1/(pA ms), of the defaults."""


def test_leak_currents_of_time_constants(constants_of):
    # KA-A11a: 20 ms of the membrane take 5.319148936 pA, 10 ms of AMPA (24.5 pF) 86.87943262 pA; the HFO
    # network's circuits (1.5 pF, kappa 0.7) 5 ms for 10.714286 pA
    c = constants_of(Dynapse2, 0.1)
    assert c["i_tau"] == pytest.approx(5.319148936, rel=1e-9)
    assert c["i_th"] == pytest.approx(I_TH, rel=1e-14)
    assert leak_current(10.0, 24.5, SimpleNamespace(kappa=0.705, u_t=25.0)) == pytest.approx(86.87943262)
    assert leak_current(5.0, 1.5, SimpleNamespace(kappa=0.7, u_t=25.0)) == pytest.approx(10.714286, rel=1e-7)


@pytest.mark.parametrize("receptor", RECEPTORS)
def test_one_pulse(simulate, receptor):
    # KA-A11b: 1 nA, ratio 100: 9.99500167e-11 A, then it decays with tau
    run = simulate(Dynapse2, {}, 0.1, 300, arriving={receptor: {1: 1000.0}}, record=[f"i_{receptor}"])
    decay = np.exp(-0.01 * np.arange(300))
    assert run.values[f"i_{receptor}"] == pytest.approx(99.9500167 * decay, rel=1e-8)


@pytest.mark.parametrize(("interval", "mean"), [(100, 99.95), (50, 199.9)])
def test_mean_current_is_linear_in_the_rate(simulate, interval, mean):
    # KA-A11b: 100 Hz: peak 158.118598 pA, time mean 99.95 pA, against I_th I_w t_p r/I_tau = 100; 200 Hz doubles it
    pulses = dict.fromkeys(range(1, 4000, interval), 1000.0)
    run = simulate(Dynapse2, {}, 0.1, 4000, arriving={"ampa": pulses}, record=["i_ampa"])
    last = run.values["i_ampa"][-interval:]
    if interval == 100:
        assert last.max() == pytest.approx(158.118598, rel=1e-8)
    # Mean over time of samples that decay with 10 ms until the next.
    assert last.mean() * 10.0 * -math.expm1(-0.01) / 0.1 == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("solver", ["exponential_euler", "rk4"])
@pytest.mark.parametrize("i_dc", [10.0, 50.0, 200.0])
def test_fixed_point(simulate, solver, i_dc):
    # KA-A11c: without feedback and adaptation I* = (I_th/I_tau)(I_in - I_tau)
    params = {**PLAIN, "i_dc": i_dc, "solver": solver}
    run = simulate(Dynapse2, params, 0.1, 30_000 if i_dc == 10.0 else 6000, record=["i_mem"])
    assert run.values["i_mem"][-1] == pytest.approx(4.0 * (i_dc - I_TAU), rel=1e-9)


@pytest.mark.parametrize("solver", ["exponential_euler", "rk4"])
def test_far_above_i_th_relaxation_is_exponential(simulate, solver):
    # KA-A11c: for I >> I_th with tau; to the order of I_th/I, here 3e-4 of the way
    params = {**PLAIN, "i_dc": 15_000.0, "solver": solver}
    start, rest = 70_000.0, 4.0 * (15_000.0 - I_TAU)
    run = simulate(Dynapse2, params, 0.1, 400, init={"i_mem": start}, record=["i_mem"])
    t = 0.1 * np.arange(1, 401)
    wanted = rest + (start - rest) * np.exp(-t / 20.0)
    assert run.values["i_mem"] == pytest.approx(wanted, abs=5e-4 * (start - rest))


def test_below_i_th_the_membrane_potential_rises_linearly(simulate):
    # ln i_mem, the potential in units of u_t/kappa, has the slope (i_in - i_tau) kappa/(c_mem u_t)
    params = {**PLAIN, "i_dc": 8.0, "i_0": 1e-4, "solver": "rk4"}
    run = simulate(Dynapse2, params, 0.1, 200, record=["i_mem"])
    slopes = np.diff(np.log(run.values["i_mem"])) / 0.1
    assert slopes == pytest.approx(np.full(199, RATE * (8.0 - I_TAU)), rel=1e-3)


DRIVEN = {"i_a_gain": 300.0, "i_a_th": 500.0, "i_a_norm": 200.0, "i_dc": 150.0}


def reference(times):
    """The equations as they are usually printed, with synapses that decay, to 1e-12."""
    start = np.array([60.0, 40.0, 20.0, 10.0, 8.0])
    taus = np.array([10.0, 12.0, 5.0, 7.0, 50.0])

    def slope(t, y):
        ampa, nmda, gaba_a, gaba_b, ahp = start * np.exp(-t / taus)
        i = y[0]
        i_a = 300.0 / (1.0 + math.exp(-(i - 500.0) / 200.0))
        i_in = ampa + nmda / (1.0 + 0.5 / i) - gaba_b + 150.0
        inf = I_TH / I_TAU * (i_in - ahp - gaba_a - I_TAU)
        fed = i_a / I_TAU * (i + I_TH)
        return [i / (20.0 * (i + I_TH)) * (inf + fed - i * (1.0 + (ahp + gaba_a) / I_TAU))]

    solution = solve_ivp(slope, (0, max(times)), [30.0], "DOP853", t_eval=times, rtol=1e-12, atol=1e-12)
    return solution.y[0]


@pytest.mark.parametrize(("solver", "order", "steps"), [("exponential_euler", 1, 8), ("rk4", 4, 4)])
def test_order_of_convergence(simulate, solver, order, steps):
    # The usual form of the equations (A11) by scipy; slope of log error against log step
    times = np.array([0.8, 1.6, 3.2])
    wanted = reference(times)
    init = {"i_mem": 30.0, "i_ampa": 60.0, "i_nmda": 40.0, "i_gaba_a": 20.0, "i_gaba_b": 10.0, "i_ahp": 8.0}
    params = {
        **DRIVEN,
        "tau_nmda": 12.0,
        "tau_gaba_a": 5.0,
        "tau_gaba_b": 7.0,
        "solver": solver,
        "t_ref": 0.0,
    }
    hs = 0.8 / steps / 2.0 ** np.arange(5)
    errors = []
    for h in hs:
        run = simulate(Dynapse2, params, h, round(3.2 / h), init=init, record=["i_mem"])
        errors.append(np.abs(run.values["i_mem"][np.rint(times / h).astype(int) - 1] / wanted - 1).max())
    assert np.polyfit(np.log(hs), np.log(errors), 1)[0] == pytest.approx(order, abs=0.12)
    assert errors[-1] < (2e-3 if order == 1 else 1e-7)


def test_shunting_and_subtraction(simulate):
    # GABA_A joins the leak, GABA_B is taken off the input: fixed points by the printed equations
    held = {"tau_gaba_a": 1e12, "tau_gaba_b": 1e12, "i_dc": 60.0, **PLAIN}
    shunted = simulate(Dynapse2, held, 0.1, 9000, init={"i_gaba_a": 20.0}, record=["i_mem"])
    leak = I_TAU + 20.0
    assert shunted.values["i_mem"][-1] == pytest.approx(I_TH * (60.0 - leak) / leak, rel=1e-8)
    subtracted = simulate(Dynapse2, held, 0.1, 9000, init={"i_gaba_b": 20.0}, record=["i_mem"])
    assert subtracted.values["i_mem"][-1] == pytest.approx(4.0 * (40.0 - I_TAU), rel=1e-9)
    silent = simulate(Dynapse2, held, 0.1, 9000, init={"i_gaba_b": 500.0}, record=["i_mem"])
    assert silent.values["i_mem"][-1] == 0.5


def test_nmda_waits_for_the_membrane(simulate):
    # i_f_nmda far above i_mem keeps NMDA shut: the input stays below the leak, as AMPA's would not
    held = {"tau_nmda": 1e12, "tau_ampa": 1e12, "i_f_nmda": 1e6, "i_dc": 0.5, **PLAIN}
    shut = simulate(Dynapse2, held, 0.1, 3000, init={"i_nmda": 100.0}, record=["i_mem"])
    assert shut.values["i_mem"][-1] == 0.5
    opened = simulate(Dynapse2, held, 0.1, 3000, init={"i_ampa": 100.0}, record=["i_mem"])
    assert opened.values["i_mem"][-1] == pytest.approx(4.0 * (100.5 - I_TAU), rel=1e-6)


def test_threshold_is_strict_and_reset_holds(simulate):
    params = {**PLAIN, "i_dc": 40_000.0, "t_ref": 2.0}
    run = simulate(Dynapse2, params, 0.1, 1200, record=["i_mem"])
    first, second = run.spikes[:2]
    assert run.values["i_mem"][first - 1 : first + 20].tolist() == [0.5] * 21
    assert second - first == first + 20
    never = simulate(Dynapse2, {**params, "i_spkthr": 1e9}, 0.1, 1200, record=["i_mem"])
    assert never.values["i_mem"][first - 1] > 100_000.0 >= never.values["i_mem"][first - 2]


def test_positive_feedback_shortens_the_upswing(simulate):
    # i_a of teili's defaults carries i_mem from 20 nA to the threshold of 100 nA
    params = {"i_dc": 7000.0, "i_w_ahp": 0.0}
    assert simulate(Dynapse2, params, 0.1, 3000).spikes
    assert simulate(Dynapse2, {**params, "i_a_gain": 0.0}, 0.1, 3000).spikes == []


def test_adaptation_lengthens_intervals(simulate):
    params = {"i_dc": 60_000.0, "i_w_ahp": 2000.0, "t_pulse_ahp": 0.1}
    intervals = np.diff(simulate(Dynapse2, params, 0.1, 8000).spikes)
    assert (np.diff(intervals[:20]) >= 0).all()
    assert intervals[-1] > 1.2 * intervals[0]
    plain = np.diff(simulate(Dynapse2, {**params, "i_w_ahp": 0.0}, 0.1, 8000).spikes)
    assert plain.max() == plain.min()


@pytest.mark.parametrize("weight", [40_000.0, 160_000.0])
def test_homeostasis_brings_the_rate_to_its_target(simulate, weight):
    # Four-fold drives come to the same rate, as the gain is regulated
    pulses = dict.fromkeys(range(1, 60_000, 20), weight)
    params = {
        "homeostasis": True, "target_rate": 40.0, "tau_ca": 200.0, "tau_homeostasis": 600.0, "i_w_ahp": 0.0,
    }  # fmt: skip
    run = simulate(Dynapse2, params, 0.1, 60_000, arriving={"ampa": pulses}, record=["gain"])
    late = [t for t in run.spikes if t > 30_000]
    assert len(late) / 3.0 == pytest.approx(40.0, rel=0.1)
    off = simulate(Dynapse2, {**params, "homeostasis": False}, 0.1, 1000, record=["gain"])
    assert set(off.values["gain"]) == {1.0}


def test_compiled_code_gives_the_same_bits(simulate_both):
    random = np.random.default_rng(5)
    pulses = {r: dict(enumerate(random.exponential(20_000.0, 900), 1)) for r in RECEPTORS}
    pulses["gaba_a"] = {t: w / 5000 for t, w in pulses["gaba_a"].items()}
    pulses["gaba_b"] = {t: w / 20 for t, w in pulses["gaba_b"].items()}
    for solver in ("exponential_euler", "rk4"):
        params = {"solver": solver, "i_w_ahp": 1000.0, "homeostasis": True}
        plain, compiled = simulate_both(Dynapse2, params, 0.05, 800, arriving=pulses, record=Dynapse2.state)
        assert len(plain.spikes) > 3
        assert plain.spikes == compiled.spikes
        for name in Dynapse2.state:
            assert plain.values[name].tobytes() == compiled.values[name].tobytes()


def test_reset_must_lie_below_threshold(constants_of):
    with pytest.raises(DescriptionError, match="i_reset = 100000 pA is not below i_spkthr = 100000 pA"):
        constants_of(Dynapse2, 0.1, i_reset=100_000.0)
