"""Ways to lay populations over bins (chips, or the cores of a chip) of given room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from spikemesh.contracts import PartitionProblem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.mapping.shares import hand_out

Layout = Callable[[Sequence[int], IntArray], IntArray]
"""``layout(sizes, room)``: neurons by population and bin; rows sum to ``sizes``, columns to ``room``."""


def fill(sizes: Sequence[int], room: IntArray) -> IntArray:
    """Fill one bin after the other with one population after the other."""
    edges = np.concatenate([[0], np.cumsum(sizes)])
    cuts = np.concatenate([[0], np.cumsum(room)])
    overlap = np.minimum.outer(edges[1:], cuts[1:]) - np.maximum.outer(edges[:-1], cuts[:-1])
    result: IntArray = np.maximum(overlap, 0).astype(np.int64)
    return result


def proportional(sizes: Sequence[int], room: IntArray) -> IntArray:
    """Split every population over all bins, in proportion to their room."""
    result = np.zeros((len(sizes), room.size), dtype=np.int64)
    total, seen = max(int(room.sum()), 1), 0
    given = np.zeros(room.size, dtype=np.int64)
    for p, size in enumerate(sizes):
        seen += size
        # What each bin should hold by now, less what it holds: never more than its room in the end.
        want: FloatArray = room * np.float64(seen / total) - given
        result[p] = hand_out(size, want, room - given)
        given += result[p]
    return result


def even_room(neurons: int, bins: int) -> IntArray:
    """Spread neurons over bins as evenly as whole neurons allow, the first bins taking what is left over."""
    return neurons // bins + (np.arange(bins) < neurons % bins)


def blocks(counts: IntArray) -> list[IntArray]:
    """Turn neurons by population and bin into the bin of each neuron: contiguous blocks in order of bins."""
    bins = np.arange(counts.shape[1], dtype=np.int64)
    return [np.repeat(bins, row) for row in counts]


def over_cores(problem: PartitionProblem, chip_counts: IntArray, layout: Layout) -> IntArray:
    """Lay what each chip holds over its cores.

    Parameters
    ----------
    problem
        The network.
    chip_counts : ndarray of int64, shape (populations, chips)
        Neurons by population and chip.
    layout
        :func:`fill` or :func:`proportional`.

    Returns
    -------
    ndarray of int64, shape (populations, cores of the system)
        Neurons by population and core.
    """
    cores = problem.system.chip.core_count
    columns = [
        layout([int(n) for n in column], even_room(int(column.sum()), cores)) for column in chip_counts.T
    ]
    return np.concatenate(columns, axis=1)
