"""Competitive learning by spikes: weights become what is seen when the neuron wins."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter, Trace


class CompetitiveStdp(LearningRule):
    """At a spike of the neuron each weight moves towards the activity of its source.

    ``w <- w + eta (scale x - w)``, where x is the trace of arrivals, which each adds 1; w stays in [0, w_max]. So w
    becomes the mean of ``scale x`` over the spikes of the neuron, the prototype of a cluster where neurons
    inhibit one another. With ``gated = true`` the third factor multiplies eta: a schedule of learning, and 0 to
    switch it off.

    Source: Rumelhart & Zipser 1985, Cogn. Sci. 9:75; the post-synaptic update with traces of Diehl & Cook 2015,
    Front. Comput. Neurosci. 9:99, with the weight in the place of their constant target.
    """

    name = "stdp_competitive"
    parameters = {
        "eta": Parameter(0.05, ge=0, le=1, description="part of the way per spike"),
        "scale": Parameter(1.0, gt=0, description="weight per unit of the trace"),
        "tau_x": Parameter(20.0, "ms", gt=0, description="time constant of the trace"),
        "gated": Parameter(False, description="whether the third factor multiplies eta"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    pre = {"x": Trace("tau_x", "add")}

    def constants(p: Any, dt: float) -> dict[str, float]:  # noqa: ARG002 - traces decay outside the rule
        """Return the rate, and the factor without a third one."""
        return {"eta": p.eta, "scale": p.scale, "free": 0.0 if p.gated else 1.0, "w_max": p.w_max}

    def on_post(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Go a part of the way."""
        w = w + c.eta * (c.free + (1.0 - c.free) * third) * (c.scale * pre.x - w)
        return (0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)), ()
