"""Tables on standard output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

WIDE = 200
"""Columns of a file or a pipe."""


def print_tables(*tables: Table) -> None:
    """Write tables to standard output."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width to fit into; folded cells could not be searched.
        console = Console(width=WIDE)
    for table in tables:
        console.print(table)


def shown(value: object) -> str:
    """Return a value as it stands in a cell; ``-`` for nothing."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value) or "-"
    return str(value) or "-"


def new_table(title: str, columns: list[str]) -> Table:
    """Return an empty table, the first column to the left and the others to the right."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column.replace("_", " "), justify="right" if index else "left", overflow="fold")
    return table


def add_row(table: Table, *cells: object) -> None:
    """Add a row of plain text."""
    from rich.markup import escape

    table.add_row(*(escape(shown(cell)) for cell in cells))


def pairs_table(title: str, values: Mapping[str, Any]) -> Table:
    """Return a table of names and values."""
    table = new_table(title, ["", "value"])
    for key, value in values.items():
        add_row(table, key.replace("_", " "), value)
    return table
