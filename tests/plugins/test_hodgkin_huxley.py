"""Hodgkin and Huxley's neuron: rest, rates, Hopf bifurcations and order of its solvers (models.md A7)."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spikemesh_plugins.neurons.hodgkin_huxley import HodgkinHuxley

SQUID = {"e_l": -54.387, "t_ref": 0.0}
REST = {"v": -64.996379, "m": 0.052955, "h": 0.595994, "n": 0.317732}


def test_rest(simulate):
    # KA-A7a; the leak of -54.402 mV is at rest at -65.000237 mV
    run = simulate(HodgkinHuxley, SQUID, 0.05, 6000, record=REST)
    for name, value in REST.items():
        assert run.values[name][-1] == pytest.approx(value, abs=1e-6)
    assert run.spikes == []
    other = simulate(HodgkinHuxley, {}, 0.05, 6000, record=["v"])
    assert other.values["v"][-1] == pytest.approx(-65.000237, abs=1e-6)


@pytest.mark.parametrize(
    ("density", "count", "first", "rate"),
    [
        (5.0, 1, 2.989, None),
        (6.0, 2, None, None),
        (6.5, None, None, 55.06),
        (7.0, None, None, 58.33),
        (10.0, None, 1.9012, 68.32),
        (15.0, None, None, 78.65),
        (20.0, None, None, 86.47),
    ],
)
def test_spikes_of_a_step(simulate, density, count, first, rate):
    # KA-A7b: uA/cm^2, 100 pA each; RK4, tolerance 0.5 % of rates; first crossing on the grid of the step
    params = {**SQUID, "i_e": 100.0 * density}
    run = simulate(HodgkinHuxley, params, 0.02, 25_000, init=REST)
    times = 0.02 * np.array(run.spikes)
    if count is not None:
        assert times.size == count
    if first is not None:
        assert first <= times[0] <= first + 0.0201
    if rate is not None:
        late = times[times > 150.0]
        assert 1000.0 * (late.size - 1) / (late[-1] - late[0]) == pytest.approx(rate, rel=0.005)


def rates(v):
    over = lambda z: 1.0 if z == 0 else z / -math.expm1(-z)  # noqa: E731
    return (
        (over((v + 40) / 10), 4 * math.exp(-(v + 65) / 18)),
        (0.07 * math.exp(-(v + 65) / 20), 1 / (1 + math.exp(-(v + 35) / 10))),
        (0.1 * over((v + 55) / 10), 0.125 * math.exp(-(v + 65) / 80)),
    )


def rest_state(v):
    gates = [a / (a + b) for a, b in rates(v)]
    m, h, n = gates
    current = 12_000 * m**3 * h * (v - 50) + 3600 * n**4 * (v + 77) + 30 * (v + 54.387)
    return [v, *gates], current


@pytest.mark.parametrize(("density", "v", "grows"), [(9.6, -59.75, False), (9.95, -59.6, True)])
def test_hopf(simulate, density, v, grows):
    # KA-A7c: rest loses its stability at 9.7754 uA/cm^2 (v = -59.654 mV): a small kick dies below, grows above
    low, high = v - 1.0, v + 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rest_state(middle)[1] < 100.0 * density else (low, middle)
    state, _ = rest_state(low)
    init = dict(zip(("v", "m", "h", "n"), state, strict=True))
    run = simulate(
        HodgkinHuxley, {**SQUID, "i_e": 100.0 * density}, 0.05, 8000,
        init={**init, "v": low + 0.01}, record=["v"],
    )  # fmt: skip
    swings = np.ptp(run.values["v"].reshape(8, 1000), axis=1)
    assert (swings[-1] > 1.3 * swings[1]) == grows
    assert (swings[-1] < 0.7 * swings[1]) == (not grows)


def reference(times):
    def slope(t, y):
        v, *gates = y
        m, h, n = gates
        flow = 12_000 * m**3 * h * (v - 50) + 3600 * n**4 * (v + 77) + 30 * (v + 54.387)
        i = 40.0 * math.e * t * math.exp(-t / 1.0) - 10.0 * math.e / 2 * t * math.exp(-t / 2.0)
        turns = [a * (1 - x) - b * x for x, (a, b) in zip(gates, rates(v), strict=True)]
        return [(700.0 + i - flow) / 100.0, *turns]

    start = [-60.0, 0.06, 0.6, 0.32]
    return solve_ivp(slope, (0, max(times)), start, "DOP853", t_eval=times, rtol=1e-12, atol=1e-12).y


@pytest.mark.parametrize(("solver", "order"), [("rk4", 4), ("exponential_euler", 1)])
def test_order_of_convergence(simulate, solver, order):
    # Through a spike, with both currents; slope of log error against log step
    times = np.array([0.8, 1.6, 2.4])
    wanted = reference(times)
    hs, errors = 0.02 / 2.0 ** np.arange(4), []
    params = {**SQUID, "i_e": 700.0, "tau_syn_ex": 1.0, "tau_syn_in": 2.0, "solver": solver}
    init = {
        "v": -60.0, "m": 0.06, "h": 0.6, "n": 0.32, "di_syn_ex": 40.0 * math.e, "di_syn_in": -10.0 * math.e / 2,
    }  # fmt: skip
    for h in hs:
        run = simulate(HodgkinHuxley, params, h, round(2.4 / h), init=init, record=REST)
        at = np.rint(times / h).astype(int) - 1
        rows = zip(REST, wanted, strict=True)
        errors.append(max(np.abs(run.values[name][at] - row).max() for name, row in rows))
    assert np.polyfit(np.log(hs), np.log(errors), 1)[0] == pytest.approx(order, abs=0.15)


def test_gates_are_whole_at_the_gaps_of_their_rates(simulate):
    # Removable singularities at -40 and -55 mV
    for v in (-40.0, -55.0):
        at, near = (
            simulate(HodgkinHuxley, SQUID, 0.01, 1, init={"v": x}, record=REST) for x in (v, v + 1e-7)
        )
        for name in REST:
            assert at.values[name][0] == pytest.approx(near.values[name][0], abs=1e-6)


def test_detection_at_the_peak(simulate):
    # In the first step of the fall, as in NEST's hh_psc_alpha
    params = {**SQUID, "i_e": 1000.0, "t_ref": 2.0}
    run = simulate(HodgkinHuxley, {**params, "detection": "peak"}, 0.05, 1000, record=["v"])
    v = np.concatenate([[-65.0], run.values["v"]])
    falls = [k for k in range(2, v.size) if v[k - 1] > v[k] >= 0.0 and v[k - 2] <= v[k - 1]]
    assert run.spikes == falls
    crossings = simulate(HodgkinHuxley, params, 0.05, 1000).spikes
    assert [0 < late - early < 20 for early, late in zip(crossings, run.spikes, strict=True)]
    assert len(run.spikes) >= 3


def test_no_two_spikes_within_the_refractory_time(simulate):
    params = {**SQUID, "i_e": 1000.0}
    every = simulate(HodgkinHuxley, params, 0.05, 2000).spikes
    held = simulate(HodgkinHuxley, {**params, "t_ref": 20.0}, 0.05, 2000).spikes
    assert held == every[::2]


def test_compiled_code_gives_the_same_bits(simulate_both):
    random = np.random.default_rng(6)
    exc, inh = random.exponential(100.0, 2000), -random.exponential(3.0, 2000)
    for solver in ("rk4", "exponential_euler"):
        plain, compiled = simulate_both(
            HodgkinHuxley, {"solver": solver}, 0.05, 2000, exc=lambda t: exc[t - 1], inh=lambda t: inh[t - 1],
            record=HodgkinHuxley.state,
        )  # fmt: skip
        assert len(plain.spikes) > 3
        assert plain.spikes == compiled.spikes
        for name in HodgkinHuxley.state:
            assert plain.values[name].tobytes() == compiled.values[name].tobytes()
