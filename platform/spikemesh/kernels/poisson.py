"""Poisson counts by inversion: compare one 32-bit number with the distribution's thresholds.

``count = #{k : number >= threshold[k]}`` with ``threshold[k] = floor(2^32 P(X <= k))``. Tails below
2^-32 are cut; a mean above :data:`MEAN_MAX` is drawn as a sum of smaller ones, which is exact.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh.kernels.accelerate import kernel

MEAN_MAX = 8.0
BLOCK = 256


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


@kernel
def count_shared(numbers: Any, edges: Any, counts: Any) -> None:
    """Add to ``counts`` (uint32, (4, n)) the counts of ``numbers`` (uint32, (4, n)), one mean for all."""
    n = numbers.shape[1]
    for q in range(4):
        for first in range(0, n, BLOCK):
            last = min(first + BLOCK, n)
            number = numbers[q, first:last]
            count = counts[q, first:last]
            for k in range(edges.size):
                edge = edges[k]
                for i in range(number.size):
                    count[i] += np.uint32(1) if number[i] >= edge else np.uint32(0)


@kernel
def count_each(numbers: Any, edges: Any, which: Any, counts: Any) -> None:
    """Add to ``counts`` the counts of ``numbers``; neuron i has the thresholds ``edges[which[i]]``.

    Rows of ``edges`` are filled up with 2^32 - 1 and end there.
    """
    for q in range(4):
        for i in range(numbers.shape[1]):
            row = edges[which[i]]
            k = 0
            while k < row.size and numbers[q, i] >= row[k] and row[k] != np.uint32(0xFFFFFFFF):
                k += 1
            counts[q, i] += np.uint32(k)
