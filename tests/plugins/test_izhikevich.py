"""Izhikevich's 20 patterns (models.md A6; author's script figure1.m of 2004)."""

import pytest

from spikemesh_plugins.neurons.izhikevich import Izhikevich


def pulse(level, *windows, rest=0.0):
    return lambda t: level if any(low < t < high for low, high in windows) else rest


def after(start, level):
    return lambda t: level if t > start else 0.0


def ramp(start, slope, rest=0.0):
    return lambda t: rest + slope * (t - start) if t > start else rest


def accommodating(t):
    return t / 25 if t < 200 else (t - 300) / 12.5 * 4 if 300 <= t < 312.5 else 0.0


def disinhibited(t):
    return 75.0 if 50 <= t <= 250 else 80.0


L = 100 / 11
CLASS_1 = {"k1": 4.1, "k0": 108.0}
ACCOMMODATION = {"u_offset": 65.0, "u_leak": 0.0}
PATTERNS = {
    # name: a b c d, V0, tau, T, I(t), spikes, first, last (times at the start of the step, as in the script)
    "A tonic spiking": ((0.02, 0.2, -65, 6), -70, 0.25, 100, after(10, 14), 5, 13.0, 86.75),
    "B phasic spiking": ((0.02, 0.25, -65, 6), -64, 0.25, 200, after(20, 0.5), 1, 43.75, 43.75),
    "C tonic bursting": ((0.02, 0.2, -50, 2), -70, 0.25, 220, after(22, 15), 28, 25.0, 204.5),
    "D phasic bursting": ((0.02, 0.25, -55, 0.05), -64, 0.2, 200, after(20, 0.6), 6, 39.0, 67.2),
    "E mixed mode": ((0.02, 0.2, -55, 4), -70, 0.25, 160, after(16, 10), 6, 20.0, 131.5),
    "F adaptation": ((0.01, 0.2, -65, 8), -70, 0.25, 85, after(8.5, 30), 6, 10.25, 71.5),
    "G class 1": ((0.02, -0.1, -55, 6), -60, 0.25, 300, ramp(30, 0.075), 10, 84.5, 290.5),
    "H class 2": ((0.2, 0.26, -65, 0), -64, 0.25, 300, ramp(30, 0.015, -0.5), 14, 105.75, 293.0),
    "I spike latency": ((0.02, 0.2, -65, 6), -70, 0.2, 100, pulse(7.04, (10, 13)), 1, 26.6, 26.6),
    "J oscillation": ((0.05, 0.26, -60, 0), -62, 0.25, 200, pulse(2, (20, 25)), 1, 26.5, 26.5),
    "K resonator": (
        (0.1, 0.26, -60, -1), -62, 0.25, 400,
        pulse(0.65, (40, 44), (60, 64), (280, 284), (320, 324)), 1, 338.0, 338.0,
    ),
    "L integrator": (
        (0.02, -0.1, -55, 6), -60, 0.25, 100,
        pulse(9, (L, L + 2), (L + 5, L + 7), (70, 72), (80, 82)), 1, 20.0, 20.0,
    ),
    "M rebound spike": ((0.03, 0.25, -60, 4), -64, 0.2, 200, pulse(-15, (20, 25)), 1, 68.0, 68.0),
    "N rebound burst": ((0.03, 0.25, -52, 0), -64, 0.2, 200, pulse(-15, (20, 25)), 7, 68.0, 92.2),
    "O threshold variability": (
        (0.03, 0.25, -60, 4), -64, 0.25, 100,
        lambda t: pulse(1, (10, 15), (80, 85))(t) + pulse(-6, (70, 75))(t), 1, 93.25, 93.25,
    ),
    "P bistability": (
        (0.1, 0.26, -60, 0), -61, 0.25, 300,
        pulse(1.24, (37.5, 42.5), (216, 221), rest=0.24), 5, 45.25, 208.0,
    ),
    "Q after-potential": (
        (1, 0.2, -60, -21), -70, 0.1, 50, lambda t: 20.0 if abs(t - 10) < 1 else 0.0, 1, 11.3, 11.3,
    ),
    "R accommodation": ((0.02, 1, -55, 4), -65, 0.5, 400, accommodating, 1, 311.5, 311.5),
    "S inhibition-induced spiking": ((-0.02, -1, -60, 8), -63.8, 0.5, 350, disinhibited, 3, 94.5, 236.0),
    "T inhibition-induced bursting": ((-0.026, -1, -45, -2), -63.8, 0.5, 350, disinhibited, 12, 86.5, 204.0),
}  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pattern(simulate, pattern):
    # KA-A6a; here a spike is stamped with the end of its step, one tau later
    (a, b, c, d), v0, tau, duration, drive, count, first, last = PATTERNS[pattern]
    variant = CLASS_1 if pattern[0] in "GL" else ACCOMMODATION if pattern[0] == "R" else {}
    init = {"v": v0, "u": -16.0 if pattern[0] == "R" else b * v0}
    params = {"a": a, "b": b, "c": c, "d": d, **variant}
    run = simulate(
        Izhikevich, params, tau, round(duration / tau) + 1, current=lambda k: drive(k * tau), init=init
    )
    assert len(run.spikes) == count
    assert [run.spikes[0] * tau, run.spikes[-1] * tau] == pytest.approx([first + tau, last + tau], abs=1e-9)


@pytest.mark.parametrize(("b", "i_sn"), [(0.2, 4.0), (0.25, 1.015625), (0.26, 0.4225)])
def test_rest_vanishes_at_the_saddle_node(simulate, b, i_sn):
    # KA-A6b: (5 - b)^2 / 0.16 - 140; a = 1 keeps the rest stable up to that point
    v_sn = -(5 - b) / 0.08
    start = {"v": v_sn, "u": b * v_sn}
    for excess, fires in ((-0.01, False), (0.01, True)):
        run = simulate(Izhikevich, {"a": 1.0, "b": b, "i_e": i_sn + excess}, 0.25, 4000, init=start)
        assert bool(run.spikes) is fires


@pytest.mark.parametrize("scheme", ["published", "nest"])
@pytest.mark.parametrize(("b", "rest"), [(0.2, -70.0), (0.25, -64.41391), (0.26, -62.5)])
def test_resting_potential(simulate, scheme, b, rest):
    # KA-A6b
    params = {"b": b, "scheme": scheme}
    run = simulate(Izhikevich, params, 0.25, 8000, init={"v": rest - 2, "u": b * rest}, record=["v"])
    assert run.values["v"][-1] == pytest.approx(rest, abs=1e-4)


def test_nest_scheme_uses_old_values_and_fires_at_the_threshold(simulate):
    # NEST models/izhikevich.cpp, consistent_integration: v and u from the old v and u, spike at v >= V_th
    run = simulate(
        Izhikevich, {"scheme": "nest"}, 0.5, 1, exc={1: 1.0}, init={"v": -60.0, "u": -10.0}, record=["v", "u"]
    )
    assert run.values["v"][0] == -60.0 + 0.5 * (0.04 * 3600 - 300 + 140 + 10) + 1.0
    assert run.values["u"][0] == pytest.approx(-10.0 + 0.5 * 0.02 * (0.2 * -60 + 10), rel=1e-15)
    new_v = simulate(Izhikevich, {}, 0.5, 1, exc={1: 1.0}, init={"v": -60.0, "u": -10.0}, record=["v", "u"])
    v = new_v.values["v"][0]
    assert new_v.values["u"][0] == pytest.approx(-10.0 + 0.5 * 0.02 * (0.2 * v + 10), rel=1e-15)


def test_threshold_is_strict_as_published_only(simulate):
    still = {"k2": 0.0, "k1": 0.0, "k0": 0.0, "a": 0.0}
    for scheme, spikes in (("published", []), ("nest", [1])):
        run = simulate(
            Izhikevich, {**still, "scheme": scheme}, 1.0, 1, exc={1: 1.0}, init={"v": 29.0, "u": 0.0}
        )
        assert run.spikes == spikes


def test_spike_resets_v_and_raises_u(simulate):
    run = simulate(Izhikevich, {"a": 0.0}, 0.25, 1, exc={1: 200.0}, inh={1: -10.0}, record=["v", "u"])
    assert run.spikes == [1]
    assert (run.values["v"][0], run.values["u"][0]) == (-65.0, 8.0)
