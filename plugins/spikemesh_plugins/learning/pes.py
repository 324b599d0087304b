"""Prescribed error sensitivity: supervised learning of the weights onto a readout."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter, Trace, Visit


class PrescribedErrorSensitivity(LearningRule):
    """Weights move against the error of the neuron they reach, in proportion to the source's activity.

    ``dw/dt = -kappa x e`` (per second), where x is the trace of arrivals (Hz: a spike adds ``1/tau_pre``) and e the
    state ``error`` of the post-synaptic neuron, which its receptor ``error`` sets (as in ``lif_eprop``);
    w stays in [``w_min`` w_max, w_max]. The rule runs every ``every`` for all synapses.

    Source: MacNeil & Eliasmith 2011, PLoS ONE 6:e22885; there the error is that of a decoded quantity.
    """

    name = "pes"
    parameters = {
        "kappa": Parameter(1e-3, ge=0, description="learning rate, weight per Hz, unit of error and second"),
        "tau_pre": Parameter(20.0, "ms", gt=0, description="time constant of the activity"),
        "every": Parameter(1.0, "ms", gt=0, description="time from update to update, at least a step"),
        "w_min": Parameter(0.0, ge=-1, le=1, description="smallest weight, fraction of w_max"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    pre = {"x": Trace("tau_pre", "add")}
    reads = ("error",)
    visits = {"learn": Visit("every")}

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return the change per step, unit of the trace and of the error."""
        return {
            "every": float(max(1, round(p.every / dt))),
            "rate": p.kappa * dt / p.tau_pre,
            "w_min": p.w_min * p.w_max,
            "w_max": p.w_max,
        }

    def learn(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, steps: Any) -> Any:  # noqa: ARG002 - signature of all visits
        """Go down the error."""
        w = w - c.rate * steps * pre.x * post.error
        return (c.w_min if w < c.w_min else (c.w_max if w > c.w_max else w)), ()
