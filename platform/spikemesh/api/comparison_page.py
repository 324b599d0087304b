"""A comparison of systems as a page of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikemesh.api.figure_text import label, text
from spikemesh.drawing.page import figure, page, paragraph, table
from spikemesh.drawing.svg import Bar, bars

if TYPE_CHECKING:
    from spikemesh.api.comparison import Comparison

DRAWN = ("step_mean_ns", "energy_static_mj", "energy_dynamic_mj", "delay_product_js")
STYLES = {"energy_static_mj": "bar static"}


def comparison_page(comparison: Comparison) -> str:
    """Return the page of a comparison: the table, then a group of bars for each of the field's figures."""
    head, *rows = comparison.table()
    parts = [table(head, rows)]
    parts += [paragraph(note) for note in comparison.notes()]
    for key in DRAWN:
        drawn = _bars(comparison, key)
        if any(bar.value is not None for bar in drawn):
            parts.append(figure(bars(drawn, label(key)), f"{label(key).capitalize()}. {CAPTION}"))
    return page(f"{comparison.scenario} on {len(comparison.rows)} systems", parts)


CAPTION = (
    "Thin lines are ranges, where published; >= is a lower bound, which leaves out what is not published."
)


def _bars(comparison: Comparison, key: str) -> list[Bar]:
    drawn = []
    for row in comparison.rows:
        values = row.figures.values
        note = text(row.figures, key) if values else row.how
        low, high = values.get(f"{key}_low"), values.get(f"{key}_high")
        drawn.append(Bar(row.system, values.get(key), note, low, high, STYLES.get(key, "bar")))
    return drawn
