"""Synapses that transmit at random."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter


class StochasticRelease(LearningRule):
    """A spike delivers the weight with probability ``p_release``, else nothing; each synapse for itself.

    Source: Del Castillo & Katz 1954, J. Physiol. 124:560.
    """

    name = "stochastic_release"
    parameters = {"p_release": Parameter(0.5, ge=0, le=1, description="probability of release")}
    draws = ("release",)

    def constants(p: Any, dt: float) -> dict[str, float]:  # noqa: ARG002 - a probability per spike
        """Return the probability."""
        return {"p_release": p.p_release}

    def transmit(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, u: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Deliver or not."""
        return w if u.release < c.p_release else 0.0
