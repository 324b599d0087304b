"""Loihi's weight format: a mantissa of few bits and an exponent shared by a projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import IntArray

WEIGHT_ARGUMENTS: Mapping[str, Any] = {"weight_exp": 0, "num_weight_bits": 8, "sign_mode": "mixed"}
RANGES = {"mixed": (-256, 254), "excitatory": (0, 255), "inhibitory": (-255, 0)}
LARGEST = 2**15 - 1
"""One synapse adds at most 2^21 - 2^6 to the current, and the current takes in the sum times 2^6."""


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or value != int(value) or not low <= value <= high:
        raise DescriptionError(
            Problem(name, f"{value!r} is out of range", f"a whole number from {low} to {high}")
        )
    return int(value)


def loihi_weights(w: Any, arguments: Mapping[str, Any]) -> IntArray:
    """Return what one spike adds to the synaptic sum ``a``, where ``u`` takes in ``a << 6``.

    The mantissa is truncated towards zero to a multiple of ``2^(8 - num_weight_bits)``, twice that in
    ``mixed`` mode where one bit holds the sign, then multiplied by ``2^weight_exp`` and rounded down,
    each weight by itself. (Lava shifts the sum, so for a negative exponent it differs by at most one
    per spike.) Source: brian2-loihi and nengo-loihi, with the ranges of Lava.

    Parameters
    ----------
    w
        Weight mantissas: -256..254 ``mixed``, 0..255 ``excitatory``, -255..0 ``inhibitory``.
    arguments
        ``weight_exp`` (-8..7), ``num_weight_bits`` (1..8), ``sign_mode``; absent ones take the default.

    Returns
    -------
    ndarray of int64

    Raises
    ------
    DescriptionError
        If an argument or a weight is out of range, or if no weight survives the truncation.
    """
    given = {**WEIGHT_ARGUMENTS, **arguments}
    exponent = _whole("weight_exp", given["weight_exp"], -8, 7)
    bits = _whole("num_weight_bits", given["num_weight_bits"], 1, 8)
    mode = str(given["sign_mode"])
    if mode not in RANGES:
        raise DescriptionError(Problem("sign_mode", f'there is no sign mode "{mode}"', nearest(mode, RANGES)))
    low, high = RANGES[mode]
    weights = np.asarray(w, dtype=np.float64)
    outside = weights[(weights < low) | (weights > high) | np.isnan(weights)]
    if outside.size:
        raise DescriptionError(
            Problem("weight", f"{outside.flat[0]:g} is out of range", f"{mode}: {low} to {high}")
        )
    precision = 2 ** (8 - bits + (mode == "mixed"))
    mantissa = np.trunc(weights / precision).astype(np.int64) * precision
    scaled = mantissa << exponent if exponent >= 0 else mantissa >> -exponent
    if np.any(weights != 0) and not np.any(scaled):
        found = f"all weights, at most {np.max(np.abs(weights)):g}, become 0"
        remedy = f"mantissas are multiples of {precision}, times 2^{exponent}; scale the weights up"
        raise DescriptionError(Problem("weight", found, remedy))
    return np.asarray(np.clip(scaled, -LARGEST, LARGEST), dtype=np.int64)
