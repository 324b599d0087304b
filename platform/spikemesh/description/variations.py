"""Values that a sweep tries, one key of a scenario after the other, and their combinations."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikemesh.description.overrides import path_parts
from spikemesh.description.toml_text import value_text
from spikemesh.errors import DescriptionError, Problem

_OPEN = {"[": "]", "{": "}"}
_WHERE = "--vary"


@dataclass(frozen=True)
class Variation:
    """A key of a scenario, and the values that it takes, as they would be written behind ``--set``."""

    key: str
    values: tuple[str, ...]


def read_variations(given: Sequence[str] | Mapping[str, Sequence[Any]]) -> tuple[Variation, ...]:
    """Read what is to be varied.

    Parameters
    ----------
    given
        Texts such as ``seed=1,2,3`` or ``system.chips=[2,1],[4,2]``: the path of a key as in an override, and values
        with commas between them. Or values by path.

    Raises
    ------
    DescriptionError
        With every problem: no path, no values, a value or a key that is given twice.
    """
    texts = given if not isinstance(given, Mapping) else ()
    found = [_read(text) for text in texts]
    if isinstance(given, Mapping):
        found = [Variation(key, tuple(_as_text(value) for value in values)) for key, values in given.items()]
    problems = [] if found else [Problem(_WHERE, "nothing is varied", "such as seed=1,2,3")]
    for number, variation in enumerate(found):
        where = f"{_WHERE} {variation.key}"
        if not variation.values or "" in variation.values:
            problems.append(Problem(where, "a value is empty", "values with commas between them"))
        elif len(set(variation.values)) < len(variation.values):
            problems.append(Problem(where, "a value is given twice", "each value once"))
        if variation.key in (other.key for other in found[:number]):
            problems.append(Problem(where, "is varied twice", "all values of a key in one --vary"))
    if problems:
        raise DescriptionError(problems)
    return tuple(found)


def combinations(variations: Sequence[Variation]) -> list[tuple[str, ...]]:
    """Return all combinations of values, those of the last key changing fastest."""
    return list(itertools.product(*(variation.values for variation in variations)))


def split_values(text: str) -> tuple[str, ...]:
    """Split values at the commas that stand outside of brackets and quotes."""
    parts, depth, quote, begun = [], 0, "", 0
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _OPEN:
            depth += 1
        elif character in _OPEN.values():
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[begun:at].strip())
            begun = at + 1
    return (*parts, text[begun:].strip())


def _read(text: str) -> Variation:
    _, at = path_parts(text, f"{_WHERE} {text}")
    return Variation(text[:at].strip(), split_values(text[at + 1 :]))


def _as_text(value: Any) -> str:
    """Write a value as one would behind ``--set``: texts as they are."""
    return value if isinstance(value, str) else value_text(list(value) if isinstance(value, tuple) else value)
