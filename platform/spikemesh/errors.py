"""Every exception of spikemesh, in one file.

Each is a :class:`SpikemeshError` and a built-in exception, and survives pickling with its fields.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "AgentError",
    "DescriptionError",
    "InputError",
    "MappingError",
    "PluginError",
    "Problem",
    "RunError",
    "RunInterrupted",
    "SpikemeshError",
    "TraceError",
    "UnitError",
    "nearest",
]


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Say which allowed name comes closest, as a sentence to append to a message.

    Parameters
    ----------
    name
        What was written.
    allowed
        What could have been written.

    Returns
    -------
    str
        ``'did you mean "tau_m"?'``, or the list of allowed names, or an empty string.
    """
    choices = sorted(set(allowed))
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    if not choices:
        return ""
    shown = ", ".join(choices[:20]) + (", ..." if len(choices) > 20 else "")
    return f"allowed: {shown}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in an input: what, where, and what to write instead."""

    where: str
    """Path of the key, such as ``population[0].params.tau_m``."""
    found: str
    """What is wrong, with the value that was found."""
    remedy: str = ""
    """What is allowed, or the nearest valid name."""
    file: str | None = None
    """File that holds the key."""
    line: int | None = None
    """Line in that file, counted from 1, if known."""

    def __str__(self) -> str:
        place = (
            f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        )
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{self.where}: {self.found}{remedy}"


class SpikemeshError(Exception):
    """Root of all errors of spikemesh."""


class InputError(SpikemeshError, ValueError):
    """The user's input is wrong; carries every problem found, not just the first.

    Parameters
    ----------
    problems
        The problems, or one message.
    """

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = (Problem("input", problems),)
        elif isinstance(problems, Problem):
            problems = (problems,)
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class DescriptionError(InputError):
    """A network, system, run or scenario is not valid."""


class UnitError(InputError):
    """A quantity has the wrong unit or cannot be read."""


class MappingError(InputError):
    """A network does not fit on the system; names the population, the limit and by how much."""


class PluginError(SpikemeshError, RuntimeError):
    """A plugin is broken: it names the plugin and, where known, the population and step."""


class TraceError(SpikemeshError, OSError):
    """A trace cannot be written, read or recovered."""


class RunError(SpikemeshError, RuntimeError):
    """A run ended before its time; the trace holds everything up to ``step``.

    Parameters
    ----------
    message
        What happened.
    step
        Last step that every agent completed, or None if none did.
    """

    def __init__(self, message: str, step: int | None = None) -> None:
        self.message = message
        self.step = step
        super().__init__(message)

    def __reduce__(self) -> tuple[type[RunError], tuple[object, ...]]:
        return type(self), (self.message, self.step)


class AgentError(RunError):
    """An agent failed.

    Parameters
    ----------
    agent
        Name of the agent, such as ``chip 2``.
    message
        What happened.
    step
        Last step that every agent completed, or None if none did.
    remote_traceback
        Traceback from the agent's process, empty if it died without one.
    """

    def __init__(self, agent: str, message: str, step: int | None = None, remote_traceback: str = "") -> None:
        super().__init__(message, step)
        self.agent = agent
        self.remote_traceback = remote_traceback
        done = "before the first step" if step is None else f"after completed step {step}"
        self.args = (f"{agent}: {message} ({done})",)

    def __reduce__(self) -> tuple[type[AgentError], tuple[object, ...]]:
        return type(self), (self.agent, self.message, self.step, self.remote_traceback)


class RunInterrupted(RunError):  # noqa: N818  an end that was asked for, not a fault
    """The user stopped the run; the trace is closed and readable."""
