"""Burst code: the larger the value, the more spikes in a burst and the closer together."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Decoder, Encoder, Parameter
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.readout import trains
from spikemesh_plugins.coding.unit_range import check_unit_range

BURST = {
    "most": Parameter(5, ge=1, integer=True, description="spikes of the value 1"),
    "shortest": Parameter(2.0, "ms", gt=0, description="interval of the value 1"),
    "longest": Parameter(10.0, "ms", gt=0, description="interval of the value 0"),
}
"""Parameters of encoder and decoder."""


class BurstEncoder(Encoder):
    """Each value x in [0, 1] is a burst of ``ceil(most x)`` spikes, ``longest - (longest - shortest) x`` apart.

    It begins with the presentation; 0 stays silent, and what no longer fits in is lost.

    Source: W. Guo et al., Neural coding in spiking neural networks, Frontiers in Neuroscience 15:638474, 2021,
    doi:10.3389/fnins.2021.638474.
    """

    name = "burst"
    parameters = BURST

    @staticmethod
    def check(values: FloatArray, dt: float, p: Any) -> None:
        """Refuse what cannot be encoded.

        Raises
        ------
        DescriptionError
            If a value is outside [0, 1], or intervals are not in order or shorter than a step.
        """
        check_unit_range(values)
        if np.any(np.asarray(p.shortest) < dt):
            raise DescriptionError(Problem("shortest", f"{p.shortest:g} ms", f"at least a step, {dt:g} ms"))
        if np.any(np.asarray(p.shortest) > p.longest):
            found = f"{p.shortest:g} ms is above longest, {p.longest:g} ms"
            raise DescriptionError(Problem("shortest", found, "shortest <= longest"))

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
        number = np.ceil(p.most * values - 1e-9)
        interval = p.longest - (p.longest - p.shortest) * values
        spike = np.arange(int(np.max(p.most)))[:, None]
        stamps = 1.0 + np.rint(spike * interval / dt)
        fires = (spike < number) & (stamps <= steps)
        neurons = np.nonzero(fires)[1]
        offsets = stamps[fires].astype(np.int64)
        order = np.lexsort((neurons, offsets))
        return offsets[order], neurons[order].astype(np.int64)


class BurstDecoder(Decoder):
    """Value of each neuron from the interval of its burst, ``x = (longest - interval) / (longest - shortest)``.

    A single spike says only that x is at most ``1 / most``: half of that is given. 0 if the neuron is silent.
    """

    name = "burst"
    parameters = BURST | {"timestep": Parameter(None, "ms", gt=0, description="timestep of the run")}

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Measure the mean interval of each burst; of intervals that are all alike, the number of spikes."""
        values = np.zeros((len(edges), size))
        for sample, neuron, steps in trains(ticks, neurons, size, edges):
            if len(steps) == 1 or p.longest == p.shortest:
                values[sample, neuron] = (len(steps) - 0.5) / p.most
                continue
            interval = (steps[-1] - steps[0]) / (len(steps) - 1) * p.timestep
            values[sample, neuron] = (p.longest - interval) / (p.longest - p.shortest)
        return np.clip(values, 0.0, 1.0)
