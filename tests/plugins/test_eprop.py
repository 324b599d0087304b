"""Eligibility propagation against back-propagation through time (models.md C5), and PES."""

import numpy as np
import pytest

from spikemesh_plugins.learning.eprop import EligibilityPropagation
from spikemesh_plugins.learning.pes import PrescribedErrorSensitivity
from spikemesh_plugins.neurons.lif_eprop import LifEprop

TAUS = {"tau_m": 20.0, "tau_out": 30.0, "tau_a": 200.0}


def forward(simulate_plain, arrivals, weights, beta):
    """Run the neuron on weighted arrivals [time, input]; psi and spikes by step."""
    drive = arrivals @ weights
    params = {"tau_m": 20.0, "tau_a": 200.0, "beta": beta, "v_th": 1.0}
    plain, _ = simulate_plain(
        LifEprop,
        params,
        1.0,
        len(drive),
        exc=dict(enumerate(drive.tolist(), 1)),
        record=("psi", "z", "a", "v"),
    )
    return plain.values


def gradient(arrivals, values, signal, beta):
    """Back-propagate sum over t of y(t) signal(t), with y the filtered spikes, reset path dropped.

    v = alpha v + w . arrivals; a = rho a + z of the step before; z = H(v - v_th - beta a) with slope psi.
    """
    alpha, rho, kappa = (np.exp(-1.0 / TAUS[name]) for name in ("tau_m", "tau_a", "tau_out"))
    steps = len(signal)
    grad = np.zeros(arrivals.shape[1])
    back_y = back_v = back_a = 0.0
    for t in reversed(range(steps)):
        back_y = kappa * back_y + signal[t]
        # z(t) enters y(t) with weight 1 - kappa and a(t + 1) with weight 1.
        back_z = (1.0 - kappa) * back_y + back_a
        back_v = alpha * back_v + values["psi"][t] * back_z
        back_a = rho * back_a - beta * values["psi"][t] * back_z
        grad += back_v * arrivals[t]
    return grad


@pytest.mark.parametrize("beta", [0.0, 0.8])
def test_gradient_equals_back_propagation(simulate_both, learn, beta):
    # KA-C5: feed-forward, path through the reset dropped: equal but for rounding
    random = np.random.default_rng(4)
    steps, inputs = 300, 4
    arrivals = (random.random((steps, inputs)) < 0.2).astype(float)
    weights = np.array([0.3, 0.5, 0.2, 0.4])
    signal = random.normal(size=steps)
    values = forward(simulate_both, arrivals, weights, beta)
    assert 10 < values["z"].sum() < 200
    want = gradient(arrivals, values, signal, beta)
    reads = {"psi": [0.0, *values["psi"]], "error": [0.0, *signal]}
    for i in range(inputs):
        pre = (np.flatnonzero(arrivals[:, i]) + 1).tolist()
        params = {**TAUS, "beta": beta, "eta": 1e-6}
        run = learn(EligibilityPropagation, params, 1.0, steps, pre=pre, reads=reads, w=0.5)
        assert (0.5 - run.values["w"][-1]) / 1e-6 == pytest.approx(want[i], abs=1e-8)
    assert np.abs(want).min() > 1e-2


def test_adaptation_is_part_of_the_gradient(simulate_both):
    random = np.random.default_rng(4)
    arrivals = (random.random((300, 4)) < 0.2).astype(float)
    weights, signal = np.array([0.3, 0.5, 0.2, 0.4]), random.normal(size=300)
    values = forward(simulate_both, arrivals, weights, 0.8)
    with_it, without = (gradient(arrivals, values, signal, beta) for beta in (0.8, 0.0))
    assert np.abs(with_it - without).min() > 1e-3


def test_neuron_adapts_and_keeps_its_error(simulate):
    # A spike at 1 by an input above the threshold: a is 1 from the next step on, and raises the threshold
    run = simulate(LifEprop, {"beta": 0.5}, 1.0, 3, exc={1: 1.2}, record=("v", "a", "z", "psi"))
    alpha, rho = np.exp(-1 / 20.0), np.exp(-1 / 200.0)
    assert run.spikes == [1]
    assert run.values["v"] == pytest.approx([1.2, alpha * 1.2 - 1.0, alpha * (alpha * 1.2 - 1.0)], rel=1e-14)
    assert run.values["a"] == pytest.approx([0.0, 1.0, rho], rel=1e-14)
    assert run.values["psi"][0] == pytest.approx(0.3 * 0.8, rel=1e-14)


def test_pes_follows_error_and_activity(learn):
    # dw = -kappa x e dt with x in Hz and dt in s, the trace of one arrival: integral of x is 1
    run = learn(
        PrescribedErrorSensitivity,
        {"kappa": 0.01, "tau_pre": 20.0},
        1.0,
        600,
        pre=[5],
        reads={"error": -2.0},
        w=0.5,
    )
    q = np.exp(-1 / 20.0)
    assert run.values["w"][-1] - 0.5 == pytest.approx(0.01 * 2.0 * q / (1 - q) / 20.0, rel=1e-9)
    slow = learn(
        PrescribedErrorSensitivity,
        {"kappa": 0.01, "every": 10.0},
        1.0,
        600,
        pre=[9],
        reads={"error": -2.0},
        w=0.5,
    )
    tenth = q ** np.arange(1, 600, 10)
    assert slow.values["w"][-1] - 0.5 == pytest.approx(0.01 * 2.0 * 10 * tenth[:60].sum() / 20.0, rel=1e-9)


def test_weights_may_change_sign_if_they_are_let(learn):
    for w_min, want in ((0.0, 0.0), (-1.0, -1.0)):
        run = learn(
            PrescribedErrorSensitivity,
            {"kappa": 1.0, "w_min": w_min},
            1.0,
            50,
            pre=[1, 2, 3],
            reads={"error": 9.0},
        )
        assert run.values["w"][-1] == want
