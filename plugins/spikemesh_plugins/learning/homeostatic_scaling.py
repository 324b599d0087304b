"""Homeostatic scaling of all synapses onto a neuron."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter, Trace, Visit
from spikemesh.errors import DescriptionError, Problem


class HomeostaticScaling(LearningRule):
    """All synapses onto a neuron are scaled by one factor, which brings its rate to a set point.

    Every ``period``: ``w <- w (1 + eta (rate - r)/rate)``, where r is the neuron's rate of spikes, averaged
    exponentially over ``tau_rate``. Ratios of weights stay as they are unless a weight meets w_max; a
    factor below 0 counts as 0. With a rate proportional to the weights the error decays as
    ``e^(-eta n)`` over n periods, as long as these are longer than ``tau_rate``.

    Source: Turrigiano et al. 1998, Nature 391:892; van Rossum et al. 2000, J. Neurosci. 20:8812.
    """

    name = "homeostatic_scaling"
    parameters = {
        "rate": Parameter(10.0, "Hz", gt=0, description="rate of spikes that is aimed at"),
        "eta": Parameter(0.1, gt=0, le=1, description="part of the error that a period corrects"),
        "tau_rate": Parameter(
            1000.0, "ms", gt=0, description="time constant over which the rate is averaged"
        ),
        "period": Parameter(1000.0, "ms", gt=0, description="time from scaling to scaling, whole steps"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    post = {"y": Trace("tau_rate", "add")}
    visits = {"rescale": Visit("period")}

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return the correction for a rate of 0, and that per unit of the trace, whose mean is r tau_rate."""
        steps = round(p.period / dt)
        if steps < 1 or abs(steps * dt - p.period) > 1e-6 * dt:
            raise DescriptionError(
                Problem("period", f"{p.period:g} ms is no multiple of the timestep {dt:g} ms", "whole steps")
            )
        return {
            "period": float(steps),
            "eta": p.eta,
            "per_trace": p.eta * 1e3 / (p.tau_rate * p.rate),
            "w_max": p.w_max,
        }

    def rescale(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, steps: Any) -> Any:  # noqa: ARG002 - signature of all visits
        """Scale."""
        factor = 1.0 + c.eta - c.per_trace * post.y
        w = w * (factor if factor > 0.0 else 0.0)
        return (w if w < c.w_max else c.w_max), ()
