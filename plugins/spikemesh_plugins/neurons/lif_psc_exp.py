"""Leaky integrate-and-fire with exponential post-synaptic currents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh.ids import FloatArray
from spikemesh_plugins.neurons.thresholds import check_reset
from spikemesh_plugins.neurons.whole_steps import in_steps


def membrane_response(tau_m: Any, tau_syn: Any, c_m: Any, dt: float) -> FloatArray:
    """Potential (mV) at the end of a step per pA of synaptic current at its start.

    ``P21 = tau_m tau_s / (c_m (tau_s - tau_m)) (e^(-h/tau_s) - e^(-h/tau_m))``, written with
    ``expm1`` because the difference loses all digits as the time constants approach one another;
    if they are equal it is ``h/c_m e^(-h/tau_m)``.
    """
    gap = np.asarray((tau_syn - tau_m) / (tau_syn * tau_m), dtype=np.float64)
    safe = np.where(gap == 0.0, 1.0, gap)
    integral = np.where(gap == 0.0, dt, np.expm1(dt * safe) / safe)
    return np.asarray(np.exp(-dt / tau_m) * integral / c_m)


class LifPscExp(NeuronModel):
    """Leaky integrate-and-fire neuron with exponential post-synaptic currents, integrated exactly.

    ``c_m dv/dt = -c_m (v - e_l)/tau_m + i_syn_ex + i_syn_in + i_e``, ``di_syn/dt = -i_syn/tau_syn``;
    a spike of weight w adds w (pA) to the current of its receptor. Spike if ``v >= v_th``; then v
    stays at ``v_reset`` for ``t_ref``, a whole number of steps, while the currents go on.

    Source: Rotter & Diesmann 1999, Biol. Cybern. 81:381; names and defaults of NEST's iaf_psc_exp.
    """

    name = "lif_psc_exp"
    parameters = {
        "tau_m": Parameter(10.0, "ms", gt=0, description="membrane time constant"),
        "c_m": Parameter(250.0, "pF", gt=0, description="membrane capacitance"),
        "t_ref": Parameter(2.0, "ms", ge=0, description="refractory time, whole steps"),
        "e_l": Parameter(-70.0, "mV", description="resting potential"),
        "v_reset": Parameter(-70.0, "mV", description="potential after a spike"),
        "v_th": Parameter(-55.0, "mV", description="threshold"),
        "tau_syn_ex": Parameter(2.0, "ms", gt=0, description="time constant of excitatory current"),
        "tau_syn_in": Parameter(2.0, "ms", gt=0, description="time constant of inhibitory current"),
        "i_e": Parameter(0.0, "pA", description="constant current"),
    }
    state = {
        "v": State("e_l", "mV", "membrane potential"),
        "i_syn_ex": State(0.0, "pA", "excitatory synaptic current"),
        "i_syn_in": State(0.0, "pA", "inhibitory synaptic current"),
        "refractory": State(0.0, "", "steps left of the refractory time"),
    }
    weight_unit = "pA"
    order = math.inf

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return the propagators P of the exact solution over one step."""
        check_reset(p)
        return {
            "p11_ex": np.exp(-dt / p.tau_syn_ex),
            "p11_in": np.exp(-dt / p.tau_syn_in),
            "p22": np.exp(-dt / p.tau_m),
            "p21_ex": membrane_response(p.tau_m, p.tau_syn_ex, p.c_m, dt),
            "p21_in": membrane_response(p.tau_m, p.tau_syn_in, p.c_m, dt),
            "p20": -p.tau_m / p.c_m * np.expm1(-dt / p.tau_m),
            "e_l": p.e_l,
            "v_reset": p.v_reset,
            "v_th": p.v_th,
            "i_e": p.i_e,
            "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate, then let the arriving weights join the currents."""
        # e_l apart from the decaying part: a neuron at rest stays there to the last bit.
        free = c.e_l + (s.v - c.e_l) * c.p22 + s.i_syn_ex * c.p21_ex + s.i_syn_in * c.p21_in
        free = free + (c.i_e + x.current) * c.p20
        v = s.v if s.refractory > 0.0 else free
        left = s.refractory - 1.0 if s.refractory > 0.0 else 0.0
        i_syn_ex = s.i_syn_ex * c.p11_ex + x.exc
        i_syn_in = s.i_syn_in * c.p11_in + x.inh
        spiked = v >= c.v_th
        return (c.v_reset if spiked else v, i_syn_ex, i_syn_in, c.ref_steps if spiked else left), spiked
