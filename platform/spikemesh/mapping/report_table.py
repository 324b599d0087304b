"""The mapping report as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = {
    "neurons": "neurons",
    "synapses": "synapses",
    "synapse_memory_bits": "memory (bit)",
    "axons_in": "axons in",
    "axons_out": "axons out",
    "fan_in": "fan-in",
    "table_entries": "table entries",
}
LOADS = {
    "utilisation": "part of a step in which they are busy",
    "busy_ns_per_step": "ns busy a step",
    "packets_per_step": "packets a step",
    "packets_if_each_neuron_spikes_once": "packets if each neuron spikes once",
}
"""Loads of links by key, and what they are: the first that is known is shown."""
BUSIEST = 3


def chip_table(figures: Mapping[str, Any]) -> str:
    """Lay out the totals, one line for each chip, the limits of a core and the problems."""
    rows = [
        [
            name,
            str(chip["cores_used"]),
            *_figures(chip),
            ", ".join(f"{population} {count}" for population, count in chip["populations"].items()),
        ]
        for name, chip in figures["per_chip"].items()
    ]
    keys = _columns(next(iter(figures["per_chip"].values()), {}))
    head = ["chip", "cores", *(COLUMNS[k] for k in keys), "populations"]
    return _laid_out(figures, [head, *rows], _links(figures))


def core_table(figures: Mapping[str, Any]) -> str:
    """Lay out the totals, one line for each core in use, the limits of a core and the problems."""
    rows = [[name, *_figures(core)] for name, core in figures["per_core"].items()]
    keys = _columns(next(iter(figures["per_core"].values()), {}))
    head = ["core", *(COLUMNS[k] for k in keys)]
    return _laid_out(figures, [head, *rows])


def _laid_out(figures: Mapping[str, Any], rows: Sequence[Sequence[str]], more: Sequence[str] = ()) -> str:
    below = (*_limits(figures), *more, *_numerics(figures), *_published(figures), *_problems(figures))
    return "\n".join([_totals(figures), "", *_aligned(rows), *below])


def _columns(row: Mapping[str, Any]) -> list[str]:
    return [key for key in COLUMNS if row.get(key) is not None]


def _figures(row: Mapping[str, Any]) -> list[str]:
    return [f"{row[key]:,}" for key in _columns(row)]


def _totals(figures: Mapping[str, Any]) -> str:
    shape = " x ".join(str(n) for n in figures["chips"])
    used = f"{figures['chips_used']} chips and {figures['cores_used']} cores used"
    held = f"{figures['neurons']:,} neurons and {figures['synapses']:,} synapses"
    cross = f"{figures['cross_chip_share']:.1%} of the synapses cross chips"
    even = f"the chips' neurons differ by at most {figures['imbalance']:.1%} from an equal share"
    return f"system {figures['system']}, {shape} chips: {used} by {held}\n{cross}; {even}"


def _limits(figures: Mapping[str, Any]) -> list[str]:
    limits = {**figures["limits"]}
    table = limits.pop("table_entries")
    known = [f"{COLUMNS[key]} {limit:,}" for key, limit in limits.items() if limit is not None]
    lines = ["", f"limits of a core: {', '.join(known) if known else 'none'}"]
    lines = lines if table is None else [*lines, f"limit of a chip: table entries {table:,}"]
    return [*lines, *(_rule(use) for use in figures["rules"]), *_splitters(figures["splitters"])]


def _splitters(figures: Mapping[str, Any]) -> list[str]:
    """Say how many splitters there are, and where."""
    if not figures["splitters"]:
        return []
    cores = sorted(figures["per_core"], key=lambda name: -figures["per_core"][name])
    where = ", ".join(f"{name} {figures['per_core'][name]:,}" for name in cores[:BUSIEST])
    more = f" (of {len(cores)} cores)" if len(cores) > BUSIEST else ""
    total = f"{figures['splitters']:,} splitters repeat the spikes of {figures['neurons']:,} neurons"
    return [f"{total}, {figures['levels']} one after the other at most: {where}{more}"]


def _rule(use: Mapping[str, Any]) -> str:
    return f"limit of a {use['of']}: {use['what']} {use['limit']:,}; at most {use['need']:,} ({use['at']})"


def _numerics(figures: Mapping[str, Any]) -> list[str]:
    """Errors of weights in the chip's numbers."""
    if figures["numerics"] is None:
        return []
    rows = [["projection", "largest weight", "mean error", "max error", "unit"]]
    for rounding in figures["numerics"]["projections"]:
        errors = (f"{rounding[key]:.4g}" for key in ("largest", "mean_error", "max_error"))
        rows.append([rounding["projection"], *errors, rounding["unit"]])
    named = figures["numerics"]["format"] or "not published"
    return ["", f"weights in the chip's numbers, format {named}; delays are whole steps:", *_aligned(rows)]


def _published(figures: Mapping[str, Any]) -> list[str]:
    """Results of the real chip, to compare with."""
    found = figures["published"]
    lines = [f"  {f['what']}: {f['value']:g} {f['unit']} [{f['source']}; {f['evidence']}]" for f in found]
    return ["", f"published of {figures['system']}:", *lines] if lines else []


def _links(figures: Mapping[str, Any]) -> list[str]:
    """Name the busiest links, and say whether packets can wait for one another in a circle."""
    links, waiting = figures["links"], figures["waiting"]
    key = next((k for k in LOADS if any(link[k] for link in links.values())), None)
    lines = []
    if key is not None:
        used = sorted((name for name in links if links[name][key]), key=lambda name: -links[name][key])
        named = ", ".join(f"{name} {_load(links[name][key])}" for name in used[:BUSIEST])
        more = f" (of {len(used)} in use)" if len(used) > BUSIEST else ""
        lines.append(f"busiest links{more}, {LOADS[key]}: {named}")
    return lines + ([waiting["means"]] if waiting["circle"] or waiting["deadlock"] else [])


def _load(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _problems(figures: Mapping[str, Any]) -> list[str]:
    found = figures["problems"]
    return ["", "does not fit:", *(f"  {text}" for text in found)] if found else []


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    words = {0, len(widths) - 1 if rows[0][-1] == "populations" else 0}
    return [
        "  ".join(
            cell.ljust(width) if k in words else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
