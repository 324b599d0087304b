"""Figures as SVG text: a line with its band, curves through points, and bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from spikemesh.ids import FloatArray

WIDTH, COLUMNS = 900, 600
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 16, 12, 44
_ROW, _LABEL, _NOTE = 22, 230, 220
HUES = 8
"""Curves that differ in colour; more begin again."""


class Bar(NamedTuple):
    """A bar, or where there is no value the reason."""

    label: str
    value: float | None
    note: str
    low: float | None = None
    high: float | None = None
    style: str = "bar"


class Curve(NamedTuple):
    """Points that belong together, by x, and what they are called; a missing y leaves a gap."""

    name: str
    points: Sequence[tuple[float, float | None]]


def ticks(least: float, greatest: float, about: int = 5) -> list[float]:
    """Return round numbers between two values: multiples of 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    least, greatest
        Ends of an axis.
    about
        How many to aim at; there are at least half, and at most two and a half times as many.
    """
    span = greatest - least
    if span <= 0:
        return [least]
    power = 10.0 ** math.floor(math.log10(span / about))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= about * 1.25)
    first, last = math.ceil(least / step - 1e-9), math.floor(greatest / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def columns_of(
    values: FloatArray, columns: int = COLUMNS
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Put values into at most so many columns.

    Returns
    -------
    position, least, mean, greatest : ndarray of float64, shape (columns,)
        Where the middle of each column is, counting values from 0.5; and its values.
    """
    edges = np.linspace(0, len(values), min(columns, len(values)) + 1).astype(np.int64)
    starts, counts = edges[:-1], np.diff(edges)
    mean = np.add.reduceat(values, starts) / counts
    return (
        (edges[:-1] + edges[1:]) / 2,
        np.minimum.reduceat(values, starts),
        mean,
        np.maximum.reduceat(values, starts),
    )


def line(values: FloatArray, per_value: float, x_title: str, y_title: str, height: int = 240) -> str:
    """Draw values one after the other: their mean, and a band from the least to the greatest of each column.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        At least one value.
    per_value
        Width of one value on the x axis.
    x_title, y_title
        What the axes show, with units.
    height
        Of the figure in pixels.

    Returns
    -------
    str
        An ``svg`` element.
    """
    position, least, mean, greatest = columns_of(values)
    top = float(greatest.max()) * 1.05 or 1.0
    length = len(values) * per_value
    wide, high = WIDTH - _LEFT - _RIGHT, height - _TOP - _BOTTOM

    def x(value: float) -> float:
        return _LEFT + value / length * wide

    def y(value: float) -> float:
        return _TOP + (1 - value / top) * high

    def path(at: Sequence[float], heights: Sequence[float]) -> list[str]:
        return [f"{x(a * per_value):.1f},{y(h):.1f}" for a, h in zip(at, heights, strict=True)]

    there = path(position.tolist(), greatest.tolist())
    back = path(position.tolist()[::-1], least.tolist()[::-1])
    parts = [
        *(_across(y(t), t) for t in ticks(0.0, top)),
        *(_below(x(t), height, t) for t in ticks(0.0, length, 8)),
        f'<polygon class="band" points="{" ".join([*there, *back])}"/>',
        f'<polyline class="line" points="{" ".join(path(position.tolist(), mean.tolist()))}"/>',
        f'<text class="title" x="{_LEFT}" y="{height - 6}">{escape(x_title)}</text>',
        f'<text class="title" transform="translate(14 {_TOP + high}) rotate(-90)">{escape(y_title)}</text>',
    ]
    return _svg(height, parts, f"{y_title} against {x_title}")


def curves(
    drawn: Sequence[Curve],
    x_title: str,
    y_title: str,
    marks: Sequence[tuple[float, str]] | None = None,
    height: int = 260,
) -> str:
    """Draw curves through points, with their names below where there are several.

    Parameters
    ----------
    drawn
        At least one point has a value.
    x_title, y_title
        What the axes show, with units.
    marks
        Places on the x axis, and what stands there; None: round numbers.
    height
        Of the plot in pixels, without the names.

    Returns
    -------
    str
        An ``svg`` element. The y axis holds 0.
    """
    xs = [x for curve in drawn for x, _ in curve.points]
    ys = [y for curve in drawn for _, y in curve.points if y is not None]
    margin = (max(xs) - min(xs)) / 25 or 0.5
    left, right = min(xs) - margin, max(xs) + margin
    bottom, top = min(0.0, *ys) * 1.05, max(0.0, *ys) * 1.05
    if bottom == top:
        top = bottom + 1.0
    wide, high = WIDTH - _LEFT - _RIGHT, height - _TOP - _BOTTOM

    def x(value: float) -> float:
        return _LEFT + (value - left) / (right - left) * wide

    def y(value: float) -> float:
        return _TOP + (top - value) / (top - bottom) * high

    if marks is None:
        marks = [(t, f"{t:g}") for t in ticks(left, right, 8)]
    parts = [
        *(_across(y(t), t) for t in ticks(bottom, top)),
        *(_mark(x(at), height, text) for at, text in marks),
        f'<text class="title" x="{_LEFT}" y="{height - 6}">{escape(x_title)}</text>',
        f'<text class="title" transform="translate(14 {_TOP + high}) rotate(-90)">{escape(y_title)}</text>',
    ]
    for k, curve in enumerate(drawn):
        # Points that lie on one another show as rings.
        hue, r = f"hue{k % HUES}", 3 + min(len(drawn) - 1 - k, 4)
        for piece in _pieces([(x(a), None if b is None else y(b)) for a, b in curve.points]):
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in piece)
            parts.append(f'<polyline class="curve {hue}" points="{points}"/>')
            parts += [f'<circle class="point {hue}" cx="{a:.1f}" cy="{b:.1f}" r="{r}"/>' for a, b in piece]
    named = [curve.name for curve in drawn] if len(drawn) > 1 else []
    parts += _names(named, height + 8)
    return _svg(height + 8 + _ROW * len(named), parts, f"{y_title} against {x_title}")


def _pieces(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """Return the stretches of points between gaps."""
    found: list[list[tuple[float, float]]] = [[]]
    for a, b in points:
        if b is None:
            found.append([])
        else:
            found[-1].append((a, b))
    return [piece for piece in found if piece]


def _names(names: Sequence[str], top: int) -> list[str]:
    parts = []
    for k, name in enumerate(names):
        at = top + _ROW * k
        parts.append(f'<circle class="point hue{k % HUES}" cx="{_LEFT + 6}" cy="{at + 8}" r="4"/>')
        parts.append(f'<text x="{_LEFT + 18}" y="{at + 12}">{escape(name)}</text>')
    return parts


def bars(rows: Sequence[Bar], title: str, greatest: float | None = None) -> str:
    """Draw bars below one another, each with a note behind it, and its range where it has one.

    Parameters
    ----------
    rows
        What to draw.
    title
        What the figure shows, for those who cannot see it.
    greatest
        Value of a bar of full length; None: the greatest there is.
    """
    if greatest is None:
        greatest = max((r.high if r.high is not None else r.value or 0.0 for r in rows), default=0.0)
    scale = (WIDTH - _LABEL - _NOTE) / greatest if greatest else 0.0
    parts = []
    for k, row in enumerate(rows):
        at, length = _TOP + k * _ROW, (row.value or 0.0) * scale
        parts.append(f'<text class="label" x="{_LABEL - 10}" y="{at + 14}">{escape(row.label)}</text>')
        end = _LABEL + length
        if row.value is not None:
            parts.append(
                f'<rect class="{row.style}" x="{_LABEL}" y="{at + 3}" width="{length:.1f}" height="{_ROW - 8}"/>'
            )
        if row.low is not None and row.high is not None and row.low < row.high:
            low, high = (_LABEL + value * scale for value in (row.low, row.high))
            parts.append(
                f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{at + 10}" y2="{at + 10}"/>'
            )
            end = max(end, high)
        style = "note" if row.value is not None else "missing"
        parts.append(f'<text class="{style}" x="{end + 8:.1f}" y="{at + 14}">{escape(row.note)}</text>')
    return _svg(2 * _TOP + _ROW * len(rows), parts, title)


def _across(y: float, value: float) -> str:
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick right" x="{_LEFT - 6}" y="{y + 4:.1f}">{value:g}</text>'
    )


def _below(x: float, height: int, value: float) -> str:
    return _mark(x, height, f"{value:g}")


def _mark(x: float, height: int, text: str) -> str:
    return f'<text class="tick middle" x="{x:.1f}" y="{height - _BOTTOM + 18}">{escape(text)}</text>'


def _svg(height: int, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
