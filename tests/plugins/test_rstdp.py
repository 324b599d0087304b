"""Reward-modulated STDP against closed forms (models.md C4)."""

import math

import numpy as np
import pytest

from spikemesh_plugins.learning.rstdp import RewardModulatedStdp

A = 0.01
QUIET = {"a_minus": 0.0, "a_plus": A, "tau_plus": 1e9}


def change(learn, pair, reward, dt=1.0, until=4000, **params):
    """Change of a weight by one pair and one reward, both at ticks, until all has decayed."""
    run = learn(
        RewardModulatedStdp, {**QUIET, **params}, dt, until, pre=[1], post=[pair], third={reward: 1.0}
    )
    return run.values["w"][-1] - 0.5


@pytest.mark.parametrize(("after", "want"), [(0, 0.1666667), (500, 0.1010884), (1000, 0.0613132)])
def test_reward_after_the_pair(learn, after, want):
    # KA-C4: A D e^(-T/tau_c) tau_c tau_d/(tau_c + tau_d)
    assert change(learn, 2, 2 + after) / A == pytest.approx(want, abs=1e-6)


def test_reward_before_the_pair(learn):
    # KA-C4: A D e^(-|T|/tau_d) tau_c tau_d/(tau_c + tau_d)
    together = 1.0 * 0.2 / 1.2
    for before in (100, 300):
        want = math.exp(-before / 200.0) * together
        assert change(learn, 10 + before, 10, until=5000) / A == pytest.approx(want, rel=1e-6)


def test_no_reward_leaves_the_weight_bit_identical(learn):
    random = np.random.default_rng(1)
    pre, post = (np.flatnonzero(random.random(3000) < 0.03) + 1 for _ in range(2))
    run = learn(RewardModulatedStdp, {}, 1.0, 3000, pre=pre, post=post, w=0.1)
    assert set(run.values["w"]) == {0.1}
    assert run.values["eligibility"].any()


def test_any_settling_gives_the_same_weight(learn):
    random = np.random.default_rng(3)
    pre, post = (np.flatnonzero(random.random(2000) < 0.03) + 1 for _ in range(2))
    third = {400: 1.0, 401: 0.5, 1200: -0.7}
    finals = [
        learn(RewardModulatedStdp, {"settle": settle}, 1.0, 4000, pre=pre, post=post, third=third).values[
            "w"
        ][-1]
        for settle in (1.0, 100.0, 1000.0)
    ]
    assert finals[0] != 0.5
    assert finals[1:] == pytest.approx([finals[0]] * 2, rel=1e-12)


def test_integral_between_events_is_exact(learn):
    # against w' = c d, integrated in small steps beside it
    pre, post, third = [10, 150, 700], [30, 140, 480], {200: 1.0, 500: -0.4}
    run = learn(RewardModulatedStdp, {"settle": 1.0}, 1.0, 3000, pre=pre, post=post, third=third)
    c = d = x = y = 0.0
    w, parts = 0.5, 200
    for tick in range(1, 3001):
        for _ in range(parts):
            middle = math.exp(-0.5 / parts * (1 / 1000 + 1 / 200))
            w += c * d * middle * 1e-3 / parts
            c *= math.exp(-1 / parts / 1000)
            d *= math.exp(-1 / parts / 200)
        x, y = x * math.exp(-1 / 20), y * math.exp(-1 / 20)
        c -= 0.012 * y if tick in pre else 0.0
        c += 0.01 * x if tick in post else 0.0
        d += third.get(tick, 0.0)
        x, y = x + (tick in pre), y + (tick in post)
    assert run.values["w"][-1] == pytest.approx(w, abs=1e-10)
    assert abs(w - 0.5) > 1e-4
