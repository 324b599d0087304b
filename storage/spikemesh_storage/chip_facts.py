"""What the mapping of a run says of its chip: errors of weights in its numbers, and results published of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spikemesh_storage.tables import add_row, new_table

if TYPE_CHECKING:
    from rich.table import Table

    from spikemesh_storage.reader import Trace

KEYS = ("numerics", "published")
ROUNDING = ("projection", "largest", "mean_error", "max_error", "unit")
PUBLISHED = ("what", "value", "unit", "source", "evidence")


def chip_facts(trace: Trace) -> dict[str, Any]:
    """Return what is known of ``numerics`` and ``published`` results; nothing of a run without them."""
    mapping = trace.provenance.get("mapping")
    report = mapping.get("report") if isinstance(mapping, Mapping) else None
    if not isinstance(report, Mapping):
        return {}
    return {key: report[key] for key in KEYS if report.get(key)}


def rounding_rows(found: Mapping[str, Any]) -> list[list[Any]]:
    """Return a row for each projection whose weights were rounded, in the order of :data:`ROUNDING`."""
    return [[row[key] for key in ROUNDING] for row in (found.get("numerics") or {}).get("projections", ())]


def published_rows(found: Mapping[str, Any]) -> list[list[Any]]:
    """Return a row for each published result, in the order of :data:`PUBLISHED`."""
    return [[row[key] for key in PUBLISHED] for row in found.get("published", ())]


def chip_tables(found: Mapping[str, Any]) -> list[Table]:
    """Return tables of what :func:`chip_facts` gives."""
    tables = []
    for title, head, rows in (
        ("weights in the chip's numbers", ROUNDING, rounding_rows(found)),
        ("published of the chip", PUBLISHED, published_rows(found)),
    ):
        if rows:
            table = new_table(title, [name.replace("_", " ") for name in head])
            for row in rows:
                add_row(table, *row)
            tables.append(table)
    return tables
