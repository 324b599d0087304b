"""Reward-modulated spike-timing-dependent plasticity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit
from spikemesh_plugins.learning.settling import settling_steps
from spikemesh_plugins.learning.stdp_pair import PAIR_PARAMETERS


def _event(side: str) -> Callable[..., Any]:
    """Make ``on_pre`` or ``on_post``: what has passed since the last event, then the pair."""

    def event(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG001 - signature of all rules
        passed = c.t - s.last
        kept = math.exp(-passed * c.per_tau_c)
        dopamine = s.dopamine
        if dopamine != 0.0:
            left = math.exp(-passed * c.per_tau_d)
            w = w + s.eligibility * dopamine * c.together * (1.0 - kept * left)
            w = 0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)
            dopamine = dopamine * left
        pair = -c.down * post.y if side == "pre" else c.up * pre.x
        return w, (s.eligibility * kept + pair, dopamine, c.t)

    return event


class RewardModulatedStdp(LearningRule):
    """STDP that only marks a synapse; a later reward turns the mark into a change of its weight.

    Pairs of spikes move the eligibility c as ``stdp_pair`` moves an additive weight, by fractions of w_max;
    a step with a third factor D, the reward, raises the dopamine d by D::

        dc/dt = -c/tau_c        dd/dt = -d/tau_d        dw/dt = c d     (per second)

    w stays in [0, w_max]. All is exact from event to event of a synapse, an arriving spike sees the weight
    of its step. A weight that is read is as of the last event, reward or multiple of ``settle``.

    Source: Izhikevich 2007, Cereb. Cortex 17:2443.
    """

    name = "rstdp"
    parameters = {
        **PAIR_PARAMETERS,
        "tau_c": Parameter(1000.0, "ms", gt=0, description="time constant of the eligibility"),
        "tau_d": Parameter(200.0, "ms", gt=0, description="time constant of dopamine"),
        "settle": Parameter(
            100.0, "ms", ge=0, description="weights are brought up to date so often, 0: never"
        ),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    pre = {"x": Trace("tau_plus", "add")}
    post = {"y": Trace("tau_minus", "add")}
    state = {
        "eligibility": State(0.0, "", "c at the last event"),
        "dopamine": State(0.0, "1/s", "d at the last event"),
        "last": State(0.0, "", "step of the last event"),
    }
    timed = True
    visits = {"reward": Visit("settle", on_third=True)}

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return rates per step, and the integral of c d in seconds."""
        return {
            "up": p.a_plus * p.w_max,
            "down": p.a_minus * p.w_max,
            "per_tau_c": dt / p.tau_c,
            "per_tau_d": dt / p.tau_d,
            "together": 1e-3 * p.tau_c * p.tau_d / (p.tau_c + p.tau_d),
            "settle": settling_steps(p.settle, dt),
            "w_max": p.w_max,
        }

    on_pre = _event("pre")
    on_post = _event("post")

    def reward(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, steps: Any) -> Any:  # noqa: ARG002 - signature of all visits
        """Bring the weight up to date, then take in the reward."""
        passed = c.t - s.last
        kept = math.exp(-passed * c.per_tau_c)
        left = math.exp(-passed * c.per_tau_d)
        if s.dopamine != 0.0:
            w = w + s.eligibility * s.dopamine * c.together * (1.0 - kept * left)
            w = 0.0 if w < 0.0 else (c.w_max if w > c.w_max else w)
        return w, (s.eligibility * kept, s.dopamine * left + third, c.t)
