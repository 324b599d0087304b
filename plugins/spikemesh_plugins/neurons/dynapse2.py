"""DYNAP-SE2's analog neuron: currents in transistors below their threshold."""

from __future__ import annotations

import math
from typing import Any

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh_plugins.neurons.dynapse2_constants import dynapse2_constants

_CLAMP = "lowest current: what flows through a transistor that is off"


class Dynapse2(NeuronModel):
    """Adaptive exponential neuron of DYNAP-SE2 with DPI synapses, in currents (pA).

    A differential-pair integrator (DPI) has the time constant ``tau = c u_t/(kappa i_tau)``. Its synapses are linear:
    ``di/dt = -i/tau``, and a pulse of t_pulse adds ``r_gain w (1 - e^(-t_pulse/tau))``, w the weight of the spike (pA)
    and ``r_gain = i_gain/i_tau``. So does adaptation, ``i_ahp``, with ``i_w_ahp`` at each spike of the neuron. For the
    membrane, with its own ``i_tau`` and ``i_th = r_gain_mem i_tau``::

        c_mem u_t/kappa d(ln i_mem)/dt = i_in i_th/(i_mem + i_th) + i_a - i_tau - i_gaba_a - i_ahp
        i_in = i_ampa + i_nmda/(1 + i_f_nmda/i_mem) - i_gaba_b + i_dc, at least i_0
        i_a  = i_a_gain/(1 + exp((i_a_th - i_mem)/i_a_norm))

    which is the usual form multiplied out (with the sign of teili in i_a; rockpool's text prints that of i_a_th
    reversed, which would leave it on at rest). GABA_A shunts, GABA_B takes off the input, NMDA waits for i_mem.
    Spike if ``i_mem > i_spkthr``; then i_mem stays at ``i_reset`` for ``t_ref``, a whole number of steps.

    * ``mismatch`` lets all bias currents and time constants differ from neuron to neuron, by device.
    * ``homeostasis``: the gain of AMPA and NMDA grows or shrinks with ``tau_homeostasis`` while the running mean of
      the neuron's rate, over ``tau_ca``, is below or above ``target_rate``.
    * ``solver``: ``exponential_euler`` (first order in the step, stable for any input), or ``rk4`` of ln i_mem
      (fourth order, for steps well below ``c_mem u_t/(kappa i_in)``).

    Sources: Chicca et al. 2014, Proc. IEEE 102:1367; Bartolozzi & Indiveri 2007, Neural Comput. 19:2581; capacitances,
    times and gains: rockpool (devices/dynapse/lookup/defaults.py); i_a: teili (dpi_neuron_param.py). That the gain is
    regulated is published (Qiao, Bartolozzi & Indiveri 2017, IEEE TBioCAS 11:1271), its speed here is not the chip's.
    """

    name = "dynapse2"
    parameters = {
        "tau_mem": Parameter(20.0, "ms", gt=0, description="time constant of the membrane"),
        "tau_ampa": Parameter(10.0, "ms", gt=0, description="time constant of AMPA"),
        "tau_nmda": Parameter(10.0, "ms", gt=0, description="time constant of NMDA"),
        "tau_gaba_a": Parameter(10.0, "ms", gt=0, description="time constant of GABA_A"),
        "tau_gaba_b": Parameter(10.0, "ms", gt=0, description="time constant of GABA_B"),
        "tau_ahp": Parameter(50.0, "ms", gt=0, description="time constant of adaptation"),
        "r_gain_mem": Parameter(4.0, gt=0, description="i_gain/i_tau of the membrane"),
        "r_gain_ampa": Parameter(100.0, ge=0, description="i_gain/i_tau of AMPA"),
        "r_gain_nmda": Parameter(100.0, ge=0, description="i_gain/i_tau of NMDA"),
        "r_gain_gaba_a": Parameter(100.0, ge=0, description="i_gain/i_tau of GABA_A"),
        "r_gain_gaba_b": Parameter(100.0, ge=0, description="i_gain/i_tau of GABA_B"),
        "r_gain_ahp": Parameter(1.0, ge=0, description="i_gain/i_tau of adaptation"),
        "t_pulse": Parameter(0.01, "ms", ge=0, description="length of the pulse of a synaptic event"),
        "t_pulse_ahp": Parameter(0.001, "ms", ge=0, description="length of the pulse of adaptation"),
        "t_ref": Parameter(1.0, "ms", ge=0, description="refractory time, whole steps"),
        "c_mem": Parameter(3.0, "pF", gt=0, description="capacitance of the membrane"),
        "i_0": Parameter(0.5, "pA", gt=0, description=_CLAMP),
        "i_reset": Parameter("i_0", "pA", gt=0, description="membrane current after a spike"),
        "i_spkthr": Parameter(100_000.0, "pA", gt=0, description="threshold"),
        "i_dc": Parameter(0.5, "pA", description="constant input"),
        "i_f_nmda": Parameter(0.5, "pA", ge=0, description="membrane current that opens NMDA by half"),
        "i_w_ahp": Parameter(0.5, "pA", ge=0, description="weight of adaptation"),
        "i_a_gain": Parameter(1000.0, "pA", ge=0, description="positive feedback at its most"),
        "i_a_th": Parameter(20_000.0, "pA", description="membrane current of half of it"),
        "i_a_norm": Parameter(1000.0, "pA", gt=0, description="width of its onset"),
        "kappa": Parameter(0.705, gt=0, description="subthreshold slope, mean of n and p"),
        "u_t": Parameter(25.0, "mV", gt=0, description="thermal voltage"),
        "mismatch": Parameter(0.0, ge=0, description="coefficient of variation between neurons"),
        "device": Parameter(0, integer=True, description="which device's mismatch"),
        "homeostasis": Parameter(False, description="regulate the gain of AMPA and NMDA"),
        "target_rate": Parameter(10.0, "Hz", gt=0, description="rate it aims at"),
        "tau_ca": Parameter(1000.0, "ms", gt=0, description="time over which the rate is measured"),
        "tau_homeostasis": Parameter(
            10_000.0, "ms", gt=0, description="time in which the gain changes e-fold"
        ),
        "solver": Parameter("exponential_euler", choices=("exponential_euler", "rk4")),
    }
    state = {
        "i_mem": State("i_0", "pA", "membrane current"),
        "i_ampa": State(0.0, "pA", "fast excitatory current"),
        "i_nmda": State(0.0, "pA", "slow excitatory current, gated by the membrane"),
        "i_gaba_a": State(0.0, "pA", "shunting inhibitory current"),
        "i_gaba_b": State(0.0, "pA", "subtractive inhibitory current"),
        "i_ahp": State(0.0, "pA", "adaptation"),
        "rate": State(0.0, "Hz", "running mean of the neuron's rate"),
        "gain": State(1.0, "", "factor of AMPA and NMDA"),
        "refractory": State(0.0, "", "steps left of the refractory time"),
    }
    receptors = ("ampa", "nmda", "gaba_a", "gaba_b")
    receptor_kind = "conductance"
    weight_unit = "pA"
    mismatched = (
        "tau_mem", "tau_ampa", "tau_nmda", "tau_gaba_a", "tau_gaba_b", "tau_ahp", "r_gain_mem", "r_gain_ampa",
        "r_gain_nmda", "r_gain_gaba_a", "r_gain_gaba_b", "r_gain_ahp", "i_spkthr", "i_w_ahp",
    )  # fmt: skip
    order = 1

    def constants(p: Any, dt: float) -> dict[str, Any]:
        """Return currents from times and gains, and the decays over a step and over half of one."""
        return dynapse2_constants(p, dt)

    def step(s: Any, c: Any, x: Any) -> Any:
        """Move the membrane by the currents as they are, then let pulses charge the synapses."""

        def input_of(i_mem: Any, ampa: Any, nmda: Any, gaba_b: Any) -> Any:
            total = ampa + nmda / (1.0 + c.i_f_nmda / i_mem) - gaba_b + (c.i_dc + x.current)
            return total if total > c.i_0 else c.i_0

        def feedback_of(i_mem: Any) -> Any:
            z = (c.i_a_th - i_mem) / c.i_a_norm
            return c.i_a_gain / (1.0 + math.exp(z if z < 700.0 else 700.0))

        def slope_of(i_mem: Any, f: Any) -> Any:
            i_in = input_of(i_mem, s.i_ampa * f[0], s.i_nmda * f[1], s.i_gaba_b * f[3])
            leak = c.i_tau + s.i_gaba_a * f[2] + s.i_ahp * f[4]
            rise = c.rate * (i_in * c.i_th / (i_mem + c.i_th) + feedback_of(i_mem) - leak)
            # Twice the way from the lowest current to the threshold, so that too long a step does not overflow.
            return 25.0 if rise > 25.0 else (-25.0 if rise < -25.0 else rise)

        if c.rk4 > 0.0:
            start = (1.0, 1.0, 1.0, 1.0, 1.0)
            half = (c.half_ampa, c.half_nmda, c.half_gaba_a, c.half_gaba_b, c.half_ahp)
            whole = (c.p_ampa, c.p_nmda, c.p_gaba_a, c.p_gaba_b, c.p_ahp)
            k1 = slope_of(s.i_mem, start)
            k2 = slope_of(s.i_mem * math.exp(0.5 * k1), half)
            k3 = slope_of(s.i_mem * math.exp(0.5 * k2), half)
            k4 = slope_of(s.i_mem * math.exp(k3), whole)
            free = s.i_mem * math.exp((k1 + 2.0 * k2 + 2.0 * k3 + k4) / 6.0)
        else:
            i_in = input_of(s.i_mem, s.i_ampa, s.i_nmda, s.i_gaba_b)
            loss = c.i_tau + s.i_gaba_a + s.i_ahp - feedback_of(s.i_mem)
            g = c.rate * s.i_mem / (s.i_mem + c.i_th)
            z = g * loss
            z = z if z > -50.0 else -50.0
            # The share of its way to where it would come to rest, (1 - e^-z)/z, which is 1 as z goes to 0.
            share = 1.0 if z == 0.0 else -math.expm1(-z) / z
            free = s.i_mem + g * share * ((i_in - loss) * c.i_th - loss * s.i_mem)
        free = free if free > c.i_0 else c.i_0
        i_mem = c.i_reset if s.refractory > 0.0 else free
        left = s.refractory - 1.0 if s.refractory > 0.0 else 0.0
        spiked = i_mem > c.i_spkthr
        rate = s.rate * c.p_ca + (c.per_spike if spiked else 0.0)
        return (
            c.i_reset if spiked else i_mem,
            s.i_ampa * c.p_ampa + s.gain * (c.jump_ampa * x.ampa),
            s.i_nmda * c.p_nmda + s.gain * (c.jump_nmda * x.nmda),
            s.i_gaba_a * c.p_gaba_a + c.jump_gaba_a * x.gaba_a,
            s.i_gaba_b * c.p_gaba_b + c.jump_gaba_b * x.gaba_b,
            s.i_ahp * c.p_ahp + (c.jump_ahp if spiked else 0.0),
            rate,
            s.gain * (c.grow if rate < c.target else c.shrink),
            c.ref_steps if spiked else left,
        ), spiked
