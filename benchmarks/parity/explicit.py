"""Random explicit networks, with weights and delays of their own for every synapse, as plain numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

NEURONS, SOURCES = 100, 60


@dataclass(frozen=True)
class Parity:
    """One comparison with NEST.

    Attributes
    ----------
    model, nest_model
        The model here and there.
    params, nest_params
        Parameters here, and of NEST's model.
    weight
        Mean weight of an input synapse, in the model's unit; recurrent ones are ``recurrent`` times it.
    inhibition
        Factor of weights of inhibitory sources.
    rate
        Of the sources, in Hz.
    steps
        Most steps by which a spike may differ.
    alone
        Greatest share of spikes without such a partner.
    voltage
        Largest difference of potentials, in mV, before the first spike that differs.
    below
        Potentials, in mV, above which a small difference of time is a large one of the potential, and not compared.
    why
        Which solvers, and why the tolerance is as it is.
    """

    model: str
    nest_model: str
    params: dict[str, Any]
    nest_params: dict[str, Any]
    weight: float
    inhibition: float
    rate: float
    steps: int
    voltage: float
    why: str
    recurrent: float = 0.3
    alone: float = 0.0
    below: float = 1e3
    timestep: float = 0.1
    steps_run: int = 10_000


EXACT = "both exact; sums of weights here in whole units of 2^-k, there in double precision"
NETWORKS = {
    "lif_psc_delta": Parity(
        "lif_psc_delta", "iaf_psc_delta", {}, {}, 1.4, -2.0, 40.0, 0, 1e-6, EXACT
    ),
    "lif_psc_exp": Parity(
        "lif_psc_exp", "iaf_psc_exp", {"tau_syn_in": 3.0}, {"tau_syn_in": 3.0}, 230.0, -2.0, 40.0, 0, 1e-6, EXACT
    ),
    "lif_psc_alpha": Parity(
        "lif_psc_alpha", "iaf_psc_alpha", {"tau_syn_in": 3.0}, {"tau_syn_in": 3.0}, 90.0, -2.0, 40.0, 0, 1e-6, EXACT
    ),
    "lif_cond_exp": Parity(
        "lif_cond_exp", "iaf_cond_exp",
        {"tau_syn_ex": 3.0, "tau_syn_in": 6.0, "solver": "rk4"}, {"tau_syn_ex": 3.0, "tau_syn_in": 6.0},
        2.2, -2.0, 40.0, 0, 1e-6,
        "rk4 of 0.1 ms against adaptive Runge-Kutta-Fehlberg 4(5), which takes the step of 0.1 ms here too",
    ),
    "adex": Parity(
        "adex", "aeif_cond_exp",
        {"tau_syn_ex": 3.0, "tau_syn_in": 6.0, "t_ref": 2.0},
        {"tau_syn_ex": 3.0, "tau_syn_in": 6.0, "t_ref": 2.0, "gsl_error_tol": 1e-9}, 5.0, -2.0, 40.0, 5, 0.05,
        "rk4 of 0.02 ms against adaptive Runge-Kutta-Fehlberg 4(5), error 1e-9, which resets v inside a step",
        timestep=0.02, steps_run=50_000, below=-50.0,
    ),
    "hodgkin_huxley": Parity(
        "hodgkin_huxley", "hh_psc_alpha", {"detection": "peak"}, {}, 350.0, -1.0, 40.0, 1, 0.05,
        "rk4 of 0.02 ms, as 0.1 ms is not stable in a spike, against adaptive Runge-Kutta-Fehlberg 4(5), error 1e-3",
        timestep=0.02,
    ),
}  # fmt: skip


def arrays(name: str, seed: int = 7) -> dict[str, Any]:
    """Return spike times of sources and all synapses of a network, as lists.

    Weights are drawn evenly from half to one and a half times the mean, delays from 1 to 30 steps. Every fifth source
    and neuron inhibits.
    """
    p, random = NETWORKS[name], np.random.default_rng(seed)
    steps, h = p.steps_run, p.timestep
    # From step 2 on: a spike of NEST's generator passes a relay, which takes a step.
    ticks = [2 + np.flatnonzero(random.random(steps - 2) < p.rate * h / 1000.0) for _ in range(SOURCES)]

    def synapses(sources: int, degree: int, factor: float) -> dict[str, list[Any]]:
        target = np.repeat(np.arange(NEURONS), degree)
        source = random.integers(0, sources, target.size)
        weight = p.weight * factor * random.uniform(0.5, 1.5, target.size)
        weight = np.where(source % 5 == 4, weight * p.inhibition, weight)
        delay = random.integers(1, 31, target.size)
        return {
            "source": source.tolist(),
            "target": target.tolist(),
            "weight": weight.tolist(),
            "delay": delay.tolist(),
        }

    return {
        "network": asdict(p),
        "timestep": h,
        "duration": steps * h,
        "neurons": NEURONS,
        "times": [[round(float(t) * h, 6) for t in row] for row in ticks],
        "input": synapses(SOURCES, 20, 1.0),
        "recurrent": synapses(NEURONS, 10, p.recurrent),
    }
