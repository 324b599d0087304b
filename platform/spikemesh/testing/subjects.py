"""What a name stands for: something that a plugin supplies, a plugin module, a distribution, or a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikemesh.errors import InputError, PluginError, Problem, nearest
from spikemesh.registry import Registry


@dataclass(frozen=True)
class Subject:
    """One thing that a plugin supplies.

    Attributes
    ----------
    hook, kind, name
        Hook that supplies it, kind such as ``neuron model``, and its name.
    item
        The class or object.
    registry
        All plugins, among which it is.
    ray
        Whether it is to be run on Ray actors too.
    """

    hook: str
    kind: str
    name: str
    item: Any
    registry: Registry
    ray: bool = False


def all_subjects(registry: Registry) -> list[Subject]:
    """List everything that plugins supply."""
    return [
        Subject(hook, catalogue.kind, name, item, registry)
        for hook, catalogue in registry.catalogues.items()
        for name, item in sorted(catalogue.items.items())
    ]


def subjects_of(wanted: str, registry: Registry) -> list[Subject]:
    """Find what a name stands for.

    Parameters
    ----------
    wanted
        Name of something that a plugin supplies, of a plugin module, of a distribution, or a loaded file.
    registry
        All plugins.

    Raises
    ------
    PluginError
        If it is a plugin that did not load, or a name that several supply.
    InputError
        If nothing is called so.
    """
    for broken in registry.broken:
        if wanted in _names(broken.name, broken.origin):
            raise PluginError(f"plugin {broken.name} ({broken.origin}) did not load: {broken.error}")
    every = all_subjects(registry)
    named = [s for s in every if s.name == wanted]
    for subject in named:
        registry.catalogues[subject.hook].get(wanted)  # refuses a name that several plugins supply
    if named:
        return named
    modules = {p.name for p in registry.plugins if wanted in _names(p.name, p.origin)}
    found = [s for s in every if registry.catalogues[s.hook].origins[s.name] in modules]
    if found:
        return found
    known = {s.name for s in every} | {n for p in registry.plugins for n in _names(p.name, p.origin)}
    raise InputError(Problem("plugins check", f'nothing is called "{wanted}"', nearest(wanted, known)))


def _names(module: str, origin: str) -> set[str]:
    """All that a plugin answers to: its module, its package, its distribution and its file."""
    if Path(origin).suffix == ".py":
        return {module, origin, Path(origin).name}
    distribution = re.sub(r" \S+$", "", origin)
    return {module, module.partition(":")[0], distribution, distribution.replace("-", "_")}
