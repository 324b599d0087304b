"""Pair STDP against closed forms (models.md C1)."""

import math

import numpy as np
import pytest

from spikemesh.errors import DescriptionError
from spikemesh_plugins.learning.stdp_pair import StdpPair, StdpPairNearest

WINDOW = {"a_plus": 0.01, "a_minus": 0.012, "tau_plus": 16.8, "tau_minus": 33.7}


@pytest.mark.parametrize(
    ("rule", "period", "change"),
    [
        (StdpPair, 100, 0.00465313896),
        (StdpPairNearest, 100, 0.00468380356),
        (StdpPair, 20, -0.0120025513),
        (StdpPairNearest, 20, -0.0034045707),
    ],
)
def test_periodic_trains(learn, rule, period, change):
    # KA-C1a: 10 and 50 Hz, post 10 ms after pre, change per pair once the traces repeat; w_max scales it
    pairs = 40
    pre = range(1, pairs * period, period)
    steps = pairs * period
    run = learn(rule, WINDOW, 1.0, steps, pre=pre, post=[t + 10 for t in pre], w=2.0, w_max=4.0)
    w = run.values["w"]
    assert w[steps - 1] - w[steps - 1 - period] == pytest.approx(4.0 * change, rel=1e-8)


def test_single_pairs(learn):
    # both sides of the window: a_plus e^(-d/tau_plus) and -a_minus e^(-d/tau_minus)
    causal = learn(StdpPair, WINDOW, 1.0, 20, pre=[3], post=[8])
    assert causal.values["w"][-1] - 0.5 == pytest.approx(0.01 * math.exp(-5 / 16.8), rel=1e-12)
    acausal = learn(StdpPair, WINDOW, 1.0, 20, pre=[8], post=[3])
    assert acausal.values["w"][-1] - 0.5 == pytest.approx(-0.012 * math.exp(-5 / 33.7), rel=1e-12)


def test_spikes_of_one_step_do_not_pair(learn):
    # no trace holds the spike of the present step
    assert learn(StdpPair, WINDOW, 1.0, 5, pre=[3], post=[3]).values["w"].tolist() == [0.5] * 5


@pytest.mark.parametrize(("rule", "nearest"), [(StdpPair, False), (StdpPairNearest, True)])
@pytest.mark.parametrize("side", ["plus", "minus"])
def test_drift_of_independent_poisson_trains(learn, rule, nearest, side):
    # KA-C1b on the grid: with p = r dt and q = e^(-dt/tau) the mean trace before a step is p q/(1-q) for
    # all pairs, and p q/(1 - (1-p) q) for the nearest one. 50 batches of 4000 steps, 4 standard errors.
    p, size, steps, batches = 0.05, 1e-7, 200_000, 50
    tau = WINDOW[f"tau_{side}"]
    q = math.exp(-1.0 / tau)
    trace = p * q / (1 - (1 - p) * q) if nearest else p * q / (1 - q)
    params = {**WINDOW, "a_plus": 0.0, "a_minus": 0.0, f"a_{side}": size}
    random = np.random.default_rng(11).random((2, steps)) < p
    pre, post = ((np.flatnonzero(train) + 1).tolist() for train in random)
    w = learn(rule, params, 1.0, steps, pre=pre, post=post).values["w"]
    gains = np.diff(np.concatenate(([0.5], w[steps // batches - 1 :: steps // batches])))
    error = gains.std(ddof=1) / math.sqrt(batches)
    sign = 1 if side == "plus" else -1
    want = sign * size * p * trace * steps / batches
    assert error < 0.06 * abs(want)
    assert gains.mean() == pytest.approx(want, abs=4 * error)


@pytest.mark.parametrize(("mu", "fixed_point"), [(1.0, 1 / 2.2), (0.5, 1 / (1 + 1.2**2))])
@pytest.mark.parametrize("start", [0.05, 0.95])
def test_weight_dependence_has_a_fixed_point(constants_of, mu, fixed_point, start):
    # KA-C1c: equal traces, alpha = a_minus/a_plus = 1.2: 1/(1+alpha) for mu = 1, 1/(1+alpha^(1/mu)) in
    # general (Guetig et al. 2003)
    from types import SimpleNamespace as Values

    c = Values(**constants_of(StdpPair, 1.0, a_plus=1e-3, a_minus=1.2e-3, mu_plus=mu, mu_minus=mu, w_max=3.0))
    w = 3.0 * start
    for _ in range(8000):
        w, _ = StdpPair.on_pre(w, (), c, Values(x=1.0), Values(y=1.0), 0.0)
        w, _ = StdpPair.on_post(w, (), c, Values(x=1.0), Values(y=1.0), 0.0)
    assert w / 3.0 == pytest.approx(fixed_point, abs=1e-3)


@pytest.mark.parametrize(("first", "second", "bound"), [("pre", "post", 1.0), ("post", "pre", 0.0)])
def test_additive_weights_end_at_the_bounds(learn, first, second, bound):
    trains = {first: range(1, 2000, 20), second: range(3, 2000, 20)}
    w = learn(StdpPair, {"a_plus": 0.1, "a_minus": 0.1}, 1.0, 2000, **trains).values["w"]
    assert (w.min(), w.max())[bound == 1.0] == bound
    assert ((w >= 0.0) & (w <= 1.0)).all()


@pytest.mark.parametrize("mu", [0.5, 1.0])
def test_weight_dependence_stays_within_the_bounds(learn, mu):
    params = {**WINDOW, "a_plus": 0.9, "a_minus": 0.9, "mu_plus": mu, "mu_minus": mu}
    for trains in ({"pre": [1, 2, 3], "post": [4, 5, 6, 7]}, {"post": [1, 2, 3], "pre": [4, 5, 6, 7]}):
        w = learn(StdpPair, params, 1.0, 10, **trains).values["w"]
        assert ((w >= 0.0) & (w <= 1.0)).all()


@pytest.mark.parametrize("start", [0.05, 0.95])
def test_power_law_has_its_fixed_point(constants_of, start):
    # KA-C1c: w_0 alpha^(-1/(1 - mu)), 39.5985 w_0 for alpha = 0.11 and mu = 0.4
    from types import SimpleNamespace as Values

    params = {"dependence": "power_law", "mu_plus": 0.4, "w_0": 0.01, "a_plus": 0.02, "a_minus": 0.02 * 0.11}
    c = Values(**constants_of(StdpPair, 1.0, w_max=3.0, **params))
    w = 3.0 * start
    for _ in range(20_000):
        w, _ = StdpPair.on_pre(w, (), c, Values(x=1.0), Values(y=1.0), 0.0)
        w, _ = StdpPair.on_post(w, (), c, Values(x=1.0), Values(y=1.0), 0.0)
    assert w / 3.0 == pytest.approx(0.395985, rel=2e-3)


def test_dependences_are_settings_of_one_form(learn):
    trains = {"pre": range(1, 400, 7), "post": range(3, 400, 11)}
    both = {
        "additive": {},
        "multiplicative": {"mu_plus": 1.0, "mu_minus": 1.0},
    }
    for dependence, exponents in both.items():
        named = learn(StdpPair, {**WINDOW, "dependence": dependence}, 1.0, 400, **trains)
        given = learn(StdpPair, {**WINDOW, **exponents}, 1.0, 400, **trains)
        assert np.array_equal(named.values["w"], given.values["w"])
    # w_0^(1 - mu) w^mu at one potentiation
    power = learn(
        StdpPair,
        {**WINDOW, "dependence": "power_law", "mu_plus": 0.4, "w_0": 0.1},
        1.0,
        9,
        pre=[1],
        post=[5],
        w=0.3,
    )
    want = 0.3 + 0.01 * 0.1**0.6 * 0.3**0.4 * math.exp(-4 / 16.8)
    assert power.values["w"][-1] == pytest.approx(want, rel=1e-14)


def test_exponents_that_a_dependence_fixes_are_refused(constants_of):
    for given, name in (
        ({"dependence": "additive", "mu_plus": 0.5}, "mu_plus"),
        ({"dependence": "multiplicative", "mu_minus": 0.5}, "mu_minus"),
        ({"dependence": "power_law", "mu_minus": 0.5}, "mu_minus"),
    ):
        with pytest.raises(DescriptionError, match=f"{name}: 0.5 contradicts dependence"):
            constants_of(StdpPair, 1.0, w_max=1.0, **given)
