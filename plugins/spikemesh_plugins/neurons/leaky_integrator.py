"""A readout: it integrates with a leak, and never spikes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State


class LeakyIntegrator(NeuronModel):
    """Leaky integrator without spikes, the output of a network that is read as numbers.

    ``tau_m dv/dt = -(v - e_l) + i_e``; a spike that arrives adds its weight to v in the same step. Exact.
    Potentials are plain numbers.

    Source: Lapicque 1907, J. Physiol. Pathol. Gen. 9:620, without its threshold.
    """

    name = "leaky_integrator"
    parameters = {
        "tau_m": Parameter(20.0, "ms", gt=0, description="time constant"),
        "e_l": Parameter(0.0, description="resting value"),
        "i_e": Parameter(0.0, description="constant drive: what it adds to the resting value in the end"),
    }
    state = {"v": State("e_l", "", "value that is read")}
    order = math.inf

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return the decay over one step."""
        return {"p22": np.exp(-dt / p.tau_m), "p20": -np.expm1(-dt / p.tau_m), "e_l": p.e_l, "i_e": p.i_e}

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate and add."""
        v = c.e_l + (s.v - c.e_l) * c.p22 + (c.i_e + x.current) * c.p20 + (x.exc + x.inh)
        return (v,), False
