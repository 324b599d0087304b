"""BrainScaleS-2: rows of synapses, each with one sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikemesh.contracts import Load, Use
from spikemesh_plugins.systems.limits.pairs import inhibits

ROWS = 256


class SignedRows:
    """A half has 256 rows, each with a synapse for every neuron and one sign for all of them.

    A neuron needs a row for each of its synapses; rows of either sign are shared by all neurons of the half. A source
    that excites some neurons and inhibits others takes a pair of rows.
    """

    name = "brainscales2_rows"
    source = "Billaudelle, thesis: 2 x 256 rows x 256 columns, sign per row"

    def check(self, load: Load) -> Iterator[Use]:
        """Count the rows of each half."""
        onto = np.zeros((2, load.network.size), dtype=np.int64)
        for projection in load.network.projections:
            for synapses in load.draw(projection.index):
                sign = inhibits(load, projection.index, synapses).astype(np.int64)
                np.add.at(onto, (sign, synapses.target), 1)
        rows = np.zeros((2, load.system.core_count), dtype=np.int64)
        for of_sign, synapses_onto in zip(rows, onto, strict=True):
            np.maximum.at(of_sign, load.core_of, synapses_onto)
        what = "rows of synapses, of either sign as many as a neuron has at most"
        yield Use("rows", what, "core", rows.sum(axis=0), ROWS, "fewer synapses onto each neuron")
