"""Events of moving bars, kernels that tell their direction, and how often these are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh_scenarios.kept import make_once
from spikemesh_scenarios.settings import milliseconds, named, scenario_of

Array = NDArray[Any]

DIRECTIONS = ("right", "left", "down", "up")
SIDE, BARS, SHOWN, PERIOD = 32, 40, 64, 80
"""Pixels along an edge; bars; steps of a bar, and from one to the next."""
SEEN, NOISE_HZ, JITTER = 0.9, 1.0, 2
"""Part of the events that are seen; rate of a pixel's noise; an event comes up to one step late."""
KERNEL = 5
PUBLISHED_TOTAL_MW = 0.70
"""Least power of the chip at work (Yao et al. 2024, abstract); 0.42 mW of it at rest."""
PJ_TO_MJ = 1e-9
FILE = "bars.npz"

_prepared: list[Path] = []


def prepare(cache: Path) -> None:
    """Write events and kernels, unless they are there."""
    make_once(cache / FILE, __file__, arrays)
    _prepared[:] = [cache / FILE]


def arrays() -> dict[str, Array]:
    """Draw the bars and make the kernels.

    Returns
    -------
    dict
        ``times`` in ms and ``pixels`` (``row * 32 + column``) of the events, sorted; ``labels`` of the bars (see
        :data:`DIRECTIONS`), ``marks`` (zeros, a row for each), and the kernels ``motion`` and ``direction``, whole
        numbers of 8 bits, shape (out, in, rows, columns).
    """
    random = np.random.default_rng(1)
    labels = random.permutation(np.arange(BARS) % len(DIRECTIONS))
    events = [bar(int(label), random) + np.array([[k * PERIOD], [0]]) for k, label in enumerate(labels)]
    times, pixels = np.unique(np.concatenate(events, axis=1), axis=1)
    return {
        "times": times.astype(np.float64),
        "pixels": pixels,
        "labels": labels,
        "marks": np.zeros((BARS, 1)),
        "motion": motion_kernel(),
        "direction": direction_kernel(),
    }


def bar(direction: int, random: np.random.Generator) -> Array:
    """Draw the events of one bar.

    Its edge has a random length, place, tilt of up to three pixels, start, and speed of half a pixel to one a step.

    Returns
    -------
    ndarray of int64, shape (2, events)
        Steps from 1 to 64, and pixels.
    """
    length = int(random.integers(12, 29))
    across = np.arange(length) + int(random.integers(0, SIDE - length + 1))
    tilt = np.linspace(-0.5, 0.5, length) * random.uniform(-3.0, 3.0)
    along, place = np.meshgrid(np.arange(SIDE), across, indexing="ij")
    steps = np.floor((along + 2.0 + tilt) / random.uniform(0.55, 1.0)).astype(np.int64) + 1
    steps += random.integers(0, JITTER, steps.shape)
    travelled = along if direction % 2 == 0 else SIDE - 1 - along
    row, column = (place, travelled) if direction < 2 else (travelled, place)
    seen = (random.random(steps.shape) < SEEN) & (steps <= SHOWN)
    noise = np.argwhere(random.random((SHOWN, SIDE * SIDE)) < NOISE_HZ * 1e-3).T + np.array([[1], [0]])
    found: Array = np.concatenate([np.stack([steps[seen], (row * SIDE + column)[seen]]), noise], axis=1)
    return found


def motion_kernel() -> Array:
    """Return one kernel a direction: excitation where the edge comes from, inhibition where it goes.

    Whoever is hit by excitation first reaches the threshold; inhibition that comes first is not made up for.
    """
    away = np.repeat([1, 1, 0, -1, -1], KERNEL).reshape(KERNEL, KERNEL)
    return np.stack([away.T, -away.T, away, -away])[:, None]


def direction_kernel() -> Array:
    """Return one kernel a direction over all pooled maps: its own excites, the others inhibit."""
    count = len(DIRECTIONS)
    weight = np.where(np.eye(count, dtype=bool), 2, -1)
    return np.broadcast_to(weight[:, :, None, None], (count, count, SIDE // 2, SIDE // 2)).copy()


def results(trace: Any) -> dict[str, Any]:
    """Judge the decisions: for each bar the direction with most spikes, among equals the first."""
    with np.load(_prepared[0]) as file:
        labels = file["labels"]
    shown = named(scenario_of(trace), "input", "mark")
    period = round((milliseconds(shown["present"]) + milliseconds(shown["blank"])) / trace.timestep_ms)
    bars = min(len(labels), trace.until_tick // period)
    if not bars:
        return {"inferences": 0}
    output = trace.spikes("direction")
    counts = votes(output.ticks, output.neurons, bars, period)
    decided = counts.any(axis=1)
    right = decided & (counts.argmax(axis=1) == labels[:bars])
    spikes = {name: int(np.sum(trace.spikes(name).ticks <= bars * period)) for name in trace.populations}
    rest_mw = trace.energy_account().static.value * PJ_TO_MJ / (trace.duration_ms / 1e3)
    return {
        "inferences": bars,
        "accuracy": 100.0 * float(np.mean(right)),
        "undecided": int(bars - decided.sum()),
        "events_per_bar": spikes["camera"] / bars,
        "spikes_per_bar": sum(n for name, n in spikes.items() if name != "camera") / bars,
        "rest_mw": rest_mw,
        "published_total_mw": PUBLISHED_TOTAL_MW,
    }


def votes(ticks: Array, neurons: Array, bars: int, period: int) -> Array:
    """Count the output spikes of every bar; shape (bars, directions)."""
    which = (np.asarray(ticks, dtype=np.int64) - 1) // period
    counts = np.zeros((bars, len(DIRECTIONS)), dtype=np.int64)
    within = which < bars
    np.add.at(counts, (which[within], np.asarray(neurons, dtype=np.int64)[within]), 1)
    return counts
