"""The picture of a placement as a file: the drawing alone, or a page with the report around it."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np

from spikemesh.drawing.page import page, table
from spikemesh.errors import InputError, Problem
from spikemesh.mapping.picture import placement_svg
from spikemesh.mapping.report import MappingReport

SUFFIXES = (".svg", ".html")
MOST_LINKS = 25


def check_picture(target: Path) -> None:
    """Refuse a file of a kind that is not drawn, or in a folder that does not exist.

    Raises
    ------
    InputError
        Says what is allowed.
    """
    if target.suffix.lower() not in SUFFIXES:
        found = f'"{target}" is no picture that can be drawn'
        raise InputError(Problem("--picture", found, f"a file that ends in {' or '.join(SUFFIXES)}"))
    if not target.absolute().parent.is_dir():
        raise InputError(Problem("--picture", f"there is no folder {target.parent}", "a folder that exists"))


def write_picture(report: MappingReport, target: Path, name: str) -> None:
    """Write the picture of a placement.

    Parameters
    ----------
    report
        What is drawn.
    target
        File; it ends in ``.svg`` for the drawing alone, or in ``.html`` for a page.
    name
        Heading of the page.

    Raises
    ------
    InputError
        If the file cannot be written, or is of another kind.
    """
    check_picture(target)
    text = placement_svg(report) if target.suffix.lower() == ".svg" else placement_page(report, name)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        found = f"{target} cannot be written: {error.strerror}"
        raise InputError(Problem("--picture", found, "a file that can be written")) from None


def placement_page(report: MappingReport, name: str) -> str:
    """Return a page that needs nothing else: the picture, the busiest links and the report."""
    text = f'<h2>Report</h2><div class="wide"><pre>{escape(report.table())}</pre></div>'
    return page(name, [f"<h1>{escape(name)}</h1>", placement_svg(report), *_links(report), text])


def _links(report: MappingReport) -> list[str]:
    loads, unit = report.loads.shown
    busiest = [k for k in np.argsort(-loads, kind="stable")[:MOST_LINKS].tolist() if loads[k] > 0]
    rows = [[report.link_names[k], f"{loads[k]:,.6g}"] for k in busiest]
    return ["<h2>Links</h2>", table(["busiest links", unit], rows)] if rows else []
