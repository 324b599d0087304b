"""SpiNNaker's current-based leaky integrate-and-fire neuron, in the fixed point of its software."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import IntArray
from spikemesh_plugins.neurons.thresholds import check_reset

ONE = 2**15
"""1 in s16.15: 16 bits before the point, 15 behind it, and a sign."""
PER_PA = ONE / 1000.0
"""The software's currents are in nA."""
LARGEST = 2**16 - 1
"""Weights and sums of a tick have 16 bits."""


def _fixed(value: Any) -> IntArray:
    return np.rint(np.asarray(value, dtype=np.float64) * ONE).astype(np.int64)


def _fraction(value: Any) -> IntArray:
    """Return a number from 0 to 1 in u0.32, in which 1 itself has no place."""
    return np.minimum(np.rint(np.asarray(value, dtype=np.float64) * 2.0**32), 2.0**32 - 1).astype(np.int64)


class SpinnakerLif(NeuronModel):
    """Leaky integrate-and-fire neuron with exponential currents as sPyNNaker's IF_curr_exp computes it, to the bit.

    In every tick h, for each receptor, numbers in s16.15, decays and ``init = tau_syn/h (1 - e^(-h/tau_syn))`` in
    u0.32::

        i <- (i e^(-h/tau_syn)) >> 32;   i <- i + (min(sum, 65535 << left_shift) init) >> 32
        a <- round((i_ex - i_in + i_e) r);   v <- a - round(e^(-h/tau_m) (a - v)),   r = tau_m/c_m
        spike if v >= v_th, then v <- v_reset for the next ceil(t_ref/h) ticks

    with products rounded to the nearest, halves up, and shifts rounding down. So a tick's current is held at the mean
    that the exponential has in it, where lif_psc_exp integrates it exactly: the two differ by microvolts.

    The potential is kept from rest, in 2^-15 mV. Parameters and weights are in the units of lif_psc_exp; a current of
    a drive is whole, in 2^-15 nA. Weights are magnitudes of 16 bits times ``2^left_shift`` 2^-15 nA: a projection says
    ``left_shift`` for its weights, the population for the sums of a tick, which stop at 16 bits. The software chooses
    it, by a rule that is not given here. Currents beyond 32 bits stop there; what the software does is not published.

    Source: sPyNNaker, IF_curr_exp (neuron_impl_standard, synapse_types_exponential, lif_neuron_closed_form).
    """

    name = "spinnaker_lif"
    parameters = {
        "tau_m": Parameter(20.0, "ms", gt=0, description="membrane time constant"),
        "c_m": Parameter(1000.0, "pF", gt=0, description="membrane capacitance"),
        "t_ref": Parameter(0.1, "ms", ge=0, description="refractory time, rounded up to ticks"),
        "e_l": Parameter(-65.0, "mV", description="resting potential"),
        "v_reset": Parameter(-65.0, "mV", description="potential after a spike"),
        "v_th": Parameter(-50.0, "mV", description="threshold"),
        "tau_syn_ex": Parameter(5.0, "ms", gt=0, description="time constant of excitatory current"),
        "tau_syn_in": Parameter(5.0, "ms", gt=0, description="time constant of inhibitory current"),
        "i_e": Parameter(0.0, "pA", description="constant current"),
        "left_shift_ex": Parameter(0, ge=0, le=15, integer=True, description="scale of excitatory sums"),
        "left_shift_in": Parameter(0, ge=0, le=15, integer=True, description="scale of inhibitory sums"),
    }
    state = {
        "v": State(0, "", "membrane potential from rest, in 2^-15 mV"),
        "i_syn_ex": State(0, "", "excitatory synaptic current, in 2^-15 nA"),
        "i_syn_in": State(0, "", "magnitude of the inhibitory synaptic current, in 2^-15 nA"),
        "refractory": State(0, "", "ticks left of the refractory time"),
    }
    arithmetic = "int64"
    weight_unit = "pA"
    weight_arguments = {"left_shift": 0}

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return decays in u0.32, all else in s16.15."""
        check_reset(p)
        at_rest = _fixed(p.e_l)
        result = {
            "r": _fixed(1000.0 * p.tau_m / p.c_m),
            "keep": _fixed(np.exp(-dt / p.tau_m)),
            "i_e": np.rint(np.asarray(p.i_e) * PER_PA).astype(np.int64),
            "v_th": _fixed(p.v_th) - at_rest,
            "v_reset": _fixed(p.v_reset) - at_rest,
            # Whole numbers of ticks, computed in binary, may lie a little above themselves.
            "ref_ticks": np.ceil(np.asarray(p.t_ref) / dt - 1e-9).astype(np.int64),
        }
        for side in ("ex", "in"):
            tau, shift = getattr(p, f"tau_syn_{side}"), getattr(p, f"left_shift_{side}")
            result[f"decay_{side}"] = _fraction(np.exp(-dt / tau))
            result[f"init_{side}"] = _fraction(-tau / dt * np.expm1(-dt / tau))
            result[f"most_{side}"] = LARGEST << np.asarray(shift).astype(np.int64)
        return result

    def step(s: Any, c: Any, x: Any) -> Any:
        """Decay, take in the tick's sums, propagate, test, reset."""
        sum_ex = x.exc if x.exc < c.most_ex else c.most_ex
        sum_in = -x.inh if -x.inh < c.most_in else c.most_in
        i_ex = (s.i_syn_ex * c.decay_ex >> 32) + (sum_ex * c.init_ex >> 32)
        i_in = (s.i_syn_in * c.decay_in >> 32) + (sum_in * c.init_in >> 32)
        i_ex = i_ex if i_ex < 2147483647 else 2147483647
        i_in = i_in if i_in < 2147483647 else 2147483647
        aim = ((i_ex - i_in + c.i_e + x.current) * c.r + 16384) >> 15
        free = aim - ((c.keep * (aim - s.v) + 16384) >> 15)
        held = s.refractory > 0
        v = s.v if held else free
        # A neuron that is held is not tested.
        spiked = v >= c.v_th and not held
        left = c.ref_ticks if spiked else (s.refractory - 1 if held else 0)
        return (c.v_reset if spiked else v, i_ex, i_in, left), spiked

    def weights(w: Any, arguments: Mapping[str, Any]) -> IntArray:
        """Return weights (pA) in 2^-15 nA: 16 bits, shifted left."""
        shift = _shift(arguments)
        given = np.asarray(w, dtype=np.float64) * PER_PA / 2.0**shift
        whole = np.rint(given).astype(np.int64)
        if np.any(np.abs(whole) > LARGEST):
            found = f"{float(np.abs(w).max()):g} pA does not fit into 16 bits times 2^{shift} 2^-15 nA"
            most = f"at most {LARGEST * 2.0**shift / PER_PA:g} pA, or a left_shift up to 15"
            raise DescriptionError(Problem("weight", found, most))
        return np.asarray(whole << shift, dtype=np.int64)

    def unrounded(w: Any, arguments: Mapping[str, Any]) -> Any:  # noqa: ARG002 - the same for all scales
        """Return weights in 2^-15 nA, with all digits."""
        return np.asarray(w, dtype=np.float64) * PER_PA


def _shift(arguments: Mapping[str, Any]) -> int:
    shift = arguments.get("left_shift", 0)
    if isinstance(shift, bool) or shift != int(shift) or not 0 <= shift <= 15:
        raise DescriptionError(
            Problem("left_shift", f"{shift!r} is out of range", "a whole number from 0 to 15")
        )
    return int(shift)
