"""Clipped Hebbian learning: a synapse is set once, and for good."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter
from spikemesh_plugins.learning.chain import HEARD, INPUT_PARAMETERS, recent


class ClippedHebb(LearningRule):
    """Binary synapse of the correlation-matrix memory (Willshaw et al. 1969, Nature 222:960).

    A post-synaptic spike sets ``w <- w_max`` if there was a pre-synaptic arrival within ``window`` before it,
    the step of the spike itself not included; nothing ever lowers it. So a spike that an arrival causes in the
    same step, as of ``iaf``, teaches nothing: recall does not learn.
    """

    name = "clipped_hebb"
    parameters = {
        "window": INPUT_PARAMETERS["window"],
        "w_max": Parameter(
            None, gt=0, description="weight that is set; twice the largest initial one if not given"
        ),
    }
    pre = HEARD
    bits = {"w": 1}

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return the weight that is set, and what the trace exceeds within the window."""
        return {"w_max": p.w_max, "recent": recent(p, dt)}

    def on_post(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Set the weight if the pre-synaptic neuron was just heard."""
        return c.w_max if pre.heard > c.recent else w, ()
