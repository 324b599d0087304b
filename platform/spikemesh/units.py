"""Quantities with units, converted once at the boundary.

Inside spikemesh a number without a unit is in ms, mV, pA, pF, nS, MOhm or Hz (:data:`CANONICAL`),
and time is a whole number of steps.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from spikemesh.errors import Problem, UnitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pint

CANONICAL = ("ms", "mV", "pA", "pF", "nS", "MOhm", "Hz", "1/ms", "nm", "um", "pJ", "ns", "mW", "bit", "byte")
"""Units in which numbers without a unit are understood, by dimension."""

_PREFIXES = {"p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
_SYMBOLS = {"s": "pnuµm", "V": "nuµm", "A": "pnuµm", "F": "pnuµm", "S": "pnuµm", "Ohm": "kMG", "ohm": "kMG",
            "Hz": "kMG", "J": "pnuµm", "W": "nuµm", "bit/s": "kMG", "packet/s": "kMG"}  # fmt: skip
"""Symbols whose prefixes are resolved here: pint takes a third of a second to start."""


def _common() -> Iterator[tuple[str, tuple[str, int]]]:
    for symbol, prefixes in _SYMBOLS.items():
        for prefix in ["", *prefixes]:
            yield prefix + symbol, ("Ohm" if symbol == "ohm" else symbol, _PREFIXES[prefix])


_COMMON = dict(_common())
"""Dimension and power of ten of the units one meets; pint knows all others."""


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[Any]:
    # Imported late: it costs a third of a second that a run on common units need not pay.
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(autoconvert_offset_to_baseunit=False)
    registry.define("packet = [packet] = pkt")
    registry.define("spike = [spike]")
    registry.define("@alias ohm = Ohm")
    return registry


# A number, then unit names with small powers: pint would also evaluate expressions such as 9**9**9.
_NUMBER = r"\s*[-+]?(\d[\d_]*\.?\d*|\.\d+|inf|nan)([eE][-+]?\d{1,4})?"
_QUANTITY = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>\s*([^\W\d]\w*|[%µΩ·*/ ()^.-]|\*\*|\d)*\s*)")
_POWER = re.compile(r"(\*\*|\^)\s*[-+(\s]*\d{2,}|(\*\*|\^)[^*^]*(\*\*|\^)")


def _split(text: str) -> tuple[float, str]:
    """Split a quantity into its number and its unit.

    Raises
    ------
    ValueError
        If it has not the form of one.
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= 80 and not _POWER.search(text) else None
    if match is None:
        raise ValueError(f'"{text[:80]}" is not a quantity')
    return float(match["number"]), match["unit"].strip()


@lru_cache(maxsize=4096)
def _factor(given: str, unit: str) -> float:
    """Return how many ``unit`` make one ``given``.

    Raises
    ------
    ValueError
        If there is no such unit, or it has another dimension.
    """
    dimension, power = _COMMON.get(given, ("", 0))
    wanted, base = _COMMON.get(unit, (None, 0))
    if dimension == wanted:
        return float(f"1e{power - base}")
    import pint

    registry = _registry()
    try:
        return float(registry.Quantity(f"1 {given}").to(unit or "dimensionless").magnitude)
    except pint.DimensionalityError:
        raise ValueError(f"is not in units of {unit or 'a plain number'}") from None
    except Exception:
        raise ValueError(f'has no known unit (there is no "{given}")') from None


def _parse(text: str, unit: str) -> float:
    number, given = _split(text)
    if not given:
        return number
    try:
        factor = _factor(given, unit)
    except ValueError as error:
        raise ValueError(f'"{text}" {error}') from None
    # Factors between units of one dimension are nearly always powers of ten, which pint's floats miss in
    # the last bit; and a power of ten below 1 is no float, but its inverse is.
    inverse = float(f"{1 / factor:.14g}") if factor else 0.0
    return number / inverse if 0 < factor < 1 and inverse.is_integer() else number * float(f"{factor:.14g}")


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
    """Return the canonical unit of the dimension of a quantity, or None for a plain number or no quantity."""
    try:
        _, given = _split(text)
        dimension, _ = _COMMON.get(given, ("", 0))
        common = next((u for u in CANONICAL if u in _COMMON and _COMMON[u][0] == dimension), None)
        if common:
            return common
        quantity: Any = _registry().Quantity(f"1 {given}") if given else None
    except Exception:
        return None
    return next((u for u in CANONICAL if quantity is not None and quantity.is_compatible_with(u)), None)


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
