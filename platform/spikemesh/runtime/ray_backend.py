"""Every worker as a Ray actor. Ray places, watches and ends the processes; packets go past it."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from spikemesh.engine.report import WorkerReport
from spikemesh.errors import AgentError, RunError
from spikemesh.runtime.backend import IN_FLIGHT, Factory, ProgramLike, Weights, default_factory, rooms
from spikemesh.runtime.failures import Failure, agent_names, culprit
from spikemesh.runtime.liveness import ProcessWatch
from spikemesh.runtime.packing import Packed, object_store_bytes, pack
from spikemesh.runtime.ray_actor import Presence, RayActor, Seat, Status
from spikemesh.runtime.ray_cluster import ONE_THREAD, RayCluster
from spikemesh.runtime.signals import Interruption, interruption

_GRACE_S = 1.0
_EXIT_S = 0.2
_STATUS_S = 5.0
_LONGEST_WAIT_S = 0.25
"""So that signals are handled while Ray is being waited for."""


@dataclass
class _Piece:
    """One stretch of steps under way: the outstanding call of every worker, and what came back."""

    until: int
    calls: dict[Any, int]
    reports: dict[int, WorkerReport] = field(default_factory=dict)


class RayBackend:
    """Runs the workers as Ray actors.

    Parameters
    ----------
    factory
        Makes a worker; None for the engine's. It is sent to the actors by reference.
    address
        Ray cluster to join; None starts a local one.

    stall_timeout_s
        A worker that does not get on for so long is taken to be hung.
    first_timeout_s
        The same for the first piece, in which plugins may be compiled.
    start_timeout_s
        Time within which the cluster has to give room to all actors.
    force_sockets
        Use no shared memory.

    Attributes
    ----------
    pids
        Process of every worker.
    hosts, nodes
        Address and Ray's number of the node of every worker.
    """

    name = "ray"

    def __init__(
        self,
        factory: Factory | None = None,
        *,
        address: str | None = None,
        stall_timeout_s: float = 60.0,
        first_timeout_s: float = 300.0,
        start_timeout_s: float = 30.0,
        force_sockets: bool = False,
    ) -> None:
        self._factory = factory or default_factory

        self._stall_timeout_s = stall_timeout_s
        self._first_timeout_s = max(first_timeout_s, stall_timeout_s)
        self._start_timeout_s = start_timeout_s
        self._force_sockets = force_sockets
        self._cluster = RayCluster(address)
        self._ray: Any = None
        self._actors: list[Any] = []
        self._group: Any = None
        self._watches: list[ProcessWatch] = []
        self._agents: list[tuple[str, ...]] = []
        self._pending: deque[_Piece] = deque()
        self._sequence = 0
        self._completed: int | None = None
        self._moved: tuple[float, object] = (0.0, None)
        self._interrupted = Interruption()
        self.pids: list[int] = []
        self.hosts: list[str] = []
        self.nodes: list[str] = []

    def start(self, programs: Sequence[ProgramLike]) -> None:
        """Start Ray and one actor per program; see :class:`spikemesh.runtime.backend.Backend`.

        Raises
        ------
        RunError
            If Ray does not start, has no room, or an actor cannot be made; everything is ended then.
        KeyboardInterrupt
            If the user interrupted it; everything is ended then.
        """
        self._agents = [tuple(p.agents) for p in programs]
        self._ray = self._cluster.load()
        # Carries classes defined in a notebook too.
        packed = [pack(p, self._ray.cloudpickle.dumps) for p in programs]
        self._cluster.connect(len(programs), object_store_bytes(packed))
        try:
            with interruption() as self._interrupted:
                self._bring_up(programs, packed)
            if self._interrupted():
                raise KeyboardInterrupt
        except BaseException:
            self.abort()
            raise

    def _bring_up(self, programs: Sequence[ProgramLike], packed: Sequence[Packed]) -> None:
        stored = [self._ray.put(p) for p in packed]
        self._create(programs)
        present = self._all("present")
        self._check_versions(present)
        self._settle(present)
        table = {p.index: p for p in present}
        self._all("assemble", [(table, self._start_timeout_s)] * len(programs))
        self._all("build", [(reference, self._factory) for reference in stored], self._first_timeout_s)

    def submit(self, until: int) -> None:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        if len(self._pending) >= IN_FLIGHT:
            raise RunError(f"{IN_FLIGHT} pieces are under way already", self._completed)
        if not self._pending:
            self._moved = (time.monotonic(), None)
        calls = {actor.advance.remote(self._sequence, until): n for n, actor in enumerate(self._actors)}
        self._sequence += 1
        self._pending.append(_Piece(until, calls))

    def wait(self, timeout_s: float) -> bool:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        piece = self._pending[0]
        deadline = time.monotonic() + timeout_s
        while piece.calls:
            left = min(_LONGEST_WAIT_S, max(0.0, deadline - time.monotonic()))
            done, _ = self._ray.wait(list(piece.calls), num_returns=1, timeout=left)
            for call in done:
                self._take(piece, call)
            if not done:
                self._check_stall(piece)
                if time.monotonic() >= deadline:
                    return False
        return True

    def collect(self) -> list[WorkerReport]:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        while not self.wait(_LONGEST_WAIT_S):
            pass
        piece = self._pending.popleft()
        self._completed = piece.until
        self._moved = (time.monotonic(), None)
        return [piece.reports[n] for n in range(len(self._actors))]

    def weights(self, projection: str) -> list[Weights]:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        if self._pending:
            raise RunError("weights cannot be read while steps are under way", self._completed)
        return self._all("weights", [(projection,)] * len(self._actors), self._first_timeout_s)

    def close(self) -> None:
        """See :class:`spikemesh.runtime.backend.Backend`."""
        self._pending.clear()
        for actor in self._actors:
            with contextlib.suppress(Exception):  # Ray itself may be gone
                self._ray.kill(actor, no_restart=True)
        # A stopped process does not hear Ray.
        for watch in self._watches:
            if not watch.gone_within(_EXIT_S):
                watch.kill()
        self._actors = []
        if self._group is not None:
            with contextlib.suppress(Exception):
                self._ray.util.remove_placement_group(self._group)
            self._group = None
        self._cluster.close()
        for watch in self._watches:
            watch.gone_within(_GRACE_S)
            watch.close()
        self._watches = []

    def abort(self) -> None:
        """See :class:`spikemesh.runtime.backend.Backend`; killing an actor spoils nothing."""
        self.close()

    def _create(self, programs: Sequence[ProgramLike]) -> None:
        options: dict[str, Any] = {
            "num_cpus": 1,
            "max_restarts": 0,
            "max_task_retries": 0,
            "concurrency_groups": {"control": 1},
        }
        if self._cluster.joined:
            options["scheduling_strategy"] = self._reserve(len(programs))
            options["runtime_env"] = {"env_vars": ONE_THREAD}
        remote = self._ray.remote(**options)(RayActor)
        run, secret, found = secrets.token_hex(8), secrets.token_bytes(32), rooms(programs)
        for program in programs:
            seat = Seat(
                run,
                program.index,
                {source: room for (source, target), room in found.items() if target == program.index},
                {target: room for (source, target), room in found.items() if source == program.index},
                secret,
                tuple(program.plugin_files),
                self._force_sockets,
            )
            self._actors.append(remote.remote(seat))

    def _reserve(self, count: int) -> Any:
        """Reserve one CPU per actor, spread over the nodes: all or none."""
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        self._group = self._ray.util.placement_group([{"CPU": 1}] * count, strategy="SPREAD")
        if not self._group.wait(self._start_timeout_s):
            total = int(self._ray.cluster_resources().get("CPU", 0))
            free = int(self._ray.available_resources().get("CPU", 0))
            raise RunError(
                f"{count} workers need {count} CPUs, but the Ray cluster has {total}, of which {free} "
                f"are free (waited {self._start_timeout_s:g} s); ask for fewer with --workers"
            )
        return PlacementGroupSchedulingStrategy(self._group)

    def _all(
        self, method: str, arguments: Sequence[tuple[Any, ...]] = (), timeout_s: float | None = None
    ) -> list[Any]:
        """Call a method of all actors and return what they return, in order."""
        timeout_s = timeout_s or 2 * self._start_timeout_s
        arguments = arguments or [()] * len(self._actors)
        calls = {
            getattr(a, method).remote(*args): n
            for n, (a, args) in enumerate(zip(self._actors, arguments, strict=True))
        }
        results: dict[int, Any] = {}
        deadline = time.monotonic() + timeout_s
        while calls:
            done, _ = self._ray.wait(list(calls), num_returns=1, timeout=_LONGEST_WAIT_S)
            for call in done:
                number = calls.pop(call)
                results[number] = self._outcome(call)
                if isinstance(results[number], Failure):
                    self._raise(number, results[number], list(calls.items()))
            if self._interrupted():
                raise KeyboardInterrupt
            if not done and time.monotonic() > deadline:
                late = min(calls.values())
                self._stop(late, f"no answer within {timeout_s:g} s")
        return [results[n] for n in range(len(self._actors))]

    def _outcome(self, call: Any) -> Any:
        """Return what a finished call returned, and as a Failure how it or its actor ended."""
        try:
            return self._ray.get(call)
        except self._ray.exceptions.RayActorError as error:
            return Failure(_cause_of_death(str(error)), died=True)
        except Exception as error:  # what a broken environment of the actor raises before our code runs
            return Failure(f"{type(error).__name__}: {error}", getattr(error, "traceback_str", ""))

    def _take(self, piece: _Piece, call: Any) -> None:
        number = piece.calls.pop(call)
        outcome = self._outcome(call)
        if isinstance(outcome, Failure):
            self._raise(number, outcome, list(piece.calls.items()))
        piece.reports[number] = outcome

    def _raise(self, number: int, failure: Failure, others: list[tuple[Any, int]]) -> None:
        """Hear for a moment how the others ended, stop everything and name the culprit."""
        failures = {number: failure}
        waiting = dict(others)
        deadline = time.monotonic() + _GRACE_S
        while waiting and time.monotonic() < deadline:
            done, _ = self._ray.wait(list(waiting), num_returns=1, timeout=0.1)
            for call in done:
                other = waiting.pop(call)
                outcome = self._outcome(call)
                if isinstance(outcome, Failure):
                    failures[other] = outcome
        error = culprit(failures | self._dead(), self._agents, self._completed)
        self.abort()
        raise error

    def _dead(self) -> dict[int, Failure]:
        """Return workers of this machine whose process is gone, whether or not Ray noticed yet."""
        if len(self._watches) != len(self._actors):
            return {}
        return {
            n: Failure(_cause_of_death(""), died=True) for n, w in enumerate(self._watches) if not w.alive()
        }

    def _check_stall(self, piece: _Piece) -> None:
        now = time.monotonic()
        limit = self._first_timeout_s if self._completed is None else self._stall_timeout_s
        if now - self._moved[0] < limit:
            return
        late = sorted(piece.calls.values())
        found = self._statuses(late)
        silent = [n for n in late if n not in found]
        state = sorted((n, s.tick) for n, s in found.items())
        if not silent and state != self._moved[1]:
            # The first look only notes where everyone is; slow is not hung.
            self._moved = (now if self._moved[1] is not None else now - limit + min(limit, _STATUS_S), state)
            return
        busy = [n for n in late if n in found and found[n].waiting_for is None]
        names = agent_names([name for n in (silent or busy or late) for name in self._agents[n]])
        how = "does not answer" if silent else "answers but does not get on"
        self.abort()
        raise AgentError(names, f"no progress for {limit:g} s; its process {how}", self._completed)

    def _statuses(self, workers: Sequence[int]) -> dict[int, Status]:
        calls = {self._actors[n].status.options(concurrency_group="control").remote(): n for n in workers}
        done, _ = self._ray.wait(
            list(calls), num_returns=len(calls), timeout=min(_STATUS_S, self._stall_timeout_s)
        )
        found = {calls[call]: self._outcome(call) for call in done}
        return {n: s for n, s in found.items() if isinstance(s, Status)}

    def _stop(self, number: int, message: str) -> None:
        self.abort()
        raise AgentError(agent_names(self._agents[number]), message, self._completed)

    def _check_versions(self, present: Sequence[Presence]) -> None:
        first = present[0]
        for other in present:
            if other.versions != first.versions:
                raise RunError(
                    f"the nodes of the Ray cluster differ: {', '.join(first.versions)} on {first.host}, "
                    f"{', '.join(other.versions)} on {other.host}"
                )

    def _settle(self, present: Sequence[Presence]) -> None:
        self.pids = [p.pid for p in present]
        self.hosts = [p.host for p in present]
        self.nodes = [p.node for p in present]
        here = self._ray.get_runtime_context().get_node_id()
        if all(p.node == here for p in present):
            self._watches = [ProcessWatch(p.pid) for p in present]


def _cause_of_death(text: str) -> str:
    # What Ray's own memory watch says; a kill by the kernel looks like any other.
    if "running low on memory" in text:
        return "its process was killed because the machine ran out of memory"
    return "its process died (killed, crashed, or out of memory)"
