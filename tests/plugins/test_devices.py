"""Device models: drift of phase-change memory, memristive pairs (models.md B5, B6)."""

import math

import numpy as np
import pytest

from spikemesh_plugins.learning.memristive_pair import MemristivePair, normalised
from spikemesh_plugins.learning.pcm import PcmDrift, PcmTrace


def test_drift_is_a_power_law(learn):
    # KA-B6: nu = 0.1: a decade multiplies by 0.794328, four by 0.398107; half after 1024 t_0
    ticks = [1, 10, 100, 1000, 1024, 10_000]
    read = learn(PcmDrift, {"nu": 0.1}, 1.0, 10_000, pre=ticks, w=0.8).values["delivered"][
        np.array(ticks) - 1
    ]
    want = [1.0, 0.794328, 0.794328**2, 0.794328**3, 0.5, 0.398107]
    assert read / 0.8 == pytest.approx(want, abs=2e-6)


def test_drift_starts_at_t_0(learn):
    run = learn(PcmDrift, {"nu": 0.3, "t_0": 50.0}, 1.0, 100, pre=range(1, 101), w=0.8)
    assert set(run.values["delivered"][:50]) == {0.8}
    assert run.values["delivered"][99] == pytest.approx(0.8 * 2.0**-0.3, rel=1e-14)
    assert set(run.values["w"]) == {0.8}


def read_out(learn, pair, after, params):
    """What a reward some time after a pair reads from the eligibility."""
    given = {"nu": 0.1, "a_plus": 0.01, "a_minus": 0.01, **params}
    third = {pair[1] + after: 1.0}
    run = learn(PcmTrace, given, 1.0, pair[1] + after, pre=[pair[0]], post=[pair[1]], third=third)
    return run.values["w"][-1] - 0.5


def test_eligibility_that_drifts_is_scale_free(learn):
    # KA-B6: G(10 t)/G(t) = 10^-nu at any t; an exponential trace fails this
    ratios = [read_out(learn, (1, 5), 10 * t, {}) / read_out(learn, (1, 5), t, {}) for t in (1, 7, 60, 500)]
    assert ratios == pytest.approx([10**-0.1] * 4, rel=1e-12)
    assert read_out(learn, (1, 5), 1, {}) == pytest.approx(0.01 * math.exp(-4 / 20.0), rel=1e-12)


def test_a_pulse_erases_what_was_there(learn):
    given = {"nu": 0.1, "a_plus": 0.01, "a_minus": 0.02}
    one = learn(PcmTrace, given, 1.0, 900, pre=[301], post=[305], third={800: 1.0})
    two = learn(PcmTrace, given, 1.0, 900, pre=[1, 301], post=[3, 305], third={800: 1.0})
    # The earlier pair is gone but for its arrival's pairing with the spike before, which the last pulse erases.
    assert two.values["w"][-1] == one.values["w"][-1] != 0.5


def test_a_later_arrival_marks_for_depression(learn):
    run = learn(PcmTrace, {"nu": 0.0}, 1.0, 60, pre=[20], post=[10], third={50: 1.0})
    assert run.values["w"][-1] - 0.5 == pytest.approx(-0.012 * math.exp(-10 / 20.0), rel=1e-12)


def test_without_reward_nothing_changes(learn):
    run = learn(PcmTrace, {}, 1.0, 500, pre=range(3, 500, 11), post=range(1, 500, 7), w=0.1)
    assert set(run.values["w"]) == {0.1}


@pytest.mark.parametrize(
    ("distribution", "want"),
    [
        # KA-B5: gamma has the closed form 1/sqrt(2/c^2 + 1)
        (lambda r, n, c: r.gamma(1 / c**2, c**2, n), 0.2903),
        (lambda r, n, c: r.lognormal(0.0, math.sqrt(math.log(1 + c * c)), n), 0.269),
        (lambda r, n, c: r.uniform(1 - math.sqrt(3) * c, 1 + math.sqrt(3) * c, n), 0.324),
    ],
)
def test_normaliser_damps_the_variation_of_devices(distribution, want):
    random = np.random.default_rng(8)
    positive, negative = (distribution(random, 400_000, 0.429) for _ in range(2))
    out = np.array([normalised(p, n) for p, n in zip(positive.tolist(), negative.tolist(), strict=True)])
    assert out.std() / out.mean() == pytest.approx(want, abs=2e-3)
    assert 0.26 < out.std() / out.mean() < 0.33


def test_normaliser_sees_ratios_alone():
    # KA-B5: D -> lambda D changes nothing, I_pos + I_neg = I_b
    for positive, negative in ((0.3, 0.7), (2.0, 1e-3), (5.0, 5.0)):
        assert normalised(8.0 * positive, 8.0 * negative) == normalised(positive, negative)
        assert normalised(positive, negative) + normalised(negative, positive) == pytest.approx(
            1.0, rel=1e-15
        )
    assert normalised(0.0, 0.0) == 0.5


def test_pair_of_devices_learns_within_its_bounds(learn):
    run = learn(MemristivePair, {"a_plus": 0.1}, 1.0, 20, pre=[3], post=[8], w=0.5, w_max=2.0)
    up = 0.1 * math.exp(-5 / 20.0)
    assert run.values["w"][-1] == pytest.approx(2.0 * normalised(0.25 + up, 0.75), rel=1e-14)
    run = learn(MemristivePair, {"a_minus": 0.1}, 1.0, 20, pre=[8], post=[3], w=0.5, w_max=2.0)
    assert run.values["w"][-1] == pytest.approx(2.0 * normalised(0.25, 0.75 + up), rel=1e-14)
    run = learn(
        MemristivePair,
        {"a_plus": 5.0, "a_minus": 0.0},
        1.0,
        2000,
        pre=range(1, 2000, 5),
        post=range(3, 2000, 5),
    )
    assert 0.99 < run.values["w"][-1] < 1.0


def test_pulses_vary_by_the_given_part(learn):
    n, c = 3000, 0.2
    ups = []
    for k in range(n):
        random = np.random.default_rng(k).random(2)
        draws = lambda function, tick, name, r=random: float(r[int(name == "radius")])  # noqa: E731
        run = learn(MemristivePair, {"a_plus": 0.1, "cv_pulse": c}, 1.0, 3, pre=[1], post=[3], draws=draws)
        ups.append(run.values["positive"][-1])
    assert np.mean(ups) == pytest.approx(0.1 * math.exp(-2 / 20.0), rel=4 * c / math.sqrt(n))
    assert np.std(ups) / np.mean(ups) == pytest.approx(c, rel=4 / math.sqrt(2 * n))
