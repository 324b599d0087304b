"""Lap times of the packet, and what they must be."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.units import magnitude
from spikemesh_scenarios.settings import milliseconds, named, scenario_of

GROUPS = 8


def results(trace: Any) -> dict[str, Any]:
    """Measure every lap of the packet and compare it with the sum of delays and responses.

    A lap runs from one firing of group 0 to its next. ``volleys_complete`` says that whenever a group
    fired, all its neurons fired, in one step.
    """
    scenario = scenario_of(trace)
    hops = [hop_steps(scenario, group) for group in range(GROUPS)]
    expected = None if None in hops else sum(hop for hop in hops if hop)
    firings, complete = [], True
    for group in range(GROUPS):
        spikes = trace.spikes(f"group{group}")
        ticks, counts = np.unique(np.asarray(spikes.ticks, dtype=np.int64), return_counts=True)
        complete = complete and bool(np.all(counts == trace.sizes[f"group{group}"]))
        firings.append(ticks)
    laps = np.diff(firings[0])
    measured = sorted({round(float(lap) * trace.timestep_ms, 9) for lap in laps})
    return {
        "laps": int(laps.size),
        "lap_time_ms": measured[0] if len(measured) == 1 else measured or None,
        "expected_lap_ms": None if expected is None else round(expected * trace.timestep_ms, 9),
        "equal": bool(laps.size and complete and np.all(laps == expected)),
        "volleys_complete": complete,
    }


def hop_steps(scenario: dict[str, Any], group: int) -> int | None:
    """Return the steps from the firing of one group to that of the next: delay and response.

    None if the volley is too weak to make the next group fire.
    """
    following = f"group{(group + 1) % GROUPS}"
    source, target = (named(scenario, "population", name) for name in (f"group{group}", following))
    link = named(scenario, "projection", f"group{group}->{following}")
    timestep, params = milliseconds(scenario["timestep"]), target["params"]
    volley = source["size"] * magnitude(link["weight"], "pA")
    threshold = magnitude(params["v_th"], "mV") - magnitude(params["e_l"], "mV")
    constants = (
        milliseconds(params["tau_m"]),
        milliseconds(params["tau_syn_ex"]),
        magnitude(params["c_m"], "pF"),
    )
    response = response_steps(volley, threshold, timestep, *constants)
    return None if response is None else round(milliseconds(link["delay"]) / timestep) + response


def response_steps(
    volley: float, threshold: float, timestep: float, tau_m: float, tau_syn: float, c_m: float
) -> int | None:
    """Count the steps from the arrival of a volley to the spike it causes.

    The membrane at rest follows
    ``volley tau_m tau_syn / (c_m (tau_m - tau_syn)) (e^(-t/tau_m) - e^(-t/tau_syn))`` exactly on the grid
    (Rotter & Diesmann 1999, doi:10.1007/s004220050570); the spike comes in the first step that ends at or
    above threshold.

    Parameters
    ----------
    volley
        Sum of the weights in pA.
    threshold
        Above rest, in mV.
    timestep, tau_m, tau_syn
        In ms.
    c_m
        In pF.

    Returns
    -------
    int or None
        None if the potential stays below threshold.
    """
    peak = tau_m * tau_syn / (tau_m - tau_syn) * np.log(tau_m / tau_syn)
    times = np.arange(1, int(peak / timestep) + 2) * timestep
    rise = np.exp(-times / tau_m) - np.exp(-times / tau_syn)
    reached = volley * tau_m * tau_syn / (c_m * (tau_m - tau_syn)) * rise >= threshold
    return int(np.argmax(reached)) + 1 if reached.any() else None
