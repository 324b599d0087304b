"""Izhikevich's simple model."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State


class Izhikevich(NeuronModel):
    """Izhikevich's simple model, Euler steps of dt.

    ``dv/dt = k2 v^2 + k1 v + k0 - u + i_e``, ``du/dt = a (b (v + u_offset) - u_leak u)``; a spike that
    arrives adds its weight (mV) to v in the same step; at threshold ``v <- c``, ``u <- u + d``.

    * ``scheme = "published"``: u is moved by the new v, spike if ``v > v_th``, as in the script that
      draws figure 1 of Izhikevich 2004 (which stamps a spike with the start of its step, here its end).
    * ``scheme = "nest"``: v and u are both moved by their old values, spike if ``v >= v_th``, as NEST's
      izhikevich does with consistent_integration.

    ``u_offset = 65, u_leak = 0`` is the variant of the accommodation pattern; ``k1 = 4.1, k0 = 108``
    that of class 1 and integrator. Quantities without unit are those of the papers.

    Source: Izhikevich 2003, IEEE Trans. Neural Netw. 14:1569; 2004, IEEE Trans. Neural Netw. 15:1063.
    """

    name = "izhikevich"
    parameters = {
        "a": Parameter(0.02, description="rate of recovery, 1/ms"),
        "b": Parameter(0.2, description="sensitivity of recovery to v"),
        "c": Parameter(-65.0, "mV", description="potential after a spike"),
        "d": Parameter(8.0, description="step of recovery at a spike"),
        "v_th": Parameter(30.0, "mV", description="cut-off that counts as a spike"),
        "i_e": Parameter(0.0, description="constant input, mV/ms"),
        "k2": Parameter(0.04, description="quadratic coefficient"),
        "k1": Parameter(5.0, description="linear coefficient"),
        "k0": Parameter(140.0, description="constant coefficient"),
        "u_offset": Parameter(0.0, "mV", description="added to v where it drives recovery"),
        "u_leak": Parameter(1.0, description="decay of recovery: 1, or 0 for none"),
        "scheme": Parameter("published", choices=("published", "nest")),
    }
    state = {"v": State(-65.0, "mV", "membrane potential"), "u": State(0.0, "", "recovery, mV/ms")}
    weight_unit = "mV"
    order = 1

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return the coefficients and the threshold in the form ``v >= v_th``."""
        published = p.scheme == "published"
        return {
            **{k: getattr(p, k) for k in ("b", "c", "d", "i_e", "k2", "k1", "k0", "u_offset", "u_leak")},
            "dt": dt,
            "dt_a": dt * p.a,
            # v > x is v >= the next number above x
            "v_th": np.nextafter(p.v_th, np.inf) if published else p.v_th,
            "published": 1.0 if published else 0.0,
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Move v, then u, test, reset."""
        drift = c.k2 * s.v * s.v + c.k1 * s.v + c.k0 - s.u + (c.i_e + x.current)
        v = s.v + c.dt * drift + (x.exc + x.inh)
        driving = v if c.published > 0.0 else s.v
        u = s.u + c.dt_a * (c.b * (driving + c.u_offset) - c.u_leak * s.u)
        spiked = v >= c.v_th
        return (c.c if spiked else v, u + c.d if spiked else u), spiked
