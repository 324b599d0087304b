"""Declared parameters: given values, defaults and bounds to floats, words and per-neuron arrays."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikemesh.contracts.neuron import Parameter
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import floats, plain_distribution, quantity
from spikemesh.description.rules import shown
from spikemesh.description.values import Distribution
from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import AnyArray, FloatArray


@dataclass(frozen=True)
class Draws:
    """Where the random numbers of one object's values come from."""

    seed: int
    purpose: str
    name: str

    def draw(self, what: str, distribution: Distribution, count: int) -> FloatArray:
        """Draw one value per neuron; ``distribution`` holds plain numbers."""
        # Imported here: the kernels load numba, which validating a scenario does not need.
        from spikemesh.kernels.random import draw, stream_key

        low = -math.inf if distribution.low is None else float(distribution.low)
        high = math.inf if distribution.high is None else float(distribution.high)
        key = stream_key(self.seed, self.purpose, self.name, what)
        counters = np.arange(count, dtype=np.uint64)
        drawn = draw(
            distribution.kind, float(distribution.a), float(distribution.b), low, high, key, counters
        )
        return np.asarray(drawn, dtype=np.float64)


def bind_value(value: Any, declared: Parameter, where: str, size: int, draws: Draws, what: str) -> Any:
    """Convert one given value.

    Parameters
    ----------
    value
        Number, quantity, word, switch, array or distribution.
    declared
        Unit and bounds.
    where
        Key path used in errors.
    size
        Neurons of the population; not positive if unknown.
    draws, what
        Source of random numbers, and what the value is.

    Returns
    -------
    float, int, bool, str or ndarray of shape (size,)
        The value in the declared unit.

    Raises
    ------
    DescriptionError
        If the value does not fit the declaration.
    """
    if declared.text:
        if not isinstance(value, str):
            raise DescriptionError(Problem(where, f"{shown(value)} is no text", 'text, such as "..."'))
        return value
    if declared.choices or isinstance(declared.default, bool):
        return _word_or_switch(value, declared, where)
    result: Any
    if isinstance(value, Distribution):
        plain = plain_distribution(value, declared.unit, where)
        if size < 1:
            return float(plain.a)
        result = draws.draw(what, plain, size)
    elif isinstance(value, np.ndarray):
        result = floats(value, where, finite=False)
        if size > 0 and result.shape != (size,):
            found = f"an array of shape {result.shape} for {size} neurons"
            raise DescriptionError(Problem(where, found, f"one number, or {size} of them"))
    else:
        result = quantity(value, declared.unit, where, finite=False)
    check_bounds(result, declared, where)
    if not declared.integer:
        return result
    return result.astype(np.int64) if isinstance(result, np.ndarray) else int(result)


def _word_or_switch(value: Any, declared: Parameter, where: str) -> Any:
    if declared.choices:
        if value not in declared.choices if isinstance(value, str) else True:
            allowed = ", ".join(declared.choices)
            near = nearest(value, declared.choices) if isinstance(value, str) else f"allowed: {allowed}"
            raise DescriptionError(Problem(where, f"{shown(value)} is not allowed", near))
        return value
    if not isinstance(value, bool):
        raise DescriptionError(Problem(where, f"{shown(value)} is neither true nor false", "true or false"))
    return value


def check_bounds(value: float | AnyArray, declared: Parameter, where: str) -> None:
    """Check a number or an array against bounds and wholeness.

    Raises
    ------
    DescriptionError
        With the first value outside, its index, and the bounds.
    """
    array = np.atleast_1d(value)
    bad = np.zeros(array.shape, dtype=bool)
    if declared.gt is not None:
        bad |= ~(array > declared.gt)
    if declared.ge is not None:
        bad |= ~(array >= declared.ge)
    if declared.lt is not None:
        bad |= ~(array < declared.lt)
    if declared.le is not None:
        bad |= ~(array <= declared.le)
    if declared.integer:
        with np.errstate(invalid="ignore"):
            bad |= ~((array % 1 == 0) & (np.abs(array) < 2.0**62))
    if bad.any():
        first = int(np.argmax(bad))
        place = where if np.ndim(value) == 0 else f"{where}[{first}]"
        raise DescriptionError(
            Problem(place, f"{array[first]:.12g} is out of range", allowed_range(declared))
        )


def allowed_range(declared: Parameter) -> str:
    """Say in words which numbers a parameter takes."""
    signs = ((">", declared.gt), (">=", declared.ge), ("<", declared.lt), ("<=", declared.le))
    bounds = " and ".join(f"{sign} {bound:g}" for sign, bound in signs if bound is not None)
    kind = "a whole number" if declared.integer else "a number"
    return kind + (f" {bounds}" if bounds else "") + (f" (in {declared.unit})" if declared.unit else "")


def bind_parameters(
    declared: Mapping[str, Parameter],
    given: Mapping[str, Any],
    where: str,
    size: int,
    draws: Draws,
    collector: Collector,
    owner: str,
    also: Collection[str] = (),
) -> dict[str, Any]:
    """Convert all parameters of one object; problems go to ``collector``.

    Parameters
    ----------
    declared
        Declared parameters.
    given
        Values by name.
    where
        Key path of the table of values.
    size, draws
        As for :func:`bind_value`.
    collector
        Takes the problems.
    owner
        What declares the parameters, such as ``model "iaf"``.
    also
        Further names that are allowed in ``given`` and read elsewhere.

    Returns
    -------
    dict
        Value by name; incomplete if there were problems.
    """
    meant = set()
    for name in given:
        if name not in declared and name not in also:
            close = nearest(name, [*declared, *also])
            meant |= {d for d in declared if close.startswith("did you mean") and f'"{d}"' in close}
            found = f'{owner} has no parameter "{name}"'
            collector.add(f"{where}.{name}", found, close or "it takes none")
    result: dict[str, Any] = {}
    failed = set()
    for name, parameter in declared.items():
        if name in also:
            continue
        if name not in given:
            if parameter.default is None and name in meant:
                continue  # a misspelt name is one mistake, not an unknown and a missing one
            if parameter.default is None:
                unit = f" in {parameter.unit}" if parameter.unit else ""
                collector.add(
                    f"{where}.{name}", f'{owner} needs "{name}"', parameter.description or f"a value{unit}"
                )
            elif not _is_reference(parameter):
                result[name] = parameter.default
            continue
        before = len(collector.problems)
        with collector.catching():
            result[name] = bind_value(given[name], parameter, f"{where}.{name}", size, draws, name)
        if len(collector.problems) > before:
            failed.add(name)
    for name, parameter in declared.items():
        if name not in given and name not in also and _is_reference(parameter):
            _follow(name, declared, result, failed, where, owner, collector)
    return result


def _is_reference(parameter: Parameter) -> bool:
    return isinstance(parameter.default, str) and not parameter.choices and not parameter.text


def _follow(
    name: str,
    declared: Mapping[str, Parameter],
    result: dict[str, Any],
    failed: Collection[str],
    where: str,
    owner: str,
    collector: Collector,
) -> None:
    """Give a parameter the value of the one its default names."""
    seen, at = [name], str(declared[name].default)
    while (
        at not in result
        and at in declared
        and _is_reference(declared[at])
        and at not in seen
        and at not in failed
    ):
        seen.append(at)
        at = str(declared[at].default)
    if at in result:
        result[name] = result[at]
    elif (at not in failed and at not in declared) or at in seen:
        found = f'the default of {owner} is "{at}", which has no value'
        collector.add(f"{where}.{name}", found, "a value of your own")
