"""The picture of a placement as a file: the drawing alone, or a page with the report around it."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np

from spikemesh.errors import InputError, Problem
from spikemesh.mapping.picture import placement_svg
from spikemesh.mapping.report import MappingReport

SUFFIXES = (".svg", ".html")
MOST_LINKS = 25
_STYLE = """
body { margin: 0; background: #fff; color: #1d2733; font: 15px/1.5 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { body { background: #151b21; color: #e4eaf0; } }
main { padding: 1.5rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; }
h2 { margin: 1.8rem 0 .5rem; font-size: 1.1rem; }
svg { max-width: 100%; height: auto; }
pre { overflow-x: auto; font-size: .85rem; line-height: 1.35; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem 1.2rem .2rem 0; text-align: right; font-weight: 400; }
th { opacity: .7; }
th:first-child, td:first-child { text-align: left; }
"""


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
    parts = [
        f"<h1>{escape(name)}</h1>",
        placement_svg(report),
        *_links(report),
        "<h2>Report</h2>",
        f"<pre>{escape(report.table())}</pre>",
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><title>{escape(name)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _links(report: MappingReport) -> list[str]:
    loads, unit = report.loads.shown
    busiest = [k for k in np.argsort(-loads, kind="stable")[:MOST_LINKS].tolist() if loads[k] > 0]
    if not busiest:
        return []
    rows = [f"<tr><td>{escape(report.link_names[k])}</td><td>{loads[k]:,.6g}</td></tr>" for k in busiest]
    head = f"<tr><th>busiest links</th><th>{escape(unit)}</th></tr>"
    return [f"<h2>Links</h2><table>{head}{''.join(rows)}</table>"]
