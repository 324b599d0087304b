"""Rate code without chance: evenly spaced spikes, and rates from counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Decoder, Encoder, Parameter
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.poisson import PoissonEncoder
from spikemesh_plugins.coding.readout import counts
from spikemesh_plugins.coding.unit_range import check_unit_range


class RateEncoder(Encoder):
    """Each value x in [0, 1] is the rate ``r = x max_rate`` of evenly spaced spikes.

    A spike comes whenever ``r t + phase`` passes a whole number, so a presentation of T holds exactly
    ``floor(r T + phase)`` spikes, and a count tells the rate to within 1/T.
    """

    name = "rate"
    parameters = {
        "max_rate": Parameter(100.0, "Hz", gt=0, description="rate of the value 1"),
        "phase": Parameter(0.0, ge=0, lt=1, description="share of an interval that has passed at the start"),
    }

    @staticmethod
    def check(values: FloatArray, dt: float, p: Any) -> None:
        """Refuse what cannot be encoded.

        Raises
        ------
        DescriptionError
            If a value is outside [0, 1], or there would be more than one spike a step.
        """
        PoissonEncoder.check(values, dt, p)
        check_unit_range(values)

    @staticmethod
    def encode(
        values: FloatArray,
        steps: int,
        first_step: int,  # noqa: ARG004 - counted from the start of the presentation
        dt: float,
        p: Any,
        random: CounterRandom,  # noqa: ARG004 - nothing is drawn
    ) -> tuple[IntArray, IntArray]:
        """Compute the spikes of one presentation, sorted by time, then neuron."""
        per_step = values * (p.max_rate * dt / 1000.0)
        # 10 x 0.1 is a whole spike, although floats sum to less.
        passed = np.floor(np.arange(steps + 1)[:, None] * per_step + p.phase + 1e-9)
        offsets, neurons = np.nonzero(np.diff(passed, axis=0) > 0)
        return offsets.astype(np.int64) + 1, neurons.astype(np.int64)


class RateDecoder(Decoder):
    """Value of each neuron from its count n over a presentation of T: ``x = n / (T max_rate)``."""

    name = "rate"
    parameters = {
        "max_rate": Parameter(100.0, "Hz", gt=0, description="of the encoder"),
        "timestep": Parameter(None, "ms", gt=0, description="timestep of the run"),
    }

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Count, and divide by what the value 1 gives."""
        full = (edges[:, 1] - edges[:, 0]) * (p.timestep * p.max_rate / 1000.0)
        values: FloatArray = counts(ticks, neurons, size, edges) / full[:, None]
        return values
