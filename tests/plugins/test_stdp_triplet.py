"""Triplet STDP against closed forms and the data it was fitted to (models.md C2)."""

import math

import numpy as np
import pytest

from spikemesh_plugins.learning.stdp_triplet import StdpTriplet, StdpTripletNearest

MINIMAL = {"a2_plus": 0.0, "a3_plus": 6.5e-3, "a2_minus": 7.1e-3, "a3_minus": 0.0, "tau_y": 114.0}
NEAREST_MINIMAL = {"a2_plus": 0.0, "a3_plus": 5e-2, "a2_minus": 8e-3, "a3_minus": 0.0, "tau_y": 40.0}
AMPLITUDES = ("a2_plus", "a3_plus", "a2_minus", "a3_minus")

# Sjoestroem et al. 2001 as quoted by Pfister & Gerstner 2006: rate (Hz) -> change and its standard error.
DATA = {
    10: {0.1: (-0.04, 0.05), 10: (0.14, 0.1), 20: (0.29, 0.14), 40: (0.53, 0.11), 50: (0.56, 0.26)},
    -10: {0.1: (-0.29, 0.08), 10: (-0.41, 0.11), 20: (-0.34, 0.1), 40: (0.56, 0.32), 50: (0.75, 0.19)},
}


def change(learn, rule, params, rate, lag, pairs):
    """Change of a weight, in w_max, by pairs at a rate; amplitudes are scaled down to stay off the bounds."""
    defaults = {name: parameter.default for name, parameter in rule.parameters.items()}
    small = {name: 0.1 * {**defaults, **params}[name] for name in AMPLITUDES}
    period = round(200 / rate)
    first = [1 + max(0, -lag // 5) + k * period for k in range(pairs)]
    post = [t + lag // 5 for t in first]
    run = learn(rule, {**params, **small}, 5.0, pairs * period + 5, pre=first, post=post)
    return 10.0 * (run.values["w"] - 0.5)


def after_60_pairs(learn, rule, params, rate, lag):
    # Pairs 10 s apart do not feel one another: the slowest trace has decayed by e^(-14).
    if rate < 1:
        return 20 * change(learn, rule, params, rate, lag, 3)[-1]
    return change(learn, rule, params, rate, lag, 60)[-1]


def test_pairing_protocol_of_the_minimal_model(learn):
    # KA-C2a, predictions of the all-to-all minimal model
    expected = {
        10: (0.0, 0.1186, 0.2278, 0.5321, 0.7627),
        -10: (-0.3166, -0.3322, -0.3417, 0.1737, 0.7492),
    }
    for lag, values in expected.items():
        found = [after_60_pairs(learn, StdpTriplet, MINIMAL, rate, lag) for rate in DATA[lag]]
        assert found == pytest.approx(values, abs=6e-5)


@pytest.mark.parametrize(
    ("rule", "params", "error"),
    [
        (StdpTriplet, {}, 0.342),
        (StdpTriplet, MINIMAL, 0.356),
        (StdpTripletNearest, {}, 0.232),
        (StdpTripletNearest, NEAREST_MINIMAL, 0.348),
    ],
)
def test_fit_to_visual_cortex(learn, rule, params, error):
    # KA-C2a: mean squared z-score over ten points
    scores = [
        ((after_60_pairs(learn, rule, params, rate, lag) - mean) / deviation) ** 2
        for lag, points in DATA.items()
        for rate, (mean, deviation) in points.items()
    ]
    assert np.mean(scores) == pytest.approx(error, abs=6e-4)


@pytest.mark.parametrize(
    ("rate", "causal", "acausal"),
    [
        (10, 0.0020412866, -0.0055412893),
        (20, 0.0040583332, -0.0056745663),
        (40, 0.0101951726, 0.0039456452),
        (50, 0.0150677595, 0.0150677595),
    ],
)
def test_change_per_pair_once_the_traces_repeat(learn, rate, causal, acausal):
    # KA-C2b, all-to-all minimal; amplitudes as small as leaves the weight off its bounds
    small = {**MINIMAL, **{name: 0.01 * MINIMAL[name] for name in AMPLITUDES}}
    period = 200 // rate
    pairs = 30 * rate
    for lag, want in ((2, causal), (-2, acausal)):
        pre = [3 + k * period for k in range(pairs)]
        w = learn(StdpTriplet, small, 5.0, pairs * period, pre=pre, post=[t + lag for t in pre]).values["w"]
        assert 100.0 * (w[-1] - w[-1 - period]) == pytest.approx(want, abs=5e-10)


def test_spikes_of_one_step_do_not_meet(learn):
    # r2 and o2 are read before they take in the spike: one pair has no triplet, equal times no pair
    assert set(learn(StdpTriplet, MINIMAL, 1.0, 9, pre=[3], post=[3]).values["w"]) == {0.5}
    assert set(learn(StdpTriplet, MINIMAL, 1.0, 9, pre=[3], post=[5]).values["w"]) == {0.5}
    w = learn(StdpTriplet, {**MINIMAL, "a2_minus": 0.0}, 1.0, 9, pre=[3], post=[4, 6]).values["w"]
    assert w[-1] - 0.5 == pytest.approx(6.5e-3 * math.exp(-3 / 16.8) * math.exp(-2 / 114.0), rel=1e-12)


def test_poisson_drift_changes_sign_at_the_threshold(learn):
    # KA-C2c: dw/dt = r_x r_y (-a2_minus tau_minus + a3_plus tau_plus tau_y r_y), zero at 19.2203 Hz; on a
    # grid of 1 ms a mean trace is p q / (1 - q), q = e^(-dt/tau)
    steps, batches = 400_000, 50
    small = {**MINIMAL, **{name: 1e-4 * MINIMAL[name] for name in AMPLITUDES}}
    mean = {tau: math.exp(-1 / tau) / (1 - math.exp(-1 / tau)) for tau in (16.8, 33.7, 114.0)}
    for rate, sign in ((0.010, -1), (0.030, 1)):
        random = np.random.default_rng(5).random((2, steps)) < rate
        pre, post = ((np.flatnonzero(train) + 1).tolist() for train in random)
        w = learn(StdpTriplet, small, 1.0, steps, pre=pre, post=post).values["w"]
        gains = np.diff(np.concatenate(([0.5], w[steps // batches - 1 :: steps // batches])))
        error = gains.std(ddof=1) / math.sqrt(batches)
        pairs = rate * rate * steps / batches
        want = pairs * (small["a3_plus"] * mean[16.8] * rate * mean[114.0] - small["a2_minus"] * mean[33.7])
        assert math.copysign(1, want) == sign
        assert gains.mean() == pytest.approx(want, abs=4 * error)
        assert 4 * error < abs(want)
