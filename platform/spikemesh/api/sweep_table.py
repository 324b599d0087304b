"""Results of a sweep: a row for each combination of values."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spikemesh.api.figure_text import NOT_PUBLISHED, label, text
from spikemesh.api.run_figures import RunFigures
from spikemesh.description.overrides import parse_override
from spikemesh.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    import pandas as pd

USUAL = ("spikes", "packets", "step_mean_ns", "slowdown", "energy_mj")
"""Figures that are shown of scenarios without any of their own."""
MOST = 8
"""Of the scenario's own, as many are shown."""
How = Literal["done", "wrong", "failed"]


@dataclass(frozen=True)
class SweepRow:
    """One combination: its values as given, in the order of the keys, and what came of it.

    ``wrong`` is a combination that cannot be run, such as one that does not fit; ``failed`` one whose run failed, which
    the same command tries again.
    """

    values: tuple[str, ...]
    how: How
    figures: RunFigures = field(default_factory=RunFigures)
    problem: str = ""
    digest: Mapping[str, str] = field(default_factory=dict)
    trace: Path | None = None


class Sweep:
    """A table of combinations, those of the last key changing fastest.

    Attributes
    ----------
    scenario
        Name of the scenario.
    keys
        What was varied.
    rows
        One for each combination.
    """

    def __init__(self, scenario: str, keys: Sequence[str], rows: Sequence[SweepRow]) -> None:
        self.scenario, self.keys, self.rows = scenario, tuple(keys), tuple(rows)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all figures, the scenario's own last."""
        found = dict.fromkeys(key for row in self.rows for key in row.figures.values)
        return tuple(sorted(found, key=lambda key: key.startswith("results.")))

    def chosen(self, wanted: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the names of the figures to show.

        Parameters
        ----------
        wanted
            Names, those of the scenario's own with or without ``results.``; none: the scenario's own numbers, or a
            few usual ones.

        Raises
        ------
        InputError
            If there is no figure of a name.
        """
        names = self.names
        if not wanted:
            own = [n for n in names if n.startswith("results.") and self.numbers(n)]
            return tuple(own[:MOST] or [n for n in USUAL if self.numbers(n)])
        found, problems = [], []
        for name in wanted:
            match = next((n for n in (f"results.{name}", name) if n in names), None)
            if match is None:
                missing = f'there is no figure "{name}"'
                problems.append(Problem("--show", missing, nearest(name, names)))
            else:
                found.append(match)
        if problems:
            raise InputError(problems)
        return tuple(found)

    def numbers(self, name: str) -> list[float]:
        """Return the values of a figure that are numbers."""
        values = (row.figures.values.get(name) for row in self.rows)
        return [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return {
            "scenario": self.scenario,
            "keys": list(self.keys),
            "combinations": [
                {
                    "values": dict(zip(self.keys, map(_value, self.keys, row.values), strict=True)),
                    "how": row.how,
                    "problem": row.problem or None,
                    "figures": {k: v for k, v in row.figures.values.items() if not k.startswith("results.")},
                    "not_published": sorted(row.figures.not_published),
                    "at_least": sorted(row.figures.at_least),
                    "results": {
                        k.removeprefix("results."): v
                        for k, v in row.figures.values.items()
                        if k.startswith("results.")
                    },
                    "digest": dict(row.digest) or None,
                    "trace": None if row.trace is None else str(row.trace),
                }
                for row in self.rows
            ],
        }

    def to_pandas(self) -> pd.DataFrame:
        """Return a table, one row a combination; an absent figure is missing, whatever the reason."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    **dict(zip(self.keys, map(_value, self.keys, row.values), strict=True)),
                    "how": row.how,
                    **{name: row.figures.values.get(name) for name in self.names},
                    "problem": row.problem,
                }
                for row in self.rows
            ]
        )

    def to_csv(self) -> str:
        """Return the table as CSV: an empty cell does not apply, and ``not published`` says that."""
        written = io.StringIO()
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow([*self.keys, "how", *self.names, "at_least", "function", "hardware", "problem"])
        for row in self.rows:
            cells = [_cell(row.figures, name) for name in self.names]
            digests = [row.digest.get(kind, "") for kind in ("function", "hardware")]
            least = " ".join(sorted(row.figures.at_least))
            lines.writerow([*row.values, row.how, *cells, least, *digests, row.problem])
        return written.getvalue()

    def table(self, shown: Sequence[str]) -> list[list[str]]:
        """Return the table as texts with units, the head first; a combination without figures says how it ended."""
        head = [*self.keys, *(label(name) for name in shown)]
        rows = [
            [*row.values, *(text(row.figures, name) if row.how == "done" else row.how for name in shown)]
            for row in self.rows
        ]
        return [head, *rows]

    def notes(self) -> list[str]:
        """Return why combinations have no figures."""
        return [f"{self.named(row.values)}: {row.problem}" for row in self.rows if row.problem]

    def named(self, values: Sequence[str]) -> str:
        """Return a combination as text: ``seed=1 system.chips=2``."""
        return " ".join(f"{key}={value}" for key, value in zip(self.keys, values, strict=True))

    def page(self, shown: Sequence[str] = ()) -> str:
        """Return the chosen figures against the first key, and the table, as a page of HTML that needs nothing else."""
        from spikemesh.api.sweep_page import sweep_page

        return sweep_page(self, self.chosen(shown))

    def _repr_html_(self) -> str:
        return str(self.to_pandas()[[*self.keys, "how", *self.chosen()]].to_html(index=False))

    def __repr__(self) -> str:
        return f"<Sweep of {self.scenario} over {', '.join(self.keys)}: {len(self.rows)} combinations>"


def _value(key: str, text: str) -> Any:
    return parse_override(f"{key}={text}")[1]


def _cell(figures: RunFigures, name: str) -> Any:
    if name in figures.not_published:
        return NOT_PUBLISHED
    value = figures.values.get(name)
    return "" if value is None else value
