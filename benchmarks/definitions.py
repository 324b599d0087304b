"""The networks that are compared, as numbers alone; read by every simulator's script, so standard library only.

Units: ms, mV, pF, pA, nS, Hz. Python 3.10 suffices, because one of the peers needs it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TIMESTEP = 0.1


@dataclass(frozen=True)
class Brunel:
    """Balanced random network of leaky neurons with exponential currents (after Brunel 2000).

    Every neuron has ``indegree_e`` inputs from the excitatory and ``indegree_i`` from the inhibitory
    neurons, drawn with repeats, and Poisson spikes of its own at ``external_hz`` of the excitatory
    weight. An excitatory spike makes a potential of ``psp_mv`` at its peak; inhibition is five times as
    strong. Initial potentials are uniform between reset and threshold.
    """

    excitatory: int
    inhibitory: int
    indegree_e: int
    indegree_i: int
    psp_mv: float
    external_hz: float
    tau_m: float = 20.0
    tau_syn: float = 2.0
    t_ref: float = 2.0
    c_m: float = 250.0
    v_th: float = 15.0
    delay: float = 1.5
    inhibition: float = 5.0

    @property
    def neurons(self) -> int:
        return self.excitatory + self.inhibitory

    @property
    def weight_e(self) -> float:
        """Current that makes the wanted potential: Rotter & Diesmann 1999, peak of the closed form."""
        a, b = self.tau_m, self.tau_syn
        at = a * b / (a - b) * math.log(a / b)
        return self.psp_mv / (a * b / (self.c_m * (a - b)) * (math.exp(-at / a) - math.exp(-at / b)))

    @property
    def weight_i(self) -> float:
        return -self.inhibition * self.weight_e

    @property
    def mean_current(self) -> float:
        """The external spikes as a constant current."""
        return self.weight_e * self.external_hz * 1e-3 * self.tau_syn


BRUNEL = {"s": Brunel(2000, 500, 200, 50, 0.2, 3600.0), "m": Brunel(8000, 2000, 800, 200, 0.1, 8500.0)}


class Stdp:
    """Additive pair rule on the synapses between excitatory neurons; changes as fractions of w_max."""

    tau = 20.0
    a_plus = 0.005
    a_minus = 0.005 * 1.05
    w_max_over_w = 2.0


class VogelsAbbott:
    """Benchmarks 1 (conductances) and 2 (currents) of Brette et al. 2007, J. Comput. Neurosci. 23:349."""

    excitatory, inhibitory, probability = 3200, 800, 0.02
    delay, t_ref = 0.1, 5.0
    c_m, g_l, v_th, v_reset = 200.0, 10.0, -50.0, -60.0
    tau_m, tau_ex, tau_in = 20.0, 5.0, 10.0
    cuba_rest, cuba_weight_e, cuba_weight_i = -49.0, 16.2, -90.0  # 1.62 mV and -9 mV times c_m / tau_m
    coba_rest, e_ex, e_in, coba_weight_e, coba_weight_i = -60.0, 0.0, -80.0, 6.0, 67.0
    # The state of high conductances sustains itself; it has to be started: mean and deviation.
    v_start, g_ex_start, g_in_start = (-65.0, 5.0), (40.0, 15.0), (200.0, 120.0)


class Layers:
    """Chain of fixed-point layers, dense weights between them, the first driven by its bias."""

    layers, size = 8, 1024
    du, dv, vth = 2047, 409, 100
    first_bias, other_bias = (800, 1600), 100
    weight = (-12, 15)  # times two: the lowest bit of a mixed-sign weight is dropped
    seed = 1


def layer_arrays():
    """Biases of the first layer, and per pair of layers the weights [target, source]; needs NumPy."""
    import numpy as np

    random = np.random.default_rng(Layers.seed)
    n = Layers.size
    bias = random.integers(*Layers.first_bias, n)
    return bias, [2 * random.integers(*Layers.weight, (n, n)) for _ in range(Layers.layers - 1)]
