"""DYNAP-SE: analog weights, one for each type of synapse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts import Weights
from spikemesh.ids import FloatArray
from spikemesh_plugins.systems.formats.levels import nearest_of_sign, of_one_sign

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
        levels = [
            of_one_sign(np.where(here, every, 0.0), count, OF_A_SIGN, whole)
            for here in (every < 0, every > 0)
        ]
        return [nearest_of_sign(w.values, np.concatenate(levels)) for w in onto]


DYNAPSE = SharedBiases()
