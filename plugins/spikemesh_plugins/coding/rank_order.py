"""Rank-order code: only the order of the values is sent."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Decoder, Encoder, Parameter
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.readout import first_steps


def by_rank(values: FloatArray) -> IntArray:
    """Return neurons from the largest value to the smallest; among equals the lower number comes first."""
    return np.argsort(-values, kind="stable").astype(np.int64)


class RankOrderEncoder(Encoder):
    """The neuron of the largest value fires first, the others follow by rank, ``interval`` apart.

    Values that are not above ``threshold`` stay silent, and so do ranks that no longer fit into the
    presentation. A code of N spikes can say log2(N!) bits.

    Source: S. Thorpe and J. Gautrais, Rank order coding, Computational Neuroscience, 1998, 113-118.
    """

    name = "rank_order"
    parameters = {
        "interval": Parameter(1.0, "ms", gt=0, description="from rank to rank, at least a step"),
        "threshold": Parameter(0.0, description="largest value that stays silent"),
    }

    @staticmethod
    def encode(
        values: FloatArray,
        steps: int,
        first_step: int,  # noqa: ARG004 - nothing is drawn
        dt: float,
        p: Any,
        random: CounterRandom,  # noqa: ARG004
    ) -> tuple[IntArray, IntArray]:
        """Compute the spikes of one presentation, in the order of their ranks."""
        ranked = by_rank(values)
        ranked = ranked[values[ranked] > p.threshold]
        apart = np.maximum(1, np.rint(p.interval / dt)).astype(np.int64)
        offsets = 1 + apart * np.arange(len(ranked), dtype=np.int64)
        kept = offsets <= steps
        return offsets[kept], ranked[kept]


class RankOrderDecoder(Decoder):
    """Desensitised rank ``m^rank`` of each neuron, rank 0 the first to fire; 0 for those that did not.

    ``sum w_i m^rank_i`` is then the activation of a neuron with weights w; it is largest for the order of
    its weights. Neurons that fire in one step share the lower rank.
    """

    name = "rank_order"
    parameters = {"m": Parameter(0.9, gt=0, le=1, description="factor from rank to rank")}

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Rank the first spikes of each presentation."""
        first = first_steps(ticks, neurons, size, edges)
        earlier = np.sort(first, axis=1)
        ranks = np.stack(
            [np.searchsorted(row, own, side="left") for row, own in zip(earlier, first, strict=True)]
        )
        return np.where(np.isfinite(first), p.m**ranks, 0.0)
