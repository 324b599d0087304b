"""Checks of what an encoder of samples returns."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.errors import PluginError
from spikemesh.ids import FloatArray, IntArray


def currents_of(encoded: Any, size: int, where: str) -> FloatArray:
    """Return one current for each of ``size`` neurons.

    Raises
    ------
    PluginError
        If an encoder returned something else; ``where`` names it, the sample, the population and the step.
    """
    try:
        currents = np.asarray(encoded, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PluginError(f"{where}: what it returned is no array of currents: {error}") from None
    if currents.shape != (size,):
        raise PluginError(f"{where}: it returned currents of shape {currents.shape} for {size} neurons")
    if not np.isfinite(currents).all():
        raise PluginError(
            f"{where}: the current of neuron {int(np.argmin(np.isfinite(currents)))} is not finite"
        )
    return currents


def spikes_of(encoded: Any, steps: int, size: int, where: str) -> tuple[IntArray, IntArray]:
    """Return offsets within 1 to ``steps``, and neurons below ``size``.

    Raises
    ------
    PluginError
        If an encoder returned something else; ``where`` names it, the sample, the population and the step.
    """
    if not isinstance(encoded, tuple) or len(encoded) != 2:
        raise PluginError(f"{where}: it returned {type(encoded).__name__}, not a tuple (offsets, neurons)")
    offsets, neurons = (np.asarray(column) for column in encoded)
    if offsets.shape != neurons.shape or offsets.ndim != 1:
        raise PluginError(f"{where}: it returned {offsets.shape} offsets for {neurons.shape} neurons")
    offsets, neurons = offsets.astype(np.int64), neurons.astype(np.int64)
    if offsets.size and (offsets.min() < 1 or offsets.max() > steps):
        bad = offsets[(offsets < 1) | (offsets > steps)][0]
        raise PluginError(f"{where}: the offset {bad}; offsets must lie in 1 to {steps}")
    if neurons.size and (neurons.min() < 0 or neurons.max() >= size):
        bad = neurons[(neurons < 0) | (neurons >= size)][0]
        raise PluginError(f"{where}: a spike of neuron {bad}; there are {size}")
    return offsets, neurons
