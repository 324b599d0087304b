"""Integrate-and-fire without leak."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State


class IntegrateAndFire(NeuronModel):
    """Integrate-and-fire neuron without leak, the unit of networks converted from rate networks.

    Per step ``v <- v + sum of arriving weights + i_e``, spike if ``v >= v_th``; then the reset is
    ``v <- v - v_th`` (``subtract``, keeps the surplus) or ``v <- v_reset`` (``zero``). With
    ``floor = "v_min"`` the potential does not fall below ``v_min``. All quantities are plain numbers
    and currents act per step, whatever its length. At most one spike a step.

    Source: Rueckauer et al. 2017, Front. Neurosci. 11:682, equations 1 to 4.
    """

    name = "iaf"
    parameters = {
        "v_th": Parameter(1.0, gt=0, description="threshold"),
        "v_reset": Parameter(0.0, description='potential after a spike if reset is "zero"'),
        "v_min": Parameter(-1.0, description='lowest potential if floor is "v_min"'),
        "i_e": Parameter(0.0, description="constant input per step"),
        "reset": Parameter("subtract", choices=("subtract", "zero")),
        "floor": Parameter("none", choices=("none", "v_min")),
    }
    state = {"v": State(0.0, description="membrane potential")}

    def constants(p: Any, dt: float) -> dict[str, Any]:  # noqa: ARG002 - drives act per step
        """Return thresholds, and the reset as ``v <- kept * v + put``."""
        subtract = p.reset == "subtract"
        return {
            "v_th": p.v_th,
            "kept": 1.0 if subtract else 0.0,
            "put": -p.v_th if subtract else p.v_reset,
            "v_min": p.v_min if p.floor == "v_min" else -np.inf,
            "i_e": p.i_e,
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Integrate, test, reset."""
        v = s.v + x.exc + x.inh + (c.i_e + x.current)
        spiked = v >= c.v_th
        v = c.kept * v + c.put if spiked else v
        return (v if v > c.v_min else c.v_min,), spiked
