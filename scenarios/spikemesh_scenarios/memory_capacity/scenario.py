"""Patterns that are stored one a step, and what an ideal observer of the weights finds of them in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh.memory import Chain, cascade
from spikemesh_scenarios.kept import make_once
from spikemesh_scenarios.settings import named, scenario_of

Array = NDArray[Any]

SYNAPSES = 2000
IMPORTANT, QUIET, BETWEEN, LATER = 20, 64, 100, 1000
"""Important patterns; quiet steps after each, with open gates; unrelated patterns after that, and at the end."""
TIERS = (2, 4)
"""Last beakers of the first two tiers."""
CHAINS = {
    "plain": (Chain(1, end_leak=0.0), None, 1),
    "benna_fusi": (Chain(6), None, 1),
    "benna_fusi_deep": (Chain(6), None, 6),
    "gated": (Chain(6), Chain(6, closed=TIERS), 1),
    "gated_deep": (Chain(6), Chain(6, closed=TIERS), 6),
}
"""Chains with open and, if there are any, closed gates, and the beaker that shows in the weight."""
AGES = ((0, 1), (1, 3), (3, 10), (10, 30), (30, 100), (100, 300), (300, 1000))
"""Bins of age, in patterns of the last stretch."""
FILE = "patterns.npz"


def prepare(cache: Path) -> None:
    """Write the spikes that store the patterns, unless they are there."""
    make_once(cache / FILE, __file__, arrays)


def schedule() -> tuple[Array, Array, Array]:
    """Return when patterns are stored, which of them are important, and the third factor by step.

    Returns
    -------
    ticks : ndarray of int64, shape (patterns,)
        Ticks of the post-synaptic spikes.
    important : ndarray of bool, shape (patterns,)
        Whether the gates open for the pattern.
    third : ndarray of float64, shape (ticks + 1,)
        Third factor in the step that ends at each tick.
    """
    ticks, important, opened = [], [], []
    tick = 3
    for _ in range(IMPORTANT):
        ticks.append(tick)
        important.append(True)
        opened.append(tick)
        tick += 1 + QUIET
        ticks += range(tick, tick + BETWEEN)
        important += [False] * BETWEEN
        tick += BETWEEN
    ticks += range(tick, tick + LATER)
    important += [False] * LATER
    third = np.zeros(tick + LATER)
    for start in opened:
        third[start : start + 1 + QUIET] = 1.0
    return np.array(ticks), np.array(important), third


def patterns(count: int) -> Array:
    """Draw random patterns of +1 (True) and -1, shape (count, synapses)."""
    return np.random.default_rng(2016).random((count, SYNAPSES)) < 0.5


def arrays() -> dict[str, Array]:
    """Return spike times in ms of pre-synaptic sources and of the driver, and the changes of the third factor."""
    ticks, _, third = schedule()
    step, neuron = np.nonzero(patterns(ticks.size))
    changes = np.flatnonzero(np.diff(third, prepend=0.0))
    return {
        # Both travel for a step; the driver comes one step after what it stores.
        "source_times": ticks[step] - 2.0, "source_neurons": neuron, "driver_times": ticks - 1.0,
        "third_times": changes - 1.0, "third_values": third[changes],
    }  # fmt: skip


def results(trace: Any) -> dict[str, Any]:
    """Compare the SNR of fresh and of important patterns with the theory, for each kind of synapse."""
    ticks, important, third = schedule()
    stored = ticks <= trace.until_tick
    ticks, important = ticks[stored], important[stored]
    drawn = 2.0 * patterns(stored.size)[stored] - 1.0
    found = {}
    for name in (*CHAINS, "cascade"):
        table = trace.weights(f"memory_{name}")
        weight = np.zeros(SYNAPSES)
        weight[np.asarray(table["source"], dtype=np.int64)] = np.asarray(table["weight"])
        deviation = float(weight.std())
        snr = drawn @ (weight - weight.mean()) / (np.sqrt(SYNAPSES) * deviation) if deviation else 0.0 * ticks
        if name == "cascade":
            depth = int(named(scenario_of(trace), "projection", "memory_cascade")["learning"]["depth"])
            expected = np.sqrt(SYNAPSES) * cascade(depth).signal(np.arange(ticks.size)[::-1])
        else:
            expected = linear_snr(name, ticks, third, trace.until_tick)
        found[name] = _figures(snr, expected, important)
    return {"synapses": SYNAPSES, "patterns": int(ticks.size), "rules": found}


def linear_snr(name: str, ticks: Array, third: Array, until: int) -> Array:
    """Return the SNR that each pattern has in a linear chain at the end, by following an impulse of each backwards."""
    opened, closed, beaker = CHAINS[name]
    row = np.eye(opened.beakers)[beaker - 1]
    at = np.zeros(until + 2)
    for tick in range(until, 0, -1):
        # A pattern is added before the chain moves in the same step.
        gated = closed is not None and (tick >= third.size or third[tick] == 0.0)
        row = row @ (closed.matrix if gated and closed is not None else opened.matrix)
        at[tick] = row[0]
    signal = at[ticks]
    total: Array = np.sqrt(SYNAPSES) * signal / np.sqrt(np.sum(signal**2))
    return total


def _figures(snr: Array, expected: Array, important: Array) -> dict[str, Any]:
    """Return means over bins of age and over the important patterns; each single SNR has a deviation of 1."""
    age = np.arange(snr.size)[::-1]
    bins: list[dict[str, Any]] = []
    for low, high in AGES:
        here = (age >= low) & (age < high)
        if np.any(here):
            bins.append(
                {
                    "ages": [low, high - 1],
                    "snr": float(snr[here].mean()),
                    "theory": float(expected[here].mean()),
                    "error": float(1.0 / np.sqrt(np.count_nonzero(here))),
                }
            )
    alive = [b["ages"][1] for b in bins if b["theory"] >= 1.0]
    return {
        "fresh": bins,
        "lasts_theory": max(alive, default=None),
        "important": float(snr[important].mean()),
        "important_theory": float(expected[important].mean()),
        "important_error": float(1.0 / np.sqrt(np.count_nonzero(important))),
    }
