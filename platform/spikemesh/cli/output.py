"""Writing figures to standard output: aligned columns, or one JSON object."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import click


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold; numbers that are not finite become None.

    Parameters
    ----------
    value
        Numbers, text, mappings, sequences, NumPy arrays and scalars; anything else is written as text.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return _plain_array(value)


def _plain_array(value: Any) -> Any:
    # NumPy is imported by whoever made the value; only then is it worth asking.
    import numpy as np

    return plain(value.tolist()) if isinstance(value, np.generic | np.ndarray) else str(value)


def write_json(value: Mapping[str, Any]) -> None:
    """Write one JSON object to standard output."""
    click.echo(json.dumps(plain(value), indent=2, allow_nan=False, ensure_ascii=False))


def write_columns(rows: Sequence[Sequence[object]], header: Sequence[str] = ()) -> None:
    """Write rows of text in aligned columns to standard output; the last column is not padded."""
    table = [[str(cell) for cell in row] for row in ([header, *rows] if header else rows)]
    if not table:
        return
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        padded = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        click.echo("  ".join([*padded, row[-1]]).rstrip())
