"""Counting sort of synapses by source and column, batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import inlined, kernel


@inlined
def _column(k: Any, position: Any, delay: Any, receptor: Any, inputs: Any, origin: Any, lookup: Any) -> Any:
    r = receptor[k if receptor.size > 1 else 0]
    block = (inputs[r] + np.int64(position[k])) >> origin[2]
    return lookup[delay[k if delay.size > 1 else 0] - origin[0], r, block - origin[1]]


@kernel
def count_synapses(
    at: Any, source: Any, position: Any, delay: Any, receptor: Any, inputs: Any, origin: Any, lookup: Any,
    counts: Any,
) -> Any:  # fmt: skip
    """Count synapses from number ``at`` by source and column; returns the first whose column is not known.

    ``origin`` is the least delay and block of ``lookup`` (delay, receptor, block -> column or -1), and the
    bits of a block; ``delay`` and ``receptor`` have one value for each synapse or one for all.
    """
    for k in range(at, source.size):
        column = _column(k, position, delay, receptor, inputs, origin, lookup)
        if column < 0 or column >= counts.shape[1]:
            return k
        counts[source[k], column] += np.uint32(1)
    return source.size


@kernel
def place_synapses(
    source: Any, position: Any, delay: Any, receptor: Any, inputs: Any, origin: Any, lookup: Any, width: Any,
    starts: Any, place: Any, target: Any,
) -> None:  # fmt: skip
    """Give each synapse the next place of its source and column, and its target's offset in the block."""
    for k in range(source.size):
        column = _column(k, position, delay, receptor, inputs, origin, lookup)
        row = np.int64(source[k]) * width + column
        place[k] = starts[row]
        starts[row] += np.uint32(1)
        whole = inputs[receptor[k if receptor.size > 1 else 0]] + np.int64(position[k])
        target[k] = np.int32(whole - ((whole >> origin[2]) << origin[2]))


@kernel
def delays_in_steps(delays: Any, timestep: Any, steps: Any) -> None:
    """Round delays to whole steps, at least one."""
    for k in range(delays.size):
        steps[k] = np.int32(max(1.0, np.rint(delays[k] / timestep)))


@kernel
def put(place: Any, values: Any, out: Any) -> None:
    """Write values to their places."""
    for k in range(place.size):
        out[place[k]] = values[k]


@kernel
def count_pairs(source: Any, core: Any, counts: Any) -> None:
    """Count synapses by source neuron and core of the target: ``counts[source, core]``."""
    for k in range(source.size):
        counts[source[k], core[k]] += 1


@kernel
def first_targets(starts: Any, width: Any, targets: Any, first: Any) -> Any:
    """Tell whether the targets of every source and column are neighbours from one target a column on.

    ``first`` (one entry a column) takes that target, -1 if the column has no synapses.
    """
    first[:] = -1
    for row in range(starts.size - 1):
        begin, end = np.int64(starts[row]), np.int64(starts[row + 1])
        if begin == end:
            continue
        column = row % width
        if first[column] < 0:
            first[column] = targets[begin]
        if targets[begin] != first[column]:
            return False
        for k in range(begin + 1, end):
            if np.int64(targets[k]) != np.int64(targets[k - 1]) + 1:
                return False
    return True
