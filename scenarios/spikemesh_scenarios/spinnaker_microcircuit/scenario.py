"""The cortical microcircuit on a board of SpiNNaker chips: packets that come late or are lost."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh_scenarios.settings import check_names, milliseconds, number

MICROCIRCUIT = Path(__file__).parent.parent / "microcircuit"
SETTINGS = ("scale", "acceleration")


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Put the scaled network here, and set the hardware time of a step.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = tables["settings"]
    check_names(settings, SETTINGS)
    acceleration = number(settings, "acceleration", "", 1e-3, 1e4)
    network = tomllib.loads((MICROCIRCUIT / "scenario.toml").read_text(encoding="utf-8"))
    network = _microcircuit().adapt(network | {"settings": {"scale": settings.get("scale", 1.0)}})
    for key in ("population", "projection", "probe"):
        tables[key] = network[key]
    if acceleration != 1.0:
        tables["system"]["tick"] = milliseconds(tables["timestep"]) * 1e6 / acceleration
    return tables


def _microcircuit() -> Any:
    """Import the code of the scenario that describes the network."""
    spec = importlib.util.spec_from_file_location("microcircuit_scenario", MICROCIRCUIT / "scenario.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{MICROCIRCUIT}: no scenario.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def results(trace: Any) -> dict[str, Any]:
    """Count packets that came late or were lost, and find the hottest link."""
    seconds = trace.duration_ms / 1e3
    spikes = sum(len(trace.spikes(name).ticks) for name in trace.populations)
    packets = {k: int(trace.counts(f"packets_{k}").sum()) for k in ("sent", "delivered", "late", "dropped")}
    carried = trace.counts("link_packets").sum(axis=0)
    hottest = int(np.argmax(carried))
    return {
        "rate_hz": spikes / sum(trace.sizes[name] for name in trace.populations) / seconds,
        **{f"packets_{name}": count for name, count in packets.items()},
        "late_percent": _percent(packets["late"], packets["sent"]),
        "dropped_percent": _percent(packets["dropped"], packets["sent"]),
        "hottest_link": trace.link_names[hottest],
        "hottest_packets": int(carried[hottest]),
    }


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0
