"""Loihi's current-based leaky integrate-and-fire neuron, to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh.ids import IntArray
from spikemesh_plugins.neurons.loihi_weights import WEIGHT_ARGUMENTS, loihi_weights


def _integers(value: Any) -> IntArray:
    return np.asarray(value).astype(np.int64)


class LoihiCuba(NeuronModel):
    """Current-based leaky integrate-and-fire neuron of Loihi in its fixed-point arithmetic.

    With ``tz(x k) = sign(x) ((|x| k) >> 12)``, truncated towards zero::

        u <- wrap24(tz(u (4095 - du)) + (sum of arriving weights << 6))
        v <- clip(tz(v (4096 - dv)) + u + bias_mant * 2^bias_exp, -2^23 + 1, 2^23 - 1)
        spike if v > vth << 6, then v <- 0; u is not reset

    u wraps as a 24-bit two's complement number; with ``lava_compat`` as Lava's software does, which
    differs at exactly -2^23 and 2^23. Both receptors add to u. A drive's current joins the bias.

    Sources: Davies et al. 2018, IEEE Micro 38(1):82; Lava PyLifModelBitAcc (src/lava/proc/lif/models.py);
    two's complement and weights shifted one by one: nengo-loihi, brian2-loihi (compared with chip traces).
    """

    name = "loihi_cuba"
    parameters = {
        "du": Parameter(0, ge=0, le=4095, integer=True, description="decay of the current, of 4096"),
        "dv": Parameter(0, ge=0, le=4095, integer=True, description="decay of the voltage, of 4096"),
        "vth": Parameter(100, ge=0, le=131071, integer=True, description="threshold mantissa, times 64"),
        "bias_mant": Parameter(0, ge=-4096, le=4095, integer=True, description="bias mantissa"),
        "bias_exp": Parameter(0, ge=-7, le=7, integer=True, description="bias exponent"),
        "lava_compat": Parameter(False, description="wrap the current as Lava does"),
    }
    state = {"u": State(0, "", "current"), "v": State(0, "", "voltage")}
    arithmetic = "int64"
    weight_arguments = WEIGHT_ARGUMENTS

    def constants(p: Any, dt: float) -> dict[str, Any]:  # noqa: ARG002 - the chip knows steps only
        """Return decay factors, shifted bias and threshold as integers."""
        mantissa, exponent = _integers(p.bias_mant), _integers(p.bias_exp)
        return {
            "keep_u": 4095 - _integers(p.du),
            "keep_v": 4096 - _integers(p.dv),
            "bias": (mantissa << np.maximum(exponent, 0)) >> np.maximum(-exponent, 0),
            "vth": _integers(p.vth) << 6,
            "lava": _integers(p.lava_compat),
        }

    def step(s: Any, c: Any, x: Any) -> Any:
        """Decay and accumulate the current, then the voltage."""
        kept_u = (s.u if s.u >= 0 else -s.u) * c.keep_u >> 12
        u = (kept_u if s.u >= 0 else -kept_u) + ((x.exc + x.inh) << 6)
        lava = u - 16777216 if u > 8388608 else (u + 16777216 if u <= -8388608 else u)
        u = lava if c.lava > 0 else ((u + 8388608) & 16777215) - 8388608
        kept_v = (s.v if s.v >= 0 else -s.v) * c.keep_v >> 12
        v = (kept_v if s.v >= 0 else -kept_v) + u + (c.bias + x.current)
        v = 8388607 if v > 8388607 else (-8388607 if v < -8388607 else v)
        spiked = v > c.vth
        return (u, 0 if spiked else v), spiked

    def weights(w: Any, arguments: Mapping[str, Any]) -> IntArray:
        """Return weights as the chip holds them; see :func:`loihi_weights`."""
        return loihi_weights(w, arguments)

    def unrounded(w: Any, arguments: Mapping[str, Any]) -> Any:
        """Return weights as they would be with a mantissa of any precision."""
        return np.asarray(w, dtype=np.float64) * 2.0 ** int(arguments["weight_exp"])
