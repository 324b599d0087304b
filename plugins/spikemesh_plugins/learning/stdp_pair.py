"""Pair-based spike-timing-dependent plasticity."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter, Trace
from spikemesh.errors import DescriptionError, Problem

PAIR_PARAMETERS = {
    "a_plus": Parameter(0.01, ge=0, description="potentiation per pair, fraction of w_max"),
    "a_minus": Parameter(0.012, ge=0, description="depression per pair, fraction of w_max"),
    "tau_plus": Parameter(20.0, "ms", gt=0, description="time constant of potentiation"),
    "tau_minus": Parameter(20.0, "ms", gt=0, description="time constant of depression"),
}
"""Parameters of the exponential window, which other rules share."""


EXPONENTS = {"additive": 0.0, "multiplicative": 1.0}
"""Exponents of the weight dependences that have no parameter."""


class StdpPair(LearningRule):
    """Pair-based STDP in which every pair of spikes counts.

    A pre-synaptic spike that arrives: ``w <- w - a_minus w_max (w/w_max)^mu_minus y``; a post-synaptic
    spike: ``w <- w + a_plus w_max (1 - w/w_max)^mu_plus x``; w stays in [0, w_max]. The traces x of
    arrivals (``tau_plus``) and y of post-synaptic spikes (``tau_minus``) grow by 1 at each spike.

    ``dependence`` names how changes depend on the weight. ``guetig``, the default, is the form above with
    the exponents given (Guetig et al. 2003, J. Neurosci. 23:3697); with its default exponents of 0 it is
    ``additive`` (Song et al. 2000, Nat. Neurosci. 3:919). ``multiplicative``: both exponents are 1
    (van Rossum et al. 2000, J. Neurosci. 20:8812; Rubin et al. 2001, Phys. Rev. Lett. 86:364).
    ``power_law``: potentiation is ``a_plus w_0^(1 - mu_plus) w^mu_plus x``, depression ``a_minus w y``
    (Morrison et al. 2007, Neural Comput. 19:1437; there mu_plus is 0.4 and a_minus/a_plus is 0.11).
    """

    name = "stdp_pair"
    parameters = {
        **PAIR_PARAMETERS,
        "dependence": Parameter(
            "guetig",
            choices=("guetig", "additive", "multiplicative", "power_law"),
            description="how changes depend on the weight",
        ),
        "mu_plus": Parameter(0.0, ge=0, le=1, description="weight dependence of potentiation"),
        "mu_minus": Parameter(0.0, ge=0, le=1, description="weight dependence of depression"),
        "w_0": Parameter(1.0, gt=0, description="reference weight of the power law, fraction of w_max"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    pre = {"x": Trace("tau_plus", "add")}
    post = {"y": Trace("tau_minus", "add")}

    def constants(p: Any, dt: float) -> dict[str, float]:  # noqa: ARG002 - traces decay outside the rule
        """Return the changes in units of the weight."""
        power_law = p.dependence == "power_law"
        mu_plus, mu_minus = _exponents(p)
        return {
            "up": p.a_plus * p.w_max * (p.w_0 ** (1.0 - mu_plus) if power_law else 1.0),
            "down": p.a_minus * p.w_max,
            "mu_plus": mu_plus,
            "mu_minus": mu_minus,
            "from_below": 1.0 if power_law else 0.0,
            "w_max": p.w_max,
        }

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Depress."""
        # 0 and 1, the common exponents, need no power function, which costs more than all the rest.
        near_0 = (
            1.0 if c.mu_minus == 0.0 else (w / c.w_max if c.mu_minus == 1.0 else (w / c.w_max) ** c.mu_minus)
        )
        w = w - c.down * near_0 * post.y
        return w if w > 0.0 else 0.0, ()

    def on_post(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Potentiate."""
        part = w / c.w_max
        part = part if c.from_below != 0.0 else 1.0 - part
        factor = 1.0 if c.mu_plus == 0.0 else (part if c.mu_plus == 1.0 else part**c.mu_plus)
        w = w + c.up * factor * pre.x
        return w if w < c.w_max else c.w_max, ()


def _exponents(p: Any) -> tuple[float, float]:
    """Return the exponents of potentiation and depression; those that a dependence fixes cannot be given."""
    fixed = EXPONENTS.get(p.dependence)
    for name in ("mu_plus", "mu_minus"):
        given = getattr(p, name)
        free = p.dependence == "guetig" or (p.dependence == "power_law" and name == "mu_plus")
        if not free and given not in (0.0, fixed):
            found = f'{given:g} contradicts dependence = "{p.dependence}"'
            raise DescriptionError(Problem(name, found, 'leave it out, or dependence = "guetig"'))
    if p.dependence == "guetig":
        return p.mu_plus, p.mu_minus
    return (p.mu_plus, 1.0) if fixed is None else (fixed, fixed)


class StdpPairNearest(StdpPair):
    """Pair-based STDP in which a spike pairs only with the latest one of the other side.

    As ``stdp_pair``, but each spike sets its trace to 1 (Morrison et al. 2008, Biol. Cybern. 98:459).
    """

    name = "stdp_pair_nearest"
    pre = {"x": Trace("tau_plus", "set")}
    post = {"y": Trace("tau_minus", "set")}
