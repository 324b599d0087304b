"""Quantities, arrays and distributions read into plain floats, with bounds on what a text may hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.description.rules import shown
from spikemesh.description.values import KINDS, Distribution
from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import AnyArray, FloatArray
from spikemesh.units import canonical_unit, magnitude

_LEAST_CHANCE = 1e-4
"""Least part of a distribution that must lie inside its bounds, or redrawing takes too long."""


def quantity(value: Any, unit: str, where: str, *, finite: bool = True) -> float:
    """Convert a number or a quantity in text to a float in ``unit``.

    Parameters
    ----------
    value
        Number in ``unit``, or text such as ``"1.5 ms"``.
    unit
        Unit of the result; empty for a plain number.
    where
        Key path used in errors.
    finite
        Whether infinite values are refused.

    Returns
    -------
    float
        The magnitude.

    Raises
    ------
    DescriptionError
        If the value is none, has another dimension, is NaN or (if asked) infinite.
    """
    if isinstance(value, np.generic):
        value = value.item()
    example = f"a number{f' in {unit}' if unit else ''}" + (
        f', or a quantity such as "1.5 {unit}"' if unit else ""
    )
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise DescriptionError(Problem(where, f"{shown(value)} is not a number", example))
    result = magnitude(value, unit, where)
    if finite and not math.isfinite(result):
        raise DescriptionError(Problem(where, f"{shown(value)} is not finite", example))
    return result


def own_unit(value: Any, unit: str) -> str:
    """Return ``unit``, or if it is empty the field's unit for the dimension of a quantity in text."""
    if unit or not isinstance(value, str):
        return unit
    return canonical_unit(value) or ""


def floats(value: AnyArray, where: str, *, finite: bool = True) -> FloatArray:
    """Check an array for NaN (and infinite) values.

    Raises
    ------
    DescriptionError
        With the index of the first one.
    """
    if value.dtype.kind not in "biuf":
        raise DescriptionError(Problem(where, "is not an array of numbers", "numbers"))
    array = np.ascontiguousarray(value, dtype=np.float64)
    bad = ~np.isfinite(array) if finite else np.isnan(array)
    if bad.any():
        index = ", ".join(str(int(i)) for i in np.argwhere(bad)[0])
        raise DescriptionError(
            Problem(f"{where}[{index}]", f"{array[bad][0]} is not allowed", "finite numbers")
        )
    return array


def plain_distribution(value: Distribution, unit: str, where: str) -> Distribution:
    """Return a distribution with all its numbers in ``unit`` (those of a logarithm without).

    Raises
    ------
    DescriptionError
        If a number is wrong, or hardly any draw would fall inside the bounds.
    """
    if value.kind not in KINDS:
        found = f'there is no distribution "{value.kind}"'
        raise DescriptionError(Problem(where, found, nearest(str(value.kind), KINDS)))
    inner = "" if value.kind == "lognormal" else unit
    a, b = (quantity(x, inner, f"{where}.{value.kind}") for x in (value.a, value.b))
    low = None if value.low is None else quantity(value.low, unit, f"{where}.low", finite=False)
    high = None if value.high is None else quantity(value.high, unit, f"{where}.high", finite=False)
    if (b < a) if value.kind == "uniform" else (b < 0):
        allowed = "[low, high] with low <= high" if value.kind == "uniform" else "a spread of at least 0"
        raise DescriptionError(Problem(f"{where}.{value.kind}", f"[{a:g}, {b:g}] is no range", allowed))
    plain = Distribution(value.kind, a, b, low, high)
    if chance_inside(plain) < _LEAST_CHANCE:
        found = f"hardly any draw lies between low and high ({low} to {high})"
        raise DescriptionError(Problem(where, found, "bounds that hold a good part of the distribution"))
    return plain


def chance_inside(d: Distribution) -> float:
    """Return the probability that a draw of a plain distribution lies inside its bounds."""
    a, b = float(d.a), float(d.b)
    low = -math.inf if d.low is None else float(d.low)
    high = math.inf if d.high is None else float(d.high)
    if d.kind == "lognormal":
        low = math.log(low) if low > 0 else -math.inf
        high = math.log(high) if high > 0 else -math.inf
    if low > high:
        return 0.0
    if a == b if d.kind == "uniform" else b == 0:
        return float(low <= a <= high)
    if d.kind == "uniform":
        return max(0.0, min(b, high) - max(a, low)) / (b - a)
    return 0.5 * (math.erf((high - a) / b / math.sqrt(2)) - math.erf((low - a) / b / math.sqrt(2)))


def bounds_of(d: Distribution) -> tuple[float, float]:
    """Return the least and greatest value a plain distribution can take."""
    low = -math.inf if d.low is None else float(d.low)
    high = math.inf if d.high is None else float(d.high)
    if d.kind == "uniform":
        return max(low, float(d.a)), min(high, float(d.b))
    if d.kind == "lognormal":
        return max(low, 0.0), high
    if d.b == 0:
        return float(d.a), float(d.a)
    return low, high
