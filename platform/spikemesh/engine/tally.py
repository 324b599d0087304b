"""Counters of cores and links that workers count while they simulate, from recorded spikes.

Legend: N neurons of the network, E entries of the fan-out, R entries of routes, B bins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.tally import tally


class TallyTables(NamedTuple):
    """Where neurons are, and what their spikes reach; read only."""

    core: AnyArray  # int32 [N]
    fan_ptr: IntArray  # int64 [N+1]
    fan_core: AnyArray  # int32 [E]
    fan_synapses: IntArray  # int64 [E]
    route_ptr: IntArray  # int64 [N+1]
    route_link: AnyArray  # int32 [R]
    route_packets: IntArray  # int64 [R]


class TallyOutputs(NamedTuple):
    """Counters, and scratch."""

    spikes: IntArray  # int64 [N], of the bin so far
    touched: IntArray  # int64 [N], neurons that spiked in it
    core_spikes: IntArray  # int64 [B, cores]
    core_events: IntArray  # int64 [B, cores]
    link_packets: IntArray  # int64 [B, links]


def tally_counters(
    first: int,
    until: int,
    ticks: IntArray,
    neurons: IntArray,
    bin_steps: int,
    cores: int,
    links: int,
    tables: TallyTables,
) -> tuple[int, dict[str, IntArray]]:
    """Count what the spikes of the ticks ``(first, until]`` mean for cores and links.

    Parameters
    ----------
    first, until
        Ticks.
    ticks, neurons : ndarray of int64, shape (spikes,)
        All spikes of these ticks sorted by tick; neurons by their global index.
    bin_steps
        Width of a bin in steps.
    cores, links
        How many there are.
    tables
        The mapped network.

    Returns
    -------
    first_bin : int
        Bin of the first row.
    counters : dict
        ``core_spikes``, ``core_synaptic_events`` [bins, cores], ``link_packets`` [bins, links].
    """
    first_bin = first // bin_steps
    bins = (until - 1) // bin_steps - first_bin + 1 if until > first else 0
    spikes, touched = (np.zeros(tables.core.size, dtype=np.int64) for _ in range(2))
    core_spikes, core_events = (np.zeros((bins, cores), dtype=np.int64) for _ in range(2))
    outputs = TallyOutputs(spikes, touched, core_spikes, core_events, np.zeros((bins, links), dtype=np.int64))
    tally(ticks, neurons, bin_steps, first_bin, tables, outputs)
    return first_bin, {
        "core_spikes": outputs.core_spikes,
        "core_synaptic_events": outputs.core_events,
        "link_packets": outputs.link_packets,
    }
