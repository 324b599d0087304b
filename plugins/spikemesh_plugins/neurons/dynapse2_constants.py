"""Currents and decays of DYNAP-SE2's neuron from the times and gains it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.errors import DescriptionError, Problem
from spikemesh_plugins.neurons.whole_steps import in_steps

SYNAPSES = ("ampa", "nmda", "gaba_a", "gaba_b")


def leak_current(tau: Any, capacitance: Any, p: Any) -> Any:
    """Return the current (pA) that gives a DPI of a capacitance (pF) a time constant (ms): ``c u_t/(kappa tau)``."""
    return capacitance * p.u_t / (p.kappa * tau)


def dynapse2_constants(p: Any, dt: float) -> dict[str, Any]:
    """Return the constants of the model ``dynapse2``.

    Parameters
    ----------
    p
        Its parameters.
    dt
        Timestep in ms.

    Raises
    ------
    DescriptionError
        If the membrane is reset to a current that is a spike.
    """
    if np.any(np.asarray(p.i_reset) >= p.i_spkthr):
        found = f"i_reset = {np.max(p.i_reset):g} pA is not below i_spkthr = {np.min(p.i_spkthr):g} pA"
        raise DescriptionError(Problem("i_reset", found, "the neuron would fire in every step"))
    result: dict[str, Any] = {}
    for name in (*SYNAPSES, "ahp"):
        tau = getattr(p, f"tau_{name}")
        result[f"p_{name}"] = np.exp(-dt / tau)
        result[f"half_{name}"] = np.exp(-0.5 * dt / tau)
        pulse = p.t_pulse_ahp if name == "ahp" else p.t_pulse
        result[f"jump_{name}"] = -getattr(p, f"r_gain_{name}") * np.expm1(-pulse / tau)
    result["jump_ahp"] = result["jump_ahp"] * p.i_w_ahp
    i_tau = leak_current(p.tau_mem, p.c_mem, p)
    pace = dt / p.tau_homeostasis * np.asarray(p.homeostasis, dtype=np.float64)
    return {
        **result,
        "i_tau": i_tau,
        "i_th": p.r_gain_mem * i_tau,
        "rate": dt * p.kappa / (p.c_mem * p.u_t),
        **{name: getattr(p, name) for name in ("i_0", "i_reset", "i_spkthr", "i_dc", "i_f_nmda")},
        **{name: getattr(p, name) for name in ("i_a_gain", "i_a_th", "i_a_norm")},
        "p_ca": np.exp(-dt / p.tau_ca),
        "per_spike": 1000.0 / p.tau_ca,
        "target": p.target_rate,
        "grow": np.exp(pace),
        "shrink": np.exp(-pace),
        "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
        "rk4": 1.0 if p.solver == "rk4" else 0.0,
    }
