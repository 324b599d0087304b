"""Leaky integrate-and-fire with adaptive threshold, for learning by eligibility propagation."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State


class LifEprop(NeuronModel):
    """Leaky integrate-and-fire neuron of e-prop: it keeps its pseudo-derivative and its learning signal.

    With z the spike of the step before, ``v <- alpha v + arriving weights + i_e - v_th z``,
    ``a <- rho a + z``, spike if ``v >= v_th + beta a``; alpha and rho are the decays over dt of ``tau_m`` and
    ``tau_a``. ``psi = gamma/v_th max(0, 1 - |v - v_th - beta a|/v_th)``. Weights that arrive at the receptor
    ``error`` are the learning signal: ``error <- error e^(-dt/tau_error) + arriving``, and gone after a step if
    ``tau_error`` is 0. All quantities but times are plain numbers. ``beta = 0`` leaves the threshold fixed.

    Source: Bellec et al. 2020, Nat. Commun. 11:3625.
    """

    name = "lif_eprop"
    parameters = {
        "tau_m": Parameter(20.0, "ms", gt=0, description="membrane time constant"),
        "tau_a": Parameter(200.0, "ms", gt=0, description="time constant of adaptation"),
        "v_th": Parameter(1.0, gt=0, description="threshold at rest"),
        "beta": Parameter(0.0, ge=0, description="rise of the threshold per spike"),
        "gamma": Parameter(0.3, ge=0, description="height of the pseudo-derivative, times v_th"),
        "tau_error": Parameter(
            0.0, "ms", ge=0, description="time constant of the learning signal, 0: one step"
        ),
        "i_e": Parameter(0.0, description="constant input per step"),
    }
    state = {
        "v": State(0.0, "", "membrane potential, before the reset of a spike"),
        "a": State(0.0, "", "adaptation"),
        "z": State(0.0, "", "1 if the neuron spiked in the last step"),
        "psi": State(0.0, "", "pseudo-derivative of the spike"),
        "error": State(0.0, "", "learning signal"),
    }
    receptors = ("exc", "inh", "error")

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return decays over a step."""
        tau_error = np.asarray(p.tau_error, dtype=np.float64)
        safe = np.where(tau_error > 0.0, tau_error, 1.0)
        return {
            "alpha": np.exp(-dt / p.tau_m),
            "rho": np.exp(-dt / p.tau_a),
            "kept": np.where(tau_error > 0.0, np.exp(-dt / safe), 0.0),
            "v_th": p.v_th,
            "beta": p.beta,
            "height": p.gamma / p.v_th,
            "i_e": p.i_e,
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate, test, and note how near the threshold is."""
        v = c.alpha * s.v + x.exc + x.inh + (c.i_e + x.current) - c.v_th * s.z
        a = c.rho * s.a + s.z
        above = v - c.v_th - c.beta * a
        spiked = above >= 0.0
        near = 1.0 - (above if above > 0.0 else -above) / c.v_th
        psi = c.height * (near if near > 0.0 else 0.0)
        return (v, a, 1.0 if spiked else 0.0, psi, c.kept * s.error + x.error), spiked
