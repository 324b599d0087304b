"""Networks in which synapses change, with weights and delays of their own for every synapse, as plain numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

CELLS, SOURCES, DRIVES = 40, 40, 60
STEPS, QUIET, FLUSH, APART = 50_000, 43_000, 46_000, 30
"""Steps of a run, from which on nothing drives, and from which on one source after the other spikes once more.

NEST changes a weight when the next spike passes: the last ones bring all weights up to the same moment.
"""
TIMESTEP = 0.1
TAU_SYN, W_MAX = 3.0, 60.0


@dataclass(frozen=True)
class PlasticParity:
    """One comparison of a rule with a synapse of NEST.

    Attributes
    ----------
    rule, params
        The rule here and its parameters.
    nest_model, nest_params, nest_neuron
        The synapse of NEST, its parameters, and those that NEST keeps in the neuron.
    changes
        Whether weights change, and are compared.
    why
        What is alike, and what had to be set for it.
    """

    rule: str
    params: dict[str, Any]
    nest_model: str
    nest_params: dict[str, Any]
    why: str
    nest_neuron: dict[str, Any] = field(default_factory=dict)
    changes: bool = True


def _pair(mu_plus: float, mu_minus: float, name: str) -> PlasticParity:
    up, ratio = 0.005, 1.1
    return PlasticParity(
        "stdp_pair",
        {"a_plus": up, "a_minus": ratio * up, "tau_plus": 18.0, "tau_minus": 27.0, "mu_plus": mu_plus,
         "mu_minus": mu_minus, "w_max": W_MAX, "delay_side": "dendritic"},
        "stdp_synapse",
        {"lambda": up, "alpha": ratio, "tau_plus": 18.0, "mu_plus": mu_plus, "mu_minus": mu_minus, "Wmax": W_MAX},
        f"{name}; all delays dendritic, as in NEST", {"tau_minus": 27.0},
    )  # fmt: skip


def _short_term(u: float, tau_rec: float, tau_fac: float) -> PlasticParity:
    return PlasticParity(
        "tsodyks_markram", {"u_se": u, "tau_rec": tau_rec, "tau_fac": tau_fac}, "tsodyks2_synapse",
        {"U": u, "tau_rec": tau_rec, "tau_fac": tau_fac, "u": u, "x": 1.0},
        "weights stay; what spikes deliver shows in the potentials. NEST's u is set to U, which is not its default",
        changes=False,
    )  # fmt: skip


PLASTIC = {
    "stdp_pair additive": _pair(0.0, 0.0, "additive"),
    "stdp_pair multiplicative": _pair(1.0, 1.0, "multiplicative"),
    "stdp_pair guetig": _pair(0.4, 0.7, "exponents 0.4 and 0.7"),
    "stdp_triplet": PlasticParity(
        "stdp_triplet",
        {"a2_plus": 1e-3, "a3_plus": 1e-3, "a2_minus": 4e-3, "a3_minus": 5e-4, "w_max": W_MAX,
         "delay_side": "dendritic"},
        "stdp_triplet_synapse",
        {"Aplus": 1e-3 * W_MAX, "Aplus_triplet": 1e-3 * W_MAX, "Aminus": 4e-3 * W_MAX,
         "Aminus_triplet": 5e-4 * W_MAX, "tau_plus": 16.8, "tau_plus_triplet": 101.0, "Wmax": W_MAX},
        "amplitudes there in pA, here in parts of w_max; all delays dendritic",
        {"tau_minus": 33.7, "tau_minus_triplet": 125.0},
    ),
    "tsodyks_markram depressing": _short_term(0.5, 300.0, 0.0),
    "tsodyks_markram facilitating": _short_term(0.1, 100.0, 600.0),
}  # fmt: skip


def plastic_arrays(name: str, seed: int = 11) -> dict[str, Any]:
    """Return spike times and all synapses of a network, as lists.

    Each cell has 20 synapses of the rule from sources that fire at 15 Hz, weights from 0.2 to 0.8 of w_max, and 20
    fixed ones that drive it; delays are 1 to 30 steps.
    """
    random = np.random.default_rng(seed)

    def trains(count: int, rate: float) -> list[list[int]]:
        # From step 2 on: a spike of NEST's generator passes a relay, which takes a step.
        chance = rate * TIMESTEP / 1000.0
        return [(2 + np.flatnonzero(random.random(QUIET - 2) < chance)).tolist() for _ in range(count)]

    def synapses(sources: int, low: float, high: float) -> dict[str, list[Any]]:
        source = np.concatenate([random.permutation(sources)[:20] for _ in range(CELLS)])
        return {
            "source": source.tolist(),
            "target": np.repeat(np.arange(CELLS), 20).tolist(),
            "weight": random.uniform(low, high, source.size).tolist(),
            "delay": random.integers(1, 31, source.size).tolist(),
        }

    sources, drives = trains(SOURCES, 15.0), trains(DRIVES, 40.0)
    for number, train in enumerate(sources):
        train.append(FLUSH + APART * number)
    return {
        "network": asdict(PLASTIC[name]),
        "timestep": TIMESTEP,
        "duration": STEPS * TIMESTEP,
        "cells": CELLS,
        "tau_syn": TAU_SYN,
        "sources": [[round(t * TIMESTEP, 6) for t in train] for train in sources],
        "drives": [[round(t * TIMESTEP, 6) for t in train] for train in drives],
        "plastic": synapses(SOURCES, 0.2 * W_MAX, 0.8 * W_MAX),
        "fixed": synapses(DRIVES, 110.0, 330.0),
    }
