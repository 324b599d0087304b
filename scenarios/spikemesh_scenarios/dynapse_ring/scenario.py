"""Groups of neurons on a row of chips, joined to a ring, and the time of a lap."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh_scenarios.settings import check_names, number, scenario_of

SETTINGS = ("chips", "hop")
GROUP = 16
"""Neurons of a group; each receives synapses of all neurons of the one before, 16 of the 64 it may have."""
MOST_CHIPS = 8
"""DYNAP-SE2 reaches seven chips either way."""
PS_PER_MS = 1_000_000_000


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Make a group for every chip, join them to a ring, and set the latency of a link.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = tables["settings"]
    check_names(settings, SETTINGS)
    chips = int(number(settings, "chips", "", 2, MOST_CHIPS))
    hop = number(settings, "hop", "ns", 0.0, 1e6)
    tables["system"]["chips"] = [chips, 1]
    tables["system"].setdefault("links", {}).setdefault("between_chips", {})["latency"] = hop
    tables["mapping"] = {"pin": {"start": [0]} | {f"group{k}": [k] for k in range(chips)}}
    tables["population"] += [
        {"name": f"group{k}", "size": GROUP, "model": "iaf", "params": {"v_th": 1.0}} for k in range(chips)
    ]
    tables["projection"] = [_volley("start", "group0", 1.0)]
    tables["projection"] += [
        _volley(f"group{k}", f"group{(k + 1) % chips}", 1.0 / GROUP) for k in range(chips)
    ]
    tables["probe"] = [{"target": f"group{k}", "what": ["spikes"]} for k in range(chips)]
    return tables


def _volley(source: str, target: str, weight: float) -> dict[str, Any]:
    return {"source": source, "target": target, "connect": "all_to_all", "weight": weight}


def results(trace: Any) -> dict[str, Any]:
    """Measure every lap, and compare it with the sum of its parts.

    A lap crosses every link between neighbours twice: on the way out one by one, and all of them on the way back.
    Every group adds a synapse's delay.
    """
    settings = scenario_of(trace)["settings"]
    chips, hop_ps = int(settings["chips"]), round(number(settings, "hop", "ns", 0.0, 1e6) * 1000)
    firings = np.unique(trace.spikes("group0").ticks.astype(np.int64))
    laps = np.diff(firings)
    step_ps = round(trace.timestep_ms * PS_PER_MS)
    expected = lap_steps(chips, hop_ps, step_ps)
    measured = sorted({int(lap) * step_ps / 1000 for lap in laps})
    return {
        "laps": int(laps.size),
        "lap_ns": measured[0] if len(measured) == 1 else measured or None,
        "expected_lap_ns": expected * step_ps / 1000,
        "equal": bool(laps.size and np.all(laps == expected)),
        "complete": all(_together(trace.spikes(f"group{k}").ticks) for k in range(chips)),
    }


def lap_steps(chips: int, hop_ps: int, step_ps: int) -> int:
    """Return the steps of a lap: one delay a group, ways of one chip (all but the last) and of all chips (the last).

    Each way is rounded to the nearest step, half a step upwards.
    """
    out, back = ((2 * way + step_ps) // (2 * step_ps) for way in (hop_ps, (chips - 1) * hop_ps))
    return chips + (chips - 1) * out + back


def _together(ticks: Any) -> bool:
    """Whether whenever a group fired, all its neurons fired in one step."""
    counts = np.unique(ticks, return_counts=True)[1]
    return bool(counts.size and np.all(counts == GROUP))
