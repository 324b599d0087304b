"""Cascade synapse: two strengths, each harder to leave the deeper the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from spikemesh.contracts import LearningRule, Parameter, State, Trace
from spikemesh.ids import FloatArray
from spikemesh.memory import Forgetting, MarkovSynapse, cascade
from spikemesh_plugins.learning.chain import HEARD, INPUT_PARAMETERS, recent
from spikemesh_plugins.learning.stdp_pair import PAIR_PARAMETERS


def _event(up: bool, pattern: bool) -> Callable[..., Any]:
    """Make the function of an event that asks for the strong state, the weak one, or the one a pattern says."""

    def event(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, u: Any) -> Any:  # noqa: ARG001 - signature of all rules
        chance = c.rate if pattern else c.rate * (c.a_plus * pre.x if up else c.a_minus * post.y)
        asked = pre.heard > c.recent if pattern else up
        strong = w > 0.5 * c.w_max
        if u.event >= chance:
            return c.w_max if strong else 0.0, (s.depth,)
        last = s.depth > c.depth - 0.5
        share = c.x ** (s.depth - 1.0)
        switches = strong != asked and u.move < (share * c.last if last else share)
        deeper = strong == asked and not last and u.move < share * c.deeper
        strong = asked if switches else strong
        depth = 1.0 if switches else (s.depth + 1.0 if deeper else s.depth)
        return c.w_max if strong else 0.0, (depth,)

    return event


class Cascade(LearningRule):
    r"""Cascade of Fusi, Drew & Abbott 2005, Neuron 45:599: the weight is 0 or ``w_max``, the depth 1 .. n.

    An event that agrees with the strength takes the synapse from depth i to i + 1 with probability
    ``p_i = x^i / (1 - x)``; one that does not takes it to depth 1 of the other strength with probability
    ``q_i = x^(i-1)``, the last ``q_n = x^(n-1) / (1 - x)``, and q = 1 if n = 1. All 2n states are then
    equally likely in the long run. A depth of 1 is a binary synapse that switches with probability ``rate``.

    With ``input = "pairs"`` a post-synaptic spike is an event for the strong state with probability
    ``rate a_plus x``, a pre-synaptic arrival one for the weak state with probability ``rate a_minus y``, x and y
    the traces of ``stdp_pair``. With ``"pattern"`` every post-synaptic spike is one with probability
    ``rate``: for the strong state if there was an arrival within ``window`` before it, the step of the spike
    itself not included, else for the weak one.
    An initial weight above half of ``w_max`` is strong.
    """

    name = "cascade"
    parameters = {
        **PAIR_PARAMETERS,
        "input": INPUT_PARAMETERS["input"],
        "window": INPUT_PARAMETERS["window"],
        "depth": Parameter(8, ge=1, le=64, integer=True, description="states n of each strength"),
        "x": Parameter(0.5, gt=0, le=0.5, description="probability of a depth by that of the one before"),
        "rate": Parameter(1.0, gt=0, le=1, description="share of the events that count"),
        "w_max": Parameter(
            None, gt=0, description="weight of the strong state; twice the largest initial one if not given"
        ),
    }
    state = {"depth": State(1.0)}
    pre = {"x": Trace("tau_plus", "add")}
    post = {"y": Trace("tau_minus", "add")}
    draws = ("event", "move")

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return the factors of the probabilities."""
        return {
            **{name: getattr(p, name) for name in ("a_plus", "a_minus", "rate", "x", "w_max")},
            "depth": float(p.depth),
            "recent": recent(p, dt) if p.input == "pattern" else 0.0,
            "deeper": p.x / (1.0 - p.x),
            "last": 1.0 if p.depth == 1 else 1.0 / (1.0 - p.x),
        }

    def specialised(p: Any) -> type[LearningRule]:
        """Make the rule for its input."""
        return _class(p.input == "pattern", int(p.depth))


def _theory(p: Any, dt: float) -> Forgetting:  # noqa: ARG001 - nothing moves by itself
    """Return the theory of patterns; states are equally likely, whatever the rate."""
    known = cascade(int(p.depth), p.x)
    still = (1.0 - p.rate) * np.eye(known.weights.size)
    synapse = MarkovSynapse(p.rate * known.plus + still, p.rate * known.minus + still, known.weights)

    def start(synapses: int, random: np.random.Generator) -> Mapping[str, FloatArray]:
        states = random.integers(0, 2 * p.depth, synapses)
        strong, depth = np.divmod(states, p.depth)
        return {"w": p.w_max * strong, "depth": 1.0 + depth}

    return Forgetting(synapse.signal, synapse.variance(), start)


@cache
def _class(pattern: bool, depth: int) -> type[LearningRule]:
    class CascadeRule(LearningRule):
        """Rule ``cascade`` made for its parameters."""

        name = Cascade.name
        parameters = Cascade.parameters
        state = Cascade.state
        draws = Cascade.draws
        pre = HEARD if pattern else Cascade.pre
        post = {} if pattern else Cascade.post
        bits = {"w": 1, "depth": (depth - 1).bit_length()}
        constants = Cascade.constants
        theory = _theory if pattern else None
        on_pre = None if pattern else _event(False, False)
        on_post = _event(True, pattern)

    return CascadeRule
