"""ODIN's leaky integrate-and-fire neuron in whole numbers of 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh.ids import IntArray


def _integers(value: Any) -> IntArray:
    return np.asarray(value).astype(np.int64)


class OdinLif(NeuronModel):
    """Leaky integrate-and-fire neuron of ODIN, unsigned whole numbers of 8 bits.

    A step is a time reference of the chip and what arrives until the next::

        v <- max(v - leak_str, 0), unless leak_en is false
        v <- min(v + sum of excitatory weights, 255);  v <- max(v - sum of inhibitory weights, 0)
        spike if v >= thr, then v <- 0

    The chip handles events one by one and compares after each; here those of a step are summed, excitatory ones first,
    and make at most one spike. That differs from the chip where sums of a step saturate, cross the threshold twice,
    or cross it before inhibition of the same step. Currents are taken as whole numbers a step.

    Source: Frenkel et al. 2019, IEEE TBioCAS 13(1):145, and ODIN's RTL (lif_neuron.v, lif_neuron_state.v).
    """

    name = "odin_lif"
    parameters = {
        "thr": Parameter(128, ge=1, le=255, integer=True, description="threshold"),
        "leak_str": Parameter(0, ge=0, le=127, integer=True, description="taken off at a time reference"),
        "leak_en": Parameter(True, description="whether it leaks"),
    }
    state = {"v": State(0, "", "potential")}
    arithmetic = "int64"

    def constants(p: Any, dt: float) -> dict[str, Any]:  # noqa: ARG002 - the chip knows time references only
        """Return threshold and leak as integers."""
        return {"thr": _integers(p.thr), "leak": _integers(p.leak_str) * _integers(p.leak_en)}

    def step(s: Any, c: Any, x: Any) -> Any:
        """Leak, excite, inhibit, test, reset."""
        v = s.v - c.leak
        v = v if v > 0 else 0
        given, taken = x.exc + x.current, -x.inh
        v = v + given
        v = 255 if v > 255 else v
        v = v - taken
        v = v if v > 0 else 0
        spiked = v >= c.thr
        return (0 if spiked else v,), spiked
