"""A network on a system, mapped, started and run stretch by stretch."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from spikemesh.api.folder import TemporaryFolder
from spikemesh.api.hardware import (
    Level,
    activity_of,
    counts_overruns,
    hardware_counts,
    hardware_plan,
    level_of,
)
from spikemesh.api.plan import backend_of, worker_plan
from spikemesh.api.provenance import provenance
from spikemesh.api.result import RunResult
from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.energy_term import NOT_PUBLISHED
from spikemesh.contracts.mapping import Router
from spikemesh.contracts.trace import ProbePlan, TracePlan
from spikemesh.description.builder import Network
from spikemesh.description.network import NetworkDescription, Projection
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings, System
from spikemesh.description.values import Quantity
from spikemesh.engine.hardware import Hardware
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.program import reporting_all
from spikemesh.engine.setup import compile_kernels
from spikemesh.errors import InputError, Problem, RunInterrupted, SpikemeshError, nearest
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels.compile import compile_seconds
from spikemesh.mapping.build import Build, build_programs
from spikemesh.mapping.deadlock import waiting
from spikemesh.mapping.hardware import hardware_of, updates_each_step
from spikemesh.mapping.link_timing import link_timing
from spikemesh.mapping.needs import with_need
from spikemesh.mapping.numerics import in_numbers_of_chip
from spikemesh.mapping.placement import Placement, place_network
from spikemesh.mapping.problem import neuron_rates
from spikemesh.mapping.reach import reach
from spikemesh.mapping.report import MappingReport, mapping_report
from spikemesh.mapping.routes import FanOut
from spikemesh.mapping.rules import rules_of
from spikemesh.mapping.splitters import with_splitters
from spikemesh.registry import Registry
from spikemesh.registry.bind import bind
from spikemesh.registry.shared import shared_registry
from spikemesh.runtime.backend import Backend
from spikemesh.runtime.local import LocalBackend
from spikemesh.runtime.session import Progress, Session, first_steps
from spikemesh.runtime.signals import interruption
from spikemesh.units import magnitude, whole_steps

BIN_MS = 10.0
"""Width of the bins of hardware counters, if not set."""


class Mapped:
    """A bound network on a system: placement, programs of the workers and the mapping report.

    Parameters
    ----------
    network, system, mapping, settings
        What is mapped, onto what, how, and how it will be run.
    registry
        Plugins.
    simulated
        Whether workers will simulate it; else there are no programs, and synapses are only counted.
    """

    def __init__(
        self,
        network: BoundNetwork,
        system: System,
        mapping: MappingSettings,
        settings: RunSettings,
        registry: Registry,
        simulated: bool = True,
    ) -> None:
        started = time.perf_counter()
        network, numerics = in_numbers_of_chip(network, system, registry)
        self.system, self.mapping, self.settings = system, mapping, settings
        self.level: Level | None = level_of(settings, system)
        """How time on links is found; None where nothing is known of the system's times and energies."""
        measured = None
        if mapping.rates == "measured":
            from spikemesh.api.rates import measured_rates

            measured = measured_rates(network, mapping.measured_over)
        self.placement: Placement = place_network(network, system, mapping, registry, measured)
        self.described = network
        """The network without splitters."""
        self.network, self.placement, self.splitters = with_splitters(network, self.placement)
        self.plan = worker_plan(settings, self.placement)
        self.bin_steps = settings.bin_steps or max(1, round(BIN_MS / network.timestep_ms))
        self.router: Router = registry.routers.get(mapping.route, "mapping.route")
        self.build: Build = (
            self._programs(registry)
            if simulated
            else reach(self.network, self.placement, self.router, mapping.relay)
        )
        self.report: MappingReport = mapping_report(
            self.network,
            self.placement,
            self.build.fan,
            self.build.routes,
            self.build.indegree,
            rules_of(system, registry),
            self.splitters.rates(neuron_rates(network, mapping, measured)),
            numerics,
            self.splitters,
        )
        indegree = self.build.indegree[: network.size]
        self.report = with_need(self.report, network, mapping, registry, indegree, measured)
        circles = waiting(self.placement, self.build.routes, self._channels)
        used = mapping.model_copy(update={"partition": mapping.partition_on(system)})
        self.report = replace(self.report, waiting=circles, settings=used)
        self.timed = any(p.link_timing is not None for p in self.build.programs)
        """Whether packets can be late."""
        self.build_s = time.perf_counter() - started

    def _channels(self) -> Hardware:
        relay = self.mapping.relay
        return hardware_of(self.network, self.placement, self.build.fan, self.router, "packet", relay)

    def _programs(self, registry: Registry) -> Build:
        return build_programs(
            self.network,
            self.placement,
            self.router,
            self.plan,
            self.bin_steps,
            [str(path) for path in registry.files],
            self._link_timing,
            self.mapping.relay,
        )

    def _link_timing(self, fan: FanOut) -> LinkTiming | None:
        return link_timing(
            self.placement,
            self.router,
            fan,
            self.network.timestep_ms,
            self.level or "none",
            updates_each_step(self.network),
            self.mapping.relay,
        )


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
        self.settings = _changed(settings or RunSettings(), given)
        self.network = bound_network(network, registry)
        if self.settings.spikes == "all":
            self.network = replace(self.network, recorded=tuple(range(len(self.network.populations))))
        if system is None or isinstance(system, str):
            system = registry.systems.get(system or "ideal", "system").make((1,) if system is None else None)
        self.mapped = Mapped(self.network, system, mapping or MappingSettings(), self.settings, registry)
        self.network = self.mapped.network
        self.mapped.report.check()
        self.backend_name = backend_of(self.settings, self.mapped.placement)
        self._progress = _shown(progress)
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
        self._writer = self._store.create(self.path, self._trace_plan(), overwrite=overwrite)
        self._closed: RunResult | None = None
        self._status, self._message = "complete", ""
        self._start()

    def _temporary_path(self) -> Path:
        self._temporary = TemporaryFolder()
        return self._temporary.path / "run.h5"

    def _start(self) -> None:
        started = time.perf_counter()
        self._backend = _backend(self.backend_name, self.settings)
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

    def _trace_plan(self) -> TracePlan:
        network, placement = self.network, self.mapped.placement
        probes = tuple(
            ProbePlan(
                network.populations[p.population].name,
                p.variable,
                network.populations[p.population].model.state[p.variable].unit,
                p.neurons,
                p.every,
            )
            for p in network.probes
        )
        return TracePlan(
            timestep_ms=network.timestep_ms,
            populations=tuple((p.name, p.size) for p in network.populations),
            recorded=tuple(network.populations[k].name for k in network.recorded),
            probes=probes,
            weights=tuple(network.projections[k].name for k in self.mapped.described.stored_weights),
            core_names=placement.core_names,
            link_names=placement.link_names,
            bin_steps=self.mapped.bin_steps,
            packet_bits=placement.system.chip.packet_bits,
            placement={p.name: placement.core_of[p.index] for p in network.populations},
            provenance=provenance(self.mapped, self.backend_name, self._scenario),
            **hardware_plan(self.mapped, self._level, self._activity),
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
        return self._sorted_weights(name)

    def _sorted_weights(self, name: str) -> tuple[IntArray, IntArray, FloatArray]:
        parts = [p for p in self._backend.weights(name) if len(p[0])]
        parts += self._weights_through_splitters(name)
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        source, target, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((weight, target, source))
        return source[order], target[order], weight[order]

    def _weights_through_splitters(self, name: str) -> list[tuple[AnyArray, AnyArray, AnyArray]]:
        """Return sources as described, targets and weights of a projection's synapses that splitters reach."""
        projections, populations = self.network.projections, self.network.populations
        return [
            (
                self.mapped.splitters.origin[source] - populations[projections[old].source].offset,
                target,
                weight,
            )
            for new, old in self.mapped.splitters.via
            if projections[old].name == name
            for source, target, weight in self._backend.weights(projections[new].name)
            if len(source)
        ]

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
                self._writer.store_weights(name, *self._sorted_weights(name))
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


def steps_of(duration: Quantity, timestep_ms: float) -> int:
    """Return the steps of a stretch of model time.

    Raises
    ------
    InputError
        If it is negative, or no whole number of steps.
    UnitError
        If it is not a time.
    """
    steps = whole_steps(magnitude(duration, "ms", "duration"), timestep_ms, "duration")
    if steps < 0:
        raise InputError(Problem("duration", f"{duration!r} is negative", "0 ms or more"))
    return steps


def make_folder(folder: Path) -> None:
    """Make the folder of a file to be.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"folder {folder} cannot be made: {error.strerror}"
        raise InputError(Problem("out", found, "a folder that can be written")) from None


def _changed(settings: RunSettings, given: Mapping[str, Any]) -> RunSettings:
    from spikemesh.description.frozen import validated

    return validated(
        RunSettings, {**settings.model_dump(), **{k: v for k, v in given.items() if v is not None}}, "run"
    )


def bound_network(network: Network | NetworkDescription | BoundNetwork, registry: Registry) -> BoundNetwork:
    """Bind a network, unless it is bound already."""
    if isinstance(network, BoundNetwork):
        return network
    return bind(network.describe() if isinstance(network, Network) else network, registry)


def _backend(name: str, settings: RunSettings) -> Backend:
    if name == "local":
        return LocalBackend(stall_timeout_s=settings.stall_timeout_s)
    # Imported late: a local run need not pay for Ray.
    from spikemesh.runtime.ray_backend import RayBackend

    return RayBackend(address=settings.address, stall_timeout_s=settings.stall_timeout_s)


def _shown(progress: bool | Callable[[Progress], None] | None) -> Callable[[Progress], None] | None:
    if callable(progress):
        return progress
    if not progress:
        return None
    from spikemesh.api.bar import bar

    return bar()


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
