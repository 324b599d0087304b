"""Values of parameters with which a plugin is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.contracts.neuron import Parameter
from spikemesh.errors import SpikemeshError
from spikemesh.testing.checks import Skipped

_USUAL = {"ms": 5.0, "s": 0.1, "Hz": 50.0, "kHz": 0.1, "mV": 1.0, "pA": 100.0, "nS": 1.0}
"""What stands for a parameter without a default."""


def usual_values(parameters: Mapping[str, Parameter], leave: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the default of every parameter; where there is none, a number within its bounds.

    Parameters
    ----------
    parameters
        As declared.
    leave
        Parameters that get no value.

    Raises
    ------
    Skipped
        If a word is asked for that only the author knows.
    """
    values: dict[str, Any] = {}
    for name, p in parameters.items():
        if name in leave:
            continue
        # A rate of 0 shows nothing.
        absent = (p.default is None and not p.choices) or (p.default == 0.0 and p.unit in ("Hz", "kHz"))
        values[name] = _without_default(p) if absent else p.default
    for name, p in parameters.items():
        if isinstance(p.default, str) and not p.choices and p.default in parameters:
            values[name] = values[p.default]
    return values


def _without_default(p: Parameter) -> float:
    value = _USUAL.get(p.unit, 1.0)
    low = p.gt if p.gt is not None else p.ge
    high = p.lt if p.lt is not None else p.le
    if low is not None and value <= low:
        value = low + 1.0
    if high is not None and value >= high:
        value = high if low is None else (low + high) / 2.0
    return round(value) if p.integer else value


def choices_of(parameters: Mapping[str, Parameter], values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the values, and again with every other choice of each word and switch."""
    yield dict(values)
    for name, p in parameters.items():
        if name not in values:
            continue
        allowed = p.choices or ((True, False) if isinstance(p.default, bool) else ())
        for choice in allowed:
            if choice != values[name]:
                yield {**values, name: choice}


def varied(
    plugin: Any,
    parameters: Mapping[str, Parameter],
    values: Mapping[str, Any],
    dt: float,
    count: int,
    seed: int,
) -> dict[str, Any]:
    """Return values that differ from neuron to neuron by up to a tenth, as far as the model takes them.

    A parameter that it refuses to have varied, such as a time in whole steps, stays as it is.
    """
    random = np.random.default_rng(seed)
    result = dict(values)
    for name, p in parameters.items():
        value = result.get(name)
        if p.choices or isinstance(value, bool | str) or value is None:
            continue
        spread: Any = value * (1.0 + 0.1 * (2.0 * random.random(count) - 1.0))
        if p.integer:
            spread = np.rint(spread).astype(np.int64)
        if not _inside(spread, p):
            continue
        if constants_of(plugin, {**result, name: spread}, dt) is not None:
            result[name] = spread
    return result


def _inside(values: Any, p: Parameter) -> bool:
    return bool(
        (p.gt is None or np.all(values > p.gt))
        and (p.ge is None or np.all(values >= p.ge))
        and (p.lt is None or np.all(values < p.lt))
        and (p.le is None or np.all(values <= p.le))
    )


def constants_of(plugin: Any, values: Mapping[str, Any], dt: float) -> dict[str, Any] | None:
    """Return the constants of a plugin; None if it refuses the values or gives no numbers."""
    try:
        with np.errstate(all="ignore"):
            found = dict(plugin.constants(SimpleNamespace(**values), dt))
    except (SpikemeshError, ValueError):
        return None
    if any(np.isnan(np.asarray(v, dtype=np.float64)).any() for v in found.values()):
        return None
    return found


def timestep_for(plugin: Any, values: Mapping[str, Any]) -> float:
    """Return a time step in ms that a plugin takes with these values.

    Raises
    ------
    Skipped
        If it takes none of those tried.
    """
    for dt in (0.5, 1.0, 0.1, 0.25):
        if constants_of(plugin, values, dt) is not None:
            return dt
    # Once more, so that the reason is told.
    try:
        plugin.constants(SimpleNamespace(**values), 0.5)
    except SpikemeshError as error:
        raise Skipped(f"its usual parameters cannot be used: {error}") from None
    raise AssertionError("constants() gives no numbers (NaN) for its usual parameters")
