"""Triplet-based spike-timing-dependent plasticity."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter, Trace


def _parameters(
    a2_plus: float, a3_plus: float, a2_minus: float, a3_minus: float, tau_x: float, tau_y: float
) -> dict[str, Parameter]:
    part = "fraction of w_max"
    return {
        "a2_plus": Parameter(a2_plus, ge=0, description=f"potentiation per pair, {part}"),
        "a3_plus": Parameter(a3_plus, ge=0, description=f"potentiation per triplet, {part}"),
        "a2_minus": Parameter(a2_minus, ge=0, description=f"depression per pair, {part}"),
        "a3_minus": Parameter(a3_minus, ge=0, description=f"depression per triplet, {part}"),
        "tau_plus": Parameter(16.8, "ms", gt=0, description="time constant of potentiation"),
        "tau_minus": Parameter(33.7, "ms", gt=0, description="time constant of depression"),
        "tau_x": Parameter(tau_x, "ms", gt=0, description="time constant of the slow pre-synaptic trace"),
        "tau_y": Parameter(tau_y, "ms", gt=0, description="time constant of the slow post-synaptic trace"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }


class StdpTriplet(LearningRule):
    """Triplet STDP in which every spike counts (Pfister & Gerstner 2006, J. Neurosci. 26:9673).

    A pre-synaptic spike that arrives: ``w <- w - w_max o1 (a2_minus + a3_minus r2)``; a post-synaptic
    spike: ``w <- w + w_max r1 (a2_plus + a3_plus o2)``; w stays in [0, w_max]. The traces r1, r2 of
    arrivals (``tau_plus``, ``tau_x``) and o1, o2 of post-synaptic spikes (``tau_minus``, ``tau_y``) grow by
    1 at each spike, after it has been paired. The defaults are the full model of visual cortex.
    """

    name = "stdp_triplet"
    parameters = _parameters(5e-10, 6.2e-3, 7e-3, 2.3e-4, 101.0, 125.0)
    pre = {"r1": Trace("tau_plus", "add"), "r2": Trace("tau_x", "add")}
    post = {"o1": Trace("tau_minus", "add"), "o2": Trace("tau_y", "add")}

    def constants(p: Any, dt: float) -> dict[str, float]:  # noqa: ARG002 - traces decay outside the rule
        """Return the changes in units of the weight."""
        names = ("a2_plus", "a3_plus", "a2_minus", "a3_minus")
        return {name: getattr(p, name) * p.w_max for name in names} | {"w_max": p.w_max}

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Depress."""
        w = w - post.o1 * (c.a2_minus + c.a3_minus * pre.r2)
        return w if w > 0.0 else 0.0, ()

    def on_post(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Potentiate."""
        w = w + pre.r1 * (c.a2_plus + c.a3_plus * post.o2)
        return w if w < c.w_max else c.w_max, ()


class StdpTripletNearest(StdpTriplet):
    """Triplet STDP in which only the latest spikes of each side count.

    As ``stdp_triplet``, but each spike sets its traces to 1; the defaults are those fitted to this model.
    """

    name = "stdp_triplet_nearest"
    parameters = _parameters(8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 714.0, 40.0)
    pre = {"r1": Trace("tau_plus", "set"), "r2": Trace("tau_x", "set")}
    post = {"o1": Trace("tau_minus", "set"), "o2": Trace("tau_y", "set")}
