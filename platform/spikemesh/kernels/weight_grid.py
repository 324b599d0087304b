"""Weights of few bits: the grid of 2^bits - 1 steps of [0, w_max], to which every change is rounded."""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np

from spikemesh.ids import FloatArray
from spikemesh.kernels.accelerate import inlined


def grid(bits: int, w_max: float) -> tuple[float, float, float, float]:
    """Return steps per weight, weight of a step, number of steps, and w_max."""
    top = float(2**bits - 1)
    return top / w_max, w_max / top, top, w_max


def on_grid(weight: FloatArray, bits: int, w_max: float) -> FloatArray:
    """Round magnitudes to the nearest weight of the grid, halves upwards."""
    per, step, top, _ = grid(bits, w_max)
    rounded: FloatArray = np.minimum(np.floor(np.clip(weight * per, 0.0, top) + 0.5) * step, w_max)
    return rounded


@inlined
def to_nearest(weight: Any, old: Any, per: Any, step: Any, top: Any, w_max: Any) -> Any:
    """Round a weight to the nearest one of the grid; one that has not changed stays what it is."""
    level = floor(min(max(weight * per, 0.0), top) + 0.5)
    return old if weight == old else min(level * step, w_max)


@inlined
def at_random(weight: Any, old: Any, per: Any, step: Any, top: Any, w_max: Any, u: Any) -> Any:
    """Round a weight up with the probability of its distance from the one below, so that its mean stays."""
    place = min(max(weight * per, 0.0), top)
    level = floor(place)
    level = level + 1 if u < place - level else level
    return old if weight == old else min(level * step, w_max)
