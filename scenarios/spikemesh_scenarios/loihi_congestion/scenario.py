"""Traffic of rate-coded neurons over a link between chips: settings, and how much longer steps take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh_scenarios.settings import check_names, choice, milliseconds, number

TILE_RATE = 3.44e9
"""Packets per second through the cross-section of a tile (Davies et al. 2018, Table 2)."""
CURES = ("none", "relay", "multicast", "placement", "budget")
SETTINGS = ("ratio", "cure", "rate", "budget")
SOURCES = 256
STRIDE = 37
"""Odd, so that it permutes the phases: neurons of one core fire in different steps."""
FILE = "phases.npz"


def prepare(cache: Path) -> None:
    """Write initial potentials, evenly spread over [0, 1), so that every step has equally many spikes."""
    cache.mkdir(parents=True, exist_ok=True)
    phases = (np.arange(SOURCES) * STRIDE % SOURCES + 0.5) / SOURCES
    np.savez(cache / FILE, v=phases)


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Set the bandwidth between chips, the rate of the sources, and the cure.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = tables["settings"]
    check_names(settings, SETTINGS)
    ratio = number(settings, "ratio", "", 1.0, 1000.0)
    cure = choice(settings, "cure", CURES)
    rates = {name: number(settings, name, "Hz", 0.0, 1000.0) for name in ("rate", "budget")}
    system = tables["system"]
    between = system.setdefault("links", {}).setdefault("between_chips", {})
    between["bandwidth"] = TILE_RATE / ratio
    rate = rates["budget" if cure == "budget" else "rate"]
    for population in tables["population"]:
        if population["name"].startswith("source"):
            population["params"]["i_e"] = rate * milliseconds(tables["timestep"]) / 1e3
    if cure == "relay":
        tables["mapping"]["relay"] = True
    elif cure == "multicast":
        system.setdefault("chip", {})["router"] = "multicast"
    elif cure == "placement":
        del tables["mapping"]["pin"]
    return tables


def results(trace: Any) -> dict[str, Any]:
    """Measure the mean step, the hottest link, and how much longer the step is than without it.

    The link's load is its work in a step over that of the busiest core: above 1 the link is the bottleneck.
    ``excess_ns`` is what the step takes beyond the busiest core's work and the barrier.
    """
    steps = trace.until_tick
    link_busy = trace.counts("link_busy_ps").sum(axis=0)
    hottest = int(np.argmax(link_busy))
    step_ns = float(np.mean(trace.per_step("step_time_ps"))) / 1e3
    work_ns = float(link_busy[hottest]) / steps / 1e3
    core_ns = float(trace.counts("core_busy_ps").sum(axis=0).max()) / steps / 1e3
    system = trace.hardware["system"]
    free_ns = core_ns + barrier_ns(system)
    return {
        "step_ns": step_ns,
        "hottest_link": trace.link_names[hottest],
        "packets_per_step": work_ns * system["links"]["between_chips"]["bandwidth"] / 1e9,
        "link_work_ns": work_ns,
        "busiest_core_ns": core_ns,
        "load": work_ns / core_ns,
        "utilisation": work_ns / step_ns,
        "excess_ns": step_ns - free_ns,
        "slowdown": step_ns / free_ns,
    }


def barrier_ns(system: Mapping[str, Any]) -> float:
    """Return the time of the barrier of a grid of chips that are in use as a whole, by the cost set in use."""
    costs = system["chip"]["costs"][system["costs"]]
    return float(
        max(costs["barrier"]["latency_ns"], costs["barrier_chip"]["latency_ns"] * sum(system["chips"]))
    )
