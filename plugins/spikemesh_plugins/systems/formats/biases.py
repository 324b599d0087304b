"""DYNAP-SE: analog weights, one for each type of synapse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts import Weights
from spikemesh.ids import FloatArray
from spikemesh_plugins.systems.formats.levels import best_levels, nearest_of

OF_A_SIGN = 2
"""Types of synapses that excite, and that inhibit: a fast and a slow one each."""


class SharedBiases:
    """Two weights of either sign onto a population, of any size."""

    name = "dynapse"
    source = (
        "libcaer, dynapse.h: types fast and slow, excitatory and inhibitory; one analog weight for each type of a core "
        "(unconfirmed)"
    )

    def rounded(self, onto: Sequence[Weights]) -> list[FloatArray]:
        """Return the nearest of two weights of each sign with the least squared error over all synapses."""
        counts = [np.full(w.values.size, w.synapses / max(w.values.size, 1)) for w in onto]
        every = np.concatenate([w.values for w in onto])
        count, whole = np.concatenate(counts), any(w.whole for w in onto)
        levels = []
        for here in (every < 0, every > 0):
            values, index = np.unique(every[here], return_inverse=True)
            levels.append(
                best_levels(values, np.bincount(index, count[here]).astype(float), OF_A_SIGN, whole)
            )
        return [_by_sign(w.values, *levels) for w in onto]


def _by_sign(values: FloatArray, negative: FloatArray, positive: FloatArray) -> FloatArray:
    result = values.copy()
    result[values < 0] = nearest_of(values[values < 0], negative)
    result[values > 0] = nearest_of(values[values > 0], positive)
    return result


DYNAPSE = SharedBiases()
