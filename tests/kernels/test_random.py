"""Counter-based random numbers against published vectors and distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spikemesh.kernels import random
from spikemesh.kernels.accelerate import kernel
from spikemesh.kernels.poisson import MEAN_MAX, count_each, count_shared, edge_rows, thresholds
from spikemesh.kernels.random import draw, fill_block, stream_key

philox, normal_quantile = (kernel(inner.py_func) for inner in (random.philox, random.normal_quantile))

ONES = 0xFFFFFFFF

# Known-answer vectors of Philox4x32-10 published with Random123 (Salmon et al., SC11): counter, key, output.
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "output"), VECTORS)
def test_philox_gives_the_published_numbers(counter, key, output):
    found = philox(*(np.uint64(word) for word in (*counter, *key)))
    assert tuple(int(x) for x in found) == output


def test_numbers_do_not_depend_on_who_else_is_drawn():
    neurons = np.arange(1000, dtype=np.uint32)
    whole, part = np.empty((4, 1000), np.uint32), np.empty((4, 3), np.uint32)
    fill_block(np.uint64(stream_key(1, "a")), np.uint64(7), neurons, np.uint64(0), whole)
    fill_block(np.uint64(stream_key(1, "a")), np.uint64(7), neurons[[5, 17, 999]], np.uint64(0), part)
    assert np.array_equal(whole[:, [5, 17, 999]], part)


def test_keys_tell_purposes_apart():
    words = [(1, "a", "b"), (1, "ab"), (1, "a", 1), (1, "a", "1"), (2, "a", "b"), (1, "b", "a")]
    assert len({stream_key(*w) for w in words}) == len(words)


@pytest.mark.parametrize(
    ("kind", "a", "b", "low", "high", "cdf"),
    [
        ("uniform", 2.0, 5.0, -np.inf, np.inf, stats.uniform(2, 3).cdf),
        ("normal", 1.0, 2.0, -np.inf, np.inf, stats.norm(1, 2).cdf),
        ("normal", 0.0, 1.0, 0.5, 2.0, stats.truncnorm(0.5, 2.0).cdf),
        ("lognormal", 0.3, 0.5, -np.inf, np.inf, stats.lognorm(0.5, scale=np.exp(0.3)).cdf),
    ],
)
def test_draws_follow_their_distribution(kind, a, b, low, high, cdf):
    values = draw(kind, a, b, low, high, stream_key(3, kind, "test"), np.arange(100_000))
    # Kolmogorov-Smirnov distance beyond this has probability 1e-6 under the distribution.
    assert stats.kstest(values, cdf).statistic < 2.7 / np.sqrt(values.size)


def test_a_draw_that_cannot_succeed_is_an_error():
    with pytest.raises(ValueError, match="practically never"):
        draw("normal", 0.0, 1.0, 50.0, 51.0, 1, np.arange(2))


def test_normal_quantile_is_exact_to_rounding():
    """Wichura 1988 claims 1e-16 relative; compared with scipy's independent implementation."""
    p = np.concatenate([np.logspace(-15, -1, 200), np.linspace(0.1, 0.9, 201), 1 - np.logspace(-15, -1, 200)])
    found = np.array([normal_quantile(x) for x in p])
    assert np.allclose(found, stats.norm.ppf(p), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.85, 3.0, MEAN_MAX])
def test_thresholds_are_the_distribution_function(mean):
    edges = thresholds(mean) / 2.0**32
    expected = stats.poisson.cdf(np.arange(edges.size), mean)
    assert np.all(np.abs(edges - expected) < 2.0**-31)
    assert 1 - stats.poisson.cdf(edges.size, mean) < 2.0**-31


@pytest.mark.parametrize("mean", [0.01, 0.85, 7.9])
def test_counts_are_poisson_and_alike_in_both_kernels(mean):
    n = 50_000
    neurons = np.arange(n, dtype=np.uint32)
    key, block, part = np.uint64(stream_key(1, "poisson")), np.uint64(0), np.uint64(0)
    shared, each = np.zeros((4, n), np.uint16), np.zeros((4, n), np.uint16)
    edges = edge_rows([2.5 * mean, mean])
    count_shared(key, block, neurons, part, edges[1], shared)
    count_each(key, block, neurons, part, edges, np.ones(n, dtype=np.int64), each)
    assert np.array_equal(shared, each)
    # The count of a number is how many thresholds it reaches.
    numbers = np.empty((4, n), np.uint32)
    fill_block(key, block, neurons, part, numbers)
    assert np.array_equal(shared, np.searchsorted(thresholds(mean), numbers, side="right"))
    highest = int(mean + 5)
    observed = np.bincount(shared.ravel(), minlength=highest)[:highest]
    expected = 4 * n * stats.poisson.pmf(np.arange(highest), mean)
    assert np.all(np.abs(observed - expected) < 5 * np.sqrt(expected) + 1)
