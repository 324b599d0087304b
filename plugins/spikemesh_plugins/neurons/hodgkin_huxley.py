"""Hodgkin and Huxley's neuron with alpha-shaped synaptic currents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.whole_steps import in_steps


class HodgkinHuxley(NeuronModel):
    """Hodgkin and Huxley's squid axon at 6.3 degrees, at rest at -65 mV, with alpha-shaped currents.

    ``c_m dv/dt = -g_na m^3 h (v - e_na) - g_k n^4 (v - e_k) - g_l (v - e_l) + i_syn_ex + i_syn_in + i_e``, and
    ``dx/dt = alpha_x (1 - x) - beta_x x`` for the gates m, h, n (rates in 1/ms, v in mV)::

        alpha_m = 0.1 (v + 40)/(1 - e^(-(v + 40)/10))     beta_m = 4 e^(-(v + 65)/18)
        alpha_h = 0.07 e^(-(v + 65)/20)                   beta_h = 1/(1 + e^(-(v + 35)/10))
        alpha_n = 0.01 (v + 55)/(1 - e^(-(v + 55)/10))    beta_n = 0.125 e^(-(v + 65)/80)

    A spike of weight w starts the current ``w (e/tau_syn) t e^(-t/tau_syn)`` (pA). The patch of 100 pF is one of
    10^-4 cm^2, where 100 pA are 1 uA/cm^2.

    * ``detection = "crossing"``: spike where v passes ``v_th`` from below. ``"peak"``: where it falls again
      above v_th, as in NEST's hh_psc_alpha; t_ref then outlasts the fall. No spike within ``t_ref`` of the last; v is
      never reset.
    * ``solver = "rk4"``: fourth order; stable while a step times the fastest rate stays below 2.7. Conductances of
      40/ms in a spike allow 0.05 ms, not 0.1 ms; ``beta_m`` allows that down to -110 mV. Beyond, v becomes NaN and the
      run ends.
      ``"exponential_euler"``: gates for v as at the start, v for gates as at the start (Rush & Larsen 1978); first
      order, stable for any step.

    Source: Hodgkin & Huxley 1952, J. Physiol. 117:500; names and defaults of NEST's hh_psc_alpha.
    """

    name = "hodgkin_huxley"
    parameters = {
        "c_m": Parameter(100.0, "pF", gt=0, description="membrane capacitance"),
        "g_na": Parameter(12_000.0, "nS", ge=0, description="peak conductance of sodium"),
        "g_k": Parameter(3600.0, "nS", ge=0, description="peak conductance of potassium"),
        "g_l": Parameter(30.0, "nS", ge=0, description="leak conductance"),
        "e_na": Parameter(50.0, "mV", description="reversal potential of sodium"),
        "e_k": Parameter(-77.0, "mV", description="reversal potential of potassium"),
        "e_l": Parameter(-54.402, "mV", description="leak reversal potential"),
        "t_ref": Parameter(2.0, "ms", ge=0, description="least time between spikes, whole steps"),
        "v_th": Parameter(0.0, "mV", description="what v must pass for a spike"),
        "tau_syn_ex": Parameter(0.2, "ms", gt=0, description="time to the peak of excitatory current"),
        "tau_syn_in": Parameter(2.0, "ms", gt=0, description="time to the peak of inhibitory current"),
        "i_e": Parameter(0.0, "pA", description="constant current"),
        "detection": Parameter("crossing", choices=("crossing", "peak")),
        "solver": Parameter("rk4", choices=("rk4", "exponential_euler")),
    }
    state = {
        "v": State(-65.0, "mV", "membrane potential"),
        "m": State(0.05293248525724958, "", "activation of sodium"),
        "h": State(0.5961207535084603, "", "inactivation of sodium, 1 if open"),
        "n": State(0.3176769140606974, "", "activation of potassium"),
        "i_syn_ex": State(0.0, "pA", "excitatory synaptic current"),
        "di_syn_ex": State(0.0, "", "what starts it, pA/ms"),
        "i_syn_in": State(0.0, "pA", "inhibitory synaptic current"),
        "di_syn_in": State(0.0, "", "what starts it, pA/ms"),
        "refractory": State(0.0, "", "steps left without a spike"),
    }
    weight_unit = "pA"
    order = 4

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return decays of the currents over a step and half of one."""
        names = ("c_m", "g_na", "g_k", "g_l", "e_na", "e_k", "e_l", "v_th", "i_e")
        result = {name: getattr(p, name) for name in names}
        for side in ("ex", "in"):
            tau = getattr(p, f"tau_syn_{side}")
            result[f"p11_{side}"] = np.exp(-dt / tau)
            result[f"half_{side}"] = np.exp(-0.5 * dt / tau)
            result[f"start_{side}"] = math.e / tau
        return {
            **result,
            "dt": dt,
            "ref_steps": in_steps(p.t_ref, dt, "t_ref"),
            "peak": 1.0 if p.detection == "peak" else 0.0,
            "rk4": 1.0 if p.solver == "rk4" else 0.0,
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Propagate membrane and gates, then let the arriving weights start their currents."""

        def over_its_fall(z: Any) -> Any:
            # z/(1 - e^-z), whose gap at 0 is closed
            return 1.0 if z == 0.0 else z / -math.expm1(-z)

        def rates(free: Any) -> Any:
            # Far outside of what a membrane does, where too long a step ends, so that no exponential overflows.
            v = 300.0 if free > 300.0 else (-300.0 if free < -300.0 else free)
            return (
                over_its_fall((v + 40.0) / 10.0),
                4.0 * math.exp(-(v + 65.0) / 18.0),
                0.07 * math.exp(-(v + 65.0) / 20.0),
                1.0 / (1.0 + math.exp(-(v + 35.0) / 10.0)),
                0.1 * over_its_fall((v + 55.0) / 10.0),
                0.125 * math.exp(-(v + 65.0) / 80.0),
            )

        def slopes(v: Any, m: Any, h: Any, n: Any, i: Any) -> Any:
            am, bm, ah, bh, an, bn = rates(v)
            flow = (
                c.g_na * m * m * m * h * (v - c.e_na)
                + c.g_k * n * n * n * n * (v - c.e_k)
                + c.g_l * (v - c.e_l)
            )
            return (i - flow) / c.c_m, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n

        held, d = c.i_e + x.current, c.dt
        i_ex, i_in = (s.i_syn_ex + s.di_syn_ex * d) * c.p11_ex, (s.i_syn_in + s.di_syn_in * d) * c.p11_in
        if c.rk4 > 0.0:
            mid = (s.i_syn_ex + s.di_syn_ex * 0.5 * d) * c.half_ex + (
                s.i_syn_in + s.di_syn_in * 0.5 * d
            ) * c.half_in
            v1, m1, h1, n1 = slopes(s.v, s.m, s.h, s.n, s.i_syn_ex + s.i_syn_in + held)
            e = 0.5 * d
            v2, m2, h2, n2 = slopes(s.v + e * v1, s.m + e * m1, s.h + e * h1, s.n + e * n1, mid + held)
            v3, m3, h3, n3 = slopes(s.v + e * v2, s.m + e * m2, s.h + e * h2, s.n + e * n2, mid + held)
            v4, m4, h4, n4 = slopes(
                s.v + d * v3, s.m + d * m3, s.h + d * h3, s.n + d * n3, i_ex + i_in + held
            )
            v = s.v + d / 6.0 * (v1 + 2.0 * (v2 + v3) + v4)
            m = s.m + d / 6.0 * (m1 + 2.0 * (m2 + m3) + m4)
            h = s.h + d / 6.0 * (h1 + 2.0 * (h2 + h3) + h4)
            n = s.n + d / 6.0 * (n1 + 2.0 * (n2 + n3) + n4)
        else:
            am, bm, ah, bh, an, bn = rates(s.v)
            g_na, g_k = c.g_na * s.m * s.m * s.m * s.h, c.g_k * s.n * s.n * s.n * s.n
            g = g_na + g_k + c.g_l
            rest = (g_na * c.e_na + g_k * c.e_k + c.g_l * c.e_l + s.i_syn_ex + s.i_syn_in + held) / g
            v = rest + (s.v - rest) * math.exp(-d * g / c.c_m)
            m = am / (am + bm) + (s.m - am / (am + bm)) * math.exp(-d * (am + bm))
            h = ah / (ah + bh) + (s.h - ah / (ah + bh)) * math.exp(-d * (ah + bh))
            n = an / (an + bn) + (s.n - an / (an + bn)) * math.exp(-d * (an + bn))
        found = (v >= c.v_th and s.v > v) if c.peak > 0.0 else (s.v < c.v_th and v >= c.v_th)
        spiked = found and s.refractory <= 0.0
        left = c.ref_steps if spiked else (s.refractory - 1.0 if s.refractory > 0.0 else 0.0)
        di_ex, di_in = (
            s.di_syn_ex * c.p11_ex + x.exc * c.start_ex,
            s.di_syn_in * c.p11_in + x.inh * c.start_in,
        )
        return (v, m, h, n, i_ex, di_ex, i_in, di_in, left), spiked
