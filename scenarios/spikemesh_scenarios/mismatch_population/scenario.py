"""Charge of a synaptic event and firing rate of neurons that differ, averaged over populations of some size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh.errors import InputError, Problem
from spikemesh_scenarios.settings import named, scenario_of

Array = NDArray[np.float64]

SIZES = (1, 4, 16, 64, 256)
"""Neurons of a population."""


def results(trace: Any) -> dict[str, Any]:
    """Tabulate the spread between populations of each size, beside ``CV / sqrt(n)``.

    Raises
    ------
    InputError
        If there are fewer than two populations of the largest size.
    """
    cells = named(scenario_of(trace), "population", "cells")
    mismatch, neurons = float(cells["params"]["mismatch"]), int(cells["size"])
    if neurons < 2 * SIZES[-1]:
        allowed = f"at least two populations of {SIZES[-1]}"
        raise InputError(Problem("population.cells.size", f"{neurons} neurons are too few", allowed))
    current = trace.probe("cells", "i_ampa").values
    if len(current) < 2:
        return {"neurons": neurons}
    at = np.asarray(trace.probe("cells", "i_ampa")["time"], dtype=np.float64)
    dt = float(trace.timestep_ms)
    charge = charges(current, (at[-1] - at[0]) / dt, dt)
    counts = np.bincount(np.asarray(trace.spikes("cells").neurons, np.int64), minlength=neurons)
    rate = counts / (trace.until_tick * dt * 1e-3)
    return {
        "neurons": neurons,
        "mismatch": mismatch,
        "charge_fc": float(charge.mean()),
        "rate_hz": float(rate.mean()),
        "charge": spread(charge, mismatch),
        "charge_slope": slope(charge),
        "rate": spread(rate, variation(rate)),
        "rate_slope": slope(rate),
    }


def charges(current: Array, steps: float, dt: float) -> Array:
    """Return the charge (fC) of an exponential current (pA) that begins at the first of two samples.

    ``dt (i + i p + i p^2 ...) = dt i / (1 - p)``, p what a step leaves of it.

    Parameters
    ----------
    current : ndarray, shape (samples, neurons)
        The first and the last are used.
    steps
        Steps between these.
    dt
        Step in ms.
    """
    left = (current[-1] / current[0]) ** (1.0 / steps)
    found: Array = dt * current[0] / (1.0 - left)
    return found


def variation(values: Array) -> float:
    """Return standard deviation / mean."""
    return float(values.std() / values.mean())


def averaged(values: Array, size: int) -> Array:
    """Return the means of populations of ``size`` neurons that follow one another."""
    found: Array = values[: values.size // size * size].reshape(-1, size).mean(axis=1)
    return found


def bits(coefficient: float) -> float:
    """Return the equivalent bits of a coefficient of variation: ``log2(FS / (sqrt(12) sigma))``, FS the mean."""
    return math.log2(1.0 / (math.sqrt(12.0) * coefficient))


def spread(values: Array, single: float) -> list[dict[str, float]]:
    """Return a row for each size of population.

    Parameters
    ----------
    values : ndarray, shape (neurons,)
        One value a neuron.
    single
        Coefficient of variation of a single neuron in theory.
    """
    rows = []
    for size in SIZES:
        means = averaged(values, size)
        found, expected = variation(means), single / math.sqrt(size)
        rows.append(
            {
                "size": size, "populations": means.size, "cv": found, "theory": expected,
                "error": expected / math.sqrt(2.0 * (means.size - 1)),
                "bits": bits(found), "bits_theory": bits(expected),
            }
        )  # fmt: skip
    return rows


def slope(values: Array) -> float:
    """Return the slope of log CV against log size; -1/2 where neurons differ independently."""
    found = [variation(averaged(values, size)) for size in SIZES]
    return float(np.polyfit(np.log(SIZES), np.log(found), 1)[0])
