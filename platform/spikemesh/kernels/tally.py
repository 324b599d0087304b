"""Counting synapses by source and core, and what recorded spikes mean for cores and links."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import bare, bare_inlined


@bare
def count_targets(source: Any, position: Any, column: Any, counts: Any, indegree: Any) -> None:
    """Count synapses by source neuron and core, and by target.

    Parameters
    ----------
    source, position : ndarray of int32, shape (synapses,)
        Source neuron, and position of the target among those given.
    column : ndarray of int32, shape (targets,)
        Column of the target's core in ``counts``.
    counts : ndarray of int32, shape (sources, columns)
        Incremented.
    indegree : ndarray of int64, shape (targets,)
        Incremented.
    """
    for k in range(source.size):
        counts[source[k], column[position[k]]] += np.int32(1)
        indegree[position[k]] += 1


@bare_inlined
def _settle(row: Any, n: Any, t: Any, o: Any) -> None:
    """Add the spikes of a neuron in a bin to the counters; as :func:`spikemesh.kernels.window.settle` does."""
    spikes = o.spikes[n]
    o.spikes[n] = 0
    o.core_spikes[row, t.core[n]] += spikes
    for entry in range(t.fan_ptr[n], t.fan_ptr[n + 1]):
        o.core_events[row, t.fan_core[entry]] += spikes * t.fan_synapses[entry]
    for entry in range(t.route_ptr[n], t.route_ptr[n + 1]):
        o.link_packets[row, t.route_link[entry]] += spikes * t.route_packets[entry]


@bare
def tally(ticks: Any, neurons: Any, bin_steps: Any, first_bin: Any, t: Any, o: Any) -> None:
    """Count what spikes mean for cores and links, bin by bin.

    Parameters
    ----------
    ticks, neurons : ndarray of int64, shape (spikes,)
        Sorted by tick; neurons by their global index.
    bin_steps, first_bin
        Width of a bin in steps, and the bin of the first row.
    t, o
        Tables and outputs: see :mod:`spikemesh.engine.tally`.
    """
    at = 0
    while at < ticks.size:
        row = (ticks[at] - 1) // bin_steps - first_bin
        last = (row + first_bin + 1) * bin_steps
        touched = 0
        while at < ticks.size and ticks[at] <= last:
            n = neurons[at]
            if o.spikes[n] == 0:
                o.touched[touched] = n
                touched += 1
            o.spikes[n] += 1
            at += 1
        for k in range(touched):
            _settle(row, o.touched[k], t, o)
