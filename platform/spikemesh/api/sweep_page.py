"""A sweep as a page of HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spikemesh.api.figure_text import label
from spikemesh.drawing.page import figure, page, paragraph, table
from spikemesh.drawing.svg import Curve, curves

if TYPE_CHECKING:
    from spikemesh.api.sweep_table import Sweep


MOST_MARKS = 15
"""Values that are written below a figure; of more, every second, third ... one."""
WIDE = 20
"""Numbers as far apart as this factor are drawn by their logarithms."""
UNITS = {"_ns": "ns", "_ms": "ms", "_mj": "mJ", "_js": "J s"}
"""Units of figures by the end of their names."""


def sweep_page(sweep: Sweep, shown: Sequence[str]) -> str:
    """Return the page of a sweep: a figure for each of the chosen numbers, then the table.

    The first key is the x axis; values of the others tell curves apart.
    """
    parts = []
    for name in shown:
        if sweep.numbers(name):
            drawn, marks = _curves(sweep, name)
            parts.append(figure(curves(drawn, sweep.keys[0], _title(name), marks), _caption(sweep, name)))
    head, *rows = sweep.table(shown)
    parts.append(table(head, rows))
    parts += [paragraph(note) for note in sweep.notes()]
    return page(f"{sweep.scenario}: {', '.join(sweep.keys)}", parts)


def _curves(sweep: Sweep, name: str) -> tuple[list[Curve], list[tuple[float, str]]]:
    first = list(dict.fromkeys(row.values[0] for row in sweep.rows))
    x = dict(zip(first, places(first), strict=True))
    points: dict[tuple[str, ...], list[tuple[float, float | None]]] = {}
    for row in sweep.rows:
        value = row.figures.values.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        points.setdefault(row.values[1:], []).append((x[row.values[0]], value if number else None))
    drawn = [
        Curve(
            " ".join(f"{key}={value}" for key, value in zip(sweep.keys[1:], others, strict=True)),
            sorted(at, key=lambda point: point[0]),
        )
        for others, at in points.items()
    ]
    every = -(-len(first) // MOST_MARKS)
    return drawn, sorted((place, text) for text, place in x.items())[::every]


def places(values: Sequence[str]) -> list[float]:
    """Return where values stand on an axis: numbers at their places, or their logarithms; others one by one."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return [float(k) for k in range(len(values))]
    if min(numbers) > 0 and len(numbers) > 2 and max(numbers) >= WIDE * min(numbers):
        return [math.log10(number) for number in numbers]
    return numbers


def _title(name: str) -> str:
    unit = next((u for end, u in UNITS.items() if name.endswith(end)), "")
    return f"{label(name)} in {unit}" if unit and not name.startswith("results.") else label(name)


def _caption(sweep: Sweep, name: str) -> str:
    of = f"{label(name)} against {sweep.keys[0]}".capitalize()
    least = any(name in row.figures.at_least for row in sweep.rows)
    return of + (", lower bounds: they leave out what is not published." if least else ".")
