"""TrueNorth: four weights for each neuron, of which the type of an axon chooses one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts import Weights
from spikemesh.ids import FloatArray
from spikemesh_plugins.systems.formats.grids import largest
from spikemesh_plugins.systems.formats.levels import nearest_of_sign, of_one_sign

LOW, HIGH = -256, 255
"""Signed whole numbers of 9 bits."""
TYPES = 4


class AxonTypes:
    """Whole numbers of 9 bits, four different ones onto a population; no synapse, weight 0, is none of the four.

    Weights keep their sign.
    """

    name = "truenorth"
    source = (
        "Merolla et al., Science 345:668-673, 2014, supplement, S1 and S8: 9 bits, signed, four axon types"
    )

    def rounded(self, onto: Sequence[Weights]) -> list[FloatArray]:
        """Return the nearest of the four whole numbers with the least squared error over all synapses."""
        unit = 1.0 if any(w.whole for w in onto) else largest(onto) / HIGH
        if unit == 0.0:
            return [w.values for w in onto]
        scaled = [np.clip(np.rint(w.values / unit), LOW, HIGH) for w in onto]
        counts = [np.full(w.values.size, w.synapses / max(w.values.size, 1)) for w in onto]
        levels = of_one_sign(np.concatenate(scaled), np.concatenate(counts), TYPES, whole=True)
        return [nearest_of_sign(s, levels) * unit for s in scaled]
