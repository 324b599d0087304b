"""Values as currents."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Encoder, Parameter
from spikemesh.ids import FloatArray


class ConstantCurrentEncoder(Encoder):
    """Each value x becomes the current ``gain x``, held throughout the presentation."""

    name = "constant_current"
    parameters = {"gain": Parameter(1.0, description="current of the value 1, in the unit of the model")}
    emits = "current"

    @staticmethod
    def encode(
        values: FloatArray,
        steps: int,  # noqa: ARG004 - the current does not change
        first_step: int,  # noqa: ARG004
        dt: float,  # noqa: ARG004
        p: Any,
        random: CounterRandom,  # noqa: ARG004
    ) -> FloatArray:
        """Scale one sample."""
        return np.asarray(values * p.gain, dtype=np.float64)
