"""Differential pairs of memristive devices behind a Gilbert normaliser."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Trace
from spikemesh_plugins.learning.stdp_pair import PAIR_PARAMETERS


def normalised(positive: Any, negative: Any) -> Any:
    """Part of the bias current that the positive device takes, ``D_p/(D_p + D_n)``; 1/2 if both are 0."""
    total = positive + negative
    return positive / total if total > 0.0 else 0.5


def _pulse(side: str) -> Callable[..., Any]:
    """Make ``on_pre``, which sets the negative device further, or ``on_post``, the positive one."""

    def pulse(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, u: Any) -> Any:  # noqa: ARG001 - signature of all rules
        change = c.down * post.y if side == "pre" else c.up * pre.x
        if c.cv_pulse != 0.0:
            g = math.sqrt(-2.0 * math.log(1.0 - u.radius)) * math.cos(2.0 * math.pi * u.angle)
            factor = 1.0 + c.cv_pulse * g
            change = change * (factor if factor > 0.0 else 0.0)
        positive = s.positive if side == "pre" else s.positive + change
        negative = s.negative + change if side == "pre" else s.negative
        # D_p + D_n is 1 + positive + negative, whatever the initial weight.
        w = (s.start + c.w_max * positive) / (1.0 + positive + negative)
        return w, (s.start, positive, negative)

    return pulse


class MemristivePair(LearningRule):
    """Two memristive devices a synapse, read through a Gilbert normaliser.

    ``w = w_max D_p/(D_p + D_n)``, with w_max the bias current that both share; scaling both devices changes
    nothing, and noise of the devices is damped. The devices start as ``D_p = w/w_max`` and
    ``D_n = 1 - D_p``. A post-synaptic spike raises D_p by ``a_plus x``, an arriving one D_n by ``a_minus y``
    (x, y are the traces of ``stdp_pair``), each times ``1 + cv_pulse g`` with g standard normal and never
    less than 0: a device can only be set further.

    Source: Nair, Muller & Indiveri 2017, Nano Futures 1:035003.
    """

    name = "gilbert"
    parameters = {
        **PAIR_PARAMETERS,
        "cv_pulse": Parameter(0.0, ge=0, description="variation from pulse to pulse"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    pre = {"x": Trace("tau_plus", "add")}
    post = {"y": Trace("tau_minus", "add")}
    state = {
        "start": State("weight", "", "initial weight"),
        "positive": State(0.0, "", "what the positive device has gained"),
        "negative": State(0.0, "", "what the negative device has gained"),
    }
    draws = ("angle", "radius")

    def constants(p: Any, dt: float) -> dict[str, float]:  # noqa: ARG002 - traces decay outside the rule
        """Return the pulses."""
        return {"up": p.a_plus, "down": p.a_minus, "cv_pulse": p.cv_pulse, "w_max": p.w_max}

    on_pre = _pulse("pre")
    on_post = _pulse("post")
