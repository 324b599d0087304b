"""A crossbar that is never idle, and its power at a clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikemesh_scenarios.settings import check_names, number

COSTS = "frenkel2019"
"""Cost set of the preset."""
NEURONS = 256
CYCLES_PER_EVENT = 2
"""Cycles of the clock for one synaptic operation (Frenkel et al. 2019; the design's documentation)."""
FILE = "phases.npz"


def prepare(cache: Path) -> None:
    """Write initial potentials, evenly spread from one above the threshold, so that 16 neurons fire in every step."""
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(cache / FILE, v=(np.arange(NEURONS) + 16.5) / NEURONS)


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Set the clock, and with it the time of a synaptic operation.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = tables["settings"]
    check_names(settings, ("clock",))
    clock = number(settings, "clock", "", 0.1, 1000.0)
    chip = tables["system"].setdefault("chip", {})
    chip["clock_mhz"] = clock
    event = chip.setdefault("costs", {}).setdefault(COSTS, {}).setdefault("synaptic_event", {})
    event["latency_ns"] = CYCLES_PER_EVENT * 1e3 / clock
    return tables


def results(trace: Any) -> dict[str, Any]:
    """Measure synaptic operations a second and power, over the hardware time of all steps."""
    energy = trace.energy_account()
    seconds = trace.hardware_time_ps * 1e-12
    return {
        "mops_per_s": trace.summary()["synaptic_events"] / seconds / 1e6,
        "power_uw": energy.power_w.value * 1e6,
    }
