"""N-of-M code: exactly N of M neurons fire, those of the largest values."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Decoder, Encoder, Parameter
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.rank_order import by_rank
from spikemesh_plugins.coding.readout import first_steps


class NOfMEncoder(Encoder):
    """The ``n`` neurons of the largest values fire once, at the start of the presentation.

    Exactly n fire: among equal values the lower number wins. ``ordered`` lets them fire in the order of
    their values, ``interval`` apart. A code says log2 C(M, n) bits, an ordered one log2(M!/(M - n)!).

    Source: S. Furber et al., Sparse distributed memory using N-of-M codes, Neural Networks 17:1437, 2004,
    doi:10.1016/j.neunet.2004.07.003.
    """

    name = "n_of_m"
    parameters = {
        "n": Parameter(None, ge=1, integer=True, description="neurons that fire"),
        "ordered": Parameter(False),
        "interval": Parameter(1.0, "ms", gt=0, description="from spike to spike if ordered, at least a step"),
    }

    @staticmethod
    def check(values: FloatArray, dt: float, p: Any) -> None:  # noqa: ARG004 - dt has no say
        """Refuse what cannot be encoded.

        Raises
        ------
        DescriptionError
            If there are fewer than n values.
        """
        if np.any(np.asarray(p.n) > len(values)):
            found = f"{p.n} of {len(values)} neurons"
            raise DescriptionError(Problem("n", found, f"1 to {len(values)}"))

    @staticmethod
    def encode(
        values: FloatArray,
        steps: int,
        first_step: int,  # noqa: ARG004 - nothing is drawn
        dt: float,
        p: Any,
        random: CounterRandom,  # noqa: ARG004
    ) -> tuple[IntArray, IntArray]:
        """Compute the spikes of one presentation, sorted by time, then neuron."""
        chosen = by_rank(values)[: int(p.n)]
        if not p.ordered:
            return np.ones(len(chosen), dtype=np.int64), np.sort(chosen)
        apart = max(1, round(p.interval / dt))
        offsets = 1 + apart * np.arange(len(chosen), dtype=np.int64)
        kept = offsets <= steps
        return offsets[kept], chosen[kept]


class NOfMDecoder(Decoder):
    """1 for the first ``n`` neurons to fire in each presentation, 0 for the others; among equals the lower number."""

    name = "n_of_m"
    parameters = {"n": Parameter(None, ge=1, integer=True, description="neurons of a code")}

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Keep the earliest of each presentation."""
        first = first_steps(ticks, neurons, size, edges)
        order = np.argsort(first, axis=1, kind="stable")[:, : p.n]
        code = np.zeros_like(first)
        np.put_along_axis(code, order, 1.0, axis=1)
        return code * np.isfinite(first)
