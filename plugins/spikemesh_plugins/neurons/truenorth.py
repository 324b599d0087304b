"""TrueNorth's neuron in whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State

LOW, HIGH = -(2**19), 2**19 - 1
"""Signed whole numbers of 20 bits."""


class TrueNorthNeuron(NeuronModel):
    """Integrate-and-fire neuron with a constant leak, in whole numbers of 20 bits.

    In every tick::

        v <- v + sum of arriving weights - leak;  if v >= alpha: spike, v <- reset

    v stays within -2^19 and 2^19 - 1; that it stops there is not published. Of the chip's neuron this is the base,
    without stochastic modes, leak reversal, and thresholds below. Currents are taken as whole numbers per tick.

    Source: Merolla et al. 2014, Science 345:668-673, supplement, table S2 and sections S3 and S8.
    """

    name = "truenorth"
    parameters = {
        "alpha": Parameter(1, ge=1, le=HIGH, integer=True, description="threshold"),
        "leak": Parameter(0, ge=LOW, le=HIGH, integer=True, description="taken off in every tick"),
        "reset": Parameter(0, ge=LOW, le=HIGH, integer=True, description="potential after a spike"),
    }
    state = {"v": State(0, "", "potential")}
    arithmetic = "int64"

    def constants(p: Any, dt: float) -> dict[str, Any]:  # noqa: ARG002 - the chip knows ticks only
        """Return threshold, leak and reset as integers."""
        return {name: np.asarray(getattr(p, name)).astype(np.int64) for name in ("alpha", "leak", "reset")}

    def step(s: Any, c: Any, x: Any) -> Any:
        """Integrate, leak, test, reset."""
        v = s.v + x.exc + x.inh + x.current - c.leak
        v = 524287 if v > 524287 else (-524288 if v < -524288 else v)
        spiked = v >= c.alpha
        return (c.reset if spiked else v,), spiked
