"""A crossbar that is never idle, and its power at a clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikemesh_scenarios.settings import check_names, choice, number

COSTS = "frenkel2019"
"""Cost set of the preset."""
NEURONS = 256
CYCLES = {"synaptic_event": 2, "neuron_update": 2, "axon_in": 1}
"""Cycles of the clock (ODIN's documentation): 1 + 512 for an event and its 256 synapses, 512 for a time reference."""
FILE = "phases.npz"


def prepare(cache: Path) -> None:
    """Write initial potentials, evenly spread from one above the threshold, so that 16 neurons fire in every step."""
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(cache / FILE, v=(np.arange(NEURONS) + 16.5) / NEURONS)


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Set the clock, and with it the time of all operations; without time references, neurons are not updated.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = tables["settings"]
    check_names(settings, ("clock", "time_reference"))
    clock = number(settings, "clock", "", 0.1, 1000.0)
    referred = choice(settings, "time_reference", ("none", "every_step")) == "every_step"
    chip = tables["system"].setdefault("chip", {})
    chip["clock_mhz"] = clock
    costs = chip.setdefault("costs", {}).setdefault(COSTS, {})
    for name, cycles in CYCLES.items():
        taken = 0 if name == "neuron_update" and not referred else cycles
        costs[name] = {"latency_ns": taken * 1e3 / clock, "source": source(name, taken)} | costs.get(name, {})
    return tables


def source(name: str, cycles: int) -> str:
    """Say where time and energy of an operation come from."""
    energy = "8.43 pJ: eq. 2" if name == "synaptic_event" else "energy included in eq. 2"
    time = f"{cycles} cycles of the clock (ODIN's documentation)"
    return f"Frenkel et al., IEEE TBioCAS 13(1), 2019, {energy}; time: {time}"


def results(trace: Any) -> dict[str, Any]:
    """Measure synaptic operations a second and power, over the hardware time of all steps."""
    energy = trace.energy_account()
    seconds = trace.hardware_time_ps * 1e-12
    return {
        "mops_per_s": trace.summary()["synaptic_events"] / seconds / 1e6,
        "power_uw": energy.power_w.value * 1e6,
    }
