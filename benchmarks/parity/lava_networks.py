"""Random networks of fixed-point neurons, as plain numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

SOURCES, CELLS, STEPS = 40, 60, 500


@dataclass(frozen=True)
class LavaParity:
    """One comparison with Lava's bit-accurate models; parameters as on the chip.

    Attributes
    ----------
    du, dv, vth, bias_exp
        Of all neurons; bias mantissas are drawn for each from -``bias`` to ``bias``.
    weight_exp, num_weight_bits
        Of all synapses; mantissas are drawn evenly from -``weight`` to ``weight``.
    sign_mode
        Signs of the mantissas.
    delays
        Largest delay in steps; each synapse has its own.
    """

    du: int
    dv: int
    vth: int
    bias: int = 40
    bias_exp: int = 4
    weight: int = 255
    weight_exp: int = 0
    num_weight_bits: int = 8
    sign_mode: str = "mixed"
    delays: int = 1


LAVA = {
    "slow": LavaParity(du=150, dv=40, vth=1500),
    "no decay of the current": LavaParity(du=0, dv=1024, vth=20_000),
    "forgets at once": LavaParity(du=4095, dv=4095, vth=300),
    "current wraps": LavaParity(du=10, dv=2000, vth=100_000, weight_exp=7, weight=254),
    "few bits": LavaParity(du=400, dv=100, vth=900, num_weight_bits=4),
    "excitatory": LavaParity(du=800, dv=600, vth=4000, sign_mode="excitatory", weight=255, bias=0),
    "delays": LavaParity(du=300, dv=200, vth=1500, delays=8),
}


def lava_arrays(name: str, seed: int = 3) -> dict[str, Any]:
    """Return spikes of sources by step, weights and delays (targets by sources), and bias mantissas, as lists."""
    p, random = LAVA[name], np.random.default_rng(seed)
    # What the mantissa cannot hold is left out: the chip's emulators truncate it towards zero, Lava downwards.
    precision = 2 ** (8 - p.num_weight_bits + (p.sign_mode == "mixed"))

    def matrix(sources: int, share: float) -> list[list[int]]:
        low = 0 if p.sign_mode == "excitatory" else -p.weight
        weight = random.integers(low, p.weight, (CELLS, sources)) // precision * precision
        return (weight * (random.random(weight.shape) < share)).tolist()

    def delays(sources: int) -> list[list[int]]:
        return random.integers(1, p.delays, (CELLS, sources), endpoint=True).tolist()

    return {
        "network": asdict(p),
        "spikes": (random.random((SOURCES, STEPS)) < 0.05).astype(int).tolist(),
        "input": matrix(SOURCES, 0.5),
        "input_delay": delays(SOURCES),
        "recurrent": matrix(CELLS, 0.15),
        "recurrent_delay": delays(CELLS),
        "bias": random.integers(-p.bias, p.bias, CELLS, endpoint=True).tolist(),
    }
