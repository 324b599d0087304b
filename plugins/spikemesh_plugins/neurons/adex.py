"""Adaptive exponential integrate-and-fire with exponential synaptic conductances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.thresholds import check_reset
from spikemesh_plugins.neurons.whole_steps import in_steps


class AdEx(NeuronModel):
    """Adaptive exponential integrate-and-fire neuron with exponential conductances.

    ``c_m dv/dt = -g_l (v - e_l) + g_l delta_t e^((v - v_th)/delta_t) - w - g_ex (v - e_ex) - g_in (v - e_in) + i_e``,
    ``tau_w dw/dt = a (v - e_l) - w``, ``dg/dt = -g/tau_syn``; a spike that arrives adds the magnitude of its weight
    (nS) to the conductance of its receptor. Spike if ``v >= v_peak``; then ``v <- v_reset``, ``w <- w + b``, v stays
    there for ``t_ref``, a whole number of steps, while w and the conductances go on. Above v_peak the slope is that at
    v_peak, so that no stage of the solver overflows; ``delta_t = 0`` leaves out the exponential.

    * ``solver = "rk4"``: fourth order in the step, with the conductances exact at each stage.
    * ``solver = "exponential_euler"``: the conductances and the exponential as at the start; first order.

    NEST's aeif_cond_exp has adaptive steps within a step and resets v in the middle of one.

    Source: Brette & Gerstner 2005, J. Neurophysiol. 94:3637; names and defaults of NEST's aeif_cond_exp.
    """

    name = "adex"
    parameters = {
        "c_m": Parameter(281.0, "pF", gt=0, description="membrane capacitance"),
        "g_l": Parameter(30.0, "nS", gt=0, description="leak conductance"),
        "t_ref": Parameter(0.0, "ms", ge=0, description="refractory time, whole steps"),
        "e_l": Parameter(-70.6, "mV", description="leak reversal potential"),
        "v_reset": Parameter(-60.0, "mV", description="potential after a spike"),
        "v_th": Parameter(-50.4, "mV", description="threshold of the exponential"),
        "v_peak": Parameter(0.0, "mV", description="cut-off that counts as a spike"),
        "delta_t": Parameter(2.0, "mV", ge=0, description="slope factor"),
        "tau_w": Parameter(144.0, "ms", gt=0, description="time constant of adaptation"),
        "a": Parameter(4.0, "nS", description="subthreshold adaptation"),
        "b": Parameter(80.5, "pA", description="adaptation at a spike"),
        "e_ex": Parameter(0.0, "mV", description="excitatory reversal potential"),
        "e_in": Parameter(-85.0, "mV", description="inhibitory reversal potential"),
        "tau_syn_ex": Parameter(0.2, "ms", gt=0, description="time constant of excitatory conductance"),
        "tau_syn_in": Parameter(2.0, "ms", gt=0, description="time constant of inhibitory conductance"),
        "i_e": Parameter(0.0, "pA", description="constant current"),
        "solver": Parameter("rk4", choices=("rk4", "exponential_euler")),
    }
    state = {
        "v": State("e_l", "mV", "membrane potential"),
        "w": State(0.0, "pA", "adaptation"),
        "g_ex": State(0.0, "nS", "excitatory conductance"),
        "g_in": State(0.0, "nS", "inhibitory conductance"),
        "refractory": State(0.0, "", "steps left of the refractory time"),
    }
    receptor_kind = "conductance"
    weight_unit = "nS"
    order = 4

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return decays over a step and half of one, and the exponential's factors."""
        check_reset(p, "v_peak")
        slope = np.asarray(p.delta_t, dtype=np.float64)
        names = ("c_m", "g_l", "e_l", "v_reset", "v_th", "v_peak", "tau_w", "a", "b", "e_ex", "e_in", "i_e")
        return {
            **{name: getattr(p, name) for name in names},
            "dt": dt,
            "p11_ex": np.exp(-dt / p.tau_syn_ex),
            "p11_in": np.exp(-dt / p.tau_syn_in),
            "half_ex": np.exp(-0.5 * dt / p.tau_syn_ex),
            "half_in": np.exp(-0.5 * dt / p.tau_syn_in),
            "p_w": np.exp(-dt / p.tau_w),
            "onset": p.g_l * slope,
            "per_mv": np.where(slope > 0, 1.0 / np.where(slope > 0, slope, 1.0), 0.0),
            "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
            "rk4": 1.0 if p.solver == "rk4" else 0.0,
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate, test, reset; then let the arriving weights join the conductances."""
        held = s.refractory > 0.0

        def upswing(v: Any) -> Any:
            z = (v - c.v_th) * c.per_mv
            return c.onset * math.exp(z if z < 700.0 else 700.0)

        def slopes(v: Any, w: Any, g_ex: Any, g_in: Any) -> Any:
            below = v if v < c.v_peak else c.v_peak
            total = upswing(below) - c.g_l * (below - c.e_l) - w
            total = total - g_ex * (below - c.e_ex) - g_in * (below - c.e_in) + (c.i_e + x.current)
            return (0.0 if held else total / c.c_m), (c.a * (below - c.e_l) - w) / c.tau_w

        g_ex, g_in = s.g_ex * c.p11_ex, s.g_in * c.p11_in
        if c.rk4 > 0.0:
            mid_ex, mid_in, h = s.g_ex * c.half_ex, s.g_in * c.half_in, c.dt
            k1, l1 = slopes(s.v, s.w, s.g_ex, s.g_in)
            k2, l2 = slopes(s.v + 0.5 * h * k1, s.w + 0.5 * h * l1, mid_ex, mid_in)
            k3, l3 = slopes(s.v + 0.5 * h * k2, s.w + 0.5 * h * l2, mid_ex, mid_in)
            k4, l4 = slopes(s.v + h * k3, s.w + h * l3, g_ex, g_in)
            v = s.v + h / 6.0 * (k1 + 2.0 * (k2 + k3) + k4)
            w = s.w + h / 6.0 * (l1 + 2.0 * (l2 + l3) + l4)
        else:
            g = c.g_l + s.g_ex + s.g_in
            rest = (
                c.g_l * c.e_l + s.g_ex * c.e_ex + s.g_in * c.e_in + upswing(s.v) - s.w + c.i_e + x.current
            ) / g
            v = s.v if held else rest + (s.v - rest) * math.exp(-c.dt * g / c.c_m)
            aim = c.a * (s.v - c.e_l)
            w = aim + (s.w - aim) * c.p_w
        spiked = v >= c.v_peak
        left = c.ref_steps if spiked else (s.refractory - 1.0 if held else 0.0)
        return (
            c.v_reset if spiked else v,
            w + c.b if spiked else w,
            g_ex + x.exc,
            g_in + x.inh,
            left,
        ), spiked
