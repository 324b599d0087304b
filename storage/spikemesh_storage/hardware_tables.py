"""What ``analyze`` shows of the hardware."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from spikemesh.contracts.energy import INCLUDED, NOT_PUBLISHED
from spikemesh_storage.tables import add_row, new_table, pairs_table

if TYPE_CHECKING:
    from rich.table import Table

MOST_ROWS = 40
"""Rows of a table of links or cores."""
_MOST_CRITICAL = 5
LINK_LOADS = ("utilisation", "wait_mean_ns", "queue_mean", "queue_max", "dropped", "late")
"""Columns of the loads of links, where they were counted."""
_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"))


def hardware_tables(found: Mapping[str, Any]) -> list[Table]:
    """Return tables of the hardware from what :meth:`Trace.analyse` gives; none if it was not looked at."""
    tables = _link_loads(found["links"])
    hardware = found.get("hardware")
    if hardware is None:
        return tables
    if "steps" in hardware:
        tables.append(pairs_table("hardware time", hardware["steps"]))
    if any(hardware.get(key) for key in ("critical_cores", "critical_links")):
        tables.append(_critical(hardware))
    if "latency" in hardware:
        tables.append(_latencies(hardware["latency"]))
    if "packets" in hardware:
        tables.append(pairs_table("packets between chips", hardware["packets"]))
    return [*tables, _energy(hardware["energy"]), _field(hardware["table"])]


def in_unit(value: float | None, unit: str) -> str:
    """Return a figure with the prefix that leaves the fewest digits before the point: ``1.45 mJ``."""
    if value is None:
        return "-"
    scale, prefix = next(
        (p for p in _PREFIXES if abs(value) >= p[0]), _PREFIXES[-1] if value else _PREFIXES[0]
    )
    return f"{value / scale:.4g} {prefix}{unit}"


def _link_loads(rows: list[dict[str, Any]]) -> list[Table]:
    columns = [column for column in LINK_LOADS if rows and column in rows[0]]
    if not columns:
        return []
    hottest = sorted(rows, key=lambda row: -(row.get("utilisation") or 0.0))[:MOST_ROWS]
    left_out = len(rows) - len(hottest)
    title = "loads of links, hottest first"
    table = new_table(f"{title} ({left_out} more; --json has all)" if left_out else title, ["link", *columns])
    for row in hottest:
        add_row(table, row["link"], *(row[column] for column in columns))
    return [table]


def _critical(hardware: Mapping[str, Any]) -> Table:
    table = new_table("done last in a step", ["core or link", "steps", "share"])
    for what in ("core", "link"):
        rows = hardware.get(f"critical_{what}s", [])
        for row in rows[:_MOST_CRITICAL]:
            add_row(table, row[what], row["steps"], row["share"])
        others = rows[_MOST_CRITICAL:]
        if others:
            name = f"{len(others)} other {what}s"
            add_row(table, name, *(sum(row[key] for row in others) for key in ("steps", "share")))
    return table


def _latencies(latency: Mapping[str, Any]) -> Table:
    width = f"{100 * latency['bucket_width']:.3g} %"
    columns = ["packets", "p50_ns", "p90_ns", "p99_ns", "max_ns"]
    title = f"latency of packets (lower edges of buckets; the value itself is at most {width} above)"
    table = new_table(title, ["hops", *columns])
    for row in latency["classes"]:
        add_row(table, row["hops"].replace("_", " "), *(row[column] for column in columns))
    return table


def _energy(energy: Mapping[str, Any]) -> Table:
    columns = ["kind", "count", "each", "energy", "least", "greatest", "note", "evidence"]
    table = new_table(f"energy, {energy['completeness']}", columns)
    for term in energy["terms"]:
        dynamic, known = term["part"] == "dynamic", term["value_pj"] is not None
        each = in_unit(term["each"] * 1e-12, "J") if dynamic and term["each"] is not None else "-"
        if not dynamic and term["each"] is not None:
            each = in_unit(term["each"] * 1e-3, "W")
        energies = _energies(term) if known else (term["note"], "", "")
        note = term["note"] if known else ""
        add_row(
            table,
            term["kind"].replace("_", " "),
            _whole(term["count"]),
            each,
            *energies,
            note,
            term["evidence"],
        )
    for name in ("dynamic", "static", "total"):
        sums = energy[f"{name}_pj"]
        unknown = not sums["value"] and any(
            _missing(term) and name in ("total", term["part"]) for term in energy["terms"]
        )
        shown = (NOT_PUBLISHED, "", "") if unknown else (_joules(pj) for pj in sums.values())
        add_row(table, name, None, "", *shown, "", "")
    return table


def _missing(term: Mapping[str, Any]) -> bool:
    return term["value_pj"] is None and term["note"] != INCLUDED


def _energies(term: Mapping[str, Any]) -> Iterable[str]:
    return (_joules(term[key]) for key in ("value_pj", "low_pj", "high_pj"))


def _joules(pj: float) -> str:
    return in_unit(pj * 1e-12, "J")


def _whole(count: float | None) -> float | int | None:
    return int(count) if count is not None and count == int(count) else count


def _field(rows: list[dict[str, Any]]) -> Table:
    columns = [
        "task",
        "system",
        "costs",
        "chips",
        "cores",
        "accuracy",
        "latency",
        "energy idle",
        "dynamic",
        "EDP",
    ]
    table = new_table(f"per {rows[0]['per']}", columns)
    for row in rows:
        energies = (row["energy_idle_mj"], row["energy_dynamic_mj"])
        known = row["energy_note"] == "complete"
        add_row(
            table,
            *(row[key] for key in ("task", "system", "costs", "chips", "cores", "accuracy")),
            in_unit(None if row["latency_ms"] is None else row["latency_ms"] * 1e-3, "s"),
            *(_at_least(e * 1e-3, "J", known) for e in energies),
            _product(row["delay_product_ujs"], known),
        )
    return table


def _at_least(value: float, unit: str, known: bool) -> str:
    """Return a figure that is a lower bound where not all is known, and says nothing where it is 0."""
    if not known and not value:
        return NOT_PUBLISHED
    return ("" if known else ">= ") + in_unit(value, unit)


def _product(ujs: float | None, known: bool) -> str:
    if ujs is None:
        return "-"
    return NOT_PUBLISHED if not known and not ujs else ("" if known else ">= ") + f"{ujs:.4g} uJ s"
