"""Patterns and queries of a nearest-neighbour search by spikes, and its census of operations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh_scenarios.kept import make_once
from spikemesh_scenarios.settings import milliseconds, named, scenario_of

Array = NDArray[Any]

PATTERNS, CHANNELS, NEIGHBOURS = 76_800, 64, 5
"""Patterns as in Frady et al. 2020; they come in groups of as many as are asked for."""
HALVES = ("low", "high")
"""Channels are two populations, so that they lie on different cores."""
SPREAD = 0.35
"""Distance of a pattern from the centre of its group, in units of the centre's length."""
SPIKES = (667, 694, 722, 750)
"""Input spikes of each query: over the published range."""
SHOWN = 20
"""Steps in which the spikes of a query come."""
SCALE, GAIN = 250.0, 27.0
"""Weight and spikes for one unit of a pattern and of a query, of which 1 is the length."""
PERIOD = 60
PUBLISHED_MJ, PJ_PER_MJ = 1.33, 1e9
"""Dynamic energy of the cores for a query (Frady et al. 2020, Table 2)."""
FILE = "patterns.npz"

_prepared: list[Path] = []


def prepare(cache: Path) -> None:
    """Write patterns as weights and queries as spike times, unless they are there."""
    target = cache / FILE
    make_once(target, __file__, arrays)
    _prepared[:] = [target]


def arrays() -> dict[str, Array]:
    """Draw patterns and queries.

    Returns
    -------
    dict
        For each of :data:`HALVES` ``sources``, ``targets`` and ``weights`` of the synapses (channel by channel, whole
        numbers of 8 bits), and ``times`` in ms and ``neurons`` of the input spikes; ``marks`` (zeros, one row a query)
        and ``nearest``, the patterns of the greatest cosine with each query.
    """
    random = np.random.default_rng(2020)
    centres = unit(random.standard_normal((PATTERNS // NEIGHBOURS, CHANNELS)))
    noise = random.standard_normal((PATTERNS, CHANNELS)) * SPREAD / np.sqrt(CHANNELS)
    patterns = unit(np.repeat(centres, NEIGHBOURS, axis=0) + noise)
    asked = random.choice(len(centres), len(SPIKES), replace=False)
    queries = unit(
        centres[asked] + random.standard_normal((len(SPIKES), CHANNELS)) * SPREAD / np.sqrt(CHANNELS)
    )
    weights = np.clip(np.rint(patterns * SCALE), -127, 127).astype(np.int8)
    similar = queries @ patterns.T
    found: dict[str, Array] = {
        "marks": np.zeros((len(SPIKES), 1)),
        "nearest": np.argsort(-similar, axis=1, kind="stable")[:, :NEIGHBOURS],
    }
    trains = [spikes_of(query, total) for query, total in zip(queries, SPIKES, strict=True)]
    times = np.concatenate([t + PERIOD * k for k, (t, _) in enumerate(trains)])
    channels = np.concatenate([c for _, c in trains])
    half = CHANNELS // len(HALVES)
    for k, name in enumerate(HALVES):
        mine = channels // half == k
        found |= {
            f"{name}_sources": np.repeat(np.arange(half, dtype=np.int32), PATTERNS),
            f"{name}_targets": np.tile(np.arange(PATTERNS, dtype=np.int32), half),
            f"{name}_weights": weights[:, k * half : (k + 1) * half].T.reshape(-1),
            f"{name}_times": times[mine].astype(np.float64),
            f"{name}_neurons": channels[mine] % half,
        }
    return found


def unit(vectors: Array) -> Array:
    """Return vectors without their mean, of length 1: what all channels have in common says nothing."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    result: Array = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return result


def spikes_of(query: Array, total: int) -> tuple[Array, Array]:
    """Encode a query: each channel fires a number of spikes that grows with its value, evenly over :data:`SHOWN` steps.

    Parameters
    ----------
    query : ndarray of float64, shape (channels,)
        Its values.
    total
        Spikes of all channels together.

    Returns
    -------
    times, neurons : ndarray of int64, shape (total,)
        Steps from 1, and channels; sorted by step.
    """
    wanted = total / CHANNELS + GAIN * query
    counts = np.clip(np.floor(wanted), 0, SHOWN).astype(np.int64)
    # The largest remainders get what is missing.
    for channel in np.argsort(counts - wanted, kind="stable")[: total - counts.sum()]:
        counts[channel] += 1
    neurons = np.repeat(np.arange(CHANNELS), counts)
    rank = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    steps = (2 * rank + 1) * SHOWN // (2 * counts[neurons]) + 1
    order = np.argsort(steps, kind="stable")
    return steps[order], neurons[order]


def results(trace: Any) -> dict[str, Any]:
    """Judge the answers, and count operations and energy of a query.

    ``recall`` is the part of the nearest patterns that are among the first five to fire. The energy of the cores is
    that of synaptic events and updates of neurons, with those apart that rested; ``core_energy_least_mj`` is what it
    were if all neurons rested in every step, the ``most`` if none did.
    """
    nearest = _nearest()
    shown = named(scenario_of(trace), "input", "mark")
    period = round((milliseconds(shown["present"]) + milliseconds(shown["blank"])) / trace.timestep_ms)
    queries = min(len(nearest), trace.until_tick // period)
    if not queries:
        return {"inferences": 0}
    spikes = trace.spikes("patterns")
    answers = [
        first_to_fire(spikes.ticks, spikes.neurons, k * period, (k + 1) * period) for k in range(queries)
    ]
    hits = [len(set(a.tolist()) & set(n.tolist())) for a, n in zip(answers, nearest[:queries], strict=True)]
    counted = ("synaptic_events", "updates", "idle_updates")
    events, changed, rested = (_by_query(trace, name, queries, period) for name in counted)
    updates = changed + rested
    system = trace.hardware["system"]
    costs = system["chip"]["costs"][system["costs"]]
    event, update, rest = (costs[k]["energy_pj"] for k in ("synaptic_event", "neuron_update", "neuron_idle"))
    return {
        "inferences": queries,
        "recall": sum(hits) / (queries * NEIGHBOURS),
        "spikes_per_query": list(SPIKES[:queries]),
        "synaptic_events_per_query": events.tolist(),
        "neuron_updates_per_query": updates.tolist(),
        "resting_updates_per_query": rested.tolist(),
        "core_energy_mj": ((events * event + changed * update + rested * rest) / PJ_PER_MJ).tolist(),
        "core_energy_least_mj": ((events * event + updates * rest) / PJ_PER_MJ).tolist(),
        "core_energy_most_mj": ((events * event + updates * update) / PJ_PER_MJ).tolist(),
        "published_mj": PUBLISHED_MJ,
        "step_us": float(np.mean(trace.per_step("step_time_ps")[: queries * period])) / 1e6,
        "longest_step_us": float(np.max(trace.per_step("step_time_ps"))) / 1e6,
    }


def _by_query(trace: Any, name: str, queries: int, period: int) -> Array:
    """Sum a counter of cores over each query; its bins must not straddle two."""
    counts, edges = trace.counts(f"core_{name}").sum(axis=1), trace.bin_edges()
    ends = np.searchsorted(edges, np.arange(queries + 1) * period)
    total = np.concatenate(([0], np.cumsum(counts)))
    return np.diff(total[ends]).astype(np.int64)


def first_to_fire(ticks: Array, neurons: Array, after: int, until: int) -> Array:
    """Return the neurons with the first spikes in ``(after, until]``, five at most; among equals the lowest."""
    within = (ticks > after) & (ticks <= until)
    order = np.lexsort((neurons[within], ticks[within]))
    _, first = np.unique(neurons[within][order], return_index=True)
    return np.asarray(neurons[within][order][np.sort(first)][:NEIGHBOURS], dtype=np.int64)


def _nearest() -> Array:
    with np.load(_prepared[0]) as file:
        return np.asarray(file["nearest"])
