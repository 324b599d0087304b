"""Leaky integrate-and-fire whose threshold keeps it from firing more than its share."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.whole_steps import in_steps


class LifHomeostatic(NeuronModel):
    """Leaky integrate-and-fire neuron with homeostatic threshold, for winner-take-all layers.

    Per step ``v <- max(v e^(-dt/tau_m) + arriving weights + i_e, v_min)``, spike if ``v >= v_th + theta``; then v
    stays at ``v_reset`` for ``t_ref`` and theta grows by ``theta_plus``; it decays with ``tau_theta``. From the time
    ``adapt_until`` on theta is kept as it is. The floor ``v_min`` lets one strong inhibitory spike set back
    all neurons to the same start. All quantities but times are plain numbers.

    Source: Diehl & Cook 2015, Front. Comput. Neurosci. 9:99, with delta synapses.
    """

    name = "lif_homeostatic"
    parameters = {
        "tau_m": Parameter(100.0, "ms", gt=0, description="membrane time constant"),
        "t_ref": Parameter(2.0, "ms", ge=0, description="refractory time, whole steps"),
        "v_th": Parameter(1.0, gt=0, description="threshold without adaptation"),
        "v_reset": Parameter(0.0, description="potential after a spike"),
        "v_min": Parameter(0.0, description="lowest potential"),
        "theta_plus": Parameter(0.0, ge=0, description="rise of the threshold per spike"),
        "tau_theta": Parameter(1e7, "ms", gt=0, description="time constant of theta"),
        "adapt_until": Parameter(np.inf, "ms", ge=0, description="time from which on theta is kept"),
        "i_e": Parameter(0.0, description="constant input per step"),
    }
    state = {
        "v": State(0.0, "", "membrane potential"),
        "theta": State(0.0, "", "adaptation of the threshold"),
        "refractory": State(0.0, "", "steps left of the refractory time"),
        "step": State(0.0, "", "steps from the start"),
    }

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return decays over a step."""
        return {
            "kept": np.exp(-dt / p.tau_m),
            "theta_kept": np.exp(-dt / p.tau_theta),
            "v_th": p.v_th,
            "v_reset": p.v_reset,
            "v_min": p.v_min,
            "theta_plus": p.theta_plus,
            "i_e": p.i_e,
            "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
            "adapting": p.adapt_until / dt - 0.5,
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Integrate, test, reset, adapt."""
        free = s.v * c.kept + x.exc + x.inh + (c.i_e + x.current)
        free = free if free > c.v_min else c.v_min
        v = free if s.refractory == 0.0 else s.v
        left = s.refractory - 1.0 if s.refractory > 0.0 else 0.0
        adapts = s.step < c.adapting
        theta = s.theta * c.theta_kept if adapts else s.theta
        spiked = v >= c.v_th + theta
        theta = theta + (c.theta_plus if spiked and adapts else 0.0)
        return (c.v_reset if spiked else v, theta, c.ref_steps if spiked else left, s.step + 1.0), spiked
