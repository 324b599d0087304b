"""Markdown tables of the figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from machine import described
from workloads import COMPARISONS

HEADER = (
    "workload", "simulator", "s per model s (least-most)", "build s", "peak MB", "rate Hz",
    "spikemesh is faster by", "wanted", "",
)  # fmt: skip


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; cells are aligned so that the source can be read too."""
    table = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(3, *(len(row[k]) for row in table)) for k in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in table
    ]
    lines.insert(1, "| " + " | ".join("-" * w for w in widths) + " |")
    return "\n".join(lines) + "\n"


def figure(value: float) -> str:
    """Write a number in three digits without an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def comparison_table(document: dict[str, Any]) -> str:
    """Return the machine's sentence and one row per workload and side."""
    rows = [row for result in document["comparisons"] for row in _rows(result)]
    runs = f"Medians of {document['runs']} alternating runs" + (", short ones" if document["quick"] else "")
    return f"{described(document['machine'])} {runs}.\n\n" + markdown(HEADER, rows)


def _rows(result: dict[str, Any]) -> Iterable[tuple[object, ...]]:
    comparison = next(c for c in COMPARISONS if c.name == result["name"])
    ours = result["sides"][comparison.ours.label]
    yield (result["title"], comparison.ours.label, *_own(ours), "", "", "")
    for side, wanted in comparison.others:
        if side.label not in result["sides"]:
            yield ("", side.label, f"left out: {result['missing'].get(side.label, '')}", *[""] * 6)
            continue
        theirs = result["sides"][side.label]
        ratio = theirs["s_per_model_s"] / ours["s_per_model_s"]
        met = "" if wanted is None else "yes" if ratio >= wanted else "no"
        yield ("", side.label, *_own(theirs), f"{ratio:.1f}x", "" if wanted is None else f"{wanted:g}x", met)
        if comparison.memory is not None and side.simulator == "nest":
            part = ours["peak_rss_mb"] / theirs["peak_rss_mb"]
            met = "yes" if part <= comparison.memory else "no"
            yield ("", "memory of nest", *[""] * 4, f"{part:.2f} of it", f"{comparison.memory:g}", met)


def _own(side: dict[str, float]) -> tuple[str, ...]:
    spread = f"{figure(side['s_per_model_s'])} ({figure(side['least'])}-{figure(side['most'])})"
    return (spread, figure(side["build_s"]), figure(side["peak_rss_mb"]), figure(side["rate_hz"]))
