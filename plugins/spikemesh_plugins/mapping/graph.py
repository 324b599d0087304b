"""Partitions of neurons by METIS (Karypis & Kumar 1998, SIAM J. Sci. Comput. 20, 359), a graph partitioner.

A graph counts a spike once for each target, a chip's router once for each chip: what METIS finds is a start, and
is made better by :meth:`spikemesh.contracts.Connections.refined`, which counts packets.
"""

from __future__ import annotations

import numpy as np

from spikemesh.contracts import Neighbours
from spikemesh.ids import AnyArray, IntArray

ENTRIES = 1_000_000
"""Synapses of the graph at most, about: more of them make the partition slower, and hardly better."""
FEWEST, MOST = 8, 64
"""Synapses of each neuron, at least and at most."""
STRONGEST = 10_000
"""Weight of the strongest pull: METIS takes whole numbers."""


def synapses_taken(neurons: int) -> int:
    """Return how many synapses of each neuron the graph takes."""
    return int(np.clip(ENTRIES // max(1, neurons), FEWEST, MOST))


def parts_of(graph: Neighbours, parts: int, seed: int) -> IntArray:
    """Split neurons into parts of about equal number.

    Parameters
    ----------
    graph
        Who belongs to whom.
    parts
        How many parts, at least 1.
    seed
        Of METIS.

    Returns
    -------
    ndarray of int64, shape (neurons,)
        Part of each neuron.
    """
    neurons = graph.ptr.size - 1
    if parts < 2 or neurons <= parts or graph.other.size == 0:
        return np.arange(neurons, dtype=np.int64) * parts // max(1, neurons)
    # Imported late: commands that map nothing start without it.
    from pymetis import CSRAdjacency, Options, part_graph

    weight = np.rint(graph.pull * (STRONGEST / max(graph.pull.max(), 1e-300))).clip(1).astype(np.int32)
    adjacency = CSRAdjacency(graph.ptr.astype(np.int32), graph.other)
    found = part_graph(parts, adjacency, eweights=weight, recursive=False, options=Options(seed=seed % 2**31))
    return np.asarray(found.vertex_part, dtype=np.int64)


def within(graph: Neighbours, neurons: IntArray) -> Neighbours:
    """Return the graph of some of the neurons, numbered in the order given (which must rise)."""
    # Imported late: commands that map nothing start without it.
    from scipy.sparse import csr_array

    size = graph.ptr.size - 1
    whole = csr_array((graph.pull, graph.other, graph.ptr), shape=(size, size))
    own = whole[neurons][:, neurons]
    other: AnyArray = own.indices.astype(np.int32)
    return Neighbours(own.indptr.astype(np.int64), other, own.data)
