"""Scale the cortical microcircuit, and compare its rates with the published network's."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from spikemesh.errors import InputError, Problem, nearest
from spikemesh.units import magnitude
from spikemesh_scenarios.activity import interval_cv, synchrony
from spikemesh_scenarios.settings import milliseconds, scenario_of

RATES = {
    "L23E": 0.903, "L23I": 2.965, "L4E": 4.414, "L4I": 5.876,
    "L5E": 7.569, "L5I": 8.633, "L6E": 1.105, "L6I": 7.829,
}  # fmt: skip
"""Rates in Hz of the full network in NEST's own implementation, over 10 s."""
LEAST_SCALE = 0.01
SETTINGS = ("scale", "warm_up")
SAMPLE, BIN_MS = 1000, 3.0
"""Neurons and bins of the measure of synchrony (Potjans & Diesmann 2014)."""


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Keep a part of the neurons and of the synapses each receives, and make up for what is lost.

    With in-degrees k times as large, weights grow by ``1 / sqrt(k)``, so that the variance of a neuron's input
    stays; its mean would shrink to ``sqrt(k)`` of itself, and the rest comes as a constant current (S. J. van Albada
    et al. 2015, doi:10.1371/journal.pcbi.1004490). The mean is that at the full network's rates.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    scale = checked_scale(tables.get("settings", {}))
    if scale == 1.0:
        return tables
    currents = mean_currents(tables)
    for population in tables["population"]:
        params = population.setdefault("params", {})
        lost = (1.0 - sqrt(scale)) * currents[population["name"]]
        params["i_e"] = magnitude(params.get("i_e", 0.0), "pA") + lost
        for drive in population["drive"]:
            drive["rate"] = magnitude(drive["rate"], "Hz") * scale
            drive["weight"] = magnitude(drive["weight"], "pA") / sqrt(scale)
        population["size"] = round(population["size"] * scale)
    for projection in tables["projection"]:
        connect, weight = projection["connect"], projection["weight"]
        # Targets and in-degrees both shrink.
        connect["total"] = max(1, round(connect["total"] * scale**2))
        weight["normal"] = [magnitude(w, "pA") / sqrt(scale) for w in weight["normal"]]
    return tables


def checked_scale(settings: dict[str, Any]) -> float:
    """Return the scale after a look at all settings.

    Raises
    ------
    InputError
        If one is unknown or out of range.
    """
    for name in settings:
        if name not in SETTINGS:
            raise InputError(
                Problem(f"settings.{name}", f'there is no setting "{name}"', nearest(name, SETTINGS))
            )
    milliseconds(settings.get("warm_up", 0.0))
    scale = magnitude(settings.get("scale", 1.0), "", "settings.scale")
    if not LEAST_SCALE <= scale <= 1.0:
        raise InputError(
            Problem("settings.scale", f"{scale:g} is out of range", f"from {LEAST_SCALE:g} to 1")
        )
    return scale


def mean_currents(tables: dict[str, Any]) -> dict[str, float]:
    """Return the mean synaptic current in pA of a neuron of each population, at the full network's rates.

    A spike of weight w brings the charge ``w tau_syn``: synapses times rate times that, over all sources.
    """
    currents, neurons, tau_s = {}, {}, {}
    for population in tables["population"]:
        name, params = population["name"], population["params"]
        neurons[name] = population["size"]
        tau_s[name] = {
            +1: milliseconds(params["tau_syn_ex"]) / 1e3,
            -1: milliseconds(params["tau_syn_in"]) / 1e3,
        }
        currents[name] = sum(
            magnitude(d["weight"], "pA") * magnitude(d["rate"], "Hz") * tau_s[name][+1]
            for d in population["drive"]
        )
    for projection in tables["projection"]:
        source, target = projection["source"], projection["target"]
        weight = magnitude(projection["weight"]["normal"][0], "pA")
        indegree = projection["connect"]["total"] / neurons[target]
        currents[target] += indegree * RATES[source] * weight * tau_s[target][+1 if weight > 0 else -1]
    return currents


def results(trace: Any) -> dict[str, Any]:
    """Measure rate, irregularity and synchrony of each population after the warm-up.

    ``deviation_*_percent`` compares a rate with the full network's in NEST; the synchrony is variance / mean of the
    spikes of (at most) 1,000 neurons in bins of 3 ms.
    """
    settings = scenario_of(trace).get("settings", {})
    warm_up = round(milliseconds(settings.get("warm_up", 0.0)) / trace.timestep_ms)
    seconds = (trace.until_tick - warm_up) * trace.timestep_ms / 1e3
    figures: dict[str, Any] = {"measured_ms": max(0.0, round(seconds * 1e3, 6))}
    if seconds <= 0.0:
        return figures
    rates, deviations, irregularity, common = {}, {}, {}, {}
    for name, published in RATES.items():
        train, size = trace.spikes(name), trace.sizes[name]
        after = train.ticks > warm_up
        ticks, neurons = train.ticks[after], train.neurons[after].astype(np.int64)
        rates[name] = ticks.size / size / seconds
        deviations[name] = 100.0 * (rates[name] / published - 1.0)
        irregularity[name] = interval_cv(ticks, neurons, size)
        sample = ticks[neurons < SAMPLE]
        bin_steps = max(1, round(BIN_MS / trace.timestep_ms))
        common[name] = synchrony(sample, warm_up + 1, trace.until_tick, bin_steps)
    for name in RATES:
        figures[f"rate_{name}_hz"] = rates[name]
    for name in RATES:
        figures[f"deviation_{name}_percent"] = deviations[name]
    figures["largest_deviation_percent"] = max(map(abs, deviations.values()))
    figures |= {f"cv_{name}": value for name, value in irregularity.items()}
    figures |= {f"synchrony_{name}": value for name, value in common.items()}
    figures["synaptic_events"] = trace.summary()["synaptic_events"]
    return figures
