"""Formats whose weights are whole multiples of a unit that a population shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.contracts import Weights
from spikemesh.ids import FloatArray


def largest(onto: Sequence[Weights]) -> float:
    """Return the largest of some weights, as a magnitude."""
    return max((float(np.abs(w.values).max(initial=0.0)) for w in onto), default=0.0)


class Grid:
    """Whole numbers up to a greatest, of either sign, times a unit; the unit is such that the largest weight is had.

    Parameters
    ----------
    name
        Name of the format.
    most
        Greatest whole number.
    source
        Where it is published.
    """

    def __init__(self, name: str, most: int, source: str) -> None:
        self.name, self.most, self.source = name, most, source

    def rounded(self, onto: Sequence[Weights]) -> list[FloatArray]:
        """Return the nearest multiples of the unit; for a model in whole numbers the unit is 1."""
        unit = 1.0 if any(w.whole for w in onto) else largest(onto) / self.most
        if unit == 0.0:
            return [w.values for w in onto]
        return [np.clip(np.rint(w.values / unit), -self.most, self.most) * unit for w in onto]


ODIN = Grid("odin", 7, "ODIN's RTL and documentation: 3 bits; the sign is the source neuron's")
BRAINSCALES2 = Grid("brainscales2", 63, "Billaudelle, thesis: 6 bits; the sign is the row's")
SPECK = Grid("speck", 127, "sinabs, discretize.py: 8 bits, one scale for a layer, rounded")
DYNAPSE2 = Grid(
    "dynapse2",
    15,
    "rockpool, samna_alias: 4 bits select which of a core's currents Iw_0 to Iw_3 add up; by default 1, 2, 4 and 8 nA; "
    "the sign is the dendrite's",
)
