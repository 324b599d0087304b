"""The best few values in place of many."""

from __future__ import annotations

import numpy as np

from spikemesh.ids import FloatArray


def best_levels(values: FloatArray, counts: FloatArray, most: int, whole: bool) -> FloatArray:
    """Return at most so many values with the least sum of squared differences to the values given.

    Sorted values are cut into stretches, each of which takes its mean; the cuts are found exactly.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Rising, none twice.
    counts : ndarray of float64, shape (n,)
        How often each occurs.
    most
        Values at most.
    whole
        Whether they must be whole numbers.
    """
    n = values.size
    if n <= most:
        return np.rint(values) if whole else values
    weight, first, second = (
        np.concatenate([[0.0], np.cumsum(c)]) for c in (counts, counts * values, counts * values**2)
    )

    def cost(begin: FloatArray, end: int) -> FloatArray:
        """Squared differences of the stretches from each of ``begin`` to ``end``."""
        w, f, s = (c[end] - c[begin.astype(np.int64)] for c in (weight, first, second))
        spread: FloatArray = s - f**2 / w
        return spread

    begins = np.arange(n + 1)
    best = np.array([np.inf, *(float(cost(np.zeros(1), end)[0]) for end in range(1, n + 1))])
    best[0] = 0.0
    cuts = np.zeros((most, n + 1), dtype=np.int64)
    for level in range(1, most):
        after = best.copy()
        for end in range(level + 1, n + 1):
            totals = best[level:end] + cost(begins[level:end].astype(np.float64), end)
            chosen = int(np.argmin(totals))
            after[end], cuts[level, end] = totals[chosen], level + chosen
        best = after
    result, end = [], n
    for level in range(most - 1, -1, -1):
        begin = int(cuts[level, end])
        result.append((first[end] - first[begin]) / (weight[end] - weight[begin]))
        end = begin
    levels = np.array(result[::-1])
    return np.rint(levels) if whole else levels


def nearest_of(values: FloatArray, levels: FloatArray) -> FloatArray:
    """Return the nearest of some rising levels to each value; of two as near the lower."""
    if levels.size == 0:
        return values
    between = (levels[1:] + levels[:-1]) / 2
    return levels[np.searchsorted(between, values, side="left")]


def of_one_sign(values: FloatArray, counts: FloatArray, most: int, whole: bool) -> FloatArray:
    """Return the best levels of weights that keep their sign: see :func:`best_levels`.

    Parameters
    ----------
    values, counts : ndarray of float64, shape (n,)
        Weights in any order, and how often each occurs; 0 is no weight.
    most
        Levels of both signs together.
    whole
        Whether they must be whole numbers.
    """
    parts = [_distinct(values[here], counts[here]) for here in (values < 0, values > 0)]
    best, least = np.zeros(0), np.inf
    for negative in range(most + 1):
        levels, error = [], 0.0
        for (value, count), few in zip(parts, (negative, most - negative), strict=True):
            if value.size and few:
                levels.append(best_levels(value, count, few, whole))
                error += float((count * (value - nearest_of(value, levels[-1])) ** 2).sum())
            elif value.size:
                error = np.inf
        if error < least:
            best, least = np.concatenate([np.zeros(0), *levels]), error
    return best


def _distinct(values: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    value, index = np.unique(values, return_inverse=True)
    return value, np.bincount(index, counts, minlength=value.size).astype(float)


def nearest_of_sign(values: FloatArray, levels: FloatArray) -> FloatArray:
    """Return the nearest of some rising levels of the same sign to each value; 0 stays."""
    result = values.copy()
    for here, same in ((values < 0, levels[levels < 0]), (values > 0, levels[levels > 0])):
        result[here] = nearest_of(values[here], same)
    return result
