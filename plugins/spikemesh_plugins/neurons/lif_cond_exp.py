"""Leaky integrate-and-fire with exponential synaptic conductances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.thresholds import check_reset
from spikemesh_plugins.neurons.whole_steps import in_steps


class LifCondExp(NeuronModel):
    """Leaky integrate-and-fire neuron with exponential conductances.

    ``c_m dv/dt = -g_l (v - e_l) - g_ex (v - e_ex) - g_in (v - e_in) + i_e``, ``dg/dt = -g/tau_syn``; a
    spike adds the magnitude of its weight (nS) to the conductance of its receptor. Spike if ``v >= v_th``;
    then v stays at ``v_reset`` for ``t_ref``, a whole number of steps, while the conductances go on.

    The conductances decay exactly; the solver is that of v, for a step h.

    * ``solver = "exponential_euler"`` takes the conductances as they are at its start, which gives v exactly for them:
      ``v <- v_inf + (v - v_inf) e^(-h g/c_m)``, g the sum and v_inf the balance of all conductances. First order,
      stable for any h; Brian2's ``exponential_euler`` is this scheme.
    * ``solver = "rk4"``: Runge and Kutta's with the conductances exact at each stage. Fourth order, stable for
      ``h g/c_m < 2.7``. NEST's iaf_cond_exp has an adaptive one of the same order.

    Source: Brette et al. 2007, J. Comput. Neurosci. 23:349; names and defaults of NEST's iaf_cond_exp.
    """

    name = "lif_cond_exp"
    parameters = {
        "c_m": Parameter(250.0, "pF", gt=0, description="membrane capacitance"),
        "g_l": Parameter(16.6667, "nS", gt=0, description="leak conductance"),
        "t_ref": Parameter(2.0, "ms", ge=0, description="refractory time, whole steps"),
        "e_l": Parameter(-70.0, "mV", description="leak reversal potential"),
        "v_reset": Parameter(-60.0, "mV", description="potential after a spike"),
        "v_th": Parameter(-55.0, "mV", description="threshold"),
        "e_ex": Parameter(0.0, "mV", description="excitatory reversal potential"),
        "e_in": Parameter(-85.0, "mV", description="inhibitory reversal potential"),
        "tau_syn_ex": Parameter(0.2, "ms", gt=0, description="time constant of excitatory conductance"),
        "tau_syn_in": Parameter(2.0, "ms", gt=0, description="time constant of inhibitory conductance"),
        "i_e": Parameter(0.0, "pA", description="constant current"),
        "solver": Parameter("exponential_euler", choices=("exponential_euler", "rk4")),
    }
    state = {
        "v": State("e_l", "mV", "membrane potential"),
        "g_ex": State(0.0, "nS", "excitatory conductance"),
        "g_in": State(0.0, "nS", "inhibitory conductance"),
        "refractory": State(0.0, "", "steps left of the refractory time"),
    }
    receptor_kind = "conductance"
    weight_unit = "nS"
    order = 1

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return decay factors, and reversal potentials from rest."""
        check_reset(p)
        return {
            "p11_ex": np.exp(-dt / p.tau_syn_ex),
            "p11_in": np.exp(-dt / p.tau_syn_in),
            "half_ex": np.exp(-0.5 * dt / p.tau_syn_ex),
            "half_in": np.exp(-0.5 * dt / p.tau_syn_in),
            "per_g": -dt / p.c_m,
            "g_l": p.g_l,
            "e_l": p.e_l,
            "from_rest_ex": p.e_ex - p.e_l,
            "from_rest_in": p.e_in - p.e_l,
            "v_reset": p.v_reset,
            "v_th": p.v_th,
            "i_e": p.i_e,
            "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
            "rk4": 1.0 if p.solver == "rk4" else 0.0,
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate, then let the arriving weights join the conductances."""
        # From rest: a neuron at rest stays there to the last bit.
        u, current = s.v - c.e_l, c.i_e + x.current
        g_ex, g_in = s.g_ex * c.p11_ex, s.g_in * c.p11_in
        if c.rk4 > 0.0:

            def change(u: Any, g_ex: Any, g_in: Any) -> Any:
                driven = g_ex * (u - c.from_rest_ex) + g_in * (u - c.from_rest_in)
                return c.per_g * (c.g_l * u + driven - current)

            mid_ex, mid_in = s.g_ex * c.half_ex, s.g_in * c.half_in
            k1 = change(u, s.g_ex, s.g_in)
            k2 = change(u + 0.5 * k1, mid_ex, mid_in)
            k3 = change(u + 0.5 * k2, mid_ex, mid_in)
            k4 = change(u + k3, g_ex, g_in)
            free = u + (k1 + 2.0 * (k2 + k3) + k4) / 6.0
        else:
            g = c.g_l + s.g_ex + s.g_in
            # e^y in plain arithmetic, which compiles to vector instructions and gives the same bits everywhere:
            # y = n ln 2 + r, e^r as in fdlibm's e_exp.c (error below 1 ulp), times 2^n. Below -42 nothing is left.
            y = c.per_g * g
            y = y if y > -42.0 else -42.0
            n = math.floor(y * 1.4426950408889634 + 0.5)
            high, low = y - n * 6.93147180369123816490e-01, n * 1.90821492927058770002e-10
            r = high - low
            q = r * r
            p = q * (
                6.61375632143793436117e-05
                + q * (-1.65339022054652515390e-06 + q * 4.13813679705723846039e-08)
            )
            p = r - q * (1.66666666666666019037e-01 + q * (-2.77777777770155933842e-03 + p))
            power = (1 << (62 + n)) * 2.168404344971009e-19  # 2^(62 + n) 2^-62, both exact
            decay = (1.0 - ((low - (r * p) / (2.0 - p)) - high)) * power
            balance = (s.g_ex * c.from_rest_ex + s.g_in * c.from_rest_in + current) / g
            free = balance + (u - balance) * decay
        v = s.v if s.refractory > 0.0 else c.e_l + free
        left = s.refractory - 1.0 if s.refractory > 0.0 else 0.0
        spiked = v >= c.v_th
        return (
            c.v_reset if spiked else v,
            g_ex + x.exc,
            g_in + x.inh,
            c.ref_steps if spiked else left,
        ), spiked
