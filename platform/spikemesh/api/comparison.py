"""The same network on several systems: what becomes of it on each, side by side."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spikemesh.api.comparison_page import comparison_page
from spikemesh.api.figure_text import NOT_PUBLISHED, label, text
from spikemesh.api.run_figures import RunFigures

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("costs", "regime", "links", "chips", "cores", "spikes", "synaptic_events"),
    *(
        "packets",
        "packets_late",
        "packets_dropped",
        "step_mean_ns",
        "step_p99_ns",
        "hardware_time_ms",
        "slowdown",
    ),
    *("latency_of", "latency_p50_ns", "latency_p99_ns"),
    *("energy_static_mj", "energy_static_mj_low", "energy_static_mj_high"),
    *("energy_dynamic_mj", "energy_dynamic_mj_low", "energy_dynamic_mj_high"),
    *("energy_mj", "energy_mj_low", "energy_mj_high"),
    *("inferences", "energy_per_inference_mj", "energy_per_inference_mj_low", "energy_per_inference_mj_high"),
    *("time_per_inference_ms", "delay_product_js", "delay_product_js_low", "delay_product_js_high"),
    *("hottest_link", "hottest_link_utilisation", "critical_core", "critical_core_share"),
    *("time_misses", "energy_misses"),
)
"""Figures of a row, the scenario's own apart."""
OPTIONAL = ("packets_late", "packets_dropped", "latency_of", "inferences", "energy_per_inference_mj",
            "time_per_inference_ms")  # fmt: skip
"""Those that are shown only where one system has them."""
NOTES = {"time_misses": "times", "energy_misses": "energies"}
"""Names of what a figure lacks, and of what kind it is; shown below the table."""
How = Literal["run", "retimed", "does not fit", "failed"]


@dataclass(frozen=True)
class ComparedSystem:
    """What became of the network on one system.

    Attributes
    ----------
    system
        As it was named, such as ``loihi:4x2``.
    how
        ``run``, ``retimed`` (timed from the spikes of a single run), ``does not fit``, or ``failed``.
    figures
        Figures of the run; empty if there was none.
    problem
        Why there was none.
    trace
        The trace, if it was kept.
    digest
        SHA-256 of its results, ``function`` and ``hardware``.
    """

    system: str
    how: How
    figures: RunFigures = field(default_factory=RunFigures)
    problem: str = ""
    trace: Path | None = None
    digest: Mapping[str, str] = field(default_factory=dict)


class Comparison:
    """A table with a row for each system, in the order in which they were named.

    Attributes
    ----------
    scenario
        Name of the scenario.
    rows
        The rows.
    """

    def __init__(self, scenario: str, rows: Iterable[ComparedSystem]) -> None:
        self.scenario, self.rows = scenario, tuple(rows)

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the scenario's own figures, such as ``results.accuracy``."""
        found = (key for row in self.rows for key in row.figures.values if key.startswith("results."))
        return tuple(dict.fromkeys(found))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able values; an absent figure is None, and listed if it is not published."""
        return {"scenario": self.scenario, "systems": [self._as_dict(row) for row in self.rows]}

    def _as_dict(self, row: ComparedSystem) -> dict[str, Any]:
        values = row.figures.values
        return {
            "system": row.system,
            "how": row.how,
            "problem": row.problem or None,
            **{key: values.get(key) for key in COLUMNS},
            "not_published": sorted(row.figures.not_published),
            "at_least": sorted(row.figures.at_least),
            "results": {key.removeprefix("results."): values.get(key) for key in self.own},
            "trace": None if row.trace is None else str(row.trace),
            "digest": dict(row.digest) or None,
        }

    def to_pandas(self) -> pd.DataFrame:
        """Return a table, one row a system; an absent figure is missing, whatever the reason."""
        import pandas as pd

        keys = (*COLUMNS, *self.own)
        rows = [
            {
                "system": r.system,
                "how": r.how,
                **{k: r.figures.values.get(k) for k in keys},
                "problem": r.problem,
            }
            for r in self.rows
        ]
        return pd.DataFrame(rows).set_index("system")

    def to_csv(self) -> str:
        """Return the table as CSV: an empty cell does not apply, and ``not published`` says that."""
        keys = (*COLUMNS, *self.own)
        written = io.StringIO()
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow(["task", "system", "how", *keys, "at_least", "problem"])
        for row in self.rows:
            cells = [_cell(row.figures, key) for key in keys]
            least = " ".join(sorted(row.figures.at_least))
            lines.writerow([self.scenario, row.system, row.how, *cells, least, row.problem])
        return written.getvalue()

    def table(self) -> list[list[str]]:
        """Return the table as texts with units: a column for each system, labels first."""
        there = [row for row in self.rows if row.figures.values]
        rows = [["", *(row.system for row in self.rows)], ["how", *(row.how for row in self.rows)]]
        for key in (*COLUMNS, *self.own):
            if key in NOTES or key.endswith(("_low", "_high")):
                continue
            if key in OPTIONAL and not any(row.figures.values.get(key) for row in there):
                continue
            rows.append([label(key), *(text(r.figures, key) if r in there else "" for r in self.rows)])
        return rows

    def notes(self) -> list[str]:
        """Return why systems have no figures, and what those of the others leave out."""
        said = [f"{row.system}: {row.problem}" for row in self.rows if row.problem]
        for row in self.rows:
            for key, kind in NOTES.items():
                if row.figures.values.get(key):
                    said.append(f"{row.system}: {kind} not published: {row.figures.values[key]}")
        return said

    def page(self) -> str:
        """Return the table and its figure as a page of HTML that needs nothing else."""
        return comparison_page(self)

    def _repr_html_(self) -> str:
        frame = self.to_pandas()
        return str(frame.dropna(axis="columns", how="all").T.to_html())

    def __repr__(self) -> str:
        return f"<Comparison of {self.scenario} on {', '.join(row.system for row in self.rows)}>"


def _cell(figures: RunFigures, key: str) -> Any:
    if key in figures.not_published:
        return NOT_PUBLISHED
    value = figures.values.get(key)
    return "" if value is None else value


def names_of(systems: Sequence[str]) -> list[str]:
    """Return distinct names of files for systems, in order."""
    names: list[str] = []
    for system in systems:
        plain = "".join(c if c.isalnum() or c in "._" else "-" for c in system.removesuffix(".toml"))
        plain = plain.strip("-.") or "system"
        name, number = plain, 2
        while name in names:
            name, number = f"{plain}-{number}", number + 1
        names.append(name)
    return names
