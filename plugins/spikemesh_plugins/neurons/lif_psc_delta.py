"""Leaky integrate-and-fire with delta-shaped post-synaptic currents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.thresholds import check_reset
from spikemesh_plugins.neurons.whole_steps import in_steps


class LifPscDelta(NeuronModel):
    """Leaky integrate-and-fire neuron whose potential jumps by the weight of a spike, integrated exactly.

    ``c_m dv/dt = -c_m (v - e_l)/tau_m + i_e``; a spike that arrives adds its weight (mV) to v in the same
    step. Spike if ``v >= v_th``; then v stays at ``v_reset`` for ``t_ref``, a whole number of steps. What
    arrives in that time is lost, or, with ``refractory_input``, decays with ``tau_m`` and is added after it.

    Source: Rotter & Diesmann 1999, Biol. Cybern. 81:381; names, defaults and order of a step of NEST's iaf_psc_delta.
    """

    name = "lif_psc_delta"
    parameters = {
        "tau_m": Parameter(10.0, "ms", gt=0, description="membrane time constant"),
        "c_m": Parameter(250.0, "pF", gt=0, description="membrane capacitance"),
        "t_ref": Parameter(2.0, "ms", ge=0, description="refractory time, whole steps"),
        "e_l": Parameter(-70.0, "mV", description="resting potential"),
        "v_reset": Parameter(-70.0, "mV", description="potential after a spike"),
        "v_th": Parameter(-55.0, "mV", description="threshold"),
        "i_e": Parameter(0.0, "pA", description="constant current"),
        "refractory_input": Parameter(False, description="keep what arrives in the refractory time"),
    }
    state = {
        "v": State("e_l", "mV", "membrane potential"),
        "kept": State(0.0, "mV", "arrived in the refractory time"),
        "refractory": State(0.0, "", "steps left of the refractory time"),
    }
    weight_unit = "mV"
    order = math.inf

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return the propagators P of the exact solution over one step."""
        check_reset(p)
        return {
            "p22": np.exp(-dt / p.tau_m),
            "p20": -p.tau_m / p.c_m * np.expm1(-dt / p.tau_m),
            "e_l": p.e_l,
            "v_reset": p.v_reset,
            "v_th": p.v_th,
            "i_e": p.i_e,
            "keeps": np.asarray(p.refractory_input, dtype=np.float64),
            "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate, jump, test, reset."""
        arriving = x.exc + x.inh
        free = c.e_l + (s.v - c.e_l) * c.p22 + (c.i_e + x.current) * c.p20 + (arriving + s.kept)
        held = s.refractory > 0.0
        v = s.v if held else free
        left = s.refractory - 1.0 if held else 0.0
        kept = (s.kept + arriving) * c.p22 * c.keeps if held else 0.0
        spiked = v >= c.v_th
        return (c.v_reset if spiked else v, kept, c.ref_steps if spiked else left), spiked
