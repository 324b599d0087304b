"""Poisson counts by inversion: compare one 32-bit number with the distribution's thresholds.

``count = #{k : number >= threshold[k]}`` with ``threshold[k] = floor(2^32 P(X <= k))``. Tails below
2^-32 are cut; a mean above :data:`MEAN_MAX` is drawn as a sum of smaller ones, which is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh.kernels.accelerate import inlined, kernel
from spikemesh.kernels.random import fill_block

MEAN_MAX = 8.0
BLOCK = 512
"""Neurons whose numbers are drawn before they are counted: few enough to stay in the fastest cache."""


def thresholds(mean: float) -> NDArray[np.uint32]:
    """Thresholds of a Poisson distribution.

    Parameters
    ----------
    mean
        Between 0 and :data:`MEAN_MAX`.

    Returns
    -------
    ndarray of uint32
        Increasing; as many as counts that can occur.
    """
    term = cumulative = math.exp(-mean)
    found: list[int] = []
    k = 0
    while len(found) < 128:
        edge = math.floor(cumulative * 4294967296.0)
        if edge >= 4294967295:
            break
        found.append(edge)
        k += 1
        term *= mean / k
        cumulative += term
    return np.array(found, dtype=np.uint32)


def edge_rows(means: Sequence[float]) -> NDArray[np.uint32]:
    """Thresholds less one of several distributions: a count is how many of a row its number exceeds.

    Returns
    -------
    ndarray of uint32, shape (means, longest rounded up to 4)
        Rows are filled up with the largest number, which none exceeds.
    """
    found = [thresholds(mean) for mean in means]
    longest = max([1, *(row.size for row in found)])
    rows = np.full((len(found), -(-longest // 4) * 4), 0xFFFFFFFF, dtype=np.uint32)
    for k, row in enumerate(found):
        rows[k, : row.size] = row - np.uint32(1)
    return rows


@inlined
def _count(number: Any, edges: Any, count: Any) -> None:
    """Add to ``count`` how many edges each number exceeds; ``edges`` come in fours."""
    one, none = np.uint16(1), np.uint16(0)
    largest = np.uint32(0)
    for i in range(number.size):
        largest = max(largest, number[i])
    k = 0
    while k < edges.size and largest > edges[k]:
        e0, e1, e2, e3 = edges[k], edges[k + 1], edges[k + 2], edges[k + 3]
        for i in range(number.size):
            x = number[i]
            count[i] += (
                (one if x > e0 else none)
                + (one if x > e1 else none)
                + (one if x > e2 else none)
                + (one if x > e3 else none)
            )
        k += 4


@kernel
def count_shared(key: Any, block: Any, neurons: Any, part: Any, edges: Any, counts: Any) -> None:
    """Add Poisson counts of steps 4*block .. 4*block + 3 to ``counts`` (uint16, (4, n)), one mean for all.

    ``edges`` is a row made by :func:`edge_rows`.
    """
    numbers = np.empty((4, BLOCK), dtype=np.uint32)
    for first in range(0, neurons.size, BLOCK):
        last = min(first + BLOCK, neurons.size)
        fill_block(key, block, neurons[first:last], part, numbers)
        for q in range(4):
            _count(numbers[q, : last - first], edges, counts[q, first:last])


@kernel
def count_each(key: Any, block: Any, neurons: Any, part: Any, edges: Any, which: Any, counts: Any) -> None:
    """Like :func:`count_shared`, but neuron i has the row ``edges[which[i]]``."""
    numbers = np.empty((4, BLOCK), dtype=np.uint32)
    for first in range(0, neurons.size, BLOCK):
        last = min(first + BLOCK, neurons.size)
        fill_block(key, block, neurons[first:last], part, numbers)
        for q in range(4):
            for i in range(last - first):
                row = edges[which[first + i]]
                k = 0
                while k < row.size and numbers[q, i] > row[k]:
                    k += 1
                counts[q, first + i] += np.uint16(k)
