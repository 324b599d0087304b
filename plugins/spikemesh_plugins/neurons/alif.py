"""Leaky integrate-and-fire with a threshold that adapts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.whole_steps import in_steps


class Alif(NeuronModel):
    """Leaky integrate-and-fire neuron with adaptive threshold, the unit of long short-term memory spiking networks.

    In step t, with ``alpha = e^(-dt/tau_m)``, ``rho = e^(-dt/adapt_tau)``, z whether it spiked::

        v_t = alpha v_(t-1) + zeta (arriving weights) + (1 - alpha) i_e - z_(t-1) v_th
        a_t = rho a_(t-1) + z_(t-1);  z_t = 1 if v_t >= v_th + adapt_beta a_t

    zeta is 1, or 1 - alpha with ``input_scaling = "leak"``. With ``reset = "zero"`` a spike sets v to 0 instead. For
    ``t_ref`` after a spike, a whole number of steps, it does not spike again. Potentials are plain numbers.

    Source: Bellec et al. 2020, Nat. Commun. 11:3625; names of NEST's eprop_iaf_adapt_bsshslm_2020.
    """

    name = "alif"
    parameters = {
        "tau_m": Parameter(20.0, "ms", gt=0, description="membrane time constant"),
        "v_th": Parameter(1.0, gt=0, description="threshold without adaptation"),
        "adapt_tau": Parameter(200.0, "ms", gt=0, description="time constant of adaptation"),
        "adapt_beta": Parameter(0.0, ge=0, description="rise of the threshold at a spike"),
        "t_ref": Parameter(0.0, "ms", ge=0, description="time without a spike after one, whole steps"),
        "i_e": Parameter(0.0, description="constant drive: the potential it leads to"),
        "input_scaling": Parameter("one", choices=("one", "leak")),
        "reset": Parameter("subtract", choices=("subtract", "zero")),
    }
    state = {
        "v": State(0.0, "", "membrane potential"),
        "a": State(0.0, "", "adaptation"),
        "z": State(0.0, "", "1 if it spiked in the last step"),
        "refractory": State(0.0, "", "steps left without a spike"),
    }
    order = math.inf

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return decays, and the reset as ``kept v + put``."""
        alpha = np.exp(-dt / p.tau_m)
        subtract = p.reset == "subtract"
        return {
            "alpha": alpha,
            "drive": -np.expm1(-dt / p.tau_m),
            "zeta": -np.expm1(-dt / p.tau_m) if p.input_scaling == "leak" else 1.0,
            "rho": np.exp(-dt / p.adapt_tau),
            "beta": p.adapt_beta,
            "v_th": p.v_th,
            "i_e": p.i_e,
            "taken": p.v_th if subtract else 0.0,
            "kept": 1.0 if subtract else 0.0,
            "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate, adapt, test."""
        v = c.alpha * s.v + c.zeta * (x.exc + x.inh) + c.drive * (c.i_e + x.current) - s.z * c.taken
        a = c.rho * s.a + s.z
        spiked = (v >= c.v_th + c.beta * a) & (s.refractory <= 0.0)
        left = s.refractory - 1.0 if s.refractory > 0.0 else 0.0
        return (
            c.kept * v if spiked else v,
            a,
            1.0 if spiked else 0.0,
            c.ref_steps if spiked else left,
        ), spiked
