"""Which virtual chip becomes which physical one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikemesh.description.system import System
from spikemesh.ids import FloatArray, IntArray

SEED = 20180101
"""Added to the seed of the mapping."""
SWEEPS = 40
MOST_SWAPS = 40_000


class Identity:
    """Virtual chip k is physical chip k."""

    name = "identity"

    def place(self, traffic: FloatArray, system: System, fixed: Sequence[int], seed: int) -> IntArray:  # noqa: ARG002
        """Return the physical chip of each virtual chip; see :class:`spikemesh.contracts.Placer`."""
        return np.arange(system.chip_count, dtype=np.int64)


class Anneal:
    """Swaps chips to lower packets times hops: simulated annealing from the identity, then descent.

    Never worse than the identity. Kirkpatrick, Gelatt & Vecchi, Science 220:671-680, 1983.
    """

    name = "anneal"

    def place(self, traffic: FloatArray, system: System, fixed: Sequence[int], seed: int) -> IntArray:
        """Return the physical chip of each virtual chip; see :class:`spikemesh.contracts.Placer`."""
        chips = system.chip_count
        place = np.arange(chips, dtype=np.int64)
        movable = np.setdiff1d(place, np.asarray(fixed, dtype=np.int64))
        if movable.size < 2 or not traffic.any():
            return place
        load, hops = traffic + traffic.T, hop_counts(system)
        place = _annealed(place, movable, load, hops, seed)
        return _descended(place, movable, load, hops)


def hop_counts(system: System) -> FloatArray:
    """Return the hops between chips by the shortest way, shape (chips, chips)."""
    chips = system.chip_count
    ends = np.asarray(system.directed_links, dtype=np.int64).reshape(-1, 2)
    # Imported late: commands that map nothing start without it.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import shortest_path

    graph = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(chips, chips))
    result: FloatArray = np.asarray(shortest_path(graph, unweighted=True))
    return result


def _gain(place: IntArray, i: int, j: int, load: FloatArray, hops: FloatArray) -> float:
    """Return by how much the load times hops falls when virtual chips i and j swap places."""
    change = (load[i] - load[j]) * (hops[place[i], place] - hops[place[j], place])
    # Their own distance stays as it is.
    return float(change.sum() - change[i] - change[j])


def _annealed(place: IntArray, movable: IntArray, load: FloatArray, hops: FloatArray, seed: int) -> IntArray:
    random = np.random.Generator(np.random.PCG64(SEED + seed))
    swaps = min(SWEEPS * movable.size**2, MOST_SWAPS)
    heat = float(load.sum()) / load.shape[0]
    place, best = place.copy(), place.copy()
    won, best_won = 0.0, 0.0
    for step in range(swaps):
        i, j = random.choice(movable, 2, replace=False)
        gain = _gain(place, i, j, load, hops)
        warmth = heat * (1.0 - step / swaps) ** 2
        if gain > 0.0 or random.random() < np.exp(gain / max(warmth, 1e-12)):
            place[i], place[j] = place[j], place[i]
            won += gain
        if won > best_won * (1.0 + 1e-9) + 1e-9:
            best, best_won = place.copy(), won
    return best


def _descended(place: IntArray, movable: IntArray, load: FloatArray, hops: FloatArray) -> IntArray:
    improved = True
    while improved:
        improved = False
        for a, i in enumerate(movable):
            for j in movable[a + 1 :]:
                if _gain(place, i, j, load, hops) > 1e-9 * float(load.sum()):
                    place[i], place[j] = place[j], place[i]
                    improved = True
    return place
