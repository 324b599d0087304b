"""What a plugin's declaration says, as lines of text."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from typing import Any

from spikemesh.cli.describe_system import system_lines
from spikemesh.contracts import SystemPreset


def description_of(item: Any) -> Iterator[str]:
    """Yield the docstring of something a plugin supplies, then its parameters, state and inputs, or its figures."""
    if isinstance(item, SystemPreset):
        yield from system_lines(item)
        return
    yield inspect.getdoc(item) or getattr(item, "summary", "") or "(no description)"
    parameters = getattr(item, "parameters", None)
    if isinstance(parameters, Mapping) and parameters:
        yield "\nparameters"
        yield from _aligned([_parameter(name, p) for name, p in parameters.items()])
    state = getattr(item, "state", None)
    if isinstance(state, Mapping) and state:
        yield "\nstate (can be probed and initialised)"
        yield from _aligned([(name, str(s.initial), s.unit, s.description) for name, s in state.items()])
    if getattr(item, "receptors", None):
        unit = f", weights in {item.weight_unit}" if item.weight_unit else ""
        yield f"\nreceptors: {', '.join(item.receptors)} ({item.receptor_kind}{unit})"
    yield from _for_authors(item)
    if getattr(item, "weight_arguments", None):
        shown = ", ".join(f"{k} = {v!r}" for k, v in item.weight_arguments.items())
        yield f"a projection onto it also takes: {shown}"


def _for_authors(item: Any) -> Iterator[str]:
    """Yield what a suite can check: order of convergence, known answers."""
    if getattr(item, "draws", None):
        yield f"random numbers: {', '.join(item.draws)}"
    order = getattr(item, "order", None)
    if isinstance(order, int | float):
        yield "integrated exactly" if math.isinf(order) else f"converges with dt to the power of {order:g}"
    for answer in getattr(item, "known_answers", ()):
        yield f"known answer: {answer.title} ({answer.source})"


def _parameter(name: str, p: Any) -> tuple[str, str, str, str]:
    default = "-" if p.default is None else str(p.default)
    bounds = [
        f"{sign} {v:g}" for sign, v in ((">", p.gt), (">=", p.ge), ("<", p.lt), ("<=", p.le)) if v is not None
    ]
    allowed = " or ".join(p.choices) if p.choices else "text" if p.text else ", ".join(bounds)
    return name, default, p.unit, "; ".join(t for t in (allowed, p.description) if t)


def _aligned(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield ("  " + "  ".join([*cells, row[3]])).rstrip()
