"""Connection rules as compiled generators of synapses, target by target, with counter-based numbers.

Each generator fills ``source`` (index in the source population), ``position`` (of the target in
``targets``) and ``identity`` (a number of the synapse that no mapping changes, for its random weight
and delay), and returns how many there are. With ``source`` of length 0 it only counts.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import inlined, kernel
from spikemesh.kernels.random import HALF, MASK, philox, unit_interval


@inlined
def _number(k: Any, row: Any, key: Any) -> Any:
    """Return the k-th 32-bit number of a row's stream."""
    x0, x1, x2, x3 = philox(
        np.uint64(row) & MASK, np.uint64(row) >> HALF, np.uint64(k >> 2), np.uint64(0),
        np.uint64(key) & MASK, np.uint64(key) >> HALF,
    )  # fmt: skip
    which = k & 3
    return x0 if which == 0 else x1 if which == 1 else x2 if which == 2 else x3


@kernel
def fixed_indegree(
    key: Any, sources: Any, indegree: Any, targets: Any, same: Any, autapses: Any, multapses: Any,
    source: Any, position: Any, identity: Any,
) -> Any:  # fmt: skip
    """Draw ``indegree`` sources for every target."""
    if source.size == 0:
        return targets.size * indegree
    k0, k1 = np.uint64(key) & MASK, np.uint64(key) >> HALF
    plain = multapses and (autapses or not same)
    seen = np.full(1 if multapses else sources, -1, dtype=np.int64)
    at = 0
    for j in range(targets.size):
        target = np.int64(targets[j])
        if plain:
            for block in range((indegree + 3) >> 2):
                drawn = philox(np.uint64(target), np.uint64(0), np.uint64(block), np.uint64(0), k0, k1)
                for part in range(4):
                    k = 4 * block + part
                    if k < indegree:
                        number = (
                            drawn[0]
                            if part == 0
                            else drawn[1]
                            if part == 1
                            else drawn[2]
                            if part == 2
                            else drawn[3]
                        )
                        source[at] = np.int32((number * np.uint64(sources)) >> HALF)
                        position[at] = j
                        identity[at] = (np.uint64(target) << HALF) | np.uint64(k)
                        at += 1
            continue
        k = 0
        accepted = 0
        while accepted < indegree:
            candidate = np.int64((_number(k, target, key) * np.uint64(sources)) >> HALF)
            k += 1
            if same and not autapses and candidate == target:
                continue
            if not multapses:
                if seen[candidate] == j:
                    continue
                seen[candidate] = j
            source[at] = candidate
            position[at] = j
            identity[at] = (np.uint64(target) << HALF) | np.uint64(accepted)
            at += 1
            accepted += 1
    return at


@kernel
def fixed_probability(
    key: Any,
    sources: Any,
    p: Any,
    targets: Any,
    same: Any,
    autapses: Any,
    source: Any,
    position: Any,
    identity: Any,
) -> Any:
    """Connect every pair with probability p: jump over the pairs left out (geometric distribution)."""
    counting = source.size == 0
    at = 0
    for j in range(targets.size):
        target = np.int64(targets[j])
        candidate = -1
        k = 0
        while p > 0.0:
            if p < 1.0:
                u = unit_interval(_number(2 * k, target, key), _number(2 * k + 1, target, key))
                jump = math.floor(math.log(1.0 - u) / math.log1p(-p))
                if jump >= sources:
                    break
                candidate += 1 + int(jump)
            else:
                candidate += 1
            k += 1
            if candidate >= sources:
                break
            if same and not autapses and candidate == target:
                continue
            if not counting:
                source[at] = candidate
                position[at] = j
                identity[at] = (np.uint64(target) << HALF) | np.uint64(candidate)
            at += 1
    return at


@kernel
def all_to_all(
    sources: Any, targets: Any, same: Any, autapses: Any, source: Any, position: Any, identity: Any
) -> Any:
    """Connect every source to every target."""
    counting = source.size == 0
    at = 0
    for j in range(targets.size):
        for candidate in range(sources):
            if same and not autapses and candidate == targets[j]:
                continue
            if not counting:
                source[at] = candidate
                position[at] = j
                identity[at] = (np.uint64(targets[j]) << HALF) | np.uint64(candidate)
            at += 1
    return at


@kernel
def distance(
    key: Any, p: Any, scale: Any, from_points: Any, to_points: Any, targets: Any, same: Any, autapses: Any,
    source: Any, position: Any, identity: Any,
) -> Any:  # fmt: skip
    """Connect a pair at Euclidean distance r with probability p exp(-r / scale)."""
    counting = source.size == 0
    at = 0
    for j in range(targets.size):
        target = np.int64(targets[j])
        for candidate in range(from_points.shape[0]):
            if same and not autapses and candidate == target:
                continue
            square = 0.0
            for axis in range(from_points.shape[1]):
                step = from_points[candidate, axis] - to_points[target, axis]
                square += step * step
            u = unit_interval(_number(2 * candidate, target, key), _number(2 * candidate + 1, target, key))
            if u < p * math.exp(-math.sqrt(square) / scale):
                if not counting:
                    source[at] = candidate
                    position[at] = j
                    identity[at] = (np.uint64(target) << HALF) | np.uint64(candidate)
                at += 1
    return at


@kernel
def dealt_total(
    key: Any,
    sources: Any,
    counts: Any,
    targets: Any,
    same: Any,
    autapses: Any,
    source: Any,
    position: Any,
    identity: Any,
) -> Any:  # fmt: skip
    """Draw ``counts[j]`` sources for target j: free pairs of a given total, the targets of which are dealt."""
    if source.size == 0:
        return counts.sum()
    at = 0
    for j in range(targets.size):
        target = np.int64(targets[j])
        k = 0
        accepted = 0
        while accepted < counts[j]:
            candidate = np.int64((_number(k, target, key) * np.uint64(sources)) >> HALF)
            k += 1
            if same and not autapses and candidate == target:
                continue
            source[at] = candidate
            position[at] = j
            identity[at] = (np.uint64(target) << HALF) | np.uint64(accepted)
            at += 1
            accepted += 1
    return at


@kernel
def drawn_pairs(
    key: Any, first_row: Any, last_row: Any, per_row: Any, sources: Any, targets: Any, by_source: Any,
    autapses: Any, multapses: Any, same: Any, where: Any, source: Any, position: Any, identity: Any,
) -> Any:  # fmt: skip
    """Draw targets for a range of sources (``by_source``) or ``per_row`` free pairs, and keep those that live here.

    ``where[target]`` is the position of a target here, -1 if it lives elsewhere.
    """
    counting = source.size == 0
    s: Any = 0
    t: Any = 0
    used = {np.int64(-1)}
    at = 0
    seen = np.full(1 if multapses else targets, -1, dtype=np.int64)
    for row in range(first_row, last_row):
        k = 0
        accepted = 0
        while accepted < per_row:
            if by_source:
                s = row
                t = np.int64((_number(k, row, key) * np.uint64(targets)) >> HALF)
                k += 1
            else:
                s = np.int64((_number(0, accepted, key) * np.uint64(sources)) >> HALF)
                t = np.int64((_number(1, accepted, key) * np.uint64(targets)) >> HALF)
                k = 0
                while (same and not autapses and s == t) or (not multapses and (s * targets + t) in used):
                    k += 2
                    s = np.int64((_number(k, accepted, key) * np.uint64(sources)) >> HALF)
                    t = np.int64((_number(k + 1, accepted, key) * np.uint64(targets)) >> HALF)
                if not multapses:
                    used.add(s * targets + t)
            if by_source and same and not autapses and s == t:
                continue
            if by_source and not multapses:
                if seen[t] == row:
                    continue
                seen[t] = row
            if where[t] >= 0:
                if not counting:
                    source[at] = s
                    position[at] = where[t]
                    identity[at] = (np.uint64(row) << HALF) | np.uint64(accepted)
                at += 1
            accepted += 1
    return at
