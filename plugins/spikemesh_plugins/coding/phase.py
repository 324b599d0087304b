"""Phase code: when within the cycle of an oscillation a spike comes."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Decoder, Encoder, Parameter
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.readout import trains
from spikemesh_plugins.coding.unit_range import check_unit_range


class PhaseEncoder(Encoder):
    """Each value x in (0, 1] has the phase ``phi = 2 pi x``: one spike a cycle, at ``t = period phi / 2 pi``.

    Cycles start with the presentation; 0 stays silent. A spike carries the stamp of the step in which t falls.
    """

    name = "phase"
    parameters = {"period": Parameter(25.0, "ms", gt=0, description="of the oscillation")}

    @staticmethod
    def check(values: FloatArray, dt: float, p: Any) -> None:  # noqa: ARG004 - dt and period have no say
        """Refuse what cannot be encoded.

        Raises
        ------
        DescriptionError
            If a value is outside [0, 1].
        """
        check_unit_range(values)

    @staticmethod
    def encode(
        values: FloatArray,
        steps: int,
        first_step: int,  # noqa: ARG004 - nothing is drawn
        dt: float,
        p: Any,
        random: CounterRandom,  # noqa: ARG004
    ) -> tuple[IntArray, IntArray]:
        """Compute the spikes of one presentation, sorted by time, then neuron."""
        cycles = np.arange(int(np.ceil(steps * dt / p.period)))[:, None]
        exact = (cycles + values) * (p.period / dt)
        stamps = np.maximum(np.ceil(exact - 1e-9), 1.0)
        fires = (values > 0.0) & (stamps <= steps)
        neurons = np.nonzero(fires)[1]
        offsets = stamps[fires].astype(np.int64)
        order = np.lexsort((neurons, offsets))
        return offsets[order], neurons[order].astype(np.int64)


class PhaseDecoder(Decoder):
    """Value ``x = phi / 2 pi`` of each neuron from the mean phase of its spikes (on the circle); 0 if it is silent."""

    name = "phase"
    parameters = {
        "period": Parameter(25.0, "ms", gt=0, description="of the encoder"),
        "timestep": Parameter(None, "ms", gt=0, description="timestep of the run"),
    }

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Average phases as directions; x = 1 is one full turn."""
        values = np.zeros((len(edges), size))
        for sample, neuron, steps in trains(ticks, neurons, size, edges):
            turns = steps * (p.timestep / p.period)
            mean = np.angle(np.exp(2j * np.pi * turns).mean()) / (2 * np.pi)
            values[sample, neuron] = mean if mean > 1e-9 else mean + 1.0
        return values
