"""Small networks on one chip, and a large one, that SANA-FE and spikemesh run alike; standard library only.

A chip is a grid of tiles of cores with what its operations cost, in pJ and ns, chosen so that no two are alike and
no sum of some equals another. Core ``c`` is in column ``c % columns`` and row ``c // columns`` of the grid of cores.
Weights are multiples of 1/64: then a sum is the same in any order.
"""

from __future__ import annotations

import random
import struct
from typing import Any

CHIP: dict[str, Any] = {
    "cores": [6, 4],
    "tile": [2, 2],
    "link_buffer": 16,
    "energy_pj": {
        "synaptic_event": 23.3, "neuron_idle": 47.9, "neuron_update": 79.1, "spike": 61.7,
        "axon_in": 13.1, "axon_out": 97.7, "hop_x": 2.9, "hop_y": 3.7,
    },
    "latency_ns": {
        "synaptic_event": 3.1, "neuron_idle": 5.3, "neuron_update": 8.9, "spike": 19.7,
        "axon_in": 11.3, "axon_out": 7.7, "hop_x": 4.3, "hop_y": 6.1,
    },
    "barrier_tiles": [[1, 40.0], [2, 55.0], [4, 90.0]],
}  # fmt: skip
"""Six tiles of four cores; a barrier takes so many ns from so many tiles in use."""

CORES = CHIP["cores"][0] * CHIP["cores"][1]
STEPS = 60


def networks() -> dict[str, dict[str, Any]]:
    """Return the small networks by name: neurons, the core of each, and connections (source, target, weight)."""
    return {"chain": chain(), "fan_out": fan_out(), "recurrent": recurrent(), "balanced": balanced()}


def chain() -> dict[str, Any]:
    """Return spikes that go round from neuron to neuron, one on each core: every spike is a single packet."""
    n = CORES
    connections = [(k, (k + 7) % n, 12.0) for k in range(n)]
    return _network([float(k == 0) for k in range(n)], connections, range(n), threshold=6.0, leak=0.875)


def fan_out() -> dict[str, Any]:
    """Return one source with five targets on every core, some of which spike and some of which never do.

    The second of each five takes the same from both sides in every step: it is updated but stays at rest.
    """
    targets = range(1, 5 * CORES)
    connections = [(0, k, 20.0 if k % 5 == 0 else 0.25 * (1 + k % 7)) for k in targets if k % 5 != 2]
    pairs = [(0, k, weight) for k in targets if k % 5 == 2 for weight in (3.5, -3.5)]
    bias = [0.0] * (5 * CORES)
    bias[0] = 3.0
    return _network(bias, connections + pairs, _blocks(5 * CORES), threshold=7.0, leak=0.9)


def recurrent() -> dict[str, Any]:
    """Return a random network of 120 neurons with biases that no binary fraction is, and several synapses to a pair."""
    draw, n = random.Random(7), 5 * CORES
    bias = [round(draw.uniform(-0.4, 1.4), 2) for _ in range(n)]
    connections = [
        (k, draw.randrange(n), draw.randrange(-96, 161) / 64)
        for k in range(n)
        for _ in range(draw.randrange(3, 17))
    ]
    return _network(bias, [c for c in connections if c[2]], _blocks(n), threshold=6.5, leak=0.85, reset=-0.5)


def balanced() -> dict[str, Any]:
    """Return a random network that fills three cores and part of a fourth, on two tiles; few neurons spike."""
    draw, n, per_core = random.Random(11), 100, 30
    bias = [1.5 if k % 10 == 0 else 0.0 for k in range(n)]
    connections = [
        (k, draw.randrange(n), draw.choice((4.0, 1.5, -2.25, -4.75))) for k in range(n) for _ in range(8)
    ]
    core = [k // per_core for k in range(n)]
    return {**_network(bias, connections, core, threshold=5.0, leak=0.75), "neurons_per_core": per_core}


def _blocks(neurons: int) -> list[int]:
    """Return cores that hold as many neurons each, in their order."""
    return [k * CORES // neurons for k in range(neurons)]


def _network(
    bias: list[float], connections: Any, core: Any, *, threshold: float, leak: float, reset: float = 0.0
) -> dict[str, Any]:
    return {
        "steps": STEPS, "threshold": threshold, "leak_decay": _single(leak), "reset": reset,
        "bias": [_single(b) for b in bias],
        "core": list(core), "connections": [list(c) for c in connections],
    }  # fmt: skip


def _single(value: float) -> float:
    """Return the nearest number of single precision, in which SANA-FE keeps what a neuron is given."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


class Large:
    """The network whose speed is measured: random targets, and biases that make neurons spike every 33 to 100 steps."""

    neurons, outdegree = 10240, 100
    threshold, leak_decay, reset = 100.0, 1.0, 0.0
    least_bias, most_bias = 1.0, 3.0
    weight_deviation = 1.0
    steps = 200
    seed = 1


def large_arrays() -> tuple[Any, Any, Any, Any]:
    """Return biases, and source, target and weight of each synapse; biases too are multiples of 1/64."""
    import numpy as np

    draw = np.random.default_rng(Large.seed)
    synapses = Large.neurons * Large.outdegree
    bias = np.rint(64 * draw.uniform(Large.least_bias, Large.most_bias, Large.neurons)) / 64
    source = np.repeat(np.arange(Large.neurons), Large.outdegree)
    target = draw.integers(0, Large.neurons, synapses)
    weight = np.rint(64 * draw.normal(0.0, Large.weight_deviation, synapses)) / 64
    return bias, source, target, np.where(weight == 0.0, 1 / 64, weight)
