"""The scenario a trace was made from, so that figures hold under changed settings too."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

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
