"""Connection rules: checks of their arguments, and how many synapses they make."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikemesh.description.network import RULES, Population, Projection
from spikemesh.description.problems import Collector
from spikemesh.description.shapes import checked_conv2d, checked_pool2d
from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import AnyArray

OPTIONAL = frozenset({"stride", "padding"})
"""Arguments that have a default."""


@dataclass(frozen=True, eq=False)
class CheckedRule:
    """A rule's arguments in normal form and the expected number of synapses.

    Counts are ints, probabilities floats, shapes tuples of ints, ``kernel`` a float64 array of four
    dimensions, ``sources`` and ``targets`` int64 arrays.
    """

    arguments: Mapping[str, Any]
    expected: float


def check_rule(projection: Projection, source: Population, target: Population, where: str) -> CheckedRule:
    """Check a projection's rule against its two populations.

    Parameters
    ----------
    projection
        The projection.
    source, target
        Its populations; a size that is not positive is taken as unknown.
    where
        Key path used in errors.

    Returns
    -------
    CheckedRule
        Normal form of the arguments.

    Raises
    ------
    DescriptionError
        With every problem of the rule and its arguments.
    """
    if projection.rule not in RULES:
        found = f'there is no connection rule "{projection.rule}"'
        raise DescriptionError(Problem(f"{where}.connect.rule", found, nearest(str(projection.rule), RULES)))
    place = f"{where}.connect"
    collector = Collector()
    _check_names(projection, place, collector)
    collector.raise_if_any()
    sizes_known = _is_size(source.size) and _is_size(target.size)
    if not sizes_known:
        return CheckedRule(projection.arguments, 0.0)
    checked = _CHECKS[projection.rule](_Case(projection, source, target, place, collector))
    collector.raise_if_any()
    return checked


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size > 0


def _check_names(projection: Projection, place: str, collector: Collector) -> None:
    allowed = RULES[projection.rule]
    meant = set()
    for name in projection.arguments:
        if name not in allowed:
            close = nearest(name, allowed)
            meant |= {a for a in allowed if f'"{a}"' in close}
            found = f'rule {projection.rule} has no argument "{name}"'
            collector.add(f"{place}.{name}", found, close or "it takes none")
    for name in allowed:
        # A misspelt argument is one mistake, not an unknown and a missing one.
        if name in projection.arguments or name in OPTIONAL or name in meant:
            continue
        extra = [*projection.arguments, *projection.extras]
        remedy = f"{projection.rule} takes {', '.join(allowed)}" + (
            f"; found {', '.join(extra)}" if extra else ""
        )
        collector.add(f"{place}.{name}", f'rule {projection.rule} needs "{name}"', remedy)


@dataclass(frozen=True, eq=False)
class _Case:
    projection: Projection
    source: Population
    target: Population
    place: str
    collector: Collector

    @property
    def pairs(self) -> float:
        """Pairs that may be joined."""
        count = float(self.source.size) * self.target.size
        return count - (self.source.size if self.no_self else 0)

    @property
    def no_self(self) -> bool:
        """Whether pairs of a neuron with itself are left out."""
        return self.source.name == self.target.name and not self.projection.autapses

    def fail(self, argument: str, found: str, remedy: str) -> None:
        self.collector.add(f"{self.place}.{argument}" if argument else self.place, found, remedy)

    def count(self, argument: str) -> int:
        value = self.projection.arguments[argument]
        whole = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not whole or not 0 <= float(value) < 2.0**53 or float(value) % 1:
            self.fail(argument, f"{shown(value)} is not a count", "a whole number of at least 0")
            return 0
        return int(value)

    def number(self, argument: str, low: float, high: float, remedy: str) -> float:
        value = self.projection.arguments[argument]
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not low <= float(value) <= high:
            self.fail(argument, f"{shown(value)} is out of range", remedy)
            return math.nan
        return float(value)


def shown(value: object) -> str:
    """Return a value as text, cut to a length that fits a message."""
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python prints
        text = "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


def _one_to_one(case: _Case) -> CheckedRule:
    if case.source.size != case.target.size:
        sizes = (
            f'"{case.source.name}" has {case.source.size} neurons, "{case.target.name}" {case.target.size}'
        )
        case.fail(
            "rule", f"one_to_one needs populations of equal size; {sizes}", "equal sizes, or another rule"
        )
    if case.no_self:
        case.fail("rule", "one_to_one from a population to itself makes autapses only", "autapses = true")
    return CheckedRule({}, float(case.source.size))


def _all_to_all(case: _Case) -> CheckedRule:
    return CheckedRule({}, case.pairs)


def _fixed_degree(case: _Case) -> CheckedRule:
    argument = RULES[case.projection.rule][0]
    degree = case.count(argument)
    inwards = argument == "indegree"
    pool = case.source.size if inwards else case.target.size
    pool -= 1 if case.no_self else 0
    if degree and (pool < 1 or (not case.projection.multapses and degree > pool)):
        found = f"{degree} without repeats, but there are only {pool} to choose from"
        case.fail(argument, found, f"at most {pool}, or multapses = true" if pool else "at most 0")
    return CheckedRule(
        {argument: degree}, float(degree) * (case.target.size if inwards else case.source.size)
    )


def _fixed_total(case: _Case) -> CheckedRule:
    total = case.count("total")
    if total and (case.pairs < 1 or (not case.projection.multapses and total > case.pairs)):
        found = f"{total} without repeats, but there are only {case.pairs:.0f} pairs"
        case.fail("total", found, f"at most {case.pairs:.0f}, or multapses = true")
    return CheckedRule({"total": total}, float(total))


def _fixed_probability(case: _Case) -> CheckedRule:
    p = case.number("p", 0.0, 1.0, "a probability from 0 to 1")
    return CheckedRule({"p": p}, p * case.pairs)


def _distance(case: _Case) -> CheckedRule:
    p = case.number("p", 0.0, 1.0, "a probability from 0 to 1")
    scale = case.number("scale", 5e-324, 1e300, "a length above 0, in the unit of the positions")
    shapes = []
    for population in (case.source, case.target):
        if population.positions is None:
            case.fail("rule", f'distance needs positions of population "{population.name}"', "give positions")
        elif population.positions.ndim == 2:
            shapes.append(population.positions.shape[1])
    if len(set(shapes)) > 1:
        case.fail(
            "rule",
            f"positions have {shapes[0]} and {shapes[1]} coordinates",
            "the same number of coordinates",
        )
    expected = math.nan
    if (
        not case.collector.problems
        and case.source.positions is not None
        and case.target.positions is not None
    ):
        expected = p * case.pairs * _mean_decay(case.source.positions, case.target.positions, scale)
    return CheckedRule({"p": p, "scale": scale}, expected)


def _mean_decay(a: AnyArray, b: AnyArray, scale: float) -> float:
    # Up to 512 evenly picked neurons on either side give the mean to a few per cent, enough for planning.
    first = a[:: max(1, len(a) // 512)]
    second = b[:: max(1, len(b) // 512)]
    distance = np.sqrt(((first[:, None, :] - second[None, :, :]) ** 2).sum(axis=2))
    return float(np.exp(-distance / scale).mean())


def _conv2d(case: _Case) -> CheckedRule:
    arguments, expected = checked_conv2d(
        case.projection.arguments, case.source.size, case.target.size, case.fail
    )
    return CheckedRule(arguments, expected)


def _pool2d(case: _Case) -> CheckedRule:
    arguments, expected = checked_pool2d(
        case.projection.arguments, case.source.size, case.target.size, case.fail
    )
    return CheckedRule(arguments, expected)


def _explicit(case: _Case) -> CheckedRule:
    lists = {}
    for argument, population in (("sources", case.source), ("targets", case.target)):
        indices = whole_numbers(case.projection.arguments[argument])
        if indices is None:
            case.fail(
                argument, "is not a list of neuron numbers", f"whole numbers from 0 to {population.size - 1}"
            )
            continue
        if indices.size and not 0 <= indices.min() <= indices.max() < population.size:
            outside = indices[(indices < 0) | (indices >= population.size)]
            found = f'neuron {outside[0]} is outside population "{population.name}"'
            case.fail(argument, found, f"0 to {population.size - 1}")
        lists[argument] = indices
    if len(lists) == 2 and len(lists["sources"]) != len(lists["targets"]):
        found = f"{len(lists['sources'])} sources but {len(lists['targets'])} targets"
        case.fail("targets", found, "lists of equal length, one entry a synapse")
    elif len(lists) == 2 and not case.projection.multapses:
        pairs = lists["sources"] * case.target.size + lists["targets"]
        repeats = pairs.size - np.unique(pairs).size
        if repeats:
            case.fail("sources", f"{repeats} pairs are listed again", "no repeats, or multapses = true")
    return CheckedRule(lists, float(len(lists.get("sources", ()))))


def whole_numbers(raw: object) -> AnyArray | None:
    """Return a list of whole numbers as an int64 array, or None if it is none."""
    try:
        array = np.asarray(raw)
    except (TypeError, ValueError):
        return None
    if array.size == 0 and array.ndim == 1:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        return None
    if array.dtype.kind == "f" and not np.all(
        np.isfinite(array) & (np.abs(array) < 2.0**53) & (array == np.rint(array))
    ):
        return None
    if array.dtype == np.uint64 and array.max() > np.iinfo(np.int64).max:
        return None
    return array.astype(np.int64, copy=False)


_CHECKS: dict[str, Callable[[_Case], CheckedRule]] = {
    "one_to_one": _one_to_one,
    "all_to_all": _all_to_all,
    "fixed_indegree": _fixed_degree,
    "fixed_outdegree": _fixed_degree,
    "fixed_total": _fixed_total,
    "fixed_probability": _fixed_probability,
    "distance": _distance,
    "conv2d": _conv2d,
    "pool2d": _pool2d,
    "explicit": _explicit,
}
