"""What a backend offers to the session, and what it needs of programs and workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from spikemesh.engine.exchange import Exchange
from spikemesh.engine.report import WorkerReport
from spikemesh.ids import FloatArray, IntArray

Weights: TypeAlias = tuple[IntArray, IntArray, FloatArray]
"""Sources, targets and weights of the synapses of a projection."""

IN_FLIGHT = 2
"""Pieces that may be under way at once: one runs while the one before is written."""


class ProgramLike(Protocol):
    """What a backend reads of a program; see :class:`spikemesh.engine.program.Program`."""

    @property
    def index(self) -> int:
        """Number of the worker."""
        ...

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of its agents."""
        ...

    @property
    def peers_out(self) -> tuple[int, ...]:
        """Workers it sends to in every window."""
        ...

    @property
    def packets_out(self) -> tuple[int, ...]:
        """Most packets of a window for each of them."""
        ...

    @property
    def plugin_files(self) -> tuple[str, ...]:
        """Single-file plugins it needs."""
        ...

    @property
    def peers_in(self) -> tuple[int, ...]:
        """Workers it receives from in every window."""
        ...


class WorkerLike(Protocol):
    """What a backend calls of a worker; see :class:`spikemesh.engine.worker.Worker`."""

    @property
    def tick(self) -> int:
        """Last completed step."""
        ...

    def advance(self, until: int) -> WorkerReport:
        """Run to tick ``until``."""
        ...

    def weights(self, projection: str, /) -> Weights:
        """Return the synapses of a projection that live there."""
        ...


Factory: TypeAlias = Callable[[Any, Exchange], WorkerLike]
"""Makes a worker of a program and its side of the exchange."""


class Backend(Protocol):
    """Runs the programs of all workers, piece by piece."""

    name: str

    def start(self, programs: Sequence[ProgramLike]) -> None:
        """Bring up one worker per program, all or none.

        Raises
        ------
        RunError
            If that is not possible, or not in time.
        """
        ...

    def submit(self, until: int) -> None:
        """Ask all workers to advance to tick ``until``; at most two such pieces may be under way."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Wait until the oldest piece is done; return whether it is.

        Raises
        ------
        AgentError
            If an agent failed, died or hangs; everything is stopped by then.
        """
        ...

    def collect(self) -> list[WorkerReport]:
        """Wait for the oldest piece and return the reports in the order of workers.

        Raises
        ------
        AgentError
            As for :meth:`wait`.
        """
        ...

    def weights(self, projection: str) -> list[Weights]:
        """Return the synapses of a projection by worker; no piece may be under way."""
        ...

    def close(self) -> None:
        """Stop the workers and release everything; may be called twice."""
        ...

    def abort(self) -> None:
        """Stop the workers at once, whatever they do."""
        ...


def default_factory(program: Any, exchange: Exchange) -> WorkerLike:
    """Make the engine's worker."""
    from spikemesh.engine.worker import Worker

    return Worker(program, exchange)


def rooms(programs: Sequence[ProgramLike]) -> dict[tuple[int, int], int]:
    """Return per directed pair (source, target) that exchanges packets the most packets of a window."""
    return {
        (p.index, target): room
        for p in programs
        for target, room in zip(p.peers_out, p.packets_out, strict=True)
    }
