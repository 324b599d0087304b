"""All workers as threads of this process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from spikemesh.engine.report import WorkerReport
from spikemesh.errors import AgentError, RunError
from spikemesh.runtime.backend import (
    IN_FLIGHT,
    Factory,
    ProgramLike,
    Weights,
    WorkerLike,
    default_factory,
    rooms,
)
from spikemesh.runtime.exchange_memory import MemoryExchange
from spikemesh.runtime.exchange_threads import ThreadMesh
from spikemesh.runtime.failures import Failure, agent_names, culprit, failure_of

_GRACE_S = 1.0
"""How long the other workers get to say why they stopped, after one failed."""


class _Thread:
    """One worker and the thread that runs it."""

    def __init__(
        self, program: ProgramLike, exchange: MemoryExchange, factory: Factory, done: threading.Condition
    ):
        self.program = program
        self.exchange = exchange
        self.worker: WorkerLike | None = None
        self.ready = False
        self.reports: deque[WorkerReport] = deque()
        self.failure: Failure | None = None
        self._tasks: SimpleQueue[int | None] = SimpleQueue()
        self._done = done
        self._factory = factory
        name = f"spikemesh {agent_names(program.agents)}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def moved(self) -> tuple[int, int]:
        """Changes whenever the worker gets on."""
        return (self.worker.tick if self.worker else -1), len(self.reports)

    def submit(self, until: int) -> None:
        self._tasks.put(until)

    def stop(self) -> None:
        self._tasks.put(None)

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self.worker = self._factory(self.program, self.exchange)
            self._tell(None)
            while (until := self._tasks.get()) is not None:
                self._tell(self.worker.advance(until))
        except BaseException as error:  # whatever a plugin raises ends the run with a message, not the thread
            with self._done:
                self.failure = failure_of(error)
                self._done.notify_all()

    def _tell(self, report: WorkerReport | None) -> None:
        with self._done:
            self.ready = True
            if report is not None:
                self.reports.append(report)
            self._done.notify_all()


class LocalBackend:
    """Runs the workers as threads; compiled code runs in parallel, because it releases the interpreter lock.

    Parameters
    ----------
    factory
        Makes a worker; None for the engine's.
    stall_timeout_s
        A worker that does not get on for so long is taken to be hung.
    first_timeout_s
        The same for the first piece, in which plugins may be compiled.
    start_timeout_s
        Time within which all workers have to be there.
    """

    name = "local"

    def __init__(
        self,
        factory: Factory | None = None,
        *,
        stall_timeout_s: float = 60.0,
        first_timeout_s: float = 300.0,
        start_timeout_s: float = 300.0,
    ) -> None:
        self._factory = factory or default_factory
        self._stall_timeout_s = stall_timeout_s
        self._first_timeout_s = max(first_timeout_s, stall_timeout_s)
        self._start_timeout_s = start_timeout_s
        self._done = threading.Condition()
        self._threads: list[_Thread] = []
        self._mesh = ThreadMesh({}, 0)
        self._pending: deque[int] = deque()
        self._completed: int | None = None
        self._moved: tuple[float, object] = (0.0, None)

    def start(self, programs: Sequence[ProgramLike]) -> None:
        """Make all workers, each in its thread; see :class:`spikemesh.runtime.backend.Backend`."""
        self._mesh = ThreadMesh(rooms(programs), len(programs))
        self._threads = [
            _Thread(p, self._mesh.exchanges[p.index], self._factory, self._done) for p in programs
        ]
        deadline = time.monotonic() + self._start_timeout_s
        while not self._settled(lambda thread: thread.ready, min(1.0, self._start_timeout_s)):
            if time.monotonic() > deadline:
                waited = next(t for t in self._threads if not t.ready)
                self.abort()
                text = f"not ready within {self._start_timeout_s:g} s"
                raise AgentError(agent_names(waited.program.agents), text)

    def submit(self, until: int) -> None:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        if len(self._pending) >= IN_FLIGHT:
            raise RunError(f"{IN_FLIGHT} pieces are under way already", self._completed)
        if not self._pending:
            self._moved = (time.monotonic(), None)
        self._pending.append(until)
        for thread in self._threads:
            thread.submit(until)

    def wait(self, timeout_s: float) -> bool:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        if self._settled(lambda thread: bool(thread.reports), timeout_s):
            return True
        self._check_stall()
        return False

    def collect(self) -> list[WorkerReport]:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        while not self.wait(0.2):
            pass
        self._completed = self._pending.popleft()
        self._moved = (time.monotonic(), None)
        return [thread.reports.popleft() for thread in self._threads]

    def weights(self, projection: str) -> list[Weights]:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        if self._pending:
            raise RunError("weights cannot be read while steps are under way", self._completed)
        return [t.worker.weights(projection) for t in self._threads if t.worker is not None]

    def close(self) -> None:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        if self._pending:
            self._mesh.abort()
        for thread in self._threads:
            thread.stop()
        for thread in self._threads:
            thread.join(_GRACE_S)
        self._threads = []
        self._pending.clear()

    def abort(self) -> None:
        """See :class:`spikemesh.runtime.backend.Backend`; what computes is left to end by itself."""
        self._mesh.abort()
        self.close()

    def _settled(self, ready: Callable[[_Thread], bool], timeout_s: float) -> bool:
        def over() -> bool:
            return any(t.failure for t in self._threads) or all(ready(t) for t in self._threads)

        with self._done:
            self._done.wait_for(over, timeout_s)
            # A piece that every worker completed counts, even if a later one failed since.
            if all(ready(t) for t in self._threads):
                return True
            if not any(t.failure for t in self._threads):
                return False
        self._raise_failure()
        return False

    def _raise_failure(self) -> None:
        self._mesh.abort()
        with self._done:
            self._done.wait_for(lambda: all(t.failure for t in self._threads), 0.2)
        failures = {n: t.failure for n, t in enumerate(self._threads) if t.failure}
        agents = [t.program.agents for t in self._threads]
        self.abort()
        raise culprit(failures, agents, self._completed)

    def _check_stall(self) -> None:
        now, state = time.monotonic(), [thread.moved for thread in self._threads]
        if self._moved[1] != state:
            self._moved = (now, state)
        limit = self._first_timeout_s if self._completed is None else self._stall_timeout_s
        if now - self._moved[0] < limit or not self._pending:
            return
        late = [t for t in self._threads if not t.reports]
        hung = [t for t in late if t.exchange.waiting_for is None] or late
        self.abort()
        names = agent_names([name for t in hung for name in t.program.agents])
        raise AgentError(names, f"no progress for {limit:g} s", self._completed)
