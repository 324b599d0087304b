"""Calcium-based plasticity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from spikemesh.contracts import LearningRule, Parameter, State, Visit
from spikemesh_plugins.learning.settling import settling_steps


def _event(kind: str) -> Callable[..., Any]:
    """Make ``on_pre``, ``on_post`` or the visit: what has passed since the last event, then the spike."""

    def event(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, *more: Any) -> Any:  # noqa: ARG001 - signature of rules and visits
        u = more[-1]
        calcium, now, first, second = s.calcium, s.last, s.first, s.second
        # Mean and variance of rho, from interval to interval between jumps of calcium.
        mean, variance = (s.strength - c.w_down) * c.per_span, 0.0
        while now < c.t or first <= c.t:
            until = first if first < c.t else c.t
            span = until - now
            above_p = c.tau_ca * math.log(calcium / c.theta_p) if calcium > c.theta_p else 0.0
            above_d = c.tau_ca * math.log(calcium / c.theta_d) if calcium > c.theta_d else 0.0
            above_p = above_p if above_p < span else span
            above_d = above_d if above_d < span else span
            both = above_p if above_p < above_d else above_d
            if both > 0.0:
                left = math.exp(-both * c.rate_both)
                mean = c.rho_both + (mean - c.rho_both) * left
                variance = c.noise_both + (variance - c.noise_both) * left * left
            if above_d > both:
                left = math.exp(-(above_d - both) * c.rate_d)
                mean = mean * left
                variance = c.noise_d + (variance - c.noise_d) * left * left
            if above_p > both:
                left = math.exp(-(above_p - both) * c.rate_p)
                mean = 1.0 + (mean - 1.0) * left
                variance = c.noise_p + (variance - c.noise_p) * left * left
            calcium = calcium * math.exp(-span / c.tau_ca)
            now = until
            if first <= now:
                calcium = calcium + c.c_pre
                first, second = second, math.inf
        if variance > 0.0:
            g = math.sqrt(-2.0 * math.log(1.0 - u.radius)) * math.cos(2.0 * math.pi * u.angle)
            mean = mean + math.sqrt(variance) * g
        if c.per_bistable > 0.0:
            y = 2.0 * mean - 1.0
            grown = math.exp((c.t - s.last) * c.per_bistable)
            mean = 0.5 + 0.5 * y * math.sqrt(grown / (1.0 + y * y * (grown - 1.0)))
        if kind == "post":
            calcium = calcium + c.c_post
        if kind == "pre":
            if second < math.inf:
                # No room for a third: the oldest acts at once.
                calcium, first, second = calcium + c.c_pre, second, math.inf
            due = c.t + c.delay
            first, second = (due, second) if first == math.inf else (first, due)
        strength = mean * c.span + c.w_down
        w = 0.0 if strength < 0.0 else (c.w_max if strength > c.w_max else strength)
        return w, (strength, calcium, c.t, first, second)

    return event


class CalciumPlasticity(LearningRule):
    r"""Plasticity driven by calcium: each spike adds to it, and thresholds decide what it does.

    ::

        dc/dt = -c/tau_ca, + c_pre at a time ``delay`` after an arrival, + c_post at a post-synaptic spike
        tau drho/dt = -rho (1 - rho)(1/2 - rho) + gamma_p (1 - rho) [c > theta_p] - gamma_d rho [c > theta_d]
                      + sigma sqrt(tau ([c > theta_p] + [c > theta_d])) white noise

    The weight is ``w_down + rho (w_max - w_down)`` with ``w_down = w_max/ratio``, and rho starts where the
    initial weight puts it; what is delivered and read stays in [0, w_max]. All but the first term is exact
    from event to event; that term, slow by tau, is applied once per interval between events and only if
    ``bistable``. No more than two arrivals wait for their ``delay`` at a time: with a third the oldest acts
    at once. A weight that is read is as of the last event or multiple of ``settle``. The defaults are the
    set DP of the paper.

    Source: Graupner & Brunel 2012, PNAS 109:3991.
    """

    name = "calcium"
    parameters = {
        "tau_ca": Parameter(20.0, "ms", gt=0, description="time constant of calcium"),
        "c_pre": Parameter(1.0, ge=0, description="calcium of an arrival"),
        "c_post": Parameter(2.0, ge=0, description="calcium of a post-synaptic spike"),
        "delay": Parameter(13.7, "ms", ge=0, description="from an arrival to its calcium"),
        "theta_d": Parameter(1.0, gt=0, description="threshold of depression"),
        "theta_p": Parameter(1.3, gt=0, description="threshold of potentiation"),
        "gamma_d": Parameter(200.0, gt=0, description="rate of depression, per tau"),
        "gamma_p": Parameter(321.808, gt=0, description="rate of potentiation, per tau"),
        "sigma": Parameter(2.8284, ge=0, description="noise"),
        "tau": Parameter(150_000.0, "ms", gt=0, description="time constant of the efficacy"),
        "ratio": Parameter(5.0, gt=1, description="weight of rho = 1 by that of rho = 0"),
        "bistable": Parameter(True, description="whether rho drifts to 0 or 1"),
        "settle": Parameter(
            1000.0, "ms", ge=0, description="weights are brought up to date so often, 0: never"
        ),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    state = {
        "strength": State("weight", "", "weight, not clipped"),
        "calcium": State(0.0, "", "c at the last event"),
        "last": State(0.0, "", "step of the last event"),
        "first": State(math.inf, "", "step at which the calcium of an arrival is due"),
        "second": State(math.inf, "", "and that of the next one"),
    }
    draws = ("angle", "radius")
    timed = True
    visits = {"settled": Visit("settle")}

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return rates per step, and what rho tends to and varies by where calcium is high."""
        delay = p.delay / dt
        gamma, noise = p.gamma_p + p.gamma_d, p.sigma**2
        w_down = p.w_max / p.ratio
        return {
            "tau_ca": p.tau_ca / dt,
            "c_pre": p.c_pre,
            "c_post": p.c_post,
            # A delay of whole steps is not to end before its step by the last bit.
            "delay": float(round(delay)) if abs(delay - round(delay)) < 1e-6 else delay,
            "theta_d": p.theta_d,
            "theta_p": p.theta_p,
            "rate_both": gamma * dt / p.tau,
            "rate_d": p.gamma_d * dt / p.tau,
            "rate_p": p.gamma_p * dt / p.tau,
            "rho_both": p.gamma_p / gamma,
            "noise_both": noise / gamma,
            "noise_d": 0.5 * noise / p.gamma_d,
            "noise_p": 0.5 * noise / p.gamma_p,
            "per_bistable": 0.5 * dt / p.tau if p.bistable else 0.0,
            "settle": settling_steps(p.settle, dt),
            "w_down": w_down,
            "span": p.w_max - w_down,
            "per_span": 1.0 / (p.w_max - w_down),
            "w_max": p.w_max,
        }

    on_pre = _event("pre")
    on_post = _event("post")
    settled = _event("visit")
