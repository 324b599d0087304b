"""How many of a fixed number of synapses each target gets: an exact multinomial, any part of it alone.

Synapses that choose their target independently and uniformly give the targets multinomial counts.
They are drawn by halving: of the n synapses of a range of targets, a binomial number goes to its left half
and the rest to its right one, down to single targets. A range's number of synapses is drawn with random numbers
that belong to the range alone, so whoever needs the counts of some targets draws only the path to them, and all
agree; and they always add up to the total.

Binomials with a mean of 10 or more are drawn by transformed rejection with squeeze (BTRS: W. Hörmann, The
generation of binomial random variates, J. Statist. Comput. Simul. 46:101-110, 1993), smaller ones by inversion.
Only additions, multiplications, divisions and square roots are used, which IEEE 754 fixes to the last bit;
logarithms are a series of these, because those of mathematical libraries differ from machine to machine.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.ids import IntArray
from spikemesh.kernels.accelerate import inlined, kernel
from spikemesh.kernels.random import HALF, MASK, philox, unit_interval

MOST = 2**53
"""Largest total: float64 holds all whole numbers up to it."""
MOST_TARGETS = 2**32 - 1
REJECTION_FROM = 10.0
"""Mean from which on BTRS may be used (Hörmann 1993)."""
DEPTH = 64
"""Ranges that wait to be halved: at most one for each halving of 2^32 targets."""
STREAM = np.uint64(1)
"""Fourth word of the counter, in which connection rules have a zero."""

LN2 = 0.6931471805599453
SQRT_HALF = 0.7071067811865476
STIRLING = (
    0.08106146679532726, 0.0413406959554093, 0.02767792568499834, 0.020790672103765093, 0.016644691189821193,
    0.013876128823070748, 0.01189670994589177, 0.010411265261972096, 0.009255462182712733, 0.00833056343336287,
)  # fmt: skip
"""``log(k!) - (log(2 pi) / 2 + (k + 1/2) log(k + 1) - (k + 1))`` for k = 0 to 9."""


@inlined
def _twice_artanh(s: Any) -> Any:
    """``log((1 + s) / (1 - s))`` for ``|s| <= 0.1716``: twelve terms leave less than 1e-17 of it."""
    z = s * s
    tail = 1.0 / 23.0
    for k in range(21, 0, -2):
        tail = tail * z + 1.0 / k
    return 2.0 * s * tail


@inlined
def log(x: Any) -> Any:
    """Natural logarithm of a positive number, the same on every machine (error below 1e-15)."""
    mantissa, exponent = math.frexp(x)
    if mantissa < SQRT_HALF:
        mantissa *= 2.0
        exponent -= 1
    return exponent * LN2 + _twice_artanh((mantissa - 1.0) / (mantissa + 1.0))


@inlined
def _log_ratio(x: Any, y: Any) -> Any:
    """``log(x / y)``, exact in a relative sense for whole numbers that hardly differ."""
    s = (x - y) / (x + y)
    return _twice_artanh(s) if abs(s) < 0.17 else log(x / y)


@inlined
def _stirling(k: Any) -> Any:
    if k < 10.0:
        return STIRLING[int(k)]
    above = k + 1.0
    square = above * above
    return (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / above


@inlined
def _log_odds(k: Any, m: Any, n: Any, part: Any, rest: Any) -> Any:
    """``log(P(k) / P(m))`` of a binomial of n trials with chance ``part / (part + rest)``."""
    gain = (k - m) * _log_ratio(part * (n - m + 1.0), rest * (m + 1.0))
    gain -= (k + 0.5) * _log_ratio(k + 1.0, m + 1.0)
    gain -= (n - k + 0.5) * _log_ratio(n - k + 1.0, n - m + 1.0)
    return gain + _stirling(m) + _stirling(n - m) - _stirling(k) - _stirling(n - k)


@inlined
def _inverted(n: Any, part: Any, rest: Any, u: Any) -> Any:
    """Binomial by inversion: walk up the distribution function until it passes ``u``."""
    odds = part / rest
    chance = 1.0
    for _ in range(n):
        chance *= rest / (part + rest)
    k = 0
    while u >= chance and k < n:
        u -= chance
        k += 1
        chance *= odds * (n - k + 1) / k
    return np.int64(k)


@inlined
def binomial(n: Any, part: Any, rest: Any, c0: Any, c1: Any, k0: Any, k1: Any) -> Any:
    """Draw from n trials with chance ``part / (part + rest)``, at most one half.

    ``c0`` and ``c1`` are the words of the counter that belong to this draw alone, ``k0`` and ``k1`` the key.
    """
    p, q = part / (part + rest), rest / (part + rest)
    trials = float(n)
    if trials * p < REJECTION_FROM:
        x0, x1, _, _ = philox(c0, c1, np.uint64(0), STREAM, k0, k1)
        return _inverted(n, part, rest, unit_interval(x0, x1))
    spread = math.sqrt(trials * p * q)
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    mode = math.floor((trials + 1.0) * p)
    attempt = np.uint64(0)
    while True:
        x0, x1, x2, x3 = philox(c0, c1, attempt, STREAM, k0, k1)
        attempt += np.uint64(1)
        u, v = unit_interval(x0, x1) - 0.5, unit_interval(x2, x3)
        room = 0.5 - abs(u)
        if room <= 0.0:
            continue
        k = math.floor((2.0 * a / room + b) * u + trials * p + 0.5)
        if room >= 0.07 and v <= 0.92 - 4.2 / b:
            return np.int64(k)
        if k < 0.0 or k > trials:
            continue
        hat = v * (2.83 + 5.1 / b) * spread / (a / (room * room) + b)
        if hat <= 0.0 or log(hat) <= _log_odds(float(k), float(mode), trials, part, rest):
            return np.int64(k)


@kernel
def fill_totals(key: Any, total: Any, targets: Any, first: Any, counts: Any) -> None:
    """Write the counts of the targets ``first`` to ``first + counts.size - 1`` of ``targets``."""
    k0, k1 = np.uint64(key) & MASK, np.uint64(key) >> HALF
    stop = first + counts.size
    counts[:] = 0
    lows, sizes, numbers = np.empty(DEPTH, np.int64), np.empty(DEPTH, np.int64), np.empty(DEPTH, np.int64)
    lows[0], sizes[0], numbers[0] = 0, targets, total
    waiting = 1
    while waiting > 0:
        waiting -= 1
        low, size, number = lows[waiting], sizes[waiting], numbers[waiting]
        if number == 0 or low >= stop or low + size <= first:
            continue
        if size == 1:
            counts[low - first] = number
            continue
        half = size >> 1
        left = binomial(number, float(half), float(size - half), np.uint64(low), np.uint64(size), k0, k1)
        lows[waiting], sizes[waiting], numbers[waiting] = low + half, size - half, number - left
        lows[waiting + 1], sizes[waiting + 1], numbers[waiting + 1] = low, half, left
        waiting += 2


def totals_per_target(
    key: int, total: int, targets: int, first: int = 0, stop: int | None = None
) -> IntArray:
    """Draw how many of ``total`` synapses each target gets when each chooses its target at random.

    Parameters
    ----------
    key
        From :func:`~spikemesh.kernels.random.stream_key`.
    total
        Synapses.
    targets
        Neurons of the target population.
    first, stop
        Targets wanted; all by default. The counts do not depend on it.

    Returns
    -------
    ndarray of int64, shape (stop - first,)
        Synapses onto each target; over all targets they add up to ``total``.

    Raises
    ------
    ValueError
        If a number is negative or too large, or there are synapses and no targets.
    """
    stop = targets if stop is None else stop
    if not 0 <= first <= stop <= targets <= MOST_TARGETS:
        raise ValueError(f"targets {first} to {stop} are not among {targets} (at most {MOST_TARGETS})")
    if not 0 <= total <= MOST or (total and not targets):
        raise ValueError(f"{total} synapses cannot be dealt to {targets} targets (at most {MOST})")
    counts = np.zeros(stop - first, dtype=np.int64)
    if counts.size:
        fill_totals(np.uint64(key), np.int64(total), np.int64(targets), np.int64(first), counts)
    return counts
