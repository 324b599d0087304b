"""Sorting records that already come as a few rising runs.

A record is W consecutive int64, of which the first two (time, tag) are its key. Addresses instead of arrays:
indices of pointers are not checked for being negative.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare_inlined, bare_inner
from spikemesh.kernels.pointers import as_int64

FEW = 12
"""Up to so many records are sorted by insertion."""


@bare_inlined
def _before(a: Any, i: Any, b: Any, j: Any, width: Any) -> Any:
    """-1 if record i of a comes before record j of b, else 0.

    Sign bits instead of comparisons: the compiler would make branches of these, and nobody could foresee which way
    they go. Times are less than 2 ** 61.
    """
    later = a[width * i] - b[width * j]
    return (2 * later + ((a[width * i + 1] - b[width * j + 1]) >> 63)) >> 63


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
def _copy(a: Any, i: Any, b: Any, k: Any, width: Any) -> None:
    for q in range(width):
        b[width * k + q] = a[width * i + q]


@bare_inlined
def _merge(a: Any, first: Any, middle: Any, last: Any, b: Any, width: Any) -> None:
    """Merge two neighbouring runs of a into the same place of b, from both ends at once.

    What the next record is depends on the one before, which takes longest; two such chains take no longer than one.
    The record before the first and the one after the last are looked at, but never used.
    """
    i, j, low = first, middle, first
    x, y, high = middle - 1, last - 1, last - 1
    while low < high:
        second = ~((i - middle) >> 63) | (((j - last) >> 63) & _before(a, j, a, i, width))
        _copy(a, i + ((j - i) & second), b, low, width)
        j -= second
        i += 1 + second
        low += 1
        left = ((y - middle) >> 63) | (~((x - first) >> 63) & _before(a, y, a, x, width))
        _copy(a, y + ((x - y) & left), b, high, width)
        x += left
        y -= 1 + left
        high -= 1
    if low == high:
        _copy(a, i if i <= x else j, b, low, width)


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
def merge_runs(address: Any, count: Any, spare: Any, runs: Any, width: Any) -> Any:
    """Sort records at an address.

    Parameters
    ----------
    address, count
        The records.
    spare
        Address of room for as many; before and after both there must be memory for one more.
    runs
        Address of room for count + 2 int64.
    width
        Words of a record.

    Returns
    -------
    int
        Where the records are then: ``address`` or ``spare``.
    """
    a, b, r = as_int64(address), as_int64(spare), as_int64(runs)
    if count <= FEW:
        _insert(a, count, width)
        return address
    found = _runs(a, count, r, width)
    while found > 1:
        pairs = (found + 1) // 2
        for k in range(pairs):
            first, middle = r[2 * k], r[2 * k + 1]
            last = r[2 * k + 2] if 2 * k + 2 <= found else middle
            _merge(a, first, middle, last, b, width)
            r[k] = first
        r[pairs] = count
        found = pairs
        a, b = b, a
        address, spare = spare, address
    return address


@bare_inlined
def _bits(span: Any) -> Any:
    bits = 1
    while span >> bits:
        bits += 1
    return bits


@bare_inlined
def _scatter(a: Any, b: Any, count: Any, least: Any, shift: Any, digit: Any, starts: Any, width: Any) -> None:
    """Copy records by one digit of their time, equal ones in the order in which they were."""
    mask = (1 << digit) - 1
    for k in range(mask + 1):
        starts[k] = 0
    for i in range(count):
        starts[((a[width * i] - least) >> shift) & mask] += 1
    total = 0
    for k in range(mask + 1):
        here = starts[k]
        starts[k] = total
        total += here
    for i in range(count):
        k = ((a[width * i] - least) >> shift) & mask
        place = starts[k]
        starts[k] = place + 1
        _copy(a, i, b, place, width)


@bare_inlined
def _by_digits(address: Any, count: Any, spare: Any, runs: Any, width: Any) -> Any:
    """Sort records by their time alone, in as few digits as pay; return where they are then."""
    a, b, starts = as_int64(address), as_int64(spare), as_int64(runs)
    least, most = a[0], a[0]
    for i in range(1, count):
        least, most = min(least, a[width * i]), max(most, a[width * i])
    bits = _bits(most - least)
    widest = min(11, _bits(count))
    passes = (bits + widest - 1) // widest
    digit = (bits + passes - 1) // passes
    for k in range(passes):
        _scatter(a, b, count, least, k * digit, digit, starts, width)
        a, b = b, a
        address, spare = spare, address
    return address


@bare_inlined
def sort_by_time(address: Any, count: Any, spare: Any, runs: Any) -> Any:
    """Sort records of two words (time, rising number) by their time, equal ones in the order in which they were.

    Addresses and what is returned are those of :func:`merge_runs`; ``runs`` needs room for 2 ** 11 int64.
    """
    return (
        merge_runs(address, count, spare, runs, 2)
        if count <= FEW
        else _by_digits(address, count, spare, runs, 2)
    )


@bare_inlined
def _sort_ties(address: Any, count: Any, spare: Any, runs: Any) -> None:
    """Sort what is sorted by time by tag too."""
    a, b = as_int64(address), as_int64(spare)
    first = 0
    for i in range(1, count + 1):
        if i < count and a[3 * i] == a[3 * first]:
            continue
        if i - first > 1:
            found = merge_runs(address + 24 * first, i - first, spare, runs, 3)
            if found == spare:
                for k in range(3 * (i - first)):
                    a[3 * first + k] = b[k]
        first = i


@bare_inner
def sort_deliveries(address: Any, count: Any, spare: Any, runs: Any) -> None:
    """Sort records of three words (time, tag, anything) where they are, digit by digit of their time.

    ``spare`` is the address of room for as many, ``runs`` of room for count + 2 int64 and at least 2 ** 11.
    """
    if count <= FEW:
        _insert(as_int64(address), count, 3)
        return
    if _by_digits(address, count, spare, runs, 3) == spare:
        a, b = as_int64(address), as_int64(spare)
        for k in range(3 * count):
            a[k] = b[k]
    _sort_ties(address, count, spare, runs)
