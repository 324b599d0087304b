"""A network run without a trace: on some chips, by some workers, in some pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.description.builder import Network
from spikemesh.description.system import ChipSpec, System
from spikemesh.engine.report import WorkerReport
from spikemesh.ids import AnyArray, FloatArray
from spikemesh.mapping.build import WorkerPlan, build_programs
from spikemesh.mapping.placement import placement_on
from spikemesh.registry import Registry
from spikemesh.registry.bind import bind
from spikemesh.runtime.backend import Backend
from spikemesh.runtime.local import LocalBackend

CORES = 2


@dataclass(eq=False)
class Recorded:
    """Spikes by population as rows (tick, neuron), probes in order, weights as rows (source, target, weight)."""

    spikes: dict[str, AnyArray] = field(default_factory=dict)
    probes: dict[int, FloatArray] = field(default_factory=dict)
    weights: dict[str, FloatArray] = field(default_factory=dict)
    synaptic_events: int = 0
    seconds: float = 0.0

    def differs(self, other: Recorded) -> str:
        """Say in what another run differs; nothing if in not one bit."""
        for name, rows in self.spikes.items():
            if not np.array_equal(rows, other.spikes[name]):
                return f'spikes of population "{name}" ({len(rows)} and {len(other.spikes[name])})'
        for index, values in self.probes.items():
            if values.tobytes() != other.probes[index].tobytes():
                return f"states (probe {index})"
        for name, rows in self.weights.items():
            if rows.tobytes() != other.weights[name].tobytes():
                return f'weights of projection "{name}"'
        return ""


def bound(network: Network, registry: Registry) -> BoundNetwork:
    """Look up the parts of a network."""
    return bind(network.describe(), registry)


def run_in_memory(
    network: BoundNetwork,
    registry: Registry,
    steps: int,
    *,
    chips: int = 1,
    workers: int = 1,
    pieces: Sequence[int] = (),
    ray: bool = False,
    weights: Sequence[str] = (),
) -> Recorded:
    """Run a network on ideal chips, its neurons dealt out at random.

    Parameters
    ----------
    network, registry
        The network, and the plugins.
    steps
        How many.
    chips, workers, pieces
        Chips, workers that run them, and ticks at which the run stops and goes on.
    ray
        Whether workers are Ray actors, else threads.
    weights
        Projections whose weights are read at the end.
    """
    system = System(chips=(chips,), chip=ChipSpec(cores=(CORES, 1)))
    cores = chips * CORES
    random = np.random.default_rng(chips)
    core_of = [random.permutation(np.arange(p.size) * cores // max(1, p.size)) for p in network.populations]
    placement = placement_on(system, core_of)
    plan = WorkerPlan(
        np.repeat(np.arange(chips) * workers // chips, CORES), tuple((f"worker {k}",) for k in range(workers))
    )
    router = registry.routers.get("dimension_order")
    files = [str(path) for path in registry.files]
    programs = build_programs(network, placement, router, plan, 10, files).programs
    runner: Backend = _ray_backend() if ray else LocalBackend()
    reports: list[WorkerReport] = []
    try:
        runner.start(programs)
        for until in (*pieces, steps):
            runner.submit(until)
            reports += runner.collect()
        found = _gathered(network, reports, steps)
        for name in weights:
            rows = np.concatenate([np.column_stack(part) for part in runner.weights(name)])
            found.weights[name] = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    finally:
        runner.close()
    return found


def _ray_backend() -> Backend:
    # Imported late: threads need no Ray.
    from spikemesh.runtime.ray_backend import RayBackend

    return RayBackend()


def _gathered(network: BoundNetwork, reports: Sequence[WorkerReport], steps: int) -> Recorded:
    found = Recorded(
        synaptic_events=sum(r.synaptic_events for r in reports), seconds=sum(r.busy_s for r in reports)
    )
    for index in network.recorded:
        name = network.populations[index].name
        rows = [np.column_stack(r.spikes[name]) for r in reports if name in r.spikes]
        joined = np.concatenate([np.zeros((0, 2), dtype=np.int64), *rows])
        found.spikes[name] = joined[np.lexsort((joined[:, 1], joined[:, 0]))]
    for number, probe in enumerate(network.probes):
        values = np.full((steps // probe.every, probe.neurons.size), np.nan)
        for report in reports:
            if number in report.probes:
                ticks, columns, part = report.probes[number]
                values[np.ix_(ticks // probe.every - 1, columns)] = part
        found.probes[number] = values
    return found
