"""Adaptive exponential integrate-and-fire against bifurcations and fine integrations (models.md A5)."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spikemesh.errors import DescriptionError
from spikemesh_plugins.neurons.adex import AdEx

PUBLISHED = {"v_reset": -70.6, "v_peak": 20.0}
"""Beside the defaults, the set of A5."""


@pytest.mark.parametrize(
    ("i_e", "count", "spikes", "last_interval"),
    [
        (500.0, 0, [], None),
        (700.0, 5, [24.62], None),
        (800.0, 8, [17.74, 40.52, 71.32, 114.56], 66.9),
        (1000.0, 14, [11.8, 25.4, 41.24, 59.84], 36.04),
    ],
)
def test_step_responses(simulate, i_e, count, spikes, last_interval):
    # KA-A5b: RK4 of 0.02 ms, 400 ms, tolerance 0.1 ms (1000 pA: first intervals 13.6, 15.84, 18.6)
    run = simulate(AdEx, {**PUBLISHED, "i_e": i_e}, 0.02, 20_000)
    times = 0.02 * np.array(run.spikes)
    assert times.size == count
    assert times[: len(spikes)] == pytest.approx(spikes, abs=0.1)
    if last_interval:
        assert times[-1] - times[-2] == pytest.approx(last_interval, abs=0.1)
    if count > 2:
        # KA-A5c: intervals grow for b > 0, a >= 0
        assert (np.diff(times, 2) > 0).all()


def test_step_rheobase(simulate):
    # KA-A5b: 577.0 +- 0.1 pA over 300 ms: a spike on the way, below the Hopf current of 627.18
    assert len(simulate(AdEx, {**PUBLISHED, "i_e": 577.1}, 0.02, 15_000).spikes) == 1
    assert simulate(AdEx, {**PUBLISHED, "i_e": 576.9}, 0.02, 15_000).spikes == []


def test_saddle_node(constants_of):
    # KA-A5a: the largest current that the v-nullcline can balance is 627.3110937 pA, by the model's own slope
    c = constants_of(AdEx, 0.02, **PUBLISHED)
    v = np.linspace(-55, -45, 400_001)
    upswing = c["onset"] * np.exp((v - c["v_th"]) * c["per_mv"])
    balance = c["g_l"] * (v - c["e_l"]) + c["a"] * (v - c["e_l"]) - upswing
    assert balance.max() == pytest.approx(627.3110937, rel=1e-9)
    closed = 34.0 * (20.2 - 2.0 + 2.0 * math.log(1 + 4.0 / 30.0))
    assert closed == pytest.approx(627.3110937, rel=1e-9)


@pytest.mark.parametrize(("i_e", "fires"), [(626.9, False), (627.6, True)])
def test_hopf(simulate, i_e, fires):
    # KA-A5a: the rest state loses its stability at 627.1824645 pA (v = -50.27396 mV): a slow ramp shows it
    # within the ramp's own delay. Rests at 626.9 from there, fires at 627.6, above the saddle-node.
    v, w = -50.5, 4.0 * (-50.5 + 70.6)
    for current in np.arange(620.0, i_e + 1e-9, 0.1):
        run = simulate(
            AdEx, {**PUBLISHED, "i_e": current}, 0.1, 3000, init={"v": v, "w": w}, record=["v", "w"]
        )
        v, w = run.values["v"][-1], run.values["w"][-1]
        if run.spikes:
            break
    assert bool(run.spikes) == fires


@pytest.mark.parametrize("solver", ["rk4", "exponential_euler"])
def test_without_exponential_it_is_a_leaky_integrator(simulate, solver):
    # KA-A5c: b = a = 0, delta_t = 0 recovers A2d: T = h ceil((tau_m/h) ln(i/(i - i_rheobase)))
    params = {
        "a": 0.0, "b": 0.0, "delta_t": 0.0, "v_peak": -55.0, "e_l": -70.0, "v_reset": -70.0, "t_ref": 2.0,
        "c_m": 250.0, "g_l": 25.0, "i_e": 500.0, "solver": solver,
    }  # fmt: skip
    assert simulate(AdEx, params, 0.1, 500).spikes == [139, 298, 457]


def reference(times):
    """Subthreshold with exponential, adaptation and two conductances, to 1e-12."""

    def slope(t, y):
        v, w = y
        g_ex, g_in = 12.0 * math.exp(-t / 3.0), 8.0 * math.exp(-t / 5.0)
        flow = -30.0 * (v + 70.6) + 60.0 * math.exp((v + 50.4) / 2.0) - w
        return [(flow - g_ex * v - g_in * (v + 85.0) + 300.0) / 281.0, (4.0 * (v + 70.6) - w) / 144.0]

    return solve_ivp(slope, (0, max(times)), [-60.0, 20.0], "DOP853", t_eval=times, rtol=1e-12, atol=1e-12).y


@pytest.mark.parametrize(("solver", "order"), [("rk4", 4), ("exponential_euler", 1)])
def test_order_of_convergence(simulate, solver, order):
    # Slope of log error against log step
    times = np.array([1.6, 3.2, 6.4])
    wanted = reference(times)
    hs, errors = 0.4 / 2.0 ** np.arange(5), []
    params = {"tau_syn_ex": 3.0, "tau_syn_in": 5.0, "i_e": 300.0, "solver": solver}
    init = {"v": -60.0, "w": 20.0, "g_ex": 12.0, "g_in": 8.0}
    for h in hs:
        run = simulate(AdEx, params, h, round(6.4 / h), init=init, record=["v", "w"])
        at = np.rint(times / h).astype(int) - 1
        errors.append(
            max(np.abs(run.values[name][at] - row).max() for name, row in zip("vw", wanted, strict=True))
        )
    assert np.polyfit(np.log(hs), np.log(errors), 1)[0] == pytest.approx(order, abs=0.1)


def test_spikes_far_beyond_the_peak_do_not_overflow(simulate):
    run = simulate(AdEx, {"delta_t": 0.05, "v_peak": 40.0, "i_e": 5000.0}, 0.5, 400, record=["v", "w"])
    assert len(run.spikes) > 5
    assert np.isfinite([run.values["v"], run.values["w"]]).all()


def test_adaptation_and_conductances_go_on_while_the_potential_is_held(simulate):
    params = {"t_ref": 1.0, "v_peak": -40.0}
    run = simulate(AdEx, params, 0.1, 14, exc={1: 5000.0}, inh={4: 3.0}, record=["v", "w", "g_ex", "g_in"])
    assert run.spikes[0] == 2
    assert set(run.values["v"][1:12]) == {-60.0}
    assert run.values["g_ex"][9] == pytest.approx(5000.0 * math.exp(-9 * 0.5), rel=1e-12)
    assert run.values["g_in"][9] == pytest.approx(3.0 * math.exp(-6 * 0.05), rel=1e-12)
    w1, aim = run.values["w"][1], 4.0 * 10.6
    assert run.values["w"][9] == pytest.approx(aim + (w1 - aim) * math.exp(-0.8 / 144.0), rel=1e-9)


def test_reset_must_lie_below_the_peak(constants_of):
    with pytest.raises(DescriptionError, match="v_reset = 5 mV is not below v_peak = 0 mV"):
        constants_of(AdEx, 0.1, v_reset=5.0)
