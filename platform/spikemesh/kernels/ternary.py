"""Covers of sets of keys by keys with masks.

Legend: a pair (v, m) stands for all keys k with ``k & m == v``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import inlined, kernel


@inlined
def _hits(keys: Any, value: Any, mask: Any) -> Any:
    """Tell whether a pair stands for any of the keys."""
    found = False
    for k in range(keys.size):
        if keys[k] & mask == value:
            found = True
            break
    return found


@kernel
def cover(on: Any, off: Any, bits: Any, upwards: Any, value: Any, mask: Any) -> Any:
    """Find pairs that stand for all keys of one set and for none of another.

    The first key that is not covered yet gets a pair, whose bits are left out one by one where that hits no key of
    the other set.

    Parameters
    ----------
    on, off : ndarray of int64
        Keys that are to be covered, and keys that must not be.
    bits
        Width of keys.
    upwards
        Whether bits are left out from the lowest to the highest, or the other way.
    value, mask : ndarray of int64, shape (on,)
        Filled in with pairs.

    Returns
    -------
    int
        Number of pairs.
    """
    done = np.zeros(on.size, dtype=np.uint8)
    count = 0
    for k in range(on.size):
        if done[k]:
            continue
        m = (1 << bits) - 1
        v = on[k]
        for b in range(bits):
            fewer = m & ~(1 << (b if upwards else bits - 1 - b))
            if not _hits(off, v & fewer, fewer):
                m = fewer
                v = v & fewer
        for j in range(k, on.size):
            if on[j] & m == v:
                done[j] = 1
        value[count] = v
        mask[count] = m
        count += 1
    return count
