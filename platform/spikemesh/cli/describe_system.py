"""A system preset as lines of text: structure, limits, links, costs and published results, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spikemesh.contracts import SystemPreset
from spikemesh.description.costs import Cost, CostSet
from spikemesh.description.frozen import Frozen
from spikemesh.description.system import System

NOT_SHOWN = ("core", "costs", "published", "rules", "models", "sources")
"""Parts of a chip that have lines of their own."""


def system_lines(preset: SystemPreset) -> Iterator[str]:
    """Yield what a preset says of its usual system."""
    yield preset.summary
    system = preset.make(None)
    shape = " x ".join(str(n) for n in system.chips)
    yield f"\n{shape} chips, {system.topology}, regime {system.regime}, costs {system.costs or 'none'}"
    yield from _sourced("system", system.sources, system)
    yield from _sourced("chip", system.chip.sources, system.chip)
    yield from _sourced("limits of a core", system.chip.core.sources, system.chip.core)
    for kind, link in system.links.items():
        yield from _sourced(f"links {kind.replace('_', ' ')}", link.sources, link)
    for name, costs in system.chip.costs.items():
        yield from _costs(name, costs, system)
    if system.chip.published:
        yield "\npublished results of the chip, to compare with"
        yield from (f"  {figure}" for figure in system.chip.published)


def _sourced(title: str, sources: Mapping[str, str], part: Frozen) -> Iterator[str]:
    keys = [key for key in sources if key not in NOT_SHOWN and key in type(part).model_fields]
    if keys:
        yield f"\n{title}"
        yield from (f"  {key} = {_shown(getattr(part, key))}  [{sources[key]}]" for key in keys)


def _costs(name: str, costs: CostSet, system: System) -> Iterator[str]:
    used = ", in use" if name == system.costs else ""
    supply = f", at {costs.supply_v:g} V" if costs.supply_v is not None else ""
    yield f"\ncosts {name}{supply}{used}"
    for key in type(costs).model_fields:
        cost = getattr(costs, key)
        if isinstance(cost, Cost):
            yield f"  {key} = {_cost(cost)}  [{_evidence(cost.source, cost.evidence)}]"
    static = "-" if costs.static_mw is None else f"{costs.static_mw:g} mW"
    yield f"  static = {static}  [{_evidence(costs.static_source, costs.static_evidence)}]"


def _cost(cost: Cost) -> str:
    figures = (
        (cost.energy_pj, cost.energy_range_pj, "pJ"),
        (cost.latency_ns, cost.latency_range_ns, "ns"),
    )
    known = [
        f"{value:g} {unit}" + (f" ({bounds[0]:.4g} to {bounds[1]:.4g})" if bounds else "")
        for value, bounds, unit in figures
        if value is not None
    ]
    return ", ".join(known) or "-"


def _evidence(source: str, evidence: str) -> str:
    return f"{source}; {evidence}" if evidence else source


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} of them" if len(value) > 8 else " x ".join(str(n) for n in value)
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
