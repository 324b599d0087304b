"""Readout by counting."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import Decoder
from spikemesh.ids import FloatArray, IntArray


class SpikeCountDecoder(Decoder):
    """Number of spikes of each neuron in each presentation."""

    name = "spike_count"

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:  # noqa: ARG002 - no parameters
        """Count the spikes with ``edges[k, 0] < tick <= edges[k, 1]``."""
        first = np.searchsorted(ticks, edges[:, 0], side="right")
        last = np.searchsorted(ticks, edges[:, 1], side="right")
        counts = np.zeros((len(edges), size), dtype=np.float64)
        for sample, (begin, end) in enumerate(zip(first, last, strict=True)):
            counts[sample] = np.bincount(neurons[begin:end], minlength=size)
        return counts
