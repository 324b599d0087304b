"""Counter-based random numbers: Philox4x32-10 (Salmon et al., SC11), keyed by what they are for.

A number depends on its key (seed, population, purpose) and counter (neuron, step) alone, never on the
chip, worker or order in which it is drawn.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from spikemesh.ids import FloatArray
from spikemesh.kernels.accelerate import inlined, kernel

MASK = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)

BLOCK = 512
"""Numbers that are worked on at a time: few enough to stay in the fastest cache."""
_ATTEMPTS = 10_000

KINDS = {"uniform": 0, "normal": 1, "lognormal": 2}


def stream_key(seed: int, *words: str | int) -> int:
    """Hash a seed and the purpose of a stream to a 64-bit key.

    Parameters
    ----------
    seed
        Seed of the network.
    words
        Population or projection, and purpose.

    Returns
    -------
    int
        0 to 2^64 - 1.
    """
    text = "\x1f".join([str(seed), *(f"{type(w).__name__}:{w}" for w in words)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


@inlined
def _round(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    p0 = MULTIPLIER_0 * c0
    p1 = MULTIPLIER_1 * c2
    return (p1 >> HALF) ^ c1 ^ k0, p1 & MASK, (p0 >> HALF) ^ c3 ^ k1, p0 & MASK


@inlined
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return four 32-bit numbers (in uint64) of a counter (four 32-bit words) and key (two)."""
    # Written out: only an innermost loop is vectorised, and the callers loop over neurons.
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    return _round(c0, c1, c2, c3, k0, k1)


@inlined
def unit_interval(high: Any, low: Any) -> Any:
    """Make a float64 in [0, 1) with 53 random bits from two 32-bit numbers."""
    return float((high << np.uint64(21)) ^ (low >> np.uint64(11))) * (1.0 / 9007199254740992.0)


@kernel
def fill_block(key: Any, block: Any, neurons: Any, stream: Any, out: Any) -> None:
    """Fill ``out`` (uint32, shape (4, n)) with the numbers of steps 4*block .. 4*block + 3."""
    k0, k1 = np.uint64(key) & MASK, np.uint64(key) >> HALF
    b0, b1, c3 = np.uint64(block) & MASK, np.uint64(block) >> HALF, np.uint64(stream)
    r0, r1, r2, r3 = out[0], out[1], out[2], out[3]
    for i in range(neurons.size):
        x0, x1, x2, x3 = philox(np.uint64(neurons[i]), b0, b1, c3, k0, k1)
        r0[i] = np.uint32(x0)
        r1[i] = np.uint32(x1)
        r2[i] = np.uint32(x2)
        r3[i] = np.uint32(x3)


@inlined
def central_quantile(q: Any) -> Any:
    """Inverse of the standard normal distribution function at q + 0.5, for abs(q) <= 0.425 (AS 241)."""
    r = 0.180625 - q * q
    return (
        q
        * (
            (
                (
                    (
                        (
                            ((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853)
                            * r
                            + 45921.953931549871457
                        )
                        * r
                        + 13731.693765509461125
                    )
                    * r
                    + 1971.5909503065514427
                )
                * r
                + 133.14166789178437745
            )
            * r
            + 3.387132872796366608
        )
        / (
            (
                (
                    (
                        (
                            ((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061)
                            * r
                            + 21213.794301586595867
                        )
                        * r
                        + 5394.1960214247511077
                    )
                    * r
                    + 687.1870074920579083
                )
                * r
                + 42.313330701600911252
            )
            * r
            + 1.0
        )
    )


@inlined
def normal_quantile(p: Any) -> Any:
    """Inverse of the standard normal distribution function (Wichura 1988, algorithm AS 241, PPND16)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        return central_quantile(q)
    r = p if q < 0.0 else 1.0 - p
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r -= 1.6
        value = (
            (
                (
                    (
                        (
                            (
                                (7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r
                                + 0.24178072517745061177
                            )
                            * r
                            + 1.27045825245236838258
                        )
                        * r
                        + 3.64784832476320460504
                    )
                    * r
                    + 5.7694972214606914055
                )
                * r
                + 4.6303378461565452959
            )
            * r
            + 1.42343711074968357734
        ) / (
            (
                (
                    (
                        (
                            (
                                (1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r
                                + 0.0151986665636164571966
                            )
                            * r
                            + 0.14810397642748007459
                        )
                        * r
                        + 0.68976733498510000455
                    )
                    * r
                    + 1.6763848301838038494
                )
                * r
                + 2.05319162663775882187
            )
            * r
            + 1.0
        )
    else:
        r -= 5.0
        value = (
            (
                (
                    (
                        (
                            (
                                (2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
                                + 0.0012426609473880784386
                            )
                            * r
                            + 0.026532189526576123093
                        )
                        * r
                        + 0.29656057182850489123
                    )
                    * r
                    + 1.7848265399172913358
                )
                * r
                + 5.4637849111641143699
            )
            * r
            + 6.6579046435011037772
        ) / (
            (
                (
                    (
                        (
                            (
                                (2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r
                                + 1.8463183175100546818e-5
                            )
                            * r
                            + 7.868691311456132591e-4
                        )
                        * r
                        + 0.0148753612908506148525
                    )
                    * r
                    + 0.13692988092273580531
                )
                * r
                + 0.59983220655588793769
            )
            * r
            + 1.0
        )
    return -value if q < 0.0 else value


_CENTRAL = 0.425
"""Half the width of the range of p - 0.5 in which the normal quantile is one rational function."""


@inlined
def _one(kind: Any, a: Any, b: Any, counter: Any, attempt: Any, k0: Any, k1: Any) -> Any:
    """Draw one number."""
    x0, x1, _, _ = philox(counter & MASK, counter >> HALF, np.uint64(attempt), np.uint64(0), k0, k1)
    u = unit_interval(x0, x1)
    if kind == 0:
        return a + (b - a) * u
    value = a + b * normal_quantile(u + 0.5 / 9007199254740992.0)
    return math.exp(value) if kind == 2 else value


@inlined
def _first_attempts(
    kind: Any, a: Any, b: Any, counters: Any, k0: Any, k1: Any, quantile: Any, out: Any
) -> None:
    """Draw one number for every counter. Short loops, so that all but the tails are vector code."""
    for i in range(counters.size):
        counter = np.uint64(counters[i])
        x0, x1, _, _ = philox(counter & MASK, counter >> HALF, np.uint64(0), np.uint64(0), k0, k1)
        out[i] = unit_interval(x0, x1)
    if kind == 0:
        for i in range(counters.size):
            out[i] = a + (b - a) * out[i]
        return
    for i in range(counters.size):
        q = (out[i] + 0.5 / 9007199254740992.0) - 0.5
        quantile[i] = central_quantile(q)
    for i in range(counters.size):
        p = out[i] + 0.5 / 9007199254740992.0
        out[i] = a + b * (quantile[i] if abs(p - 0.5) <= _CENTRAL else normal_quantile(p))
    if kind == 2:
        for i in range(counters.size):
            out[i] = math.exp(out[i])


@kernel
def draw_into(kind: Any, a: Any, b: Any, low: Any, high: Any, key: Any, counters: Any, out: Any) -> Any:
    """Fill ``out`` with one number for each counter, as :func:`draw`; returns how many found no place in bounds."""
    k0, k1 = np.uint64(key) & MASK, np.uint64(key) >> HALF
    failed = 0
    quantile = np.empty(BLOCK)
    for first in range(0, counters.size, BLOCK):
        last = min(first + BLOCK, counters.size)
        part = out[first:last]
        _first_attempts(kind, a, b, counters[first:last], k0, k1, quantile, part)
        outside = 0
        for i in range(part.size):
            outside += 0 if low <= part[i] <= high else 1
        if outside == 0:
            continue
        for i in range(part.size):
            attempt = 1
            while not low <= part[i] <= high and attempt < _ATTEMPTS:
                part[i] = _one(kind, a, b, np.uint64(counters[first + i]), attempt, k0, k1)
                attempt += 1
            failed += 0 if low <= part[i] <= high else 1
    return failed


def draw(kind: str, a: float, b: float, low: float, high: float, key: int, counters: Any) -> FloatArray:
    """Draw from a distribution, one number per counter; those outside ``[low, high]`` are redrawn.

    Parameters
    ----------
    kind
        ``uniform``, ``normal`` or ``lognormal``.
    a, b
        Its two parameters.
    low, high
        Bounds; infinite where there are none.
    key
        From :func:`stream_key`.
    counters : ndarray of uint64
        What each number is for, such as the neuron's index.

    Raises
    ------
    ValueError
        If the bounds leave practically nothing to draw.
    """
    counters = np.ascontiguousarray(counters, dtype=np.uint64)
    out = np.empty(counters.size)
    failed = draw_into(
        KINDS[kind], float(a), float(b), float(low), float(high), np.uint64(key), counters, out
    )
    if failed:
        raise ValueError(f"{kind}({a:g}, {b:g}) practically never falls within [{low:g}, {high:g}]")
    return out
