"""Rates and irregularity of the balanced network."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh_scenarios.activity import interval_cv

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
