"""Trees of packets seen from where they arrive."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.link_timing import LinkTiming
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.late import count_leaves, list_leaves


class TreeArrays(NamedTuple):
    """Trees as compiled code sees them.

    Legend: K nodes, R roots. A leaf is a node that reports: a packet arrives there, and may go on.
    """

    ptr: IntArray  # int64 [K+1], children of each node
    child: IntArray  # int64
    is_leaf: AnyArray  # uint8 [K]
    link: IntArray  # int64 [K], link between chips of the node's channel, -1: none
    leaf_ptr: IntArray  # int64 [K+1], leaves of each root, none of nodes that are no roots
    leaves: IntArray  # int64, rising for each root
    stack: IntArray  # int64 [K+1], scratch
    depth: IntArray  # int64 [K+1], scratch
    path: IntArray  # int64 [K+1], scratch


class Trees:
    """Where packets of each root arrive; trees may share branches.

    Parameters
    ----------
    timing
        Holds the forest.

    Attributes
    ----------
    arrays
        See :class:`TreeArrays`.
    below : ndarray of int64, shape (nodes,)
        Leaves at or below a node.
    """

    def __init__(self, timing: LinkTiming) -> None:
        self._timing, forest = timing, timing.forest
        nodes = forest.channel.size
        ptr = np.ascontiguousarray(forest.child_ptr, dtype=np.int64)
        child = np.ascontiguousarray(forest.child, dtype=np.int64)
        reports = forest.report if forest.report.size else np.diff(ptr) == 0
        is_leaf = np.ascontiguousarray(reports, dtype=np.uint8)
        self.below: IntArray = np.zeros(nodes, dtype=np.int64)
        count_leaves(ptr, child, is_leaf, self.below)
        roots = np.unique(timing.roots)
        count = np.zeros(nodes, dtype=np.int64)
        count[roots] = self.below[roots]
        leaf_ptr = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
        leaves = np.zeros(int(leaf_ptr[-1]), dtype=np.int64)
        scratch = np.zeros((3, nodes + 1), dtype=np.int64)
        list_leaves(roots, ptr, child, is_leaf, leaf_ptr, scratch[0], leaves)
        link = timing.link[forest.channel].astype(np.int64)
        self.arrays = TreeArrays(ptr, child, is_leaf, link, leaf_ptr, leaves, *scratch)

    def leaf_count(self, root: IntArray) -> IntArray:
        """Return how many leaves the trees of some roots have."""
        return self.below[root]

    def reached(self) -> IntArray:
        """Return ``neuron * cores + core`` of every neuron and core that its packets go to, sorted."""
        timing = self._timing
        neuron = np.repeat(np.arange(timing.core.size), np.diff(timing.root_ptr))
        packet, leaf = expanded(self.arrays.leaf_ptr, timing.roots)
        which, target = expanded(timing.target_ptr, self.arrays.leaves[leaf])
        return np.unique(neuron[packet[which]] * timing.cores + timing.targets[target])


def expanded(ptr: IntArray, row: IntArray) -> tuple[IntArray, IntArray]:
    """Return all entries of some rows of a compressed table: position in ``row``, and entry, of each."""
    count = ptr[row + 1] - ptr[row]
    which = np.repeat(np.arange(row.size), count)
    return which, ptr[row[which]] + np.arange(which.size) - np.repeat(np.cumsum(count) - count, count)
