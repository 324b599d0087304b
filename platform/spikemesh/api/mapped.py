"""A bound network on a system: where it is, what simulates it, and what fits."""

from __future__ import annotations

import time
from dataclasses import replace

from spikemesh.api.hardware import Level, level_of
from spikemesh.api.plan import worker_plan
from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.mapping import Router
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings, System
from spikemesh.engine.hardware import Hardware
from spikemesh.engine.link_timing import LinkTiming
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
