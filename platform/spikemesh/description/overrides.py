"""Overrides ``path=value`` of single values of a scenario."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikemesh.description.problems import Collector
from spikemesh.errors import DescriptionError, Problem, nearest

NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "population": ("name",),
    "projection": ("name",),
    "input": ("population",),
    "probe": ("target",),
}
"""Keys that name the entries of a list, so that ``population.exc.size`` finds its entry."""
_PART = re.compile(r'\.?(?:"([^"]+)"|\[(\d{1,9})\]|([^.\[\]"=]+))')


@dataclass(frozen=True)
class Override:
    """One override: its text, and where it landed in the document."""

    text: str
    path: tuple[str | int, ...]


def apply_overrides(document: dict[str, Any], texts: Sequence[str], collector: Collector) -> list[Override]:
    """Set values in a parsed scenario, in place.

    Parameters
    ----------
    document
        Parsed TOML or JSON.
    texts
        Such as ``population.exc.size=100``, ``population[0].size=100`` or ``system.chips=[2,1]``. A value is
        read as TOML, and taken as text if it is none.
    collector
        Takes the problems.

    Returns
    -------
    list of Override
        Those that were applied.
    """
    applied = []
    for text in texts:
        with collector.catching():
            parts, value = parse_override(text)
            applied.append(Override(text, _set(document, parts, value, f"--set {text}")))
    return applied


def parse_override(text: str) -> tuple[list[str | int], Any]:
    """Split an override into the parts of its path and its value.

    Raises
    ------
    DescriptionError
        If it has not the form ``path=value``.
    """
    parts, at = path_parts(text, f"--set {text}")
    return parts, _value(text[at + 1 :])


def path_parts(text: str, where: str) -> tuple[list[str | int], int]:
    """Return the parts of the path with which an override begins, and the place of the ``=`` behind it.

    Raises
    ------
    DescriptionError
        If there is no path or no ``=``.
    """
    allowed = "path=value, such as population.exc.size=100 or system.chips=[2,1]"
    parts: list[str | int] = []
    at = 0
    while at < len(text) and text[at] != "=":
        match = _PART.match(text, at)
        if match is None:
            raise DescriptionError(Problem(where, f"cannot read the path from {text[at:]!r} on", allowed))
        quoted, index, bare = match.groups()
        parts.append(int(index) if index is not None else quoted if quoted is not None else bare.strip())
        at = match.end()
    if at >= len(text) or not parts:
        raise DescriptionError(Problem(where, "has no path or no =", allowed))
    return parts, at


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if set(parsed) == {"value"} else text


def _set(document: dict[str, Any], parts: list[str | int], value: Any, where: str) -> tuple[str | int, ...]:
    at: Any = document
    path: list[str | int] = []
    for order, part in enumerate(parts):
        last = order == len(parts) - 1
        if isinstance(at, list):
            part = _index(at, part, str(path[-1]) if path else "", where)
        elif not isinstance(at, dict) or isinstance(part, int):
            shown = ".".join(str(p) for p in path) or "the scenario"
            raise DescriptionError(Problem(where, f"{shown} has no entry {part!r}", "the path of a key"))
        path.append(part)
        if last:
            at[part] = value
        elif isinstance(at, dict):
            at = at.setdefault(part, {})
        else:
            at = at[part]
    return tuple(path)


def _index(entries: list[Any], part: str | int, kind: str, where: str) -> int:
    if isinstance(part, int):
        if part >= len(entries):
            found = f"there is no {kind}[{part}]"
            raise DescriptionError(
                Problem(where, found, f"[0] to [{len(entries) - 1}]" if entries else "it is empty")
            )
        return part
    names = [_entry_name(entry, kind) for entry in entries]
    if part not in names:
        raise DescriptionError(
            Problem(where, f'there is no {kind} "{part}"', nearest(part, filter(None, names)))
        )
    return names.index(part)


def _entry_name(entry: Any, kind: str) -> str:
    if not isinstance(entry, dict):
        return ""
    for key in NAMED_BY.get(kind, ("name",)):
        if isinstance(entry.get(key), str):
            return str(entry[key])
    if kind == "projection":
        return f"{entry.get('source')}->{entry.get('target')}"
    return ""
