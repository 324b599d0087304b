"""Patterns stored in the compiled rules, seen by an ideal observer (models.md D0-D2)."""

import numpy as np
import pytest

from spikemesh import memory
from spikemesh.api.stored_patterns import StoredPatterns
from spikemesh.errors import DescriptionError, InputError

UNIT = {"amplitude": 1.0, "gain": 0.02, "u_limit": 1e6}
"""A pattern adds +1 or -1 to the first beaker, and the weight shows it without reaching a bound."""
BYTE = {"amplitude": 1.0, "gain": 0.03, "u_limit": 16.0, "level": 1.0}
"""Whole numbers from -16 to 16."""


def mean_snr(stored, ages, samples, spacing, of="w"):
    found = []
    for _ in range(samples):
        stored.store(spacing)
        found.append(stored.snr(stored.tick - np.array(ages), of))
    return np.mean(found, axis=0)


def test_what_a_pattern_adds_fades_as_the_theory_says():
    # KA-D2a, D0: one pattern, then steps without any; covariance with the pattern is S(t) but for its mean
    stored = StoredPatterns("benna_fusi", 2000, beakers=8, **UNIT)
    (tick,) = stored.store(1)
    ages = np.array([0, 1, 2, 10, 100, 1000])
    found = []
    for steps in np.diff(ages, prepend=0):
        stored.store(int(steps), stored=False)
        found.append(stored.signal([tick], "u1")[0])
    assert np.array(found) / found[0] == pytest.approx(memory.Chain(8).signal(ages), rel=1e-12)
    assert found[0] == pytest.approx(1.0, abs=5e-3)


def test_signal_and_noise_of_many_patterns_are_those_of_the_theory():
    ages = np.array([0, 1, 10, 100])
    stored = StoredPatterns("benna_fusi", 4000, beakers=5, steady=True, **UNIT)
    found = mean_snr(stored, ages, samples=150, spacing=20)
    theory = stored.theory
    expected = memory.signal_to_noise(theory.signal(ages), theory.variance, 4000)
    assert found == pytest.approx(expected, abs=4 / np.sqrt(150) + 0.02 * expected[0])
    assert np.var(stored.contents("u1")) == pytest.approx(memory.Chain(5).variance(), rel=0.15)


def test_the_steady_state_is_one():
    # A start that is not the steady state would drift to it: variances at once and after 3 slowest time constants.
    stored = StoredPatterns("benna_fusi", 20_000, beakers=3, steady=True, **UNIT)
    at_once = [np.var(stored.contents(f"u{k}")) for k in (1, 2, 3)]
    stored.store(750)
    later = [np.var(stored.contents(f"u{k}")) for k in (1, 2, 3)]
    expected = [memory.Chain(3).variance(k) for k in (1, 2, 3)]
    assert at_once == pytest.approx(expected, rel=0.06)
    assert later == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(("depth", "rate"), [(1, 0.1), (6, 1.0)])
def test_switching_synapses_forget_as_the_theory_says(depth, rate):
    # KA-D0, KA-D1b: S(t) to four standard errors, 1 / sqrt(N patterns)
    ages = np.array([0, 1, 2, 5, 20])
    stored = StoredPatterns("cascade", 5000, depth=depth, rate=rate, steady=True, w_max=1.0)
    signals = []
    for _ in range(100):
        stored.store(20)
        signals.append(2 * stored.signal(stored.tick - ages))
    error = 1 / np.sqrt(5000 * 100)
    assert np.mean(signals, axis=0) == pytest.approx(stored.theory.signal(ages), abs=4 * error)


def test_low_precision_needs_random_rounding():
    # KA-D2f: with levels from -16 to 16 stochastic rounding keeps three quarters of the SNR at age 100,
    # rounding to the nearest level none, as nothing ever reaches the second beaker
    ages, size = [10, 100], 4000
    full = StoredPatterns("benna_fusi", size, steady=True, **UNIT)
    exact = mean_snr(full, ages, samples=200, spacing=20)
    stochastic, nearest = (
        StoredPatterns("benna_fusi", size, rounding=how, **BYTE) for how in ("stochastic", "nearest")
    )
    stochastic.store(4000)
    kept = mean_snr(stochastic, ages, samples=200, spacing=20)
    assert kept[1] >= 0.75 * exact[1]
    assert kept[0] == pytest.approx(12.1 * np.sqrt(size / 20_000), rel=0.1)
    nearest.store(2000)
    lost = mean_snr(nearest, ages, samples=100, spacing=20)
    assert lost[0] == pytest.approx(21.9 * np.sqrt(size / 20_000), rel=0.1)
    assert abs(lost[1]) < 0.4
    assert not any(nearest.contents(f"u{k}").any() for k in range(2, 7))
    for stored in (stochastic, nearest):
        levels = stored.contents("u1")
        assert np.array_equal(levels, np.round(levels))
        assert np.abs(levels).max() <= 16


def test_random_rounding_keeps_the_mean():
    # KA-D5e, C9: one pattern of amplitude 3, far from the bounds; the sum over synapses of what u1 to u4 hold
    stored = StoredPatterns(
        "benna_fusi", 40_000, beakers=4, rounding="stochastic", **{**BYTE, "amplitude": 3.0}
    )
    (tick,) = stored.store(1)
    stored.store(25, stored=False)
    chain = memory.Chain(4)
    for k in (1, 2, 3, 4):
        expected = 3.0 * chain.signal(np.array([25]), k)[0]
        found, spread = stored.signal([tick], f"u{k}")[0], np.std(stored.contents(f"u{k}"))
        assert found == pytest.approx(expected, abs=4 * spread / np.sqrt(40_000) + 0.01 * expected)


@pytest.mark.parametrize(
    ("rule", "params", "bits"),
    [
        ("cascade", {"depth": 1, "rate": 0.5}, 1),
        ("cascade", {"depth": 4}, 3),
        (
            "benna_fusi",
            {"beakers": 1, "rounding": "stochastic", "u_limit": 2.0, "level": 1.0, "amplitude": 1.0},
            3,
        ),
        (
            "benna_fusi",
            {"beakers": 1, "rounding": "nearest", "u_limit": 3.0, "level": 1.0, "amplitude": 1.0},
            3,
        ),
        (
            "benna_fusi",
            {"beakers": 2, "rounding": "stochastic", "u_limit": 2.0, "level": 1.0, "amplitude": 2.0},
            6,
        ),
    ],
)
def test_no_rule_remembers_better_than_its_states_allow(rule, params, bits):
    # Lahiri & Ganguli 2013: for a synapse of 2^bits states; measured, so up to four standard errors beyond
    size, samples = 2000, 60
    stored = (
        StoredPatterns(rule, size, gain=0.1, **params)
        if rule == "benna_fusi"
        else StoredPatterns(rule, size, **params)
    )
    assert sum(stored.rule.bits.values()) == bits
    stored.store(600)
    snr = mean_snr(stored, np.arange(60), samples, 20)
    assert memory.within_bounds(snr, size, 2**bits, slack=4 / np.sqrt(samples))
    assert not memory.within_bounds(snr * 2**bits * 8, size, 2**bits, slack=4 / np.sqrt(samples))


def test_the_same_seed_stores_the_same_patterns_however_often_the_run_is_cut():
    whole, cut = (StoredPatterns("cascade", 300, depth=3, seed=5) for _ in range(2))
    whole.store(500)
    for steps in (1, 31, 32, 100, 336):
        cut.store(steps)
    assert np.array_equal(whole.contents("depth"), cut.contents("depth"))
    assert np.array_equal(whole.contents(), cut.contents())
    other = StoredPatterns("cascade", 300, depth=3, seed=6)
    other.store(500)
    assert not np.array_equal(whole.contents("depth"), other.contents("depth"))


def test_wrong_questions_are_answered():
    with pytest.raises(InputError, match=r'"stdp_pair" stores no patterns'):
        StoredPatterns("stdp_pair", 10)
    with pytest.raises(DescriptionError, match=r"rule\.beakers"):
        StoredPatterns("benna_fusi", 10, beakers=99)
    with pytest.raises(DescriptionError, match=r"rule\.readout: there is no beaker 7"):
        StoredPatterns("benna_fusi", 10, readout=7)
    with pytest.raises(DescriptionError, match=r"rule\.level: 0\.3 does not divide u_limit = 1"):
        StoredPatterns("benna_fusi", 10, rounding="nearest", level=0.3)
    with pytest.raises(InputError, match=r'has no state "u9"'):
        StoredPatterns("benna_fusi", 10).contents("u9")
    with pytest.raises(InputError, match="steady state"):
        StoredPatterns("benna_fusi", 10, rounding="nearest", steady=True)
