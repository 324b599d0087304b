"""A mapped network, started and run stretch by stretch."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from spikemesh.api.bar import shown
from spikemesh.api.folder import TemporaryFolder, make_folder
from spikemesh.api.hardware import activity_of, counts_overruns, hardware_counts
from spikemesh.api.inputs import bound_network, changed_settings, steps_of
from spikemesh.api.mapped import Mapped
from spikemesh.api.plan import backend_of, make_backend
from spikemesh.api.result import RunResult
from spikemesh.api.trace_plan import trace_plan
from spikemesh.api.weights import sorted_weights
from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.energy_term import NOT_PUBLISHED
from spikemesh.description.builder import Network
from spikemesh.description.network import NetworkDescription, Projection
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings, System
from spikemesh.description.values import Quantity
from spikemesh.engine.program import reporting_all
from spikemesh.engine.setup import compile_kernels
from spikemesh.errors import InputError, Problem, RunInterrupted, SpikemeshError, nearest
from spikemesh.ids import FloatArray, IntArray
from spikemesh.kernels.compile import compile_seconds
from spikemesh.registry.shared import shared_registry
from spikemesh.runtime.session import Progress, Session, first_steps
from spikemesh.runtime.signals import interruption


class Simulation:
    """A network that runs on a system.

    Parameters
    ----------
    network
        A :class:`Network`, or what its ``describe`` returns.
    system
        The system, or the name of a preset; None: one ideal chip.
    out
        Trace file to write; None: one in a temporary folder that goes with the result.
    backend, workers, actors, links, address
        As in the ``[run]`` table; None takes the setting of ``settings``.
    mapping, settings
        Further settings.
    progress
        True for a bar, or a function that takes a :class:`Progress`.
    overwrite
        Replace the trace if there is one.
    scenario
        Texts and values to keep in the trace's provenance.

    Raises
    ------
    DescriptionError, MappingError
        If the network is not valid or does not fit.
    PluginError
        If a plugin cannot be compiled.
    TraceError
        If the trace cannot be written.
    """

    def __init__(
        self,
        network: Network | NetworkDescription | BoundNetwork,
        system: System | str | None = None,
        *,
        out: str | Path | None = None,
        backend: str | None = None,
        workers: int | None = None,
        actors: str | None = None,
        links: str | None = None,
        address: str | None = None,
        mapping: MappingSettings | None = None,
        settings: RunSettings | None = None,
        progress: bool | Callable[[Progress], None] | None = None,
        overwrite: bool = False,
        scenario: Mapping[str, Any] | None = None,
    ) -> None:
        registry = shared_registry()
        given = {
            "backend": backend, "workers": workers, "actors": actors, "links": links, "address": address,
        }  # fmt: skip
        self.settings = changed_settings(settings or RunSettings(), given)
        self.network = bound_network(network, registry)
        if self.settings.spikes == "all":
            self.network = replace(self.network, recorded=tuple(range(len(self.network.populations))))
        if system is None or isinstance(system, str):
            system = registry.systems.get(system or "ideal", "system").make((1,) if system is None else None)
        self.mapped = Mapped(self.network, system, mapping or MappingSettings(), self.settings, registry)
        self.network = self.mapped.network
        self.mapped.report.check()
        self.backend_name = backend_of(self.settings, self.mapped.placement)
        self._progress = shown(progress)
        self._scenario = dict(scenario or {})
        self._temporary: TemporaryFolder | None = None
        self.path = Path(out) if out is not None else self._temporary_path()
        self._level = self.mapped.level
        self._activity = activity_of(self.settings, system, self._level)
        self._programs = self.mapped.build.programs
        if self._level is not None:
            self._programs = tuple(reporting_all(p, self._activity) for p in self._programs)
        self._compiled = compile_seconds() if self.backend_name == "local" else 0.0
        # Before the trace is begun, so that a plugin that cannot be compiled leaves nothing behind.
        for program in self._programs:
            compile_kernels(program)
        self._store = registry.stores.get("hdf5")
        make_folder(self.path.parent)
        plan = trace_plan(self.mapped, self._level, self._activity, self.backend_name, self._scenario)
        self._writer = self._store.create(self.path, plan, overwrite=overwrite)
        self._closed: RunResult | None = None
        self._status, self._message = "complete", ""
        self._start()

    def _temporary_path(self) -> Path:
        self._temporary = TemporaryFolder()
        return self._temporary.path / "run.h5"

    def _start(self) -> None:
        started = time.perf_counter()
        self._backend = make_backend(self.backend_name, self.settings)
        try:
            self._backend.start(self._programs)
        except BaseException:
            self._backend.close()
            self._writer.abandon()
            raise
        self._start_s = time.perf_counter() - started
        self._hardware = (
            None if self._level is None else hardware_counts(self.mapped, self._level, self._activity)
        )
        self._session = Session(
            self._backend,
            self._writer,
            timestep_ms=self.network.timestep_ms,
            commit_interval_s=self.settings.commit_interval_s,
            steps=min(first_steps(p.neurons, int(p.wiring.axon_synapses.sum())) for p in self._programs),
            hardware=self._hardware,
        )

    @property
    def tick(self) -> int:
        """Last completed step."""
        return self._session.tick

    @property
    def time_ms(self) -> float:
        """Model time."""
        return self.tick * self.network.timestep_ms

    def run(self, duration: Quantity) -> Self:
        """Run for a stretch of model time.

        Parameters
        ----------
        duration
            In ms, or a quantity; a whole number of steps.

        Raises
        ------
        AgentError, RunError
            If the run fails; the trace so far can be recovered.
        RunInterrupted
            If the user stopped it; the trace is closed and readable.
        """
        if self._closed is not None:
            raise InputError(Problem("run", "the simulation is closed", "make a new Simulation"))
        steps = steps_of(duration, self.network.timestep_ms)
        try:
            with interruption() as interrupted:
                finished = self._session.run(
                    self.tick + steps, progress=self._progress, interrupted=interrupted
                )
        except BaseException:
            self._abandon()
            raise
        if not finished:
            self._status, self._message = "interrupted", f"stopped by the user after step {self.tick}"
            self.close()
            raise RunInterrupted("interrupted", self.tick)
        return self

    def _abandon(self) -> None:
        self._backend.close()
        self._writer.abandon()
        self._closed = RunResult({}, self.path, None)

    def weights(self, projection: str | Projection) -> tuple[IntArray, IntArray, FloatArray]:
        """Return sources, targets and present weights of a projection that learns or is probed for weights.

        Raises
        ------
        InputError
            If there is no such projection, or its weights are not kept.
        """
        if self._closed is not None:
            raise InputError(Problem("weights", "the simulation is closed", "read them before close()"))
        name = projection if isinstance(projection, str) else projection.name
        known = {p.name: p for p in self.network.projections}
        if name not in known:
            raise InputError(Problem("projection", f'there is no projection "{name}"', nearest(name, known)))
        if known[name].learning is None and known[name].index not in self.network.stored_weights:
            found = f'the weights of "{name}" are not kept'
            raise InputError(Problem("projection", found, f'probe them: net.probe("{name}", "weights")'))
        return sorted_weights(self._backend, self.mapped, name)

    def close(self, results: Callable[[Any], Mapping[str, Any]] | None = None) -> RunResult:
        """End the run: stop the workers and write the canonical trace.

        Parameters
        ----------
        results
            Computes figures of the scenario's own from the trace; they are stored with it.

        Returns
        -------
        RunResult
            Summary and path of the trace.
        """
        if self._closed is not None:
            return self._closed
        started = time.perf_counter()
        try:
            for index in self.mapped.described.stored_weights:
                name = self.network.projections[index].name
                self._writer.store_weights(name, *sorted_weights(self._backend, self.mapped, name))
        finally:
            self._backend.close()
        own: dict[str, Any] = {}
        failure: SpikemeshError | None = None
        if results is not None and self._status == "complete":
            try:
                own = dict(results(self._store.open(self.path)))
            except SpikemeshError as error:
                failure = error
        self._writer.finish(self._status, self._message, own, self._timing())
        summary = self._summary(own, time.perf_counter() - started)
        self._closed = RunResult(summary, self.path, self._temporary)
        if failure is not None:
            raise failure
        return self._closed

    def _timing(self) -> dict[str, Any]:
        """Wall-clock figures of the run so far."""
        totals, model_s = self._session.totals, self.time_ms * 1e-3
        return {
            "build_s": self.mapped.build_s,
            "start_s": self._start_s,
            "run_s": totals.run_s,
            "realtime_factor": totals.run_s / model_s if model_s else None,
            "synaptic_events_per_s": totals.synaptic_events / totals.run_s if totals.run_s else None,
            "window_exchange_us": totals.median_exchange_us,
        }

    def _summary(self, own: Mapping[str, Any], finalise_s: float) -> dict[str, Any]:
        totals = self._session.totals
        trace = self._store.open(self.path)
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if self.backend_name == "ray":
            rss += sum(totals.peak_rss_mb.values())
        return {
            "scenario": self._scenario.get("name", ""),
            "backend": self.backend_name,
            "workers": len(self.mapped.build.programs),
            "actors": self.settings.actors,
            "chips": self.mapped.system.chip_count,
            "duration_ms": self.time_ms,
            "spikes": totals.spikes,
            "synaptic_events": totals.synaptic_events,
            "drive_events": totals.drive_events,
            "packets": totals.packets,
            **totals.network,
            **trace.hardware_summary(),
            **self._overruns(),
            "compile_s": max(0.0, totals.compile_s - self._compiled),
            **self._timing(),
            "finalise_s": finalise_s,
            "peak_rss_mb": rss,
            "trace": str(self.path),
            "digest": trace.digest(),
            "status": self._status,
            "recorded": self._recorded(),
            "results": dict(own),
        }

    def _overruns(self) -> dict[str, int | str]:
        """Ticks that were too short for the work of a core, in the regime that has such ticks."""
        if self.mapped.system.regime != "tick":
            return {}
        counted = self._level is not None and counts_overruns(self.mapped.system, self.network)
        return {"core_overruns": self._session.totals.overruns if counted else NOT_PUBLISHED}

    def _recorded(self) -> list[str]:
        """Name what is recorded: populations, variables and projections."""
        network = self.network
        names = [network.populations[k].name for k in network.recorded]
        names += [f"{network.populations[p.population].name}.{p.variable}" for p in network.probes]
        return names + [network.projections[k].name for k in self.mapped.described.stored_weights]

    def __enter__(self) -> Self:
        """Return itself; leaving the block closes the simulation."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close, or leave the trace to ``recover`` if the block failed."""
        if kind is None:
            self.close()
        elif self._closed is None:
            self._abandon()

    def __repr__(self) -> str:
        populations = ", ".join(f"{p.name} ({p.size:,} {p.model.name})" for p in self.network.populations)
        return (
            f"<Simulation of {populations} on {self.mapped.system.chip_count} {self.mapped.system.name} chips, "
            f"{self.backend_name}, at {self.time_ms:g} ms>"
        )


def run(
    network: Network | NetworkDescription | BoundNetwork,
    system: System | str | None = None,
    duration: Quantity = "1 s",
    **options: Any,
) -> RunResult:
    """Run a network on a system and return the result.

    Parameters
    ----------
    network, system
        What is run, on what; see :class:`Simulation`.
    duration
        Model time in ms, or a quantity.
    options
        Further arguments of :class:`Simulation`.

    Returns
    -------
    RunResult
        Summary and trace.
    """
    simulation = Simulation(network, system, **options)
    simulation.run(duration)
    return simulation.close()
