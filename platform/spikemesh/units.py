"""Quantities with units, converted once at the boundary.

Inside spikemesh a number without a unit is in ms, mV, pA, pF, nS, MOhm or Hz (:data:`CANONICAL`),
and time is a whole number of steps.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from spikemesh.errors import Problem, UnitError

if TYPE_CHECKING:
    import pint

CANONICAL = ("ms", "mV", "pA", "pF", "nS", "MOhm", "Hz", "1/ms", "nm", "um", "pJ", "ns", "mW", "bit", "byte")
"""Units in which numbers without a unit are understood, by dimension."""


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[Any]:
    # Imported late: pint costs a tenth of a second that a run on plain numbers need not pay.
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(autoconvert_offset_to_baseunit=False)
    registry.define("packet = [packet] = pkt")
    registry.define("spike = [spike]")
    return registry


@lru_cache(maxsize=4096)
def _parse(text: str, unit: str) -> float:
    import pint

    registry = _registry()
    try:
        quantity: Any = registry.Quantity(text)
    except Exception as error:
        raise ValueError(f'cannot read "{text}" as a quantity') from error
    try:
        if quantity.unitless and unit not in ("", "1"):
            return float(quantity.magnitude)
        return float(quantity.to(unit or "dimensionless").magnitude)
    except pint.DimensionalityError as error:
        raise ValueError(f'"{text}" is not in units of {unit or "a plain number"}') from error
    except (TypeError, ValueError) as error:
        raise ValueError(f'cannot read "{text}" as a quantity') from error


def magnitude(value: float | int | str, unit: str, where: str = "value") -> float:
    """Convert a number or a quantity such as ``"1.5 ms"`` to a float in ``unit``.

    Parameters
    ----------
    value
        A number is taken to be in ``unit`` already.
    unit
        Unit of the result, for example ``"ms"``; empty for a plain number.
    where
        Key path used in the error.

    Returns
    -------
    float
        The magnitude in ``unit``.

    Raises
    ------
    UnitError
        If the text is no quantity, has another dimension, or is not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnitError(
            Problem(where, f"{value!r} is not a number or a quantity", f'such as 1.5 or "1.5 {unit}"')
        )
    try:
        result = _parse(value, unit) if isinstance(value, str) else float(value)
    except (ValueError, OverflowError) as error:
        raise UnitError(
            Problem(where, str(error), f'write a number or a quantity such as "1.5 {unit}"')
        ) from error
    if math.isnan(result):
        raise UnitError(Problem(where, "is not a number (NaN)", f"a finite number in {unit}"))
    return result


def canonical_unit(text: str) -> str | None:
    """Return the canonical unit of the dimension of a quantity, or None for a plain number."""
    registry = _registry()
    try:
        quantity: Any = registry.Quantity(text)
    except Exception:
        return None
    for unit in CANONICAL:
        if quantity.is_compatible_with(unit):
            return unit
    return None


def whole_steps(time_ms: float, timestep_ms: float, where: str = "time") -> int:
    """Express a time as a whole number of steps.

    Parameters
    ----------
    time_ms, timestep_ms
        Time and step in milliseconds.
    where
        Key path used in the error.

    Returns
    -------
    int
        ``time_ms / timestep_ms``.

    Raises
    ------
    UnitError
        If the time is not a multiple of the step within one part in 10^6 of a step.
    """
    ratio = time_ms / timestep_ms
    steps = round(ratio)
    if not math.isfinite(ratio) or abs(ratio - steps) > 1e-6 * max(1.0, abs(ratio) * 1e-3):
        below, above = math.floor(ratio) * timestep_ms, math.ceil(ratio) * timestep_ms
        raise UnitError(
            Problem(
                where,
                f"{time_ms:g} ms is not a whole number of steps of {timestep_ms:g} ms",
                f"nearest multiples: {below:g} ms, {above:g} ms",
            )
        )
    return steps
