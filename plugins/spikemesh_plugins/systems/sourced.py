"""How presets are written down: every figure beside its source, and what is absent says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from spikemesh.description.costs import Cost, CostSet
from spikemesh.description.frozen import Frozen
from spikemesh.description.topology import grid_shape

NOT_PUBLISHED = "not published"
COSTS = tuple(name for name, spec in CostSet.model_fields.items() if isinstance(spec.default, Cost))
"""Names of the costs in a set."""
Part = TypeVar("Part", bound=Frozen)


def sourced(part: type[Part], inner: Mapping[str, Any] | None = None, /, **figures: tuple[Any, str]) -> Part:
    """Make a part of a system from figures, each with its source.

    Parameters
    ----------
    part
        Such as ``CoreSpec``.
    inner
        Keys that hold parts with sources of their own.
    figures
        (figure, source) by key; a figure may be None, with the reason. Other keys that can be None are not published.
    """
    absent = {name: NOT_PUBLISHED for name, spec in part.model_fields.items() if spec.default is None}
    sources = {**absent, **{name: source for name, (_, source) in figures.items()}}
    found = {name: figure for name, (figure, _) in figures.items()}
    return part.model_validate({**(inner or {}), **found, "sources": sources})


def account(
    elsewhere: Mapping[str, str] | None = None, absent: str = NOT_PUBLISHED, **known: Cost | Any
) -> CostSet:
    """Make a cost set in which every cost that is absent says why.

    Parameters
    ----------
    elsewhere
        Costs that other figures of the account include, each with the reason.
    absent
        Why the others are absent.
    known
        What is known, by key of :class:`spikemesh.description.costs.CostSet`.
    """
    inside = elsewhere or {}
    missing = {name: Cost(source=inside.get(name, absent)) for name in COSTS if name not in known}
    without = inside.get("static_mw", absent)
    return CostSet(**{"static_source": without, **missing, **known}, excluded=tuple(inside))


def grid(chips: tuple[int, ...] | None, usual: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a grid of chips: a number becomes the most nearly square one, None the usual one."""
    if chips is None:
        return usual
    return grid_shape(chips[0]) if len(chips) == 1 else chips
