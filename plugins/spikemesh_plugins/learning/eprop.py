"""Eligibility propagation: gradients of recurrent spiking networks, online."""

from __future__ import annotations

import math
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State


class EligibilityPropagation(LearningRule):
    """Eligibility propagation (e-prop) for the neuron ``lif_eprop``, with or without adaptation.

    In every step, with alpha, rho and kappa the decays over dt of ``tau_m``, ``tau_a`` and ``tau_out``::

        z_bar <- alpha z_bar + z            z: a spike arrives
        e = psi (z_bar - beta e_a)          e_a <- psi z_bar + (rho - psi beta) e_a
        e_bar <- kappa e_bar + (1 - kappa) e
        w <- w - eta L e_bar

    psi, the pseudo-derivative of the spike, and L, the learning signal, are the states ``psi`` and ``error``
    of the post-synaptic neuron at the end of the step. w stays in [``w_min`` w_max, w_max]. Without recurrent
    weights, and but for the path through the reset, the sum of L e_bar is the gradient. ``tau_m``, ``tau_a``
    and ``beta`` are to be those of the neuron. e_a follows e by a step: e uses the one before.

    Source: Bellec et al. 2020, Nat. Commun. 11:3625.
    """

    name = "eprop"
    parameters = {
        "eta": Parameter(1e-3, ge=0, description="learning rate"),
        "tau_m": Parameter(20.0, "ms", gt=0, description="membrane time constant of the neuron"),
        "tau_out": Parameter(20.0, "ms", ge=0, description="time constant of the readout, 0: no filter"),
        "tau_a": Parameter(200.0, "ms", gt=0, description="time constant of the neuron's adaptation"),
        "beta": Parameter(0.0, ge=0, description="adaptation of the neuron per spike; 0: lif"),
        "w_min": Parameter(0.0, ge=-1, le=1, description="smallest weight, fraction of w_max"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    state = {
        "z_bar": State(0.0, "", "filtered arrivals, decayed to the next step"),
        "e_a": State(0.0, "", "eligibility of the adaptation"),
        "e_bar": State(0.0, "", "filtered eligibility"),
    }
    reads = ("psi", "error")

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return decays over a step."""
        return {
            "eta": p.eta,
            "alpha": math.exp(-dt / p.tau_m),
            "rho": math.exp(-dt / p.tau_a),
            "kappa": math.exp(-dt / p.tau_out) if p.tau_out else 0.0,
            "beta": p.beta,
            "w_min": p.w_min * p.w_max,
            "w_max": p.w_max,
        }

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Take in an arrival."""
        return w, (s.z_bar + 1.0, s.e_a, s.e_bar)

    def on_step(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Advance the eligibility and go down the gradient."""
        e = post.psi * (s.z_bar - c.beta * s.e_a)
        e_a = c.rho * s.e_a + e
        e_bar = c.kappa * s.e_bar + (1.0 - c.kappa) * e
        w = w - c.eta * post.error * e_bar
        w = c.w_min if w < c.w_min else (c.w_max if w > c.w_max else w)
        return w, (s.z_bar * c.alpha, e_a, e_bar)
