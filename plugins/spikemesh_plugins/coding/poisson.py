"""Rate code: values become rates of random spikes."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Encoder, Parameter
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.unit_range import check_unit_range


class PoissonEncoder(Encoder):
    """Each value x in [0, 1] is a mean rate: in every step a spike with probability ``x max_rate dt``.

    Counts over T steps have the mean ``T x max_rate dt`` and the Fano factor ``1 - x max_rate dt``.
    """

    name = "poisson"
    parameters = {"max_rate": Parameter(100.0, "Hz", gt=0, description="rate of the value 1")}

    @staticmethod
    def check(values: FloatArray, dt: float, p: Any) -> None:
        """Refuse what cannot be encoded.

        Raises
        ------
        DescriptionError
            If a value is outside [0, 1], or a spike would be more than certain.
        """
        if p.max_rate * dt > 1000.0:
            found = f"{p.max_rate:g} Hz is more than one spike per step of {dt:g} ms"
            raise DescriptionError(Problem("max_rate", found, f"at most {1000.0 / dt:g} Hz"))
        check_unit_range(values)

    @staticmethod
    def encode(
        values: FloatArray, steps: int, first_step: int, dt: float, p: Any, random: CounterRandom
    ) -> tuple[IntArray, IntArray]:
        """Draw the spikes of one presentation."""
        fires = random.uniform(first_step, steps) < values * (p.max_rate * dt / 1000.0)
        offsets, neurons = np.nonzero(fires)
        return offsets.astype(np.int64) + 1, neurons.astype(np.int64)
