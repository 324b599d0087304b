"""Contract of a number format: what weights become in a chip's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spikemesh.ids import FloatArray


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one projection.

    Attributes
    ----------
    values : ndarray of float64, shape (n,)
        One for all synapses, or one each; of a convolution the entries of its kernel that are not 0.
    synapses
        Expected number of synapses.
    unit
        Unit of the target's model; empty for a plain number.
    whole
        Whether the target's model computes in whole numbers, of which 1 is 1 on the chip. Else the chip's unit can be
        chosen freely for each population, as thresholds are scaled with it.
    """

    values: FloatArray
    synapses: float
    unit: str
    whole: bool


class NumberFormat(Protocol):
    """How a chip holds weights. A chip names its format (:attr:`ChipSpec.format`)."""

    name: str
    source: str
    """Where it is published."""

    def rounded(self, onto: Sequence[Weights]) -> list[FloatArray]:
        """Return the values of weights as the chip holds them, in their own unit.

        Parameters
        ----------
        onto
            The weights of all projections onto one population.
        """
        ...
