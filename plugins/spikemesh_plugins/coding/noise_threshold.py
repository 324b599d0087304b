"""Threshold of a delta modulator from the quietest windows of a recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import Parameter, Signal
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray
from spikemesh_plugins.coding.band import read_band, start_band

CALIBRATION = {
    "calibrate": Parameter(60_000.0, "ms", gt=0, description="how much of the start sets the threshold"),
    "window": Parameter(500.0, "ms", gt=0, description="windows whose extremes are taken"),
    "quietest": Parameter(1.0 / 6.0, gt=0, le=1, description="share of the windows that count"),
    "scale": Parameter(0.6, gt=0, description="threshold in sums of quiet maximum and minimum"),
}
"""Parameters of the rule; only used where no threshold is given."""


def noise_threshold(maxima: FloatArray, minima: FloatArray, quietest: float, scale: float) -> FloatArray:
    """Return ``scale (mean of the smallest maxima + mean of the smallest -minima)``.

    Parameters
    ----------
    maxima, minima : ndarray, shape (windows, ...)
        Extremes of each window.
    quietest
        Share of the windows that count, at least one.

    Notes
    -----
    The noise floor of Sharifshazileh, Burelo et al. 2021, doi:10.1038/s41467-021-23342-2.
    """
    count = max(1, round(len(maxima) * quietest))
    highest, lowest = (np.sort(part, axis=0)[:count].mean(axis=0) for part in (maxima, -minima))
    threshold: FloatArray = scale * (highest + lowest)
    return threshold


def calibrated(signal: Signal, p: Any) -> FloatArray:
    """Return the threshold of each channel from the filtered start of a signal.

    Raises
    ------
    DescriptionError
        If a channel is silent.
    """
    length = max(1, round(p.window * 1e-3 * signal.rate))
    windows = max(1, int(min(p.calibrate * 1e-3 * signal.rate, signal.samples)) // length)
    state = start_band(signal, p)
    maxima, minima = (np.empty((windows, *signal.shape)) for _ in range(2))
    for k in range(windows):
        block = read_band(signal, state, (k + 1) * length, p)
        maxima[k], minima[k] = block.max(axis=0), block.min(axis=0)
    threshold = noise_threshold(maxima, minima, p.quietest, p.scale)
    if not np.all(threshold > 0):
        silent = int(np.flatnonzero(~(threshold > 0))[0])
        found = f"channel {silent} is silent in its first {windows * length / signal.rate:g} s"
        raise DescriptionError(Problem("threshold", f"cannot be calibrated: {found}", "a number > 0"))
    return threshold
