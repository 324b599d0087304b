"""The scenario a trace was made from, so that figures hold under changed settings too."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from spikemesh.errors import InputError, Problem, nearest
from spikemesh.units import magnitude


def scenario_of(trace: Any) -> dict[str, Any]:
    """Return the tables of the scenario that was run, as its trace keeps them."""
    return tomllib.loads(trace.provenance["scenario"]["text"])


def named(scenario: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    """Return the table of that kind (``population``, ``projection``, ``input``) and name.

    Inputs go by their population, projections without a name by ``source->target``.

    Raises
    ------
    KeyError
        If there is none.
    """
    for table in scenario.get(kind, ()):
        own = table.get("name") or table.get("population") or f"{table.get('source')}->{table.get('target')}"
        if own == name:
            return dict(table)
    raise KeyError(f"{kind} {name}")


def milliseconds(value: float | str) -> float:
    """Read a time."""
    return magnitude(value, "ms")


def check_names(settings: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Check that there are no other settings than those.

    Raises
    ------
    InputError
        If there is one; names the nearest.
    """
    names = tuple(allowed)
    for name in settings:
        if name not in names:
            raise InputError(
                Problem(f"settings.{name}", f'there is no setting "{name}"', nearest(name, names))
            )


def number(settings: Mapping[str, Any], name: str, unit: str, low: float, high: float) -> float:
    """Read a setting that is a number with a unit, between bounds.

    Raises
    ------
    InputError
        If it is missing, no number, or out of bounds.
    """
    where = f"settings.{name}"
    if name not in settings:
        raise InputError(Problem(where, "is missing", f"from {low:g} to {high:g} {unit}".rstrip()))
    value = magnitude(settings[name], unit, where)
    if not low <= value <= high:
        shown = f"{value:g} {unit}".rstrip()
        raise InputError(
            Problem(where, f"{shown} is out of range", f"from {low:g} to {high:g} {unit}".rstrip())
        )
    return value


def choice(settings: Mapping[str, Any], name: str, allowed: Iterable[str]) -> str:
    """Read a setting that is one of several words.

    Raises
    ------
    InputError
        If it is another.
    """
    names, value = tuple(allowed), settings.get(name)
    if value not in names:
        where = f"settings.{name}"
        raise InputError(Problem(where, f"{value!r} is none of them", f"allowed: {', '.join(names)}"))
    return str(value)
