"""Synapses dealt to targets: sums are exact, parts agree with the whole, and the law is the multinomial."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from scipy import stats

from spikemesh.kernels import multinomial
from spikemesh.kernels.accelerate import kernel
from spikemesh.kernels.multinomial import totals_per_target
from spikemesh.kernels.random import stream_key

binomial, log = (kernel(inner.py_func) for inner in (multinomial.binomial, multinomial.log))

SYNAPSES, NEURONS = 298_880_969, 77_169
"""Potjans & Diesmann 2014."""


def drawn(n: int, part: int, rest: int, draws: int) -> np.ndarray:
    key0, key1, zero = np.uint64(2024), np.uint64(11), np.uint64(0)
    return np.array(
        [
            binomial(np.int64(n), float(part), float(rest), np.uint64(i), zero, key0, key1)
            for i in range(draws)
        ]
    )


def goodness(observed: np.ndarray, expected: np.ndarray) -> float:
    """Return the p value of counts, sparse cells joined to at least 10 expected."""
    edges, room = [0], 0.0
    for k, e in enumerate(expected):
        room += e
        if room >= 10.0:
            edges.append(k + 1)
            room = 0.0
    edges[-1] = len(expected)
    joined = [np.add.reduceat(c, edges[:-1]) for c in (observed, expected)]
    return float(stats.chisquare(joined[0], joined[1] * joined[0].sum() / joined[1].sum()).pvalue)


# Below a mean of 10 by inversion, from there on by rejection; chances are those of halves: 1/3, 2/5 and up to 1/2.
@pytest.mark.parametrize(
    ("n", "part", "rest"),
    [
        (1, 1, 1),
        (5, 1, 2),
        (19, 1, 1),
        (20, 1, 1),
        (24, 2, 3),
        (29, 1, 2),
        (30, 1, 2),
        (61, 3, 4),
        (400, 8, 9),
    ],
)
def test_binomials(n, part, rest):
    draws = 30_000
    values = drawn(n, part, rest, draws)
    pmf = stats.binom.pmf(np.arange(n + 1), n, part / (part + rest))
    assert goodness(np.bincount(values, minlength=n + 1), draws * pmf) > 1e-3


@pytest.mark.parametrize("n", [10_000, SYNAPSES, 2**52])
def test_large_binomials_by_their_distribution_function(n):
    draws = 30_000
    values = drawn(n, 38_584, 38_585, draws)
    p = 38_584 / NEURONS
    # Values within half a step are spread evenly, which makes the transform uniform also for small n.
    spread = np.random.default_rng(1).random(draws)
    if n <= SYNAPSES:
        uniform = stats.binom.cdf(values - 1, n, p) + spread * stats.binom.pmf(values, n, p)
    else:
        uniform = stats.norm.cdf((values + spread - 0.5 - n * p) / math.sqrt(n * p * (1 - p)))
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    assert stats.chisquare(np.histogram(uniform, 100, (0.0, 1.0))[0]).pvalue > 1e-3


def test_the_logarithm_is_right_to_the_last_bits():
    values = np.concatenate([np.logspace(-300, 300, 2001), np.linspace(0.4, 2.1, 2001), [1.0, 0.5**0.5]])
    own = np.array([log(float(x)) for x in values])
    exact = np.log(values.astype(np.longdouble))
    assert np.max(np.abs(own - exact) / np.maximum(np.abs(exact), 1.0)) < 4e-16
    assert log(1.0) == 0.0


@pytest.mark.parametrize(
    ("total", "targets"), [(0, 5), (1, 1), (7, 1), (3, 1000), (1000, 3), (99_999, 1234), (SYNAPSES, NEURONS)]
)
def test_counts_add_up_to_the_total(total, targets):
    counts = totals_per_target(stream_key(1, "a->b"), total, targets)
    assert counts.dtype == np.int64
    assert counts.shape == (targets,)
    assert counts.min() >= 0
    assert counts.sum() == total


def test_any_part_is_that_part_of_the_whole():
    key, targets = stream_key(3, "a->b"), 1237
    whole = totals_per_target(key, 1_000_003, targets)
    for first, stop in [(0, 1), (0, 600), (1236, 1237), (618, 619), (5, 5), (1, 1236)]:
        assert np.array_equal(totals_per_target(key, 1_000_003, targets, first, stop), whole[first:stop])
    alone = [totals_per_target(key, 1_000_003, targets, k, k + 1)[0] for k in range(0, targets, 7)]
    assert np.array_equal(alone, whole[::7])


def test_each_target_is_binomial():
    targets, total, keys = 7, 40, 20_000
    counts = np.array([totals_per_target(stream_key(k, "law"), total, targets) for k in range(keys)])
    pmf = stats.binom.pmf(np.arange(total + 1), total, 1 / targets)
    for target in range(targets):
        assert goodness(np.bincount(counts[:, target], minlength=total + 1), keys * pmf) > 1e-4
    # Multinomial covariance: -n p p' between any two targets, near ones and far ones alike.
    covariance = np.cov(counts.T)
    off = covariance[~np.eye(targets, dtype=bool)]
    # Standard error of one entry: about variance / sqrt(keys) = 4.9 / 141 = 0.035.
    assert np.max(np.abs(off + total / targets**2)) < 5 * 0.035
    # Pearson's statistic of a multinomial is chi-squared with targets - 1 degrees of freedom, nearly.
    expected = total / targets
    pearson = ((counts - expected) ** 2 / expected).sum(axis=1)
    assert pearson.mean() == pytest.approx(targets - 1, abs=5 * math.sqrt(2 * (targets - 1) / keys))


def test_the_cortical_microcircuit_is_dealt_like_a_multinomial():
    counts = totals_per_target(stream_key(1, "microcircuit"), SYNAPSES, NEURONS)
    expected = SYNAPSES / NEURONS
    pearson = float(((counts - expected) ** 2 / expected).sum())
    # Chi-squared with 77,168 degrees of freedom: standard deviation 393.
    assert pearson == pytest.approx(NEURONS - 1, abs=4 * math.sqrt(2 * (NEURONS - 1)))
    z = (counts - expected) / math.sqrt(expected)
    assert stats.kstest(z, "norm").pvalue > 1e-3
    halves = counts[: NEURONS // 2].sum()
    assert halves == pytest.approx(SYNAPSES * (NEURONS // 2) / NEURONS, abs=4 * math.sqrt(SYNAPSES / 4))


def test_counts_are_the_same_on_every_machine():
    # Recorded once; only operations that IEEE 754 fixes to the last bit are used.
    assert totals_per_target(1, 100, 8).tolist() == [9, 16, 12, 14, 7, 15, 14, 13]
    digest = hashlib.sha256(totals_per_target(1, SYNAPSES, NEURONS).tobytes()).hexdigest()
    assert digest[:16] == "e396bc0d98578e7c"


def test_other_keys_give_other_counts():
    first, second = (totals_per_target(stream_key(seed, "x"), 10_000, 100) for seed in (1, 2))
    # Two independent counts of 100 +- 10 differ by 14 in the root mean square.
    assert math.sqrt(np.mean((first - second) ** 2)) == pytest.approx(math.sqrt(200), rel=0.3)


@pytest.mark.parametrize(
    ("total", "targets", "first", "stop"),
    [(-1, 5, 0, None), (1, 0, 0, None), (2**53 + 1, 5, 0, None), (1, 5, -1, None), (1, 5, 3, 2), (1, 5, 0, 6),
     (1, 2**32, 0, 1)],
)  # fmt: skip
def test_what_cannot_be_dealt(total, targets, first, stop):
    with pytest.raises(ValueError, match="target"):
        totals_per_target(1, total, targets, first, stop)
