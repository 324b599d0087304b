"""What is found out about the hardware in a run, and what a trace keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.trace import CounterPlan, SeriesPlan
from spikemesh.description.run import RunSettings
from spikemesh.description.system import System
from spikemesh.engine.hardware import BUCKETS, CLASSES, HOPS
from spikemesh.engine.learning_updates import LearningTables
from spikemesh.engine.timing import StepClock
from spikemesh.engine.transit_counts import PLANS
from spikemesh.ids import IntArray
from spikemesh.kernels.barrier import lower_edge
from spikemesh.mapping.deadlock import channel_name
from spikemesh.mapping.hardware import hardware_of, idle_costs_differ, work_is_known
from spikemesh.mapping.learning_updates import learning_tables, learns
from spikemesh.mapping.link_timing import tick_ps
from spikemesh.runtime.hardware import HardwareCounts

if TYPE_CHECKING:
    from spikemesh.api.simulation import Mapped

Level = Literal["none", "analytic", "packet"]

COUNTERS = (
    *(
        CounterPlan(f"core_{name}", "core")
        for name in ("updates", "idle_updates", "packets_in", "packets_out")
    ),
    CounterPlan("core_busy_ps", "core", "ps"),
    CounterPlan("link_busy_ps", "link", "ps"),
    CounterPlan("link_wait_ps", "link", "ps"),
    CounterPlan("link_queue_max", "link", how="max"),
)
"""Counters of the hardware that every run has."""
WAYS = (
    *(CounterPlan(f"chip_hops_{kind}", "chip") for kind in HOPS),
    *(CounterPlan(f"latency_{kind}", "latency", binned=False) for kind in CLASSES),
)
"""Counters of the ways of packets, which are not followed at the level ``none``."""
OVERRUNS = CounterPlan("core_overruns", "core")
"""Counter of ticks in which the work of a core took longer than the tick, where its costs are published."""
LEARNING = CounterPlan("core_learning_updates", "core")
"""Counter of networks that learn."""
SERIES = (SeriesPlan("step_time_ps", "ps"), SeriesPlan("step_core"), SeriesPlan("step_link"))


def level_of(settings: RunSettings, system: System) -> Level | None:
    """Return how time on links is found; None where nothing is known of the system's times and energies."""
    if settings.links is not None:
        return settings.links
    known = system.costs is not None or any(
        value is not None
        for link in system.links.values()
        for value in (link.latency, link.bandwidth, link.queue, link.energy, link.idle_mw)
    )
    if not known:
        return "none" if settings.activity else None
    return "analytic" if system.regime == "barrier" else "packet"


def counts_overruns(system: System, network: BoundNetwork) -> bool:
    """Tell whether it is counted when cores are not done with a tick's work: where there are ticks, and known costs."""
    return system.regime == "tick" and work_is_known(system, learns(network))


def step_clock(mapped: Mapped, level: Level, learning: LearningTables | None = None) -> StepClock:
    """Make the clock of a mapped network; ``learning`` says where its plastic synapses are."""
    placement = mapped.placement
    if mapped.system.regime != "barrier" and level == "packet":
        # Packets are simulated by the workers, for what is late acts; loads remain to be counted.
        level = "analytic"
    hardware = hardware_of(
        mapped.network, placement, mapped.build.fan, mapped.router, level, mapped.mapping.relay,
        tick_ps(mapped.system, mapped.network.timestep_ms) if counts_overruns(mapped.system, mapped.network) else 0,
        learning,
    )  # fmt: skip
    names = placement.link_names
    visits = learning.visits if learning is not None and len(hardware.visit_ps) else ()
    return StepClock(
        hardware, mapped.bin_steps, lambda channel: channel_name(channel, mapped.system, names), visits
    )


def activity_of(settings: RunSettings, system: System, level: Level | None) -> bool:
    """Return whether it is kept which neurons spiked or changed state in every step."""
    if settings.activity is not None:
        return settings.activity and level is not None
    return level is not None and idle_costs_differ(system)


def _neurons(mapped: Mapped) -> list[list[IntArray]]:
    """Global indices of the neurons of each worker, by slice."""
    offset = [p.offset for p in mapped.network.populations]
    return [
        [offset[s.population] + s.neurons.astype(np.int64) for s in p.slices] for p in mapped.build.programs
    ]


def hardware_counts(mapped: Mapped, level: Level, activity: bool = False) -> HardwareCounts:
    """Make what adds the hardware's counters to the chunks of a run.

    Parameters
    ----------
    mapped, level
        The network on its system, and how time on links is found.
    activity
        Whether workers report which neurons spiked or changed state.
    """
    populations = mapped.network.populations
    learning = learning_tables(mapped.network, mapped.placement)
    return HardwareCounts(
        step_clock(mapped, level, learning),
        {p.name: p.offset for p in populations},
        [populations[k].name for k in mapped.network.recorded],
        [np.concatenate([np.zeros(0, np.int64), *homes]) for homes in _neurons(mapped)] if activity else (),
        None if mapped.system.regime == "barrier" else tick_ps(mapped.system, mapped.network.timestep_ms),
        learning,
    )


def _of_network() -> tuple[CounterPlan, ...]:
    """Return the counters of packets that can be late, without those that every run has."""
    known = {plan.name for plan in (*COUNTERS, *WAYS)}
    return tuple(plan for plan in PLANS if plan.name not in known)


def hardware_plan(mapped: Mapped, level: Level | None, activity: bool = False) -> dict[str, Any]:
    """Return the arguments of :class:`spikemesh.contracts.TracePlan` that say what is counted of the hardware."""
    if level is None:
        return {}
    system, learning = mapped.system, learns(mapped.network)
    return {
        "axes": {
            "chip": tuple(f"chip{k}" for k in range(system.chip_count)),
            "latency": tuple(str(lower_edge(k)) for k in range(BUCKETS)),
            **({"system": ("system",)} if mapped.timed else {}),
        },
        "counters": (
            *COUNTERS,
            *(WAYS if level != "none" else ()),
            *((OVERRUNS,) if counts_overruns(system, mapped.network) else ()),
            *(_of_network() if mapped.timed else ()),
            *((LEARNING,) if learning else ()),
        ),
        "series": SERIES,
        "activity": activity,
        "hardware": {
            "system": system.model_dump(mode="json"),
            "links_level": level,
            "relay": mapped.mapping.relay,
            "cores_used": int(np.unique(mapped.placement.core_of_neuron).size),
            **({"learns": True} if learning else {}),
        },
    }
