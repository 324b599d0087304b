"""What decoders take from spikes: counts, and the first spike of each neuron."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikemesh.ids import FloatArray, IntArray


def presentations(ticks: IntArray, neurons: IntArray, edges: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Return for each presentation the steps since its start and the neurons of its spikes."""
    first, last = (np.searchsorted(ticks, edges[:, k], side="right") for k in (0, 1))
    for start, a, b in zip(edges[:, 0], first, last, strict=True):
        yield ticks[a:b] - start, neurons[a:b]


def counts(ticks: IntArray, neurons: IntArray, size: int, edges: IntArray) -> FloatArray:
    """Count the spikes of each neuron in each presentation."""
    found = np.zeros((len(edges), size))
    for row, (_, who) in zip(found, presentations(ticks, neurons, edges), strict=True):
        row[:] = np.bincount(who, minlength=size)
    return found


def first_steps(ticks: IntArray, neurons: IntArray, size: int, edges: IntArray) -> FloatArray:
    """Return the step of each neuron's first spike in each presentation, from 1; infinite if it has none."""
    found = np.full((len(edges), size), np.inf)
    for row, (steps, who) in zip(found, presentations(ticks, neurons, edges), strict=True):
        np.minimum.at(row, who, steps.astype(np.float64))
    return found


def trains(
    ticks: IntArray, neurons: IntArray, size: int, edges: IntArray
) -> Iterator[tuple[int, int, IntArray]]:
    """Return presentation, neuron and steps of the spikes of every neuron that spiked in a presentation."""
    del size
    for sample, (steps, who) in enumerate(presentations(ticks, neurons, edges)):
        for neuron in np.unique(who):
            yield sample, int(neuron), steps[who == neuron]
