"""Voltage-based spike-timing-dependent plasticity."""

from __future__ import annotations

from typing import Any

from spikemesh.contracts import LearningRule, Parameter, Trace, Visit


class Clopath(LearningRule):
    """Plasticity that depends on the membrane potential u (the state ``v``) of the neuron it reaches.

    Arriving spike: ``w <- w - a_ltd (u_minus - theta_minus)+``; always, x being the trace of arrivals of
    which each adds 1, ``dw/dt = a_ltp/tau_x x (u - theta_plus)+ (u_plus - theta_minus)+``; u_minus and u_plus
    are running means of u over ``tau_minus`` and ``tau_plus``, (.)+ is the positive part, and w, in the unit
    of a_ltd times mV, stays in [0, w_max].

    With ``potentiation = "every_step"`` this is done for all synapses in every step, as it stands; a spike
    that comes over at a step counts from the next one on. Neurons that reset show no spike in u: with
    ``"at_spikes"`` a spike of the neuron stands for ``t_spike`` at the potential ``v_spike``, so that it
    adds ``a_ltp/tau_x x t_spike (v_spike - theta_plus) (u_plus - theta_minus)+``, and the potential below does
    not potentiate.

    Homeostasis, with ``u_ref2 > 0``: depression is multiplied by ``(m - e_l)^2 / u_ref2``, where m is the running mean
    of u over ``tau_mean``, so that neurons that are depolarised for long lose weight. (The mean of the square in the
    program of the authors, the square of the mean in NEST and here.)

    Source: Clopath et al. 2010, Nat. Neurosci. 13:344.
    """

    name = "clopath"
    parameters = {
        "a_ltd": Parameter(14e-5, ge=0, description="depression per arrival and mV"),
        "a_ltp": Parameter(8e-5, ge=0, description="potentiation per arrival and mV^2, all of it"),
        "theta_minus": Parameter(-70.6, "mV", description="threshold of the means"),
        "theta_plus": Parameter(-45.3, "mV", description="threshold of the potential"),
        "tau_x": Parameter(15.0, "ms", gt=0, description="time constant of arrivals"),
        "tau_minus": Parameter(10.0, "ms", gt=0, description="time constant of the mean of depression"),
        "tau_plus": Parameter(7.0, "ms", gt=0, description="time constant of the mean of potentiation"),
        "potentiation": Parameter(
            "every_step", choices=("every_step", "at_spikes"), description="what potentiates"
        ),
        "v_spike": Parameter(33.0, "mV", description="potential of a spike that is stood for"),
        "t_spike": Parameter(2.0, "ms", ge=0, description="duration of a spike that is stood for"),
        "u_ref2": Parameter(
            0.0, "mV^2", ge=0, description="square of the depolarisation that homeostasis aims at, 0: none"
        ),
        "e_l": Parameter(-70.6, "mV", description="rest, from which homeostasis counts depolarisation"),
        "tau_mean": Parameter(1000.0, "ms", gt=0, description="time constant of the mean of homeostasis"),
        "w_max": Parameter(
            None, gt=0, description="largest weight; twice the largest initial one if not given"
        ),
    }
    pre = {"x": Trace("tau_x", "add")}
    post = {"u_minus": Trace("tau_minus", of="v"), "u_plus": Trace("tau_plus", of="v")}
    reads = ("v",)
    visits = {"by_potential": Visit("every_step", ())}

    def specialised(p: Any) -> type[LearningRule]:
        """Return the rule with or without homeostasis, which takes a running mean more."""
        return ClopathHomeostatic if p.u_ref2 > 0.0 else Clopath

    def constants(p: Any, dt: float) -> dict[str, float]:
        """Return amplitudes per step or per spike."""
        at_spikes = p.potentiation == "at_spikes"
        spike = p.t_spike * max(p.v_spike - p.theta_plus, 0.0)
        return {
            "a_ltd": p.a_ltd,
            "per_step": p.a_ltp * dt / p.tau_x,
            "per_spike": p.a_ltp * spike / p.tau_x if at_spikes else 0.0,
            "every_step": 0.0 if at_spikes else 1.0,
            "theta_minus": p.theta_minus,
            "theta_plus": p.theta_plus,
            "w_max": p.w_max,
            "e_l": p.e_l,
            "per_u_ref2": 1.0 / p.u_ref2 if p.u_ref2 > 0.0 else 0.0,
        }

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Depress."""
        above = post.u_minus - c.theta_minus
        w = w - c.a_ltd * (above if above > 0.0 else 0.0)
        return max(w, 0.0), ()

    def on_post(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Potentiate by a spike that is stood for."""
        above = post.u_plus - c.theta_minus
        w = w + c.per_spike * pre.x * (above if above > 0.0 else 0.0)
        return min(w, c.w_max), ()

    def by_potential(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any, steps: Any) -> Any:  # noqa: ARG002 - signature of all visits
        """Potentiate by the potential."""
        above = post.v - c.theta_plus
        mean = post.u_plus - c.theta_minus
        gain = (above if above > 0.0 else 0.0) * (mean if mean > 0.0 else 0.0)
        w = w + c.per_step * gain * pre.x
        return min(w, c.w_max), ()


class ClopathHomeostatic(Clopath):
    """As ``clopath``, where the mean depolarisation scales depression."""

    name = "clopath_homeostatic"
    post = {**Clopath.post, "mean": Trace("tau_mean", of="v")}

    def on_pre(w: Any, s: Any, c: Any, pre: Any, post: Any, third: Any) -> Any:  # noqa: ARG002 - signature of all rules
        """Depress by as much as the neuron is depolarised."""
        above = post.u_minus - c.theta_minus
        depolarised = post.mean - c.e_l
        w = w - c.a_ltd * depolarised * depolarised * c.per_u_ref2 * (above if above > 0.0 else 0.0)
        return max(w, 0.0), ()
