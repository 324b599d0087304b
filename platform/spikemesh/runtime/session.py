"""The loop of a run: hands out stretches of steps, gathers what happened, writes it down."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from spikemesh.contracts.trace import TraceWriter
from spikemesh.errors import InputError, Problem, RunError, RunInterrupted
from spikemesh.runtime.backend import IN_FLIGHT, Backend
from spikemesh.runtime.hardware import HardwareCounts
from spikemesh.runtime.merge import Totals, merge

_FEWEST_FIRST, _MOST_FIRST, _FIRST_NS = 16, 1024, 5e6
"""Steps of the first pieces, before the speed is known, and their time if the guess of it is right."""
_NEURON_NS, _SYNAPSE_NS = 5.0, 0.02
"""Guess for a step: a model some times as costly as the leaky neuron, and two spikes in a hundred steps."""
_GROWTH = 4
_POLL_S = 0.1
_PATIENCE_S = 5.0
"""How long an interrupted run waits for the pieces under way."""


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    tick, total
        Completed steps, and steps at which this stretch ends.
    model_ms
        Completed model time.
    spikes, spikes_per_s
        Spikes so far; spikes per second of wall-clock time.
    realtime_factor
        Wall-clock seconds per second of model time; below 1 is faster than real time.
    remaining_s
        Estimated wall-clock seconds to go.
    """

    tick: int
    total: int
    model_ms: float
    spikes: int
    spikes_per_s: float
    realtime_factor: float
    remaining_s: float


def first_steps(neurons: int, synapses: int) -> int:
    """Choose the steps of the first pieces from the size of the largest worker.

    Every piece costs about a millisecond to write, and short ones leave the workers waiting for that.
    """
    wanted = _FIRST_NS / max(1.0, neurons * _NEURON_NS + synapses * _SYNAPSE_NS)
    return int(min(max(wanted, _FEWEST_FIRST), _MOST_FIRST))


class Session:
    """Drives a started backend.

    Parameters
    ----------
    backend
        Runs the workers.
    writer
        Takes the recordings; None to drop them.
    timestep_ms
        dt.
    commit_interval_s
        Wall-clock time of a piece, about; nothing in the results depends on it.
    steps
        Steps of the first pieces; see :func:`first_steps`.
    hardware
        Finds what the hardware did in every piece; None: nobody asks.

    Attributes
    ----------
    tick
        Last step that is complete and written.
    totals
        Sums so far.
    """

    def __init__(
        self,
        backend: Backend,
        writer: TraceWriter | None = None,
        *,
        timestep_ms: float = 1.0,
        commit_interval_s: float = 0.1,
        steps: int = _FEWEST_FIRST,
        hardware: HardwareCounts | None = None,
    ) -> None:
        self.tick = 0
        self.totals = Totals()
        self._backend = backend
        self._writer = writer
        self._timestep_ms = timestep_ms
        self._interval_s = commit_interval_s
        self._steps = steps
        self._hardware = hardware
        self._asked = 0

    def run(
        self,
        until: int,
        *,
        progress: Callable[[Progress], None] | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Run to a step.

        Parameters
        ----------
        until
            Step to end at, at least the present one.
        progress
            Called after every piece.
        interrupted
            Asked between pieces whether to stop.

        Returns
        -------
        bool
            Whether the step was reached; False if the run was interrupted, everything up to ``tick`` is
            written, and it can go on.

        Raises
        ------
        AgentError
            If an agent failed; names the last written step. Workers are stopped and the live trace is left to
            ``recover``.
        RunInterrupted
            If the run was interrupted and the agents did not end the pieces under way.
        """
        if until < self.tick:
            raise InputError(Problem("duration", f"step {until} is past", f"{self.tick} or later"))
        started = time.perf_counter()
        before = self.totals.run_s
        try:
            self._loop(until, started, progress, interrupted)
        except BaseException as error:
            self._give_up()
            if isinstance(error, RunError) and self.tick:
                error.step = self.tick
            raise
        finally:
            self.totals.run_s = before + time.perf_counter() - started
        return self.tick == until

    def _loop(
        self,
        until: int,
        started: float,
        progress: Callable[[Progress], None] | None,
        interrupted: Callable[[], bool],
    ) -> None:
        under_way: deque[int] = deque()
        mark, begun, self._asked = started, self.tick, self.tick
        spikes = self.totals.spikes
        self._submit(until, under_way, interrupted)
        while under_way:
            self._wait(interrupted)
            reports = self._backend.collect()
            now = time.perf_counter()
            self._adapt(under_way.popleft() - self.tick, now - mark)
            mark = now
            # Before what has come is written: the workers need not wait for that.
            self._submit(until, under_way, interrupted)
            chunk = merge(reports)
            if self._hardware is not None:
                self._hardware.add_to(chunk)
            if self._writer is not None:
                self._writer.append(chunk)
            self.totals.add(reports, chunk)
            self.tick = chunk.until
            if progress is not None:
                progress(self._progress(until, begun, spikes, time.perf_counter() - started))

    def _submit(self, until: int, under_way: deque[int], interrupted: Callable[[], bool]) -> None:
        """Ask for pieces until enough are under way; the deque holds where they end."""
        while self._asked < until and len(under_way) < IN_FLIGHT and not interrupted():
            self._asked = min(until, self._asked + self._steps)
            self._backend.submit(self._asked)
            under_way.append(self._asked)

    def _wait(self, interrupted: Callable[[], bool]) -> None:
        asked_to_stop = 0.0
        while not self._backend.wait(_POLL_S):
            if not interrupted():
                continue
            now = time.monotonic()
            asked_to_stop = asked_to_stop or now
            if now - asked_to_stop > _PATIENCE_S:
                raise RunInterrupted(
                    "interrupted; the agents did not end the steps under way", self.tick or None
                )

    def _adapt(self, steps: int, seconds: float) -> None:
        """Choose the steps of the next piece from how long this one took."""
        wanted = steps * self._interval_s / max(seconds, 1e-6)
        self._steps = max(1, min(int(wanted), _GROWTH * self._steps))

    def _progress(self, until: int, begun: int, spikes: int, seconds: float) -> Progress:
        steps = self.tick - begun
        model_ms = steps * self._timestep_ms
        return Progress(
            tick=self.tick,
            total=until,
            model_ms=self.tick * self._timestep_ms,
            spikes=self.totals.spikes,
            spikes_per_s=(self.totals.spikes - spikes) / seconds if seconds else 0.0,
            realtime_factor=1e3 * seconds / model_ms if model_ms else 0.0,
            remaining_s=(until - self.tick) * seconds / steps if steps else 0.0,
        )

    def _give_up(self) -> None:
        # What is being raised matters more than what goes wrong while cleaning up.
        with contextlib.suppress(Exception):
            self._backend.abort()
        if self._writer is not None:
            with contextlib.suppress(Exception):
                self._writer.abandon()
