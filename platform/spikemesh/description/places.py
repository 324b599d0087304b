"""From the place that a problem names to the line of the file it stands on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from spikemesh.description.overrides import Override
from spikemesh.description.toml_lines import Path, key_lines, line_of
from spikemesh.errors import Problem

_NUMBERED = re.compile(r"(population|projection|input)\[(\d+)\]")
_PART = re.compile(r"\.?(?:\[(\d+)\]|([^.\[\]]+))")


class Places:
    """Lines of a scenario's keys.

    Attributes
    ----------
    labels
        Path of each named entry: ``population "exc"`` is ``("population", 0)``.
    overrides
        Overrides that were applied; problems at their paths are theirs.
    quiet
        Places of placeholders whose cause is reported elsewhere.
    """

    def __init__(self, file: str | None, text: str) -> None:
        self.file = file
        self._text = text
        self._lines: dict[Path, int] | None = None
        self.labels: dict[str, Path] = {}
        self.overrides: list[Override] = []
        self.quiet: set[str] = set()

    def path(self, where: str) -> Path:
        """Return the key path that a problem's place stands for."""
        head = max((label for label in self.labels if _under(where, label)), key=len, default="")
        parts = [int(i) if i else k for i, k in _PART.findall(where[len(head) :])]
        return (*self.labels.get(head, ()), *parts)

    def named(self, problem: Problem) -> Problem:
        """Return the problem with its entry called by name, where it has one."""
        match = _NUMBERED.match(problem.where)
        if match is None:
            return problem
        path = (match[1], int(match[2]))
        label = next(
            (k for k, v in self.labels.items() if v == path and k.startswith(match[1])), match.group()
        )
        return replace(problem, where=label + problem.where[match.end() :])

    def locate(self, problem: Problem) -> Problem:
        """Return the problem with file and line, where they are known."""
        if problem.file is not None or problem.line is not None or problem.where.startswith("--set"):
            return problem
        path = self.path(problem.where)
        for override in self.overrides:
            if path[: len(override.path)] == override.path:
                return replace(problem, file=f"--set {override.text}")
        if self._lines is None:
            self._lines = key_lines(self._text)
        line = line_of(path, self._lines)
        if line is None and path:
            for override in self.overrides:
                if override.path[: len(path)] == path:
                    return replace(problem, file=f"--set {override.text}")
        return replace(problem, file=self.file or "scenario", line=line)


def _under(where: str, place: str) -> bool:
    return where == place or (where.startswith(place) and where[len(place)] in ".[:")


def distinct(first: Sequence[Problem], later: Sequence[Problem]) -> list[Problem]:
    """Join problems found by two passes.

    A problem inside something that is wrong as a whole says nothing new; neither does one at a place already
    reported, where a placeholder stands.
    """
    kept: list[Problem] = []
    for problem in first:
        if not any(_under(problem.where, p.where) for p in kept):
            kept.append(problem)
    reported = [p.where for p in kept]
    kept += [p for p in later if not any(_under(p.where, place) for place in reported)]
    return list(dict.fromkeys(kept))
