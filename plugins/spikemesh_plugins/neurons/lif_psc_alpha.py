"""Leaky integrate-and-fire with alpha-shaped post-synaptic currents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh.ids import FloatArray
from spikemesh_plugins.neurons.lif_psc_exp import membrane_response
from spikemesh_plugins.neurons.thresholds import check_reset
from spikemesh_plugins.neurons.whole_steps import in_steps

TERMS = 18
"""Of the series of the first moment: up to |z| = 1 what follows is below 1e-17."""


def response_to_slope(tau_m: Any, tau_syn: Any, c_m: Any, dt: float) -> FloatArray:
    """Potential (mV) at the end of a step per pA/ms of the current's slope at its start.

    ``P31 = e^(-h/tau_m)/c_m int_0^h t e^(-d t) dt`` with ``d = 1/tau_s - 1/tau_m``: in closed form
    ``(1 - e^(-z) (1 + z))/d^2`` with ``z = d h``, which loses all digits as the time constants approach one
    another; there it is summed as a series in z.
    """
    z = dt * np.asarray((tau_m - tau_syn) / (tau_syn * tau_m), dtype=np.float64)
    safe = np.where(np.abs(z) < 1.0, 1.0, z)
    closed = (1.0 - np.exp(-safe) * (1.0 + safe)) / safe**2
    small = np.where(np.abs(z) < 1.0, z, 0.0)
    series = sum((-small) ** k / (math.factorial(k) * (k + 2)) for k in range(TERMS))
    moment = np.where(np.abs(z) < 1.0, series, closed)
    return np.asarray(np.exp(-dt / tau_m) * dt**2 * moment / c_m)


class LifPscAlpha(NeuronModel):
    """Leaky integrate-and-fire neuron with alpha-shaped post-synaptic currents, integrated exactly.

    ``c_m dv/dt = -c_m (v - e_l)/tau_m + i_syn_ex + i_syn_in + i_e``; a spike of weight w starts the current
    ``w (e/tau_syn) t e^(-t/tau_syn)``, whose peak is w (pA), ``tau_syn`` after its arrival: the state of a
    receptor is the current and ``di_syn``, with ``di_syn' = -di_syn/tau_syn``, ``i_syn' = di_syn - i_syn/tau_syn``.
    Spike if ``v >= v_th``; then v stays at ``v_reset`` for ``t_ref``, a whole number of steps, while the
    currents go on.

    Source: Rotter & Diesmann 1999, Biol. Cybern. 81:381; names and defaults of NEST's iaf_psc_alpha.
    """

    name = "lif_psc_alpha"
    parameters = {
        "tau_m": Parameter(10.0, "ms", gt=0, description="membrane time constant"),
        "c_m": Parameter(250.0, "pF", gt=0, description="membrane capacitance"),
        "t_ref": Parameter(2.0, "ms", ge=0, description="refractory time, whole steps"),
        "e_l": Parameter(-70.0, "mV", description="resting potential"),
        "v_reset": Parameter(-70.0, "mV", description="potential after a spike"),
        "v_th": Parameter(-55.0, "mV", description="threshold"),
        "tau_syn_ex": Parameter(2.0, "ms", gt=0, description="time to the peak of excitatory current"),
        "tau_syn_in": Parameter(2.0, "ms", gt=0, description="time to the peak of inhibitory current"),
        "i_e": Parameter(0.0, "pA", description="constant current"),
    }
    state = {
        "v": State("e_l", "mV", "membrane potential"),
        "i_syn_ex": State(0.0, "pA", "excitatory synaptic current"),
        "di_syn_ex": State(0.0, "", "what starts it, pA/ms"),
        "i_syn_in": State(0.0, "pA", "inhibitory synaptic current"),
        "di_syn_in": State(0.0, "", "what starts it, pA/ms"),
        "refractory": State(0.0, "", "steps left of the refractory time"),
    }
    weight_unit = "pA"
    order = math.inf

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return the propagators P of the exact solution over one step."""
        check_reset(p)
        result = {}
        for side in ("ex", "in"):
            tau = getattr(p, f"tau_syn_{side}")
            result[f"p11_{side}"] = np.exp(-dt / tau)
            result[f"p21_{side}"] = dt * np.exp(-dt / tau)
            result[f"p31_{side}"] = response_to_slope(p.tau_m, tau, p.c_m, dt)
            result[f"p32_{side}"] = membrane_response(p.tau_m, tau, p.c_m, dt)
            result[f"start_{side}"] = math.e / tau
        return {
            **result,
            "p33": np.exp(-dt / p.tau_m),
            "p30": -p.tau_m / p.c_m * np.expm1(-dt / p.tau_m),
            "e_l": p.e_l,
            "v_reset": p.v_reset,
            "v_th": p.v_th,
            "i_e": p.i_e,
            "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate, then let the arriving weights start their currents."""
        # e_l apart from the decaying part: a neuron at rest stays there to the last bit.
        free = c.e_l + (s.v - c.e_l) * c.p33 + (c.i_e + x.current) * c.p30
        free = free + s.di_syn_ex * c.p31_ex + s.i_syn_ex * c.p32_ex
        free = free + s.di_syn_in * c.p31_in + s.i_syn_in * c.p32_in
        v = s.v if s.refractory > 0.0 else free
        left = s.refractory - 1.0 if s.refractory > 0.0 else 0.0
        i_ex = s.di_syn_ex * c.p21_ex + s.i_syn_ex * c.p11_ex
        i_in = s.di_syn_in * c.p21_in + s.i_syn_in * c.p11_in
        di_ex = s.di_syn_ex * c.p11_ex + x.exc * c.start_ex
        di_in = s.di_syn_in * c.p11_in + x.inh * c.start_in
        spiked = v >= c.v_th
        left = c.ref_steps if spiked else left
        return (c.v_reset if spiked else v, i_ex, di_ex, i_in, di_in, left), spiked
