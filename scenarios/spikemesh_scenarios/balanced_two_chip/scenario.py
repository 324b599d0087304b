"""Rates and irregularity of the balanced network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh_scenarios.settings import named, scenario_of

POPULATIONS = ("exc", "inh")


def results(trace: Any) -> dict[str, Any]:
    """Return mean rates in Hz, the mean coefficient of variation of the intervals, and synaptic events."""
    summary = trace.summary()
    seconds = float(summary["duration_ms"]) / 1e3
    figures: dict[str, Any] = {}
    spikes = neurons_in_all = 0
    for name in POPULATIONS:
        size = named(scenario_of(trace), "population", name)["size"]
        train = trace.spikes(name)
        ticks, neurons = (np.asarray(a, dtype=np.int64) for a in (train.ticks, train.neurons))
        spikes, neurons_in_all = spikes + ticks.size, neurons_in_all + size
        figures[f"rate_{name}_hz"] = ticks.size / size / seconds
        figures[f"cv_{name}"] = interval_cv(ticks, neurons, size)
    figures["rate_hz"] = spikes / neurons_in_all / seconds
    figures["synaptic_events"] = summary["synaptic_events"]
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
