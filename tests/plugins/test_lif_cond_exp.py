"""LIF with exponential conductances: its scheme, its exponential and its order (models.md A4)."""

import math
from collections import namedtuple

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spikemesh.errors import DescriptionError, UnitError
from spikemesh_plugins.neurons.lif_cond_exp import LifCondExp

# Brette et al. 2007, benchmark 1
BRETTE = {
    "c_m": 200.0, "g_l": 10.0, "e_l": -60.0, "v_th": -50.0, "v_reset": -60.0, "t_ref": 5.0,
    "e_ex": 0.0, "e_in": -80.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0,
}  # fmt: skip
FREE = {**BRETTE, "v_th": 1000.0}


def decay(exponent):
    """The factor by which a step with this exponent multiplies v, where all potentials are from 0."""
    constants = {
        "p11_ex": 0.0, "p11_in": 0.0, "per_g": -1.0, "g_l": -exponent, "e_l": 0.0, "from_rest_ex": 0.0,
        "from_rest_in": 0.0, "v_reset": 0.0, "v_th": 2.0, "i_e": 0.0, "ref_steps": 0.0,
        "half_ex": 0.0, "half_in": 0.0, "rk4": 0.0,
    }  # fmt: skip
    make = namedtuple("C", constants)
    s = namedtuple("S", LifCondExp.state)(1.0, 0.0, 0.0, 0.0)
    x = namedtuple("X", ("exc", "inh", "current"))(0.0, 0.0, 0.0)
    return LifCondExp.step(s, make(**constants), x)[0][0]


def ulps(found, wanted):
    return abs(found - wanted) / math.ulp(wanted)


def test_exponential_is_within_one_ulp():
    # fdlibm's e_exp.c promises an error below 1 ulp; the library's own value may be off by half of one
    random = np.random.default_rng(1)
    exponents = np.concatenate([-random.uniform(0, 42, 5000), -random.uniform(0, 0.5, 5000)])
    errors = [ulps(decay(y), math.exp(y)) for y in exponents.tolist()]
    assert max(errors) <= 1.0
    assert np.mean(np.array(errors) > 0) < 0.15


@pytest.mark.parametrize("exponent", [-0.5 * math.log(2), -math.log(2), -1e-300, -5e-324, -41.9, -42.0])
def test_exponential_at_its_seams(exponent):
    assert ulps(decay(exponent), math.exp(exponent)) <= 1.0


def test_far_exponents_leave_nothing_that_counts():
    # Below -42 the factor stays at e^-42 = 6e-19: of 100 mV not half a unit in the last place of 1 mV is left.
    assert decay(-1e9) == decay(-42.0)
    assert 100.0 * decay(-1e9) < 0.5 * math.ulp(1.0)


def test_a_step_is_exponential_euler(simulate):
    # A4: V' = V_inf + (V - V_inf) e^(-h G/C), conductances as at the start of the step
    random = np.random.default_rng(2)
    exc, inh = random.uniform(0, 12, 300), random.uniform(0, 30, 300)
    exc[random.random(300) < 0.5] = 0.0
    run = simulate(
        LifCondExp, {**FREE, "i_e": 100.0}, 0.1, 300, exc=lambda t: exc[t - 1], inh=lambda t: inh[t - 1],
        record=["v", "g_ex", "g_in"],
    )  # fmt: skip
    v, g_ex, g_in = -60.0, 0.0, 0.0
    for k in range(300):
        g = 10.0 + g_ex + g_in
        v_inf = (10.0 * -60.0 + g_ex * 0.0 + g_in * -80.0 + 100.0) / g
        v = v_inf + (v - v_inf) * math.exp(-0.1 * g / 200.0)
        g_ex, g_in = g_ex * math.exp(-0.1 / 5.0) + exc[k], g_in * math.exp(-0.1 / 10.0) + inh[k]
        got = [run.values[name][k] for name in ("v", "g_ex", "g_in")]
        assert got == pytest.approx([v, g_ex, g_in], rel=1e-13)


def reference(times):
    """A conductance of 20 nS from 1 ms on, one of 40 nS from 3 ms on, integrated to 1e-12."""

    def slope(t, v):
        g_ex = 20.0 * math.exp(-(t - 1.0) / 5.0)
        g_in = 40.0 * math.exp(-(t - 3.0) / 10.0) if t >= 3.0 else 0.0
        return (-10.0 * (v + 60.0) - g_ex * v - g_in * (v + 80.0)) / 200.0

    options = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-12}
    early = solve_ivp(slope, (1.0, 3.0 - 1e-12), [-60.0], **options)
    late = solve_ivp(slope, (3.0, max(times)), early.y[:, -1], t_eval=times, **options)
    return late.y[0]


@pytest.mark.parametrize(
    ("solver", "order", "at_01_ms"), [("exponential_euler", 1.0, 0.0643), ("rk4", 4.0, 1.028e-8)]
)
def test_error_falls_with_the_order_of_the_solver(simulate, solver, order, at_01_ms):
    # Against a fine integration by scipy.
    times = np.array([4.0, 6.0, 10.0, 20.0])
    wanted, errors = reference(times), []
    for h in (0.2, 0.1, 0.05, 0.025):
        exc, inh = {round(1.0 / h): 20.0}, {round(3.0 / h): 40.0}
        params = {**FREE, "solver": solver}
        run = simulate(LifCondExp, params, h, round(20.0 / h), exc=exc, inh=inh, record=["v"])
        errors.append(np.abs(run.values["v"][np.rint(times / h).astype(int) - 1] - wanted).max())
    # The fourth order meets rounding.
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))[: 3 if order == 1.0 else 2]
    assert orders == pytest.approx([order] * orders.size, abs=0.05)
    assert errors[1] == pytest.approx(at_01_ms, rel=0.01)


def test_solvers_agree_where_conductances_are_held(simulate):
    # Exponential Euler is exact there.
    held = {**FREE, "tau_syn_ex": 1e15, "tau_syn_in": 1e15}
    runs = [
        simulate(
            LifCondExp, {**held, "solver": solver}, 0.1, 200, init={"g_ex": 3.0, "g_in": 5.0}, record=["v"]
        )
        for solver in ("exponential_euler", "rk4")
    ]
    assert runs[1].values["v"] == pytest.approx(runs[0].values["v"], abs=1e-9)


@pytest.mark.parametrize("g_ex", [2.01, 2.5, 4.0, 10.0])
def test_f_i_curve_of_a_held_conductance(simulate, g_ex):
    # KA-A4: A2d's closed form with tau = C/G and V_inf = (g_l e_l + g_ex e_ex)/G
    held = {**BRETTE, "tau_syn_ex": 1e15}
    g = 10.0 + g_ex
    v_inf = (10.0 * -60.0) / g
    steps = math.ceil(200.0 / g / 0.1 * math.log((v_inf + 60.0) / (v_inf + 50.0)))
    run = simulate(LifCondExp, held, 0.1, 4 * (steps + 50), init={"g_ex": g_ex})
    assert run.spikes == [steps + k * (steps + 50) for k in range(4)]


def test_two_nanosiemens_are_the_threshold(simulate):
    # KA-A4: g_ex = 2 nS takes v to -50 mV without end
    held = {**BRETTE, "tau_syn_ex": 1e15}
    run = simulate(LifCondExp, held, 0.1, 3000, init={"g_ex": 1.999}, record=["v"])
    assert run.spikes == []
    v_inf = -600.0 / 11.999
    closed = v_inf + (-60.0 - v_inf) * math.exp(-300.0 * 11.999 / 200.0)
    assert run.values["v"][-1] == pytest.approx(closed, rel=1e-12)


def test_rest_is_exact(simulate):
    run = simulate(LifCondExp, {**BRETTE, "e_l": -67.3, "v_reset": -67.3}, 0.1, 100, record=["v"])
    assert set(run.values["v"]) == {-67.3}


def test_conductances_go_on_while_the_potential_is_held(simulate):
    params = {**BRETTE, "t_ref": 0.5}
    run = simulate(
        LifCondExp, params, 0.1, 8, exc={1: 1000.0, 4: 50.0}, inh={5: 30.0}, record=["v", "g_ex", "g_in"]
    )
    assert run.spikes == [2, 8]
    assert run.values["v"][1:7].tolist() == [-60.0] * 6
    p11 = math.exp(-0.02)
    assert run.values["g_ex"][6] == pytest.approx(1000.0 * p11**6 + 50.0 * p11**3, rel=1e-14)
    assert run.values["g_in"][6] == pytest.approx(30.0 * math.exp(-0.02), rel=1e-14)


def test_python_and_compiled_code_agree_to_the_bit(simulate_both):
    random = np.random.default_rng(3)
    exc, inh = random.uniform(0, 1, 2000), random.uniform(0, 1, 2000)
    plain, compiled = simulate_both(
        LifCondExp, BRETTE, 0.1, 2000, exc=lambda t: exc[t - 1], inh=lambda t: inh[t - 1], record=["v"]
    )
    assert plain.spikes
    assert plain.spikes == compiled.spikes
    assert plain.values["v"].tobytes() == compiled.values["v"].tobytes()


def test_refractory_time_must_be_whole_steps(constants_of):
    with pytest.raises(UnitError, match=r"t_ref: 2\.05 ms is not a whole number of steps of 0\.1 ms"):
        constants_of(LifCondExp, 0.1, t_ref=2.05)


def test_reset_must_lie_below_threshold(constants_of):
    with pytest.raises(DescriptionError, match="v_reset = -50 mV is not below v_th = -55 mV"):
        constants_of(LifCondExp, 0.1, v_reset=-50.0)
