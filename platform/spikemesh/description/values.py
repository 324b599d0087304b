"""Values of parameters, weights and delays: a number, an array, or a distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import AnyArray

Quantity: TypeAlias = float | int | str
"""A number in the field's unit, or text with a unit such as ``"1.5 ms"``."""


@dataclass(frozen=True)
class Distribution:
    """A random value, drawn per neuron or per synapse with counter-based numbers.

    Draws outside ``[low, high]`` are redrawn.
    """

    kind: str
    """``uniform`` (a to b), ``normal`` (mean a, standard deviation b) or ``lognormal`` (of the logarithm)."""
    a: Quantity
    b: Quantity
    low: Quantity | None = None
    high: Quantity | None = None


@dataclass(frozen=True, eq=False)
class EventList:
    """Events as two arrays of equal length: ``times`` in milliseconds and the ``neurons`` they belong to."""

    times: AnyArray
    neurons: AnyArray


Value: TypeAlias = Quantity | bool | AnyArray | Distribution | EventList | tuple[AnyArray, ...]

KINDS = ("uniform", "normal", "lognormal")


def uniform(low: Quantity, high: Quantity) -> Distribution:
    """Draw uniformly from ``[low, high)``."""
    return Distribution("uniform", low, high)


def normal(
    mean: Quantity, std: Quantity, *, low: Quantity | None = None, high: Quantity | None = None
) -> Distribution:
    """Draw from a normal distribution; values outside ``[low, high]`` are redrawn."""
    return Distribution("normal", mean, std, low, high)


def lognormal(
    mu: float, sigma: float, *, low: Quantity | None = None, high: Quantity | None = None
) -> Distribution:
    """Draw the exponential of a normal variable with mean ``mu`` and standard deviation ``sigma``."""
    return Distribution("lognormal", mu, sigma, low, high)


def value_from(raw: Any, where: str) -> Value:
    """Read a value as it stands in a scenario file or a call.

    Parameters
    ----------
    raw
        Number, text with unit, list, array, distribution, or a table such as
        ``{uniform = [0.0, 15.0]}`` or ``{normal = [1.5, 0.2], low = 0.1}``.
    where
        Key path used in errors.

    Returns
    -------
    Value
        Lists become read-only arrays; a list of lists becomes a tuple of arrays (one per neuron, for spike
        times); ``{times = [...], neurons = [...]}`` becomes an :class:`EventList`.

    Raises
    ------
    DescriptionError
        If the form is none of these.
    """
    if isinstance(raw, Mapping):
        if set(raw) == {"times", "neurons"}:
            return EventList(
                _array(raw["times"], f"{where}.times"), _array(raw["neurons"], f"{where}.neurons")
            )
        return _distribution_from(raw, where)
    if isinstance(raw, list | tuple):
        if raw and all(isinstance(row, list | tuple | np.ndarray) for row in raw):
            return tuple(_array(row, f"{where}[{k}]") for k, row in enumerate(raw))
        return _array(raw, where)
    if isinstance(raw, np.ndarray) and raw.ndim:
        return _array(raw, where)
    if isinstance(raw, np.ndarray | np.generic):
        raw = raw.item()
    if isinstance(raw, bool | int | float | str | Distribution | EventList):
        return raw
    raise DescriptionError(
        Problem(
            where, f"{type(raw).__name__} is not a value", "a number, a quantity, a list or a distribution"
        )
    )


def _array(raw: Any, where: str) -> AnyArray:
    remedy = "plain numbers, such as [1.0, 2.0]; the unit of numbers is that of the parameter"
    try:
        array = np.asarray(raw)
        numeric = array.size == 0 or array.dtype.kind in "biuf"
        array = np.array(array, dtype=np.float64) if numeric else array
    except (TypeError, ValueError, OverflowError):
        numeric = False
    if not numeric:
        raise DescriptionError(Problem(where, "a list must hold plain numbers only", remedy))
    array.flags.writeable = False
    return array


def _distribution_from(raw: Mapping[str, Any], where: str) -> Distribution:
    kinds = [k for k in raw if k in KINDS]
    extra = [k for k in raw if k not in (*KINDS, "low", "high")]
    if len(kinds) != 1 or extra:
        wrong = extra[0] if extra else ", ".join(raw) or "an empty table"
        raise DescriptionError(
            Problem(where, f'"{wrong}" is not a distribution', nearest(wrong, (*KINDS, "low", "high")))
        )
    pair = raw[kinds[0]]
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise DescriptionError(Problem(f"{where}.{kinds[0]}", "needs a list of two numbers", "[0.0, 1.0]"))
    return Distribution(kinds[0], pair[0], pair[1], raw.get("low"), raw.get("high"))
