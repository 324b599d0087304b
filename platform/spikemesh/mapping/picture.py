"""The placement as a picture: chips with what they hold, and links with what they carry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from spikemesh.description.layout import layout_of
from spikemesh.ids import FloatArray, IntArray
from spikemesh.mapping.picture_places import Point, places_of
from spikemesh.mapping.report import MappingReport

STYLE = """
.mapping { --ink: #1d2733; --soft: #5c6b7a; --rule: #c9d2db; --paper: #fff; --chip: #f4f6f8; }
@media (prefers-color-scheme: dark) {
  .mapping { --ink: #e4eaf0; --soft: #9aa8b6; --rule: #414d59; --paper: #151b21; --chip: #202932; }
}
.mapping { background: var(--paper); font-family: system-ui, sans-serif; width: auto; max-width: 100%; }
.mapping text { fill: var(--ink); font-size: 12px; }
.mapping .title { font-size: 15px; font-weight: 600; }
.mapping .soft { fill: var(--soft); }
.mapping .name { font-weight: 600; }
.mapping .middle { text-anchor: middle; }
.mapping .end { text-anchor: end; }
.mapping .load { font-size: 11px; text-anchor: middle; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.mapping .chip { fill: var(--chip); stroke: var(--rule); }
.mapping .room { fill: none; stroke: var(--rule); }
.mapping .idle { stroke: var(--rule); fill: var(--rule); stroke-width: 1; }
.mapping .others { fill: var(--soft); }
"""
HUES = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#76b7b2", "#edc948", "#9c755f", "#e15759")
"""Of the largest populations."""
RAMP = ("#9ecae1", "#6baed6", "#4292c6", "#fdae61", "#f46d43", "#d73027")
"""Of links, from little to most of what the busiest one carries."""
FEW_LINKS, MOST_LABELS = 24, 12
"""Every link in use bears its load where they are at most so few; else the busiest do."""
MARGIN, HEAD, LINE = 24.0, 58.0, 18.0


@dataclass(frozen=True)
class _Scale:
    """Sizes in pixels: of a chip, and from one chip to the next."""

    box: tuple[float, float]
    pitch: tuple[float, float]
    stub: float


LARGE = _Scale((150.0, 84.0), (260.0, 170.0), 42.0)
SMALL = _Scale((92.0, 58.0), (146.0, 112.0), 24.0)
LARGE_MOST = 12
"""Chips up to which they are drawn large."""


def placement_svg(report: MappingReport) -> str:
    """Draw chips where they lie, the neurons they hold by population, and the load of every link.

    Parameters
    ----------
    report
        What is drawn.

    Returns
    -------
    str
        An ``svg`` element with its own style, for bright and dark screens.
    """
    picture = _Picture(report)
    width, height = picture.size
    parts = [*picture.links(), *picture.chips(), *picture.head(), *picture.legend()]
    title = f"Placement on {report.system.name}"
    return (
        f'<svg class="mapping" xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<rect width="100%" height="100%" fill="var(--paper)"/>{"".join(parts)}</svg>'
    )


class _Picture:
    """Parts of a picture, and where they are."""

    def __init__(self, report: MappingReport) -> None:
        self._report, system = report, report.system
        self._layout = layout_of(system)
        self._scale = LARGE if system.chip_count <= LARGE_MOST else SMALL
        places = places_of(system, self._layout)
        left, top = min(x for x, _ in places), max(y for _, y in places)
        # Stubs of links that go round the back need room.
        round_back = self._layout is not None and any(self._layout.wrap) and system.topology != "ring"
        edge = MARGIN + (self._scale.stub if round_back else 0.0)
        self._half = (self._scale.box[0] / 2, self._scale.box[1] / 2)
        self._centre: list[Point] = [
            (
                edge + self._half[0] + (x - left) * self._scale.pitch[0],
                HEAD + edge + self._half[1] + (top - y) * self._scale.pitch[1],
            )
            for x, y in places
        ]
        self._held: IntArray = report.per_chip_held()
        self._loads, self._unit = report.loads.shown
        self._hue = _hues(self._held, report.populations)
        right = max(x for x, _ in self._centre) + self._half[0] + edge
        self._bottom = max(y for _, y in self._centre) + self._half[1] + edge
        self.size = (max(right, 620.0), self._bottom + 30.0 + LINE * math.ceil((len(self._hue) + 1) / 4))

    def head(self) -> Iterator[str]:
        """Say what is drawn."""
        report, system = self._report, self._report.system
        shape = " x ".join(str(n) for n in system.chips)
        chips = f"{report.chips_used} of {system.chip_count} chips" if system.chip_count > 1 else "1 chip"
        yield _text(MARGIN, 26, f"{system.name}, {shape}", "title")
        neurons = f"{int(self._held.sum()):,} neurons on {chips}"
        crossing = f"{report.cross_chip_share:.1%} of {int(report.synapses.sum()):,} synapses cross chips"
        yield _text(MARGIN, 46, f"{neurons}; {crossing}", "soft")

    def chips(self) -> Iterator[str]:
        """One box each: name, neurons, what part of its places they take, and a bar with their populations."""
        report, (wide, high) = self._report, self._scale.box
        limit = report.limits.get("neurons")
        total = self._held.sum(axis=0)
        room = (limit or 0) * report.system.chip.core_count
        for chip, (x, y) in enumerate(self._centre):
            left, top = x - wide / 2, y - high / 2
            yield f"<g><title>{escape(self._about(chip))}</title>"
            yield _rect(left, top, wide, high, "chip", 5)
            yield _text(left + 7, top + 16, f"chip {chip}", "name")
            cores = int(np.count_nonzero(report.use["neurons"].reshape(len(total), -1)[chip]))
            if self._scale is LARGE:
                yield _text(left + wide - 7, top + 16, f"{cores} cores", "soft end")
            yield _text(
                left + 7, top + 33, f"{int(total[chip]):,}" + (" neurons" if self._scale is LARGE else "")
            )
            if limit:
                yield _text(left + wide - 7, top + 33, f"{total[chip] / room:.0%}", "soft end")
            yield from self._bar(left + 7, top + high - 18, wide - 14, chip, max(1, int(total.max())))
            yield "</g>"

    def _bar(self, left: float, top: float, wide: float, chip: int, most: int) -> Iterator[str]:
        """Draw the neurons of a chip by population; a full bar is the fullest chip."""
        at = left
        for population, hue in self._hue.items():
            length = wide * int(self._held[population, chip]) / most
            if length:
                yield f'<rect x="{at:.1f}" y="{top:.1f}" width="{length:.1f}" height="11" fill="{hue}"/>'
                at += length
        others = int(self._held[:, chip].sum()) - sum(int(self._held[p, chip]) for p in self._hue)
        if others:
            yield _rect(at, top, wide * others / most, 11, "others")
        yield _rect(left, top, wide, 11, "room")

    def _about(self, chip: int) -> str:
        report = self._report
        lines = [f"chip {chip}: {int(self._held[:, chip].sum()):,} neurons"]
        lines += [
            f"{report.populations[p]}: {int(self._held[p, chip]):,}"
            for p in np.flatnonzero(self._held[:, chip])
        ]
        lines.append(f"{int(report.per_chip(report.synapses)[chip]):,} synapses")
        if report.table_entries is not None:
            lines.append(f"{int(report.table_entries[chip]):,} entries of the router's table")
        return "\n".join(lines)

    def links(self) -> Iterator[str]:
        """Every directed link on the right-hand side of the way, those in use over the others."""
        loads, most = self._loads, float(self._loads.max(initial=0.0))
        labelled = _labelled(loads)
        for link in np.argsort(loads, kind="stable").tolist():
            ends, load = self._report.system.directed_links[link], float(loads[link])
            about = f"{self._report.link_names[link]}: {_number(load)} {self._unit}"
            yield f"<g><title>{escape(about)}</title>"
            for start, end, head in self._strokes(ends):
                yield from _stroke(start, end, head, load / most if most else 0.0)
                if link in labelled and head:
                    yield self._label(start, end, _number(load))
            yield "</g>"

    def _strokes(self, ends: tuple[int, int]) -> list[tuple[Point, Point, bool]]:
        """Return a stroke from chip to chip; two where the link goes round the back: out, and in again."""
        here, there = self._centre[ends[0]], self._centre[ends[1]]
        way = (
            self._layout.direction(ends) if self._layout and self._report.system.topology != "ring" else None
        )
        if way is not None and self._layout is not None:
            places = self._layout.places
            straight = [b - a for a, b in zip(places[ends[0]], places[ends[1]], strict=True)]
            if list(way) != straight and len(way) <= 2:
                x, y = way[0], way[1] if len(way) > 1 else 0
                reach = (
                    x * (self._half[0] + self._scale.stub),
                    -y * (self._half[1] + self._scale.stub),
                )
                out = self._between(here, (here[0] + reach[0], here[1] + reach[1]), False)
                back = self._between((there[0] - reach[0], there[1] - reach[1]), there, True)
                return [(*out, False), (*back, True)]
        return [(*self._between(here, there, True, True), True)]

    def _between(self, start: Point, end: Point, into: bool, out: bool | None = None) -> tuple[Point, Point]:
        """Cut a way at the edges of the chips, and move it to the right."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = math.hypot(dx, dy) or 1.0
        ux, uy = dx / length, dy / length
        cut = min(h / abs(u) for h, u in zip(self._half, (ux, uy), strict=True) if abs(u) > 1e-9)
        first = cut + 1 if (out if out is not None else not into) else 0.0
        last = length - (cut + 1 if into else 0.0)
        side = 5.0
        return (
            (start[0] + ux * first - uy * side, start[1] + uy * first + ux * side),
            (start[0] + ux * last - uy * side, start[1] + uy * last + ux * side),
        )

    def _label(self, start: Point, end: Point, text: str) -> str:
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = math.hypot(dx, dy) or 1.0
        away = 11.0 + (3.2 * len(text)) * abs(dy) / length
        x, y = (start[0] + end[0]) / 2 - dy / length * away, (start[1] + end[1]) / 2 + dx / length * away
        return _text(x, y + 4, text, "load")

    def legend(self) -> Iterator[str]:
        """Colours of links and of populations."""
        y, x = self._bottom + 16.0, MARGIN
        most = float(self._loads.max(initial=0.0))
        for k, hue in enumerate(RAMP):
            yield f'<rect x="{x + 26 * k:.1f}" y="{y - 9:.1f}" width="26" height="8" fill="{hue}"/>'
        text = f"links: 0 to {_number(most)} {self._unit}" if self._loads.size else "no links"
        yield _text(x + 26 * len(RAMP) + 8, y, text, "soft")
        names = [(self._report.populations[p], f'fill="{hue}"') for p, hue in self._hue.items()]
        if len(names) < len(self._report.populations):
            names.append(("others", 'class="others"'))
        column = (self.size[0] - 2 * MARGIN) / 4
        for k, (name, look) in enumerate(names):
            at, line = x + column * (k % 4), y + LINE * (1 + k // 4)
            yield f'<rect x="{at:.1f}" y="{line - 9:.1f}" width="10" height="10" {look}/>'
            yield _text(at + 15, line, name if len(name) < 22 else f"{name[:20]}…")


def _hues(held: IntArray, populations: Sequence[str]) -> dict[int, str]:
    """Colours of the largest populations, in the order in which they are described."""
    order = np.argsort(-held.sum(axis=1), kind="stable")[: len(HUES)]
    return dict(zip(sorted(order[: len(populations)].tolist()), HUES, strict=False))


def _labelled(loads: FloatArray) -> set[int]:
    used = np.flatnonzero(loads > 0)
    if used.size > FEW_LINKS:
        used = np.argsort(-loads, kind="stable")[:MOST_LABELS]
    return set(used.tolist())


def _number(value: float) -> str:
    """Write a load in at most six characters where that is possible."""
    if value >= 1e6:
        return f"{value / 1e6:.3g} M"
    if value >= 1e4:
        return f"{value / 1e3:.3g} k"
    return f"{value:.4g}" if value >= 1000 else f"{value:.3g}"


def _stroke(start: Point, end: Point, head: bool, share: float) -> Iterator[str]:
    """Draw a line with an arrow at its end, wider and hotter the more of the greatest load it bears."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy) or 1.0
    ux, uy = dx / length, dy / length
    width = 1.0 + 4.0 * share
    look = 'class="idle"' if share <= 0.0 else ""
    hue = RAMP[min(len(RAMP) - 1, int(share * len(RAMP)))]
    size = 5.0 + 3.0 * share if head else 0.0
    stop = (end[0] - ux * size, end[1] - uy * size)
    paint = look or f'stroke="{hue}" stroke-width="{width:.1f}"'
    yield f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{stop[0]:.1f}" y2="{stop[1]:.1f}" {paint}/>'
    if head:
        half = size * 0.55
        corners = [
            end,
            (stop[0] - uy * half, stop[1] + ux * half),
            (stop[0] + uy * half, stop[1] - ux * half),
        ]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        yield f'<polygon points="{points}" {look or f"""fill="{hue}" """.strip()}/>'


def _text(x: float, y: float, text: str, look: str = "") -> str:
    style = f' class="{look}"' if look else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{escape(text)}</text>'


def _rect(x: float, y: float, wide: float, high: float, look: str, round_by: float = 0) -> str:
    corner = f' rx="{round_by:g}"' if round_by else ""
    return f'<rect class="{look}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"{corner}/>'
