"""A network wired like TrueNorth's power networks, and the power its activity takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh_scenarios.kept import make_once
from spikemesh_scenarios.settings import check_names, milliseconds, number, scenario_of

Array = NDArray[Any]

CORE = 256
"""Neurons, and axons, of a core."""
FULL_CORES = 4096
WEIGHT = 2.0**-10
"""Of either sign: small against the threshold of 1, so that the constant input sets the rate."""
SETTINGS = ("side", "rate", "active")
LARGEST_SIDE = 16
PJ_TO_J = 1e-12

_cache: list[Path] = []


def prepare(cache: Path) -> None:
    """Write the wiring of the scenario as it is shipped; :func:`adapt` writes others beside it."""
    _cache[:] = [cache]
    wired(8, 128)


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Set the size of chip and network, the rate, and the wiring.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = tables["settings"]
    check_names(settings, SETTINGS)
    side = int(number(settings, "side", "", 2, LARGEST_SIDE))
    active = int(number(settings, "active", "", 0, CORE))
    rate = number(settings, "rate", "Hz", 0.0, 200.0)
    file = wired(side, active)
    tables["system"]["chip"]["cores"] = [side, side]
    (neurons,), (crossbars,) = tables["population"], tables["projection"]
    neurons["size"] = CORE * side**2
    neurons["params"]["i_e"] = rate * milliseconds(tables["timestep"]) / 1e3
    crossbars["connect"] |= {"sources": f"{file}:sources", "targets": f"{file}:targets"}
    crossbars["weight"] = f"{file}:weights"
    return tables


def wired(side: int, active: int) -> str:
    """Write the wiring of a size, unless it is there, and return its file."""
    file = f"wiring_{side}_{active}.npz"
    make_once(_cache[0] / file, __file__, lambda: wiring(side, active))
    return file


def wiring(side: int, active: int) -> dict[str, Array]:
    """Draw the wiring: every neuron reaches one axon anywhere on the chip, every axon so many neurons of its core.

    Neurons take axons as a random permutation, so that all are taken. Of equally likely cores on a grid of n x n,
    two are ``(n^2 - 1) / (3 n)`` apart along either axis in the mean: 21.3 for n = 64, as published.

    Returns
    -------
    dict
        ``sources``, ``targets`` and ``weights``; half of the axons are inhibitory.
    """
    random = np.random.default_rng(side)
    axons = CORE * side**2
    source_of_axon = random.permutation(axons)
    chosen = np.sort(random.random((axons, CORE)).argsort(axis=1)[:, :active], axis=1)
    targets = (np.arange(axons) // CORE * CORE)[:, None] + chosen
    sign = 1 - 2 * (np.arange(axons) % 2)
    return {
        "sources": np.repeat(source_of_axon, active).astype(np.int32),
        "targets": targets.reshape(-1).astype(np.int32),
        "weights": np.repeat(sign * WEIGHT, active),
    }


def results(trace: Any) -> dict[str, Any]:
    """Measure rate, synaptic events, ways and power: of a full chip as busy as the cores that were simulated.

    Static power is that of a whole chip; what was done is scaled to 4,096 cores.
    """
    cores = int(scenario_of(trace)["settings"]["side"]) ** 2
    seconds, full = trace.duration_ms / 1e3, FULL_CORES / cores
    found, energy = trace.summary(), trace.energy_account()
    packets = int(trace.counts("core_packets_out").sum())
    static, dynamic = (1e3 * PJ_TO_J * part.value / seconds for part in (energy.static, energy.dynamic))
    return {
        "rate_hz": found["spikes"] / trace.sizes["neurons"] / seconds,
        "events_per_s": found["synaptic_events"] / seconds * full,
        "hops_x": float(trace.counts("chip_hops_x").sum()) / packets if packets else None,
        "hops_y": float(trace.counts("chip_hops_y").sum()) / packets if packets else None,
        "static_mw": static,
        "dynamic_mw": dynamic * full,
        "power_mw": static + dynamic * full,
    }
