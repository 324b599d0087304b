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
    """Count packets that came late or were lost, and ticks that were too short for a core; find the hottest link."""
    seconds = trace.duration_ms / 1e3
    spikes = sum(len(trace.spikes(name).ticks) for name in trace.populations)
    kinds = ("sent", "delivered", "late", "dropped", "rerouted")
    # Without links no packets are followed, and none is late.
    followed = "packets_sent" in trace.counters
    packets = {k: int(trace.counts(f"packets_{k}").sum()) if followed else 0 for k in kinds}
    carried = trace.counts("link_packets").sum(axis=0)
    hottest = int(np.argmax(carried))
    return {
        "rate_hz": spikes / sum(trace.sizes[name] for name in trace.populations) / seconds,
        **{f"packets_{name}": count for name, count in packets.items()},
        "late_percent": _percent(packets["late"], packets["sent"]),
        "dropped_percent": _percent(packets["dropped"], packets["sent"]),
        **_overruns(trace),
        "hottest_link": trace.link_names[hottest],
        "hottest_packets": int(carried[hottest]),
    }


def _overruns(trace: Any) -> dict[str, Any]:
    """Count the ticks of cores that were too short, if the costs in use say so."""
    if "core_overruns" not in trace.counters:
        return {"overruns": "not published"}
    overruns = int(trace.counts("core_overruns").sum())
    ticks = round(trace.duration_ms / trace.timestep_ms) * int(trace.hardware["cores_used"])
    return {"overruns": overruns, "overruns_percent": _percent(overruns, ticks)}


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0
