"""The result of a run as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from spikemesh.cli.hardware import hardware_rows
from spikemesh.cli.output import write_columns
from spikemesh.cli.progress import in_thousands, in_time


def count(value: Any) -> str:
    """Write a whole number with commas."""
    return f"{value:,}"


def _count_or_why(value: Any) -> str:
    return value if isinstance(value, str) else count(value)


def _factor(value: Any) -> str:
    return f"{value:.3g} (wall-clock time / model time)"


def _rate(value: Any) -> str:
    return f"{in_thousands(value)}/s"


def _exchange(value: Any) -> str:
    return f"{value:.3g} us (median)"


def digest(value: Any) -> str:
    """Write the first digits of both digests."""
    return (
        ", ".join(f"{kind} {text[:16]}" for kind, text in value.items())
        if isinstance(value, Mapping)
        else str(value)
    )


ROWS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("scenario", "scenario", str),
    ("backend", "backend", str),
    ("workers", "workers", str),
    ("actors", "one agent is a", str),
    ("chips", "chips", str),
    ("duration_ms", "model time", lambda ms: in_time(ms / 1e3)),
    ("spikes", "spikes", count),
    ("synaptic_events", "synaptic events", count),
    ("packets", "packets", count),
    ("packets_sent", "packets sent", count),
    ("packets_late", "packets late", count),
    ("packets_dropped", "packets dropped", count),
    ("core_overruns", "ticks too short for a core", _count_or_why),
    ("compile_s", "compiling", in_time),
    ("build_s", "building", in_time),
    ("run_s", "running", in_time),
    ("finalise_s", "finalising", in_time),
    ("realtime_factor", "realtime factor", _factor),
    ("synaptic_events_per_s", "synaptic events per second", _rate),
    ("window_exchange_us", "exchange of a window", _exchange),
    ("peak_rss_mb", "peak memory", lambda mb: f"{mb:,.0f} MB"),
    ("digest", "digest", digest),
    ("trace", "trace", str),
)
"""Key of the summary, its label and how its value is written."""


def write_summary(summary: Mapping[str, Any]) -> None:
    """Write the figures of a run, those of the hardware, then the scenario's own, to standard output.

    Parameters
    ----------
    summary
        Figures by name; those that are missing or None are left out.
    """
    rows = [(label, write(summary[key])) for key, label, write in ROWS if summary.get(key) is not None]
    write_columns([*rows, *hardware_rows(summary)])
    own_results(summary)


def own_results(summary: Mapping[str, Any]) -> None:
    """Write the scenario's own figures, if it has some."""
    results = summary.get("results") or {}
    if results:
        click.echo("\nresults")
        tables = {name: value for name, value in results.items() if _is_table(value)}
        write_columns([(f"  {name}", _own(value)) for name, value in results.items() if name not in tables])
        for name, table in tables.items():
            click.echo(f"\n  {name}")
            write_columns(
                [[f"  {_own(cell)}" for cell in row.values()] for row in table],
                [f"  {column}" for column in table[0]],
            )


def _is_table(value: Any) -> bool:
    """Tell whether it is a list of rows of the same columns, each cell a number or a text."""
    if not isinstance(value, list) or not value or not all(isinstance(row, Mapping) for row in value):
        return False
    cells = [cell for row in value for cell in row.values()]
    return all(list(row) == list(value[0]) for row in value) and all(
        isinstance(cell, int | float | str) for cell in cells
    )


def _own(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
