"""Writing figures to standard output: aligned columns, or one JSON object."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from spikemesh.errors import InputError, Problem


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


def check_page(target: str | None) -> None:
    """Check that a page can be written, before anything is run for it.

    Raises
    ------
    InputError
        If its folder does not exist, or it is a folder itself.
    """
    if target is None:
        return
    path = Path(target)
    if path.is_dir() or not path.parent.is_dir():
        found = f"{target} is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise InputError(Problem("--output", found, "a file in a folder that exists"))


def write_page(target: str, text: str) -> None:
    """Write a page of HTML, and say so on standard error.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        found = f"{target} cannot be written: {error.strerror}"
        raise InputError(Problem("--output", found, "a file in a folder that exists")) from None
    click.echo(f"wrote {target}", err=True)


def say(line: str) -> None:
    """Write a line to standard error."""
    click.echo(line, err=True)
