"""ODIN's crossbar: one synapse at each crossing, and one sign for a whole row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikemesh.contracts import Load, Use
from spikemesh_plugins.systems.limits.pairs import inhibits, most_of_a_pair


class OneCrossbar:
    """A row for each source, a column for each neuron, one synapse where they cross; a source has one sign.

    Rows, columns and memory are limits of the core (``axons_in``, ``neurons``, ``synapse_memory_bits``).
    """

    name = "odin_crossbar"
    source = "ODIN's RTL and documentation: 256 x 256 synapses; the sign is the source neuron's"

    def check(self, load: Load) -> Iterator[Use]:
        """Count synapses of a pair of neurons, and signs of a source."""
        remedy = "multapses = false, or a larger weight"
        yield Use("crossings", "synapses of a pair of neurons", "neuron", most_of_a_pair(load), 1, remedy)
        signs = np.zeros((load.network.size, 2), dtype=bool)
        for projection in load.network.projections:
            for synapses in load.draw(projection.index):
                signs[synapses.source, inhibits(load, projection.index, synapses).astype(np.int64)] = True
        remedy = "neurons that either excite or inhibit"
        yield Use("signs", "signs of a source's weights", "neuron", signs.sum(axis=1), 1, remedy)
