"""Readout by counting."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import Decoder
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.readout import counts


class SpikeCountDecoder(Decoder):
    """Number of spikes of each neuron in each presentation."""

    name = "spike_count"

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:  # noqa: ARG002 - no parameters
        """Count the spikes with ``edges[k, 0] < tick <= edges[k, 1]``."""
        return counts(ticks, neurons, size, edges)
