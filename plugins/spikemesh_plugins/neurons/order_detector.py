"""A neuron that tells the order of its inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State


class OrderDetector(NeuronModel):
    """Exponential neuron whose potential is ``sum of w e^(-(t - t_w)/tau_m)`` over the spikes that arrived.

    A spike that arrives adds its weight in the same step. Spike if ``v >= v_th``, then v is 0. Two inputs that come a
    time d apart, the weaker first, make it fire in that order alone if ``w2 e^(-d/tau_m) + w1 < v_th <= w1 e^(-d/tau_m)
    + w2``. Potentials are plain numbers. (``lif_psc_delta`` has a resting potential and a refractory time beside.)

    Source: CONVOLVE D4.1, section 4.6.1 and figure 5.
    """

    name = "order_detector"
    parameters = {
        "tau_m": Parameter(10.0, "ms", gt=0, description="time constant"),
        "v_th": Parameter(1.0, gt=0, description="threshold"),
    }
    state = {"v": State(0.0, "", "potential")}
    order = math.inf

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return the decay over one step."""
        return {"decay": np.exp(-dt / p.tau_m), "drive": -np.expm1(-dt / p.tau_m), "v_th": p.v_th}

    def step(s: Any, c: Any, x: Any) -> Any:
        """Decay, add, test, reset."""
        v = s.v * c.decay + x.current * c.drive + (x.exc + x.inh)
        spiked = v >= c.v_th
        return (0.0 if spiked else v,), spiked
