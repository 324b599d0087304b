"""Short-term plasticity: depression and facilitation of what a spike delivers."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace


class TsodyksMarkram(LearningRule):
    """Short-term depression and facilitation; the weight itself does not change.

    The n-th spike delivers ``w u_n x_n``, with ``u_1 = u_se``, ``x_1 = 1`` and, after an interval D,
    ``u_n+1 = u_se + u_n (1 - u_se) e^(-D/tau_fac)`` and ``x_n+1 = 1 + (x_n - u_n x_n - 1) e^(-D/tau_rec)``.
    ``tau_fac = 0`` leaves u at ``u_se``. So w is what a spike would deliver if all resources were released.

    Source: Maass & Markram 2002, Neural Netw. 15:155, equations 4 and 5; NEST's tsodyks2_synapse.
    """

    name = "tsodyks_markram"
    parameters = {
        "u_se": Parameter(0.5, gt=0, le=1, description="part of the resources that a first spike releases"),
        "tau_rec": Parameter(800.0, "ms", gt=0, description="time constant of recovery"),
        "tau_fac": Parameter(0.0, "ms", ge=0, description="time constant of facilitation, 0: none"),
    }
    pre = {"recovery": Trace("tau_rec", "set"), "facilitation": Trace("tau_fac", "set")}
    state = {
        "u": State(0.0, "", "part that the last spike released"),
        "x": State(1.0, "", "resources at the last spike"),
    }

    def constants(p: Any, dt: float) -> dict[str, float]:  # noqa: ARG002 - traces decay outside the rule
        """Return the part released at rest."""
        return {"u_se": p.u_se}

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Recover and facilitate since the last spike."""
        # A trace that each spike sets to 1 is e^(-D/tau), and 0 before the first.
        x = 1.0 + (s.x - s.x * s.u - 1.0) * pre.recovery
        return w, (c.u_se + s.u * (1.0 - c.u_se) * pre.facilitation, x)

    def transmit(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Release."""
        return w * s.u * s.x


class StochasticTsodyksMarkram(LearningRule):
    """Short-term plasticity of a synapse with one vesicle, which a spike releases or not.

    The site is refilled after an interval D with probability ``1 - e^(-D/tau_rec)``; a full site releases
    with probability ``u`` of ``tsodyks_markram``, delivers w and is empty. The mean over synapses is what
    ``tsodyks_markram`` delivers: ``amount = w`` of a release, else 0.

    Source: Fuhrmann et al. 2002, J. Neurophysiol. 87:140.
    """

    name = "tsodyks_markram_stochastic"
    parameters = TsodyksMarkram.parameters
    pre = TsodyksMarkram.pre
    state = {
        "u": State(0.0, "", "probability of release at the last spike"),
        "full": State(1.0, "", "1: the site holds a vesicle"),
        "released": State(0.0, "", "1: the last spike released it"),
    }
    draws = ("refill", "release")
    constants = TsodyksMarkram.constants

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, u: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Refill, facilitate, release."""
        full = 1.0 if u.refill >= pre.recovery else s.full
        p = c.u_se + s.u * (1.0 - c.u_se) * pre.facilitation
        released = full if u.release < p else 0.0
        return w, (p, full - released, released)

    def transmit(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, u: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Deliver the vesicle, if it was released."""
        return w * s.released
