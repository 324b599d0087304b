"""Phase-change memory: conductances that drift once they are programmed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit
from spikemesh_plugins.learning.settling import NEVER
from spikemesh_plugins.learning.stdp_pair import PAIR_PARAMETERS

DRIFT_PARAMETERS = {
    "nu": Parameter(0.05, ge=0, description="exponent of the drift"),
    "t_0": Parameter(1.0, "ms", gt=0, description="time after programming at which a device is read as set"),
}
"""Parameters of ``G(t) = G(t_p) ((t - t_p)/t_0)^-nu``; t - t_p counts as t_0 at least."""


class PcmDrift(LearningRule):
    """Weights stored in phase-change devices that were programmed when the run began, and drift.

    A spike delivers ``w ((t - t_p)/t_0)^-nu``, where t_p = 0 is the time of programming and t - t_p is taken
    as t_0 at least. The weight that is kept is the one programmed. Measured exponents are 0.03 to 0.1.

    Source: Demirag et al. 2021, arXiv:2102.07260; Le Gallo & Sebastian 2020, J. Phys. D 53:213002.
    """

    name = "pcm_drift"
    parameters = DRIFT_PARAMETERS
    timed = True

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return the exponent and the steps in t_0."""
        return {"nu": p.nu, "per_t_0": dt / p.t_0}

    def transmit(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Read the device."""
        since = c.t * c.per_t_0
        return w * (since if since > 1.0 else 1.0) ** -c.nu


def _pulse(side: str) -> Callable[..., Any]:
    """Make ``on_pre`` or ``on_post``: a pulse programs the device anew and erases its drift."""

    def pulse(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG001 - signature of all rules
        set_to = -c.down * post.y if side == "pre" else c.up * pre.x
        if set_to == 0.0:
            return w, (s.eligibility, s.set_at)
        return w, (set_to, c.t)

    return pulse


class PcmTrace(LearningRule):
    """Eligibility kept by the drift of phase-change devices, which is scale-free, unlike an exponential.

    The spike that completes a pair programs the eligibility: ``e = a_plus w_max x`` at a post-synaptic
    spike, ``e = -a_minus w_max y`` at an arrival (x and y are the traces of the last spike of the other
    side). A pulse erases what was there: e holds the last pair alone. A step with a third factor D reads it
    and moves the weight: ``w <- w + D e ((t - t_p)/t_0)^-nu``, within [0, w_max].

    Source: Demirag et al. 2021, arXiv:2102.07260.
    """

    name = "pcm_trace"
    parameters = {
        **PAIR_PARAMETERS,
        **DRIFT_PARAMETERS,
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    pre = {"x": Trace("tau_plus", "set")}
    post = {"y": Trace("tau_minus", "set")}
    state = {
        "eligibility": State(0.0, "", "e as it was programmed"),
        "set_at": State(0.0, "", "step of the last pulse"),
    }
    timed = True
    visits = {"reward": Visit("never", (), on_third=True)}

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return the pulses in units of the weight, the exponent and the steps in t_0."""
        return {
            "up": p.a_plus * p.w_max,
            "down": p.a_minus * p.w_max,
            "nu": p.nu,
            "per_t_0": dt / p.t_0,
            "never": float(NEVER),
            "w_max": p.w_max,
        }

    on_pre = _pulse("pre")
    on_post = _pulse("post")

    def reward(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, steps: Any) -> Any:  # noqa: ARG002 - signature of all visits
        """Read the devices and move the weight."""
        since = (c.t - s.set_at) * c.per_t_0
        w = w + third * s.eligibility * math.pow(since if since > 1.0 else 1.0, -c.nu)
        return (0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)), ()
