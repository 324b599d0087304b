"""Spike times of the pairing protocol, and its weight changes in closed form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.units import magnitude
from spikemesh_scenarios.settings import milliseconds, named, scenario_of

PAIRS = 60
FIRST_MS = 10.0
LAGS_MS = {10: (2.0, 5.0, 10.0, 50.0, 95.0), 50: (1.0, 5.0, 10.0, 15.0, 19.0)}
"""Lags in ms from a pre-synaptic arrival to the post-synaptic spike, by rate in Hz; neuron k has the k-th."""
FILE = "pairs.npz"


def prepare(cache: Path) -> None:
    """Write the spike times in ms: pre-synaptic ones at a fixed rate, forcing ones a lag later."""
    arrays: dict[str, Any] = {}
    for rate, lags in LAGS_MS.items():
        pre = FIRST_MS + np.arange(PAIRS) * (1000.0 / rate)
        arrays[f"pre_{rate}hz"] = np.tile(pre, (len(lags), 1))
        arrays[f"force_{rate}hz"] = pre + np.asarray(lags)[:, None]
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(cache / FILE, **arrays)


def results(trace: Any) -> dict[str, Any]:
    """Compare the measured weight changes, as fractions of ``w_max``, with the closed form."""
    scenario = scenario_of(trace)
    rows = []
    for rate, lags in LAGS_MS.items():
        projection = named(scenario, "projection", f"pairs_{rate}hz")
        arrivals, spikes = _counts(trace, rate, milliseconds(projection["delay"]), len(lags))
        table = trace.weights(f"pairs_{rate}hz")
        for target, weight in sorted(zip(table["target"], table["weight"], strict=True)):
            k = int(target)
            measured = (float(weight) - projection["weight"]) / projection["learning"]["w_max"]
            expected = change(lags[k], 1000.0 / rate, arrivals[k], spikes[k], **_rule(projection["learning"]))
            rows.append({"rate_hz": rate, "lag_ms": lags[k], "measured": measured, "expected": expected})
    errors = [abs(row["measured"] / row["expected"] - 1.0) for row in rows if row["expected"]]
    return {"pairs": PAIRS, "max_relative_error": max(errors, default=None), "changes": rows}


def change(
    lag: float,
    period: float,
    arrivals: int,
    spikes: int,
    *,
    a_plus: float,
    a_minus: float,
    tau_plus: float,
    tau_minus: float,
) -> float:
    """Return the change after so many pairs, every spike interacting with every earlier one.

    With ``q = exp(-period / tau)``, post-synaptic spike k (from 0) potentiates by
    ``a_plus e^(-lag/tau_plus) (1 + q + ... + q^k)`` and pre-synaptic arrival k depresses by
    ``a_minus e^(lag/tau_minus) (q + ... + q^k)``; the sums of these geometric series have closed forms.

    Parameters
    ----------
    lag
        From the arrival of the pre-synaptic spike to the post-synaptic one, in ms, between 0 and ``period``.
    period
        From one pair to the next, in ms.
    arrivals, spikes
        Number of pre-synaptic arrivals and of post-synaptic spikes; a run may end between the two of a pair.
    a_plus, a_minus, tau_plus, tau_minus
        Parameters of the rule; time constants in ms.

    Returns
    -------
    float
        Change as a fraction of ``w_max``.
    """
    later, earlier = float(np.exp(-period / tau_plus)), float(np.exp(-period / tau_minus))
    potentiation = a_plus * np.exp(-lag / tau_plus) * _double_sum(later, spikes)
    depression = a_minus * np.exp(lag / tau_minus) * (_double_sum(earlier, arrivals) - arrivals)
    return float(potentiation - depression)


def _counts(trace: Any, rate: int, delay_ms: float, size: int) -> tuple[list[int], list[int]]:
    """Count pre-synaptic arrivals and post-synaptic spikes within the run, per neuron."""
    pre, post = trace.spikes(f"pre_{rate}hz"), trace.spikes(f"post_{rate}hz")
    # Half a microsecond of slack, since times are sums of binary fractions.
    arrived = np.asarray(pre.times_ms) + delay_ms <= trace.duration_ms + 5e-4
    neurons = (np.asarray(pre.neurons)[arrived], np.asarray(post.neurons))
    first, second = (np.bincount(n.astype(np.int64), minlength=size).tolist() for n in neurons)
    return first, second


def _double_sum(q: float, n: int) -> float:
    """Sum ``q**j`` over all 0 <= j <= k < n."""
    return float((n - (n + 1) * q + q ** (n + 1)) / (1.0 - q) ** 2)


def _rule(learning: dict[str, Any]) -> dict[str, float]:
    amplitudes = {name: magnitude(learning[name], "") for name in ("a_plus", "a_minus")}
    return amplitudes | {name: milliseconds(learning[name]) for name in ("tau_plus", "tau_minus")}
