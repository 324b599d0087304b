"""Measures of irregular and of common activity in the spikes of a population."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def interval_cv(ticks: NDArray[np.int64], neurons: NDArray[np.int64], size: int) -> float | None:
    """Return the mean over neurons of standard deviation / mean of their inter-spike intervals.

    Neurons with fewer than two intervals are left out; None if all are.
    """
    order = np.lexsort((ticks, neurons))
    neurons, ticks = neurons[order], ticks[order]
    same = neurons[1:] == neurons[:-1]
    owner, interval = neurons[1:][same], np.diff(ticks)[same].astype(np.float64)
    count = np.bincount(owner, minlength=size)
    total = np.bincount(owner, interval, minlength=size)
    squares = np.bincount(owner, interval**2, minlength=size)
    used = count >= 2
    if not used.any():
        return None
    mean = total[used] / count[used]
    variance = np.maximum(squares[used] / count[used] - mean**2, 0.0)
    return float(np.mean(np.sqrt(variance) / mean))


def synchrony(ticks: NDArray[np.int64], first: int, last: int, bin_steps: int) -> float | None:
    """Return variance / mean of the number of spikes in bins: 1 for independent Poisson trains.

    Parameters
    ----------
    ticks
        Steps of the spikes of a group of neurons.
    first, last
        First and last step that count; a bin that would go beyond is left out.
    bin_steps
        Width of a bin.

    Returns
    -------
    float or None
        None without spikes or with fewer than two bins.
    """
    bins = (last - first + 1) // bin_steps
    if bins < 2:
        return None
    index = (np.asarray(ticks, dtype=np.int64) - first) // bin_steps
    counts = np.bincount(index[(index >= 0) & (index < bins)], minlength=bins)
    return float(np.var(counts) / np.mean(counts)) if counts.any() else None
