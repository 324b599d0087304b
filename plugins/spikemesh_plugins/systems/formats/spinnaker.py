"""SpiNNaker: weights of 16 bits times a power of two for each receptor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts import Weights
from spikemesh.ids import FloatArray

MOST = 2**16 - 1
LEAST_STEP = 2.0**-15
"""The last bit of s16.15."""
TOOLS_UNITS = {"pA": 1000.0, "nS": 1000.0}
"""Of a unit here in the unit of the tools, which is nA and uS."""


class PowerOfTwo:
    """Whole numbers of 16 bits times a power of two, at least the last bit of s16.15, that a receptor shares.

    The power is the least with which the largest weight is had. The software takes a larger one where the sums of a
    tick would saturate; by what rule is not published here.
    """

    name = "spinnaker"
    source = "sPyNNaker, IF_curr_exp: weights of 16 bits, shifted left into s16.15 by a power of two for each receptor"

    def rounded(self, onto: Sequence[Weights]) -> list[FloatArray]:
        """Return the nearest multiples of the power of two of each sign."""
        signs = [_of_sign(onto, sign) for sign in (-1.0, 1.0)]
        return [negative + positive for negative, positive in zip(*signs, strict=True)]


def _of_sign(onto: Sequence[Weights], sign: float) -> list[FloatArray]:
    """Round the weights of one sign, which have a receptor of their own; the others become 0."""
    parts = [np.where(w.values * sign > 0, w.values, 0.0) for w in onto]
    top = max((float(np.abs(p).max(initial=0.0)) for p in parts), default=0.0)
    if top == 0.0:
        return parts
    least = (
        1.0 if any(w.whole for w in onto) else LEAST_STEP * max(TOOLS_UNITS.get(w.unit, 1.0) for w in onto)
    )
    step = least * 2.0 ** max(0, int(np.ceil(np.log2(top / (MOST * least)))))
    return [np.rint(p / step) * step for p in parts]
