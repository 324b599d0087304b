"""Adaptive threshold, a readout and a detector of order (models.md A10, A13)."""

import math

import numpy as np
import pytest

from spikemesh_plugins.neurons.alif import Alif
from spikemesh_plugins.neurons.leaky_integrator import LeakyIntegrator
from spikemesh_plugins.neurons.order_detector import OrderDetector


def test_intervals_of_an_adapting_threshold(simulate):
    # KA-A10: V_inf 2, theta_0 1, jump 0.1, tau_m 20, tau_a 200: first interval 20 ln 2 = 13.86294, then to
    # 31.50607 ms, the root of V_inf (1 - e^(-T/tau_m)) = theta_0 + jump e^(-T/tau_a)/(1 - e^(-T/tau_a))
    params = {"i_e": 2.0, "adapt_beta": 0.1, "reset": "zero"}
    run = simulate(Alif, params, 0.005, 400_000)
    times = 0.005 * np.array(run.spikes)
    assert times[0] == pytest.approx(20 * math.log(2), abs=0.0051)
    assert np.diff(times)[-10:].mean() == pytest.approx(31.50607, abs=0.006)


@pytest.mark.parametrize("scaling", ["one", "leak"])
def test_published_recursion(simulate, scaling):
    # Bellec et al. 2020 in plain words: reset by subtraction and adaptation one step after the spike
    random = np.random.default_rng(3)
    w = random.exponential(0.2 if scaling == "one" else 6.0, 400)
    params = {"adapt_beta": 0.3, "adapt_tau": 50.0, "input_scaling": scaling}
    run = simulate(Alif, params, 1.0, 400, exc=lambda t: w[t - 1], record=["v", "a"])
    alpha, rho = math.exp(-1 / 20), math.exp(-1 / 50)
    zeta = 1.0 if scaling == "one" else 1 - alpha
    v = a = z = 0.0
    spikes = []
    for t in range(400):
        v, a = alpha * v + zeta * w[t] - z * 1.0, rho * a + z
        z = float(v >= 1.0 + 0.3 * a)
        spikes += [t + 1] if z else []
        assert [run.values["v"][t], run.values["a"][t]] == pytest.approx([v, a], rel=1e-9, abs=1e-12)
    assert run.spikes == spikes
    assert len(spikes) > 20


def test_refractory_time(simulate):
    run = simulate(Alif, {"i_e": 50.0, "t_ref": 4.0}, 1.0, 40)
    assert set(np.diff(run.spikes)) == {5}


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_readout_is_exact_and_never_spikes(simulate, dt):
    params = {"tau_m": 7.0, "e_l": 2.0, "i_e": 3.0}
    steps = round(30 / dt)
    run = simulate(LeakyIntegrator, params, dt, steps, exc={round(5 / dt): 1e6}, record=["v"])
    t = dt * np.arange(1, steps + 1)
    wanted = 5.0 - 3.0 * np.exp(-t / 7.0)
    wanted = wanted + np.where(t > 5.0 - dt / 2, 1e6 * np.exp(-(t - 5.0) / 7.0), 0.0)
    np.testing.assert_allclose(run.values["v"], wanted, rtol=1e-10)
    assert run.spikes == []


@pytest.mark.parametrize("dt", [0.1, 1.0, 5.0])
def test_order_of_two_inputs(simulate, dt):
    # KA-A13: tau 10, gap 5, weights 0.5 and 0.8: 1.10327 against 0.98522, threshold 1 tells them apart
    first, second = round(5 / dt), round(10 / dt)
    assert simulate(OrderDetector, {}, dt, 2 * second, exc={first: 0.5, second: 0.8}).spikes == [second]
    assert simulate(OrderDetector, {}, dt, 2 * second, exc={first: 0.8, second: 0.5}).spikes == []
    top = simulate(OrderDetector, {"v_th": 9.0}, dt, second, exc={first: 0.5, second: 0.8}, record=["v"])
    assert top.values["v"][-1] == pytest.approx(1.10327, abs=5e-6)
    other = simulate(OrderDetector, {"v_th": 9.0}, dt, second, exc={first: 0.8, second: 0.5}, record=["v"])
    assert other.values["v"][-1] == pytest.approx(0.98522, abs=5e-6)


def test_decay_by_steps_is_decay_by_events(simulate):
    # KA-A13: to rtol 1e-12
    random = np.random.default_rng(4)
    times = np.sort(random.choice(5000, 60, replace=False)) + 1
    weights = random.uniform(0.1, 1.0, 60)
    arrivals = dict(zip(times.tolist(), weights.tolist(), strict=True))
    run = simulate(OrderDetector, {"v_th": 1e9}, 0.1, 5001, exc=arrivals, record=["v"])
    v, last = 0.0, 0
    for t, w in arrivals.items():
        v, last = v * math.exp(-(t - last) * 0.1 / 10.0) + w, t
        assert run.values["v"][t - 1] == pytest.approx(v, rel=1e-12)
