"""Rates and irregularity of the balanced network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

POPULATIONS = ("exc", "inh")


def results(trace: Any) -> dict[str, Any]:
    """Return mean rates in Hz, the mean coefficient of variation of the intervals, and synaptic events."""
    seconds = trace.duration_ms / 1e3
    figures: dict[str, Any] = {"rate_hz": 0.0}
    spikes = 0
    for name in POPULATIONS:
        train, size = trace.spikes(name), trace.sizes[name]
        spikes += len(train.ticks)
        figures[f"rate_{name}_hz"] = len(train.ticks) / size / seconds
        figures[f"cv_{name}"] = interval_cv(train.ticks, train.neurons.astype(np.int64), size)
    figures["rate_hz"] = spikes / sum(trace.sizes[name] for name in POPULATIONS) / seconds
    figures["synaptic_events"] = trace.summary()["synaptic_events"]
    return figures


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
