"""TrueNorth's neuron with its stochastic modes, leak reversal and reset modes, in whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.truenorth import HIGH, LOW

RESETS = ("normal", "linear", "none")
"""What becomes of a potential that passes a threshold: gamma = 0, 1, 2 of the source."""


class TrueNorthStochastic(NeuronModel):
    """TrueNorth's neuron in whole numbers of 20 bits: random leak and thresholds, six reset modes.

    In every tick, with rho whole numbers from 0 to 255 drawn for the leak and for the thresholds::

        v <- v + sum of arriving weights
        v <- v - d leak;  d = sgn v with leak_reversal, else 1
            with leak_random, in the place of leak: sgn leak if |leak| >= rho, else 0
        eta = rho & (2^mask_bits - 1)
        if v >= alpha + eta:  spike;  v <- reset | v - (alpha + eta) | v
        else if saturate and v < -beta:  v <- -beta
        else if not saturate and v < -(beta + eta):  v <- -reset | v + (beta + eta) | v

    The three possibilities are those of ``reset_mode``: normal, linear, none; with ``saturate`` they make six. A leak
    whose sign follows v (reversed) may carry v over 0. v stays within -2^19 and 2^19 - 1.

    A synapse in random mode delivers sgn s with probability (|s| + 1)/256, for each spike anew: a projection of weights
    sgn s with the rule ``stochastic_release`` and that probability. Numbers are drawn from counters, as everywhere
    here, and not in the order of the chip's generator, so that results agree with it in distribution.

    ``truenorth`` is the same without all that, and faster. Here ``leak`` is taken off, as there; the source adds it.

    Source: Cassidy et al. 2013, IJCNN, doi:10.1109/IJCNN.2013.6707077.
    """

    name = "truenorth_stochastic"
    parameters = {
        "alpha": Parameter(1, ge=1, le=HIGH, integer=True, description="threshold"),
        "beta": Parameter(-LOW, ge=0, le=-LOW, integer=True, description="threshold below, its magnitude"),
        "leak": Parameter(0, ge=LOW, le=HIGH, integer=True, description="taken off in every tick"),
        "reset": Parameter(0, ge=LOW, le=HIGH, integer=True, description="potential after a spike"),
        "mask_bits": Parameter(
            0, ge=0, le=8, integer=True, description="random bits that join the thresholds"
        ),
        "leak_random": Parameter(False, description="leak 1 with probability (|leak| + 1)/256"),
        "leak_reversal": Parameter(False, description="the leak's direction follows the sign of v"),
        "reset_mode": Parameter("normal", choices=RESETS, description="what becomes of v at a threshold"),
        "saturate": Parameter(True, description="v stops at the threshold below"),
    }
    state = {"v": State(0, "", "potential")}
    arithmetic = "int64"
    draws = ("leak", "threshold")

    def constants(p: Any, dt: float) -> dict[str, Any]:  # noqa: ARG002 - the chip knows ticks only
        """Return thresholds, leak, reset and modes as integers."""
        names = ("alpha", "beta", "leak", "reset", "leak_random", "leak_reversal", "saturate")
        return {
            **{name: np.asarray(getattr(p, name)).astype(np.int64) for name in names},
            "mask": (1 << np.asarray(p.mask_bits).astype(np.int64)) - 1,
            "mode": np.int64(RESETS.index(p.reset_mode)),
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Integrate, leak, test, reset."""
        v = s.v + x.exc + x.inh + x.current
        size = c.leak if c.leak >= 0 else -c.leak
        sign = 1 if c.leak > 0 else (-1 if c.leak < 0 else 0)
        unit = sign if size >= int(x.leak * 256.0) else 0
        towards = 1 if v > 0 else (-1 if v < 0 else 0)
        v = v - (unit if c.leak_random > 0 else c.leak) * (towards if c.leak_reversal > 0 else 1)
        v = 524287 if v > 524287 else (-524288 if v < -524288 else v)
        eta = int(x.threshold * 256.0) & c.mask
        above = c.alpha + eta
        below = c.beta if c.saturate > 0 else c.beta + eta
        spiked = v >= above
        reset = c.reset if c.mode == 0 else (v - above if c.mode == 1 else v)
        from_below = -c.reset if c.mode == 0 else (v + below if c.mode == 1 else v)
        floor = -c.beta if c.saturate > 0 else from_below
        return (reset if spiked else (floor if v < -below else v),), spiked
