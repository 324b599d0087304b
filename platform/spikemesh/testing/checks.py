"""A check of a plugin, what came of it, and the report of all."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["passed", "failed", "skipped"]


class Skipped(unittest.SkipTest):
    """A check does not apply; pytest and unittest take it for a skipped test."""


@dataclass(frozen=True)
class Outcome:
    """What came of a check.

    Attributes
    ----------
    kind, plugin, check
        Kind and name of what was checked, and name of the check.
    status
        ``passed``, ``failed`` or ``skipped``.
    message
        What was seen, why it failed, or why it does not apply.
    """

    kind: str
    plugin: str
    check: str
    status: Status
    message: str = ""


@dataclass(frozen=True)
class Check:
    """One check of one plugin, still to be made.

    Attributes
    ----------
    kind, plugin, name
        Kind and name of what is checked, and name of the check.
    body
        Raises AssertionError (or anything else) if the plugin fails, :class:`Skipped` if the check does not
        apply; returns what it saw, or nothing.
    """

    kind: str
    plugin: str
    name: str
    body: Callable[[], str | None] = field(repr=False)

    def __call__(self) -> str | None:
        """Make the check, as a test does: raise if it fails."""
        return self.body()

    def __str__(self) -> str:
        return f"{self.plugin}: {self.name}"

    def outcome(self) -> Outcome:
        """Make the check and say what came of it."""
        about = self.kind, self.plugin, self.name
        try:
            seen = self.body()
        except unittest.SkipTest as skipped:
            return Outcome(*about, "skipped", str(skipped))
        except AssertionError as failed:
            return Outcome(*about, "failed", str(failed) or "an assertion of the check does not hold")
        except Exception as error:
            # Whatever a plugin raises is a finding, and the other checks go on.
            return Outcome(*about, "failed", f"{type(error).__name__}: {error}")
        return Outcome(*about, "passed", seen or "")


@dataclass(frozen=True)
class Report:
    """Outcomes of all checks of one or more plugins."""

    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Outcomes of the checks that failed."""
        return tuple(o for o in self.outcomes if o.status == "failed")

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"passed": self.passed, "checks": [vars(o) for o in self.outcomes]}


def made(checks: Sequence[Check]) -> Report:
    """Make all checks."""
    return Report(tuple(check.outcome() for check in checks))
