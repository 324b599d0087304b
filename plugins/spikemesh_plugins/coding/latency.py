"""Latency code: the larger the value, the earlier its one spike."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Decoder, Encoder, Parameter
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.readout import first_steps
from spikemesh_plugins.coding.unit_range import check_unit_range


class LatencyEncoder(Encoder):
    """Time to first spike: at most one spike per value and presentation.

    * ``code = "linear"``: ``t = T (1 - x)`` for x in [0, 1], T the length of the presentation.
    * ``code = "rc"``: ``t = tau ln(x / (x - threshold))``, when a capacitor charged towards x reaches the
      threshold; times beyond the presentation are lost.

    Values of at most ``threshold`` never fire. A spike at t carries the stamp of the step in which t
    falls, so t is recovered to within one step; ``t = 0`` belongs to the first step.
    """

    name = "latency"
    parameters = {
        "code": Parameter("linear", choices=("linear", "rc")),
        "threshold": Parameter(0.01, ge=0, description="largest value that stays silent"),
        "tau": Parameter(20.0, "ms", gt=0, description='time constant of code "rc"'),
    }

    @staticmethod
    def check(values: FloatArray, dt: float, p: Any) -> None:  # noqa: ARG004 - dt has no say
        """Refuse what cannot be encoded.

        Raises
        ------
        DescriptionError
            If a value is outside [0, 1] (linear), or the threshold is 0 (rc).
        """
        if p.code == "linear":
            check_unit_range(values)
        elif p.threshold <= 0.0:
            raise DescriptionError(Problem("threshold", '0 in code "rc"', "a number > 0"))

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
        fires = values > p.threshold
        x = np.where(fires, values, 1.0)
        if p.code == "linear":
            exact = steps * (1.0 - x)
        else:
            exact = p.tau / dt * -np.log1p(-p.threshold / np.where(fires, x, 2.0 * p.threshold))
        # 50 (1 - 0.7) is 15 steps, although floats give 15.000000000000002.
        stamps = np.maximum(np.ceil(exact - 1e-9), 1.0)
        neurons = np.flatnonzero(fires & (stamps <= steps))
        offsets = stamps[neurons].astype(np.int64)
        order = np.argsort(offsets, kind="stable")
        return offsets[order], neurons[order].astype(np.int64)


class LatencyDecoder(Decoder):
    """Value of each neuron from the time t of its first spike; 0 if it is silent.

    ``x = 1 - t/T``, or ``x = threshold / (1 - exp(-t / tau))`` with ``code = "rc"``: the inverse of the encoder, to
    within the step.
    """

    name = "latency"
    parameters = {
        **LatencyEncoder.parameters,
        "timestep": Parameter(None, "ms", gt=0, description="timestep of the run"),
    }

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Take the first spikes of each presentation."""
        first = first_steps(ticks, neurons, size, edges)
        if p.code == "linear":
            values = 1.0 - first / (edges[:, 1] - edges[:, 0])[:, None]
        else:
            values = -p.threshold / np.expm1(-first * (p.timestep / p.tau))
        return np.where(np.isfinite(first), values, 0.0)
