"""Synaptic tagging and capture: an early phase driven by calcium, and a late one that needs tag and protein."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from math import exp
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit


class TagAndCapture(LearningRule):
    r"""Two-phase plasticity of Luboeinski & Tetzlaff 2021, Commun. Biol. 4:275, without its noise.

    The weight is ``w = w0 (h + z)`` within [0, w_max], w0 its initial value, h and z in units of it. Calcium
    ``C = ca_pre x + ca_post y`` follows the spikes of both sides (time constant ``tau_ca``) and moves the early
    phase; h away from 1 is a tag that, where there is protein p, moves the late one::

        tau_h h' = decay (1 - h) + gamma_p (h_max - h) [C > theta_p] - gamma_d h [C > theta_d]
        tau_p p' = -p + [synthesis]
        tau_z z' = p ((1 - z) [h - 1 > theta_tag] - (z + 1/2) [1 - h > theta_tag])

    All are integrated exactly for what holds within a step (h) or from visit to visit (p and z, every
    ``late_every``); the traces x and y do not include the spikes of the present step. Synthesis goes on while

    * ``protein = "synapse"``: ``|h - 1| > theta_pro`` at this synapse,
    * ``protein = "activity"``: the post-synaptic neuron has spiked ``protein_spikes`` times within ``tau_activity``,
      the same for all its synapses,
    * ``protein = "third"``: the third factor is above 0, the same for all synapses of the projection (Clopath
      et al. 2008, PLoS Comput. Biol. 4:e1000248).

    A neuron's sum over its own synapses, ``sum |h - 1| > theta_pro``, is not available to a rule.
    """

    name = "tag_and_capture"
    parameters = {
        "tau_ca": Parameter(48.8, "ms", gt=0, description="decay of calcium"),
        "ca_pre": Parameter(1.0, ge=0, description="calcium per pre-synaptic arrival"),
        "ca_post": Parameter(0.2758, ge=0, description="calcium per post-synaptic spike"),
        "theta_p": Parameter(3.0, gt=0, description="calcium above which h grows; not below theta_d"),
        "theta_d": Parameter(1.2, gt=0, description="calcium above which h falls"),
        "gamma_p": Parameter(1645.6, ge=0, description="speed of potentiation"),
        "gamma_d": Parameter(313.1, ge=0, description="speed of depression"),
        "tau_h": Parameter(688_400.0, "ms", gt=0, description="time constant of the early phase"),
        "decay": Parameter(0.1, ge=0, description="speed of its return to 1"),
        "h_max": Parameter(10.0 / 4.20075, gt=1, description="largest h"),
        "theta_tag": Parameter(0.2, ge=0, description="distance of h from 1 that is a tag"),
        "theta_pro": Parameter(0.5, ge=0, description="distance of h from 1 that makes protein"),
        "tau_p": Parameter(3_600_000.0, "ms", gt=0, description="time constant of protein"),
        "tau_z": Parameter(3_600_000.0, "ms", gt=0, description="time constant of the late phase"),
        "protein": Parameter(
            "synapse", choices=("synapse", "activity", "third"), description="what makes protein"
        ),
        "protein_spikes": Parameter(10.0, gt=0, description="spikes that make protein"),
        "tau_activity": Parameter(60_000.0, "ms", gt=0, description="within which they are counted"),
        "late_every": Parameter(1000.0, "ms", gt=0, description="from visit to visit of the late phase"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    state = {"w0": State("weight"), "h": State(1.0), "z": State(0.0), "p": State(0.0)}
    pre = {"x": Trace("tau_ca", "add")}
    post = {"y": Trace("tau_ca", "add"), "activity": Trace("tau_activity", "add")}
    tiers = {"short": ("h",), "long": ("z", "p")}
    visits = {"on_step": Visit("every_step", ("h",))}

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return, for calcium below both thresholds, between and above them, where h goes and how much is left."""
        c = {name: getattr(p, name) for name in ("ca_pre", "ca_post", "theta_d", "theta_tag", "theta_pro")}
        c |= {"theta_p": max(p.theta_p, p.theta_d), "protein_spikes": p.protein_spikes, "w_max": p.w_max}
        for name, up, down in (("rest", 0.0, 0.0), ("down", 0.0, p.gamma_d), ("up", p.gamma_p, p.gamma_d)):
            speed = p.decay + up + down
            c[f"to_{name}"] = (p.decay + up * p.h_max) / speed if speed else 1.0
            c[f"left_{name}"] = math.exp(-speed * dt / p.tau_h)
        c["every_step"] = 1.0
        c["late_steps"] = float(max(1, round(p.late_every / dt)))
        c |= {"step_p": dt / p.tau_p, "p_per_z": p.tau_p / p.tau_z}
        return c

    def specialised(p: Any) -> type[LearningRule]:
        """Make the rule for what makes its protein."""
        return _class(p.protein)

    def on_step(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Move the early phase."""
        calcium = c.ca_pre * pre.x + c.ca_post * post.y
        up, down = calcium > c.theta_p, calcium > c.theta_d
        to = c.to_up if up else (c.to_down if down else c.to_rest)
        left = c.left_up if up else (c.left_down if down else c.left_rest)
        h = to + (s.h - to) * left
        w = s.w0 * (h + s.z)
        return min(max(w, 0.0), c.w_max), (h,)


def _late(protein: str) -> Callable[..., Any]:
    """Make the visit of protein and late phase."""
    by_synapse, by_activity = protein == "synapse", protein == "activity"

    def late(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, steps: Any) -> Any:  # noqa: ARG001 - signature of all visits
        away = s.h - 1.0
        size = away if away > 0.0 else -away
        if by_synapse:
            goal = 1.0 if size > c.theta_pro else 0.0
        elif by_activity:
            goal = 1.0 if post.activity >= c.protein_spikes else 0.0
        else:
            goal = 1.0 if third > 0.0 else 0.0
        left = exp(-steps * c.step_p)
        # Protein times time over the visit, in units of tau_z.
        dose = c.p_per_z * (goal * steps * c.step_p + (s.p - goal) * (1.0 - left))
        to = 1.0 if away > 0.0 else -0.5
        z = to + (s.z - to) * exp(-dose) if size > c.theta_tag else s.z
        w = s.w0 * (s.h + z)
        return min(max(w, 0.0), c.w_max), (z, goal + (s.p - goal) * left)

    return late


@cache
def _class(protein: str) -> type[LearningRule]:
    class TagAndCaptureRule(LearningRule):
        """Rule ``tag_and_capture`` made for its parameters."""

        name = TagAndCapture.name
        parameters = TagAndCapture.parameters
        state = TagAndCapture.state
        pre = TagAndCapture.pre
        post = {n: t for n, t in TagAndCapture.post.items() if n != "activity" or protein == "activity"}
        tiers = TagAndCapture.tiers
        visits = TagAndCapture.visits | {"late": Visit("late_steps", ("z", "p"), on_third=protein == "third")}
        constants = TagAndCapture.constants
        on_step = TagAndCapture.on_step
        late = _late(protein)

    return TagAndCaptureRule
