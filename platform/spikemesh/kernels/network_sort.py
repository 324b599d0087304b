"""Sorting records that already come as a few rising runs.

A record is W consecutive int64, of which the first two (time, tag) are its key. Addresses instead of arrays:
indices of pointers are not checked for being negative.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare_inlined
from spikemesh.kernels.pointers import as_int64

FEW = 12
"""Up to so many records are sorted by insertion."""


@bare_inlined
def _before(a: Any, i: Any, b: Any, j: Any, width: Any) -> Any:
    """Whether record i of a comes before record j of b; without branches, which could not be foreseen."""
    first, second = a[width * i], b[width * j]
    return (first < second) | ((first == second) & (a[width * i + 1] < b[width * j + 1]))


@bare_inlined
def _insert(a: Any, count: Any, width: Any) -> None:
    for i in range(1, count):
        j = i
        while j > 0 and _before(a, j, a, j - 1, width):
            for q in range(width):
                kept = a[width * j + q]
                a[width * j + q] = a[width * (j - 1) + q]
                a[width * (j - 1) + q] = kept
            j -= 1


@bare_inlined
def _merge(a: Any, first: Any, middle: Any, last: Any, b: Any, width: Any) -> None:
    """Merge two neighbouring runs of a into the same place of b."""
    i, j, k = first, middle, first
    while i < middle and j < last:
        second = _before(a, j, a, i, width)
        taken = j if second else i
        for q in range(width):
            b[width * k + q] = a[width * taken + q]
        step = 1 if second else 0
        j += step
        i += 1 - step
        k += 1
    while i < middle:
        for q in range(width):
            b[width * k + q] = a[width * i + q]
        i += 1
        k += 1
    while j < last:
        for q in range(width):
            b[width * k + q] = a[width * j + q]
        j += 1
        k += 1


@bare_inlined
def _runs(a: Any, count: Any, runs: Any, width: Any) -> Any:
    """List where rising runs begin, and the end of the last; return how many there are."""
    runs[0] = 0
    found = 1
    for i in range(1, count):
        if _before(a, i, a, i - 1, width):
            runs[found] = i
            found += 1
    runs[found] = count
    return found


@bare_inlined
def sort_records(address: Any, count: Any, spare: Any, runs: Any, width: Any) -> Any:
    """Sort records at an address; return where they are then: there or at ``spare``.

    ``runs`` is the address of room for count + 1 int64.
    """
    a, b, r = as_int64(address), as_int64(spare), as_int64(runs)
    if count <= FEW:
        _insert(a, count, width)
        return address
    left = _runs(a, count, r, width)
    while left > 1:
        pairs = (left + 1) // 2
        for k in range(pairs):
            first = r[2 * k]
            middle = r[2 * k + 1]
            last = r[2 * k + 2] if 2 * k + 2 <= left else middle
            _merge(a, first, middle, last, b, width)
            r[k] = first
        r[pairs] = count
        left = pairs
        a, b = b, a
        address, spare = spare, address
    return address
