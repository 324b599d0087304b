"""Calcium-based plasticity against times above threshold and the published averages (models.md C6)."""

import math

import numpy as np
import pytest

from spikemesh_plugins.learning.calcium import CalciumPlasticity

PLAIN = {"sigma": 0.0, "bistable": False, "settle": 1.0}
TAU = 150_000.0


def rho(w):
    """Efficacy of a weight, for w_max = 1 and the ratio 5."""
    return (w - 0.2) / 0.8


def test_times_above_threshold(learn):
    # KA-C6a: c = 2 decays past 1 after 13.862944 ms and past 1.3 after 8.615658 ms: with one side switched
    # off, rho follows e^(-gamma t/tau)
    for off, theta, time in (("gamma_p", "gamma_d", 13.862944), ("gamma_d", "gamma_p", 8.615658)):
        params = {**PLAIN, off: 1e-12, theta: 1e3}
        run = learn(CalciumPlasticity, params, 0.1, 600, post=[1], w=0.6)
        depressed = 0.5 * math.exp(-1e3 * time / TAU)
        want = depressed if theta == "gamma_d" else 1.0 - depressed
        assert rho(run.values["w"][-1]) == pytest.approx(want, abs=1e-8)


def test_a_lone_spike_of_the_neuron_is_neutral(learn):
    # KA-C6a, set DP: gamma_d t_d = gamma_p t_p to 1e-6, so that from rho = 1/2 nothing is left at first order
    run = learn(CalciumPlasticity, PLAIN, 0.1, 600, post=[1], w=0.6)
    assert rho(run.values["w"][-1]) == pytest.approx(0.5, abs=2e-4)
    first_order = learn(CalciumPlasticity, {**PLAIN, "tau": 1e10}, 0.1, 600, post=[1], w=0.6)
    assert rho(first_order.values["w"][-1]) == pytest.approx(0.5, abs=1e-11)


def test_calcium_of_an_arrival_comes_after_its_delay(learn):
    params = {**PLAIN, "c_pre": 1.5, "tau": 1000.0, "settle": 0.1}
    run = learn(CalciumPlasticity, params, 0.1, 300, pre=[10], w=1.0)
    changes = np.flatnonzero(np.diff(run.values["w"]))
    assert changes[0] + 2 == 148  # 1.0 ms + 13.7 ms is tick 147: the first whole step above the threshold
    # Three arrivals within the delay: two wait, the oldest acts with the third.
    run = learn(CalciumPlasticity, params, 0.1, 300, pre=[10, 60, 110], w=1.0)
    assert np.flatnonzero(np.diff(run.values["w"]))[0] + 2 == 111


def above(learn, lag, theta):
    """Share of a second for which calcium exceeds a threshold, pairs at 1 Hz with post - pre = lag (ms)."""
    other = {"theta_p": 1e9, "theta_d": theta, "gamma_d": 1.0, "tau": 1e6}
    dt, second = 0.1, 10_000
    pre = [2000 + second * k for k in range(3)]
    post = [t + round(lag / dt) for t in pre]
    steps = 3 * second
    run = learn(CalciumPlasticity, {**PLAIN, **other, "settle": 100.0}, dt, steps, pre=pre, post=post, w=1.0)
    w = run.values["w"]
    return -math.log(rho(w[3 * second - 1]) / rho(w[2 * second - 1])) * 1e6 / 1000.0


@pytest.mark.parametrize(
    ("lag", "want"),
    [
        (-40, 0.852),
        (-20, 0.765),
        (-10, 0.882),
        (0, 1.008),
        (10, 1.222),
        (20, 1.172),
        (40, 1.085),
        (80, 1.014),
    ],
)
def test_change_by_60_pairs(learn, lag, want):
    # KA-C6b: 60 pairs at 1 Hz, b = 5, half of the synapses up; probabilities of passing rho = 1/2 from the
    # mean and the variance of rho, with the times above threshold that the rule itself shows
    alpha_d, alpha_p = above(learn, lag, 1.0), above(learn, lag, 1.3)
    gamma_d, gamma_p = 200.0 * alpha_d, 321.808 * alpha_p
    gamma = gamma_d + gamma_p
    mean, left = gamma_p / gamma, math.exp(-60.0 * gamma / 150.0)
    spread = math.sqrt(2.8284**2 * (alpha_p + alpha_d) / gamma * (1.0 - left**2))

    def passed(start):
        return 0.5 * (1.0 + math.erf((mean - 0.5 + (start - mean) * left) / spread))

    up, down = passed(0.0), 1.0 - passed(1.0)
    b, half = 5.0, 0.5
    before = half + (1.0 - half) * b
    after = (1.0 - up) * half + down * (1.0 - half) + b * (up * half + (1.0 - down) * (1.0 - half))
    assert after / before == pytest.approx(want, abs=0.005)


def test_noise_has_the_variance_of_the_process(learn):
    # sigma^2 (1 - e^(-2 gamma t))/gamma with both thresholds passed all the time; 4 standard errors
    n, time = 2000, 300.0
    params = {"bistable": False, "c_post": 1e30, "settle": 100.0, "tau": TAU}
    gamma = 521.808
    finals = []
    for k in range(n):
        random = np.random.default_rng(k).random((4, 2))
        draws = lambda function, tick, name, r=random: float(r[tick % 4][int(name == "radius")])  # noqa: E731
        run = learn(CalciumPlasticity, params, 100.0, 4, post=[1], w=0.6, draws=draws)
        finals.append((run.values["strength"][-1] - 0.2) / 0.8)
    left = math.exp(-gamma * time / TAU)
    mean, variance = 321.808 / gamma, 8.0 / gamma * (1.0 - left**2)
    assert np.mean(finals) == pytest.approx(mean + (0.5 - mean) * left, abs=4 * math.sqrt(variance / n))
    assert np.var(finals) == pytest.approx(variance, rel=4 * math.sqrt(2 / n))


def test_bistable_drift_is_that_of_the_double_well(learn):
    # tau rho' = -rho (1 - rho)(1/2 - rho), integrated beside it
    for start in (0.35, 0.65):
        run = learn(CalciumPlasticity, {"tau": 500.0}, 1.0, 3000, w=0.2 + 0.8 * start)
        value = start
        for _ in range(30_000):
            middle = value - 0.05 / 500.0 * value * (1 - value) * (0.5 - value)
            value -= 0.1 / 500.0 * middle * (1 - middle) * (0.5 - middle)
        assert rho(run.values["w"][-1]) == pytest.approx(value, abs=1e-7)
