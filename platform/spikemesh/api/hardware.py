"""What is found out about the hardware in a run, and what a trace keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spikemesh.contracts.trace import CounterPlan, SeriesPlan
from spikemesh.description.run import RunSettings
from spikemesh.description.system import System
from spikemesh.engine.hardware import BUCKETS, CLASSES, HOPS
from spikemesh.engine.timing import StepClock
from spikemesh.engine.transit_counts import PLANS
from spikemesh.errors import InputError, Problem
from spikemesh.kernels.barrier import lower_edge
from spikemesh.mapping.hardware import hardware_of, updates_each_step
from spikemesh.mapping.link_timing import tick_ps
from spikemesh.runtime.hardware import HardwareCounts

if TYPE_CHECKING:
    from spikemesh.api.simulation import Mapped

Level = Literal["none", "analytic", "packet"]

COUNTERS = (
    *(CounterPlan(f"core_{name}", "core") for name in ("updates", "packets_in", "packets_out")),
    CounterPlan("core_busy_ps", "core", "ps"),
    CounterPlan("link_busy_ps", "link", "ps"),
    CounterPlan("link_wait_ps", "link", "ps"),
    CounterPlan("link_queue_max", "link", how="max"),
    *(CounterPlan(f"chip_hops_{kind}", "chip") for kind in HOPS),
    *(CounterPlan(f"latency_{kind}", "latency", binned=False) for kind in CLASSES),
)
"""Counters of the regime ``barrier``."""
SERIES = (SeriesPlan("step_time_ps", "ps"), SeriesPlan("step_core"), SeriesPlan("step_link"))


def level_of(settings: RunSettings, system: System) -> Level | None:
    """Return how time on links is found; None where nothing is known of the system's times and energies.

    Raises
    ------
    InputError
        If loads alone cannot say it: in the regimes in which the time of a packet's arrival matters.
    """
    if system.regime != "barrier" and settings.links == "analytic":
        found = f'"analytic" in regime "{system.regime}", where every packet has its time of arrival'
        raise InputError(Problem("run.links", found, "allowed: none, packet"))
    if settings.links is not None:
        return settings.links
    known = system.costs is not None or any(
        value is not None
        for link in system.links.values()
        for value in (link.latency, link.bandwidth, link.energy, link.idle_mw)
    )
    if not known:
        return None
    return "analytic" if system.regime == "barrier" else "packet"


def step_clock(mapped: Mapped, level: Level) -> StepClock:
    """Make the clock of a mapped network."""
    placement = mapped.placement
    if mapped.system.regime != "barrier":
        # Packets are simulated by the workers, for what is late acts; loads remain to be counted.
        level = "analytic"
    hardware = hardware_of(
        mapped.network, placement, mapped.build.fan, mapped.router, level, mapped.mapping.relay
    )
    updated = placement.core_of_neuron[updates_each_step(mapped.network)]
    updates = np.bincount(updated, minlength=placement.system.core_count).astype(np.int64)
    return StepClock(hardware, mapped.bin_steps, updates)


def hardware_counts(mapped: Mapped, level: Level) -> HardwareCounts:
    """Make what adds the hardware's counters to the chunks of a run."""
    populations = mapped.network.populations
    return HardwareCounts(
        step_clock(mapped, level),
        {p.name: p.offset for p in populations},
        [populations[k].name for k in mapped.network.recorded],
        None if mapped.system.regime == "barrier" else tick_ps(mapped.system, mapped.network.timestep_ms),
    )


def _of_network() -> tuple[CounterPlan, ...]:
    """Return the counters of packets that can be late, without those that every run has."""
    known = {plan.name for plan in COUNTERS}
    return tuple(plan for plan in PLANS if plan.name not in known)


def hardware_plan(mapped: Mapped, level: Level | None) -> dict[str, Any]:
    """Return the arguments of :class:`spikemesh.contracts.TracePlan` that say what is counted of the hardware."""
    if level is None:
        return {}
    system = mapped.system
    return {
        "axes": {
            "chip": tuple(f"chip{k}" for k in range(system.chip_count)),
            "latency": tuple(str(lower_edge(k)) for k in range(BUCKETS)),
            **({"system": ("system",)} if mapped.timed else {}),
        },
        "counters": (*COUNTERS, *_of_network()) if mapped.timed else COUNTERS,
        "series": SERIES,
        "hardware": {
            "system": system.model_dump(mode="json"),
            "links_level": level,
            "relay": mapped.mapping.relay,
            "cores_used": int(np.unique(mapped.placement.core_of_neuron).size),
        },
    }
