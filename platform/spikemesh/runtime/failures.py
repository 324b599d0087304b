"""Says which agent brought a run down, when several stop because of one."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spikemesh.errors import AgentError, SpikemeshError
from spikemesh.runtime.lost import PeerLostError


@dataclass(frozen=True)
class Failure:
    """How one worker ended.

    Attributes
    ----------
    message
        What happened.
    remote_traceback
        Where, empty if it died without one.
    died
        Whether its process is gone.
    follows
        Whether it only stopped because another worker, or the run, did.
    peer
        That other worker, if known.
    """

    message: str
    remote_traceback: str = ""
    died: bool = False
    follows: bool = False
    peer: int | None = None


def failure_of(error: BaseException) -> Failure:
    """Describe an exception that ended a worker."""
    text = "".join(traceback.format_exception(error))
    message = str(error) if isinstance(error, SpikemeshError) else f"{type(error).__name__}: {error}"
    if isinstance(error, PeerLostError):
        return Failure(message, text, follows=True, peer=error.peer)
    return Failure(message, text)


def agent_names(agents: Sequence[str]) -> str:
    """Name the agents of one worker: all if they are few, else first, last and number."""
    if not agents:
        return "a worker without agents"
    if len(agents) <= 4:
        return ", ".join(agents)
    return f"{agents[0]} to {agents[-1]} ({len(agents)} agents)"


def culprit(
    failures: Mapping[int, Failure], agents: Sequence[Sequence[str]], completed: int | None
) -> AgentError:
    """Make the error that names the worker whose failure came first.

    A dead process outranks an exception, and that one a worker that merely missed its peer; among equals
    the lowest number is named, so that the message does not depend on timing.

    Parameters
    ----------
    failures
        How workers ended, by number.
    agents
        Names of the agents of every worker.
    completed
        Last step that every agent completed.
    """

    def rank(item: tuple[int, Failure]) -> tuple[int, int]:
        number, failure = item
        return (0 if failure.died else 2 if failure.follows else 1), number

    number, failure = min(failures.items(), key=rank)
    if failure.follows and failure.peer is not None and failure.peer not in failures:
        number = failure.peer
    return AgentError(agent_names(agents[number]), failure.message, completed, failure.remote_traceback)
