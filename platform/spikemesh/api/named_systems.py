"""Systems as one writes them on a command line: a preset, a preset with chips, or a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spikemesh.description.overrides import apply_overrides, parse_override
from spikemesh.description.problems import Collector
from spikemesh.description.system import System
from spikemesh.errors import DescriptionError, InputError, Problem, nearest
from spikemesh.registry.scenarios import resolve_system
from spikemesh.registry.shared import shared_registry

_CHIPS = re.compile(r"[0-9]{1,7}(x[0-9]{1,7})*")


def system_table(text: str, where: str = "--system") -> dict[str, Any]:
    """Return the ``[system]`` table that a text stands for.

    Parameters
    ----------
    text
        ``loihi``, ``loihi:4x2``, ``loihi:sanafe2025`` (a cost set), ``loihi:4x2:sanafe2025``; or ``my_chip.toml``, also
        with chips and a cost set.
    where
        Named in errors.

    Returns
    -------
    dict
        ``preset`` or ``file``, and ``chips`` and ``costs`` if given.

    Raises
    ------
    InputError
        If there is no such preset or file, or the chips are no shape.
    """
    name, *parts = text.split(":")
    table: dict[str, Any] = {}
    for part in parts:
        key = "costs" if part[:1].isalpha() else "chips"
        if key in table or (key == "chips" and not _CHIPS.fullmatch(part)):
            found = f'"{part}" in "{text}" is neither a shape of chips nor the name of a cost set'
            raise InputError(Problem(where, found, "such as loihi:4, loihi:4x2 or loihi:4x2:sanafe2025"))
        chips = [int(n) for n in part.split("x")] if key == "chips" else []
        table[key] = part if key == "costs" else chips if len(chips) > 1 else chips[0]
    presets = shared_registry().systems.items
    if name in presets:
        return {"preset": name, **table}
    if Path(name).is_file():
        return {"file": str(Path(name).resolve()), **table}
    found = f'there is no system "{name}", nor a file of that name'
    raise InputError(Problem(where, found, nearest(name, presets)))


def system_from_table(table: Mapping[str, Any], where: str = "system") -> System:
    """Build a system from its table; see :func:`spikemesh.registry.scenarios.resolve_system`.

    Raises
    ------
    DescriptionError
        With every problem.
    """
    collector = Collector()
    system = resolve_system(table, shared_registry(), collector, (Path.cwd(),), where)
    if system is None:
        raise DescriptionError(collector.problems)
    return system


def named_system(text: str, overrides: Sequence[str] = (), where: str = "--system") -> System:
    """Build the system that a text stands for, with values of its table overridden.

    Parameters
    ----------
    text
        See :func:`system_table`.
    overrides
        Such as ``system.costs="sanafe2025"``.
    where
        Named in errors.
    """
    return system_from_table(overridden({"system": system_table(text, where)}, overrides)["system"])


def overridden(tables: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Return tables with values set.

    Raises
    ------
    DescriptionError
        If an override has no path, no value, or names a table that is not there.
    """
    collector = Collector()
    for text in overrides:
        with collector.catching():
            table = table_of(text)
            if table not in tables:
                found = f'"{table}" is not among what can be changed here'
                raise DescriptionError(Problem(f"--set {text}", found, nearest(table, tables)))
    if not collector.problems:
        apply_overrides(tables, overrides, collector)
    if collector.problems:
        raise DescriptionError(collector.problems)
    return tables


def table_of(override: str) -> str:
    """Return the table that an override changes, such as ``system``."""
    return str(parse_override(override)[0][0])
