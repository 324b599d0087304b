"""The ways of packets, cut down to what takes time: the channels at which packets can wait or be lost.

A channel without service time, latency, queue and clock is as good as none: whatever comes to it is at what follows in
the same picosecond. Its nodes are left out, and what followed them follows what came before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.engine.network import Forest
from spikemesh.engine.trees import expanded
from spikemesh.ids import AnyArray, IntArray
from spikemesh.mapping.forest import Ways


@dataclass(frozen=True, eq=False)
class TimedWays:
    """What every spike sends through channels that take time.

    Attributes
    ----------
    forest
        Nodes; those at which packets arrive for some core report.
    root_ptr : ndarray of int64, shape (neurons + 1,)
        Packets of each neuron.
    root : ndarray of int64, shape (packets,)
        First node of each packet.
    target_ptr : ndarray of int64, shape (nodes + 1,)
        Where the target cores of each node begin.
    targets : ndarray of int64
        Cores whose synapses get what arrives at the node.
    """

    forest: Forest
    root_ptr: IntArray
    root: IntArray
    target_ptr: IntArray
    targets: IntArray


def timed_ways(ways: Ways, work: IntArray, keeps: AnyArray) -> TimedWays:
    """Leave nodes out.

    Parameters
    ----------
    ways
        The ways.
    work : ndarray of int64, shape (nodes,)
        Service at each node besides its channel's.
    keeps : ndarray of bool, shape (nodes,)
        Which nodes stay. A core that packets reach without any of them is not among the targets: there, they arrive as
        they are sent.
    """
    kept = np.flatnonzero(keeps)
    number = np.cumsum(keeps) - 1
    owner, child = expanded(ways.forest.child_ptr, kept)
    owner, child, ends, core = _followed(ways, keeps, owner, ways.forest.child[child].astype(np.int64))
    own = np.flatnonzero(ways.core[kept] >= 0)
    ends, core = np.concatenate((own, ends)), np.concatenate((ways.core[kept[own]].astype(np.int64), core))
    first, packet = np.unique(ways.root, return_inverse=True)
    begins, root, _, _ = _followed(ways, keeps, np.arange(first.size), first.astype(np.int64))
    begin_ptr, root = _rows(begins, number[root], first.size)
    target_ptr, targets = _rows(ends, core, kept.size)
    child_ptr, child = _rows(owner, number[child], kept.size)
    sender, entry = expanded(begin_ptr, packet.reshape(-1))
    neuron = np.repeat(np.arange(ways.root_ptr.size - 1), np.diff(ways.root_ptr))[sender]
    return TimedWays(
        Forest(
            ways.forest.channel[kept].astype(np.int32),
            work[kept],
            child_ptr,
            child.astype(np.int32),
            (np.diff(target_ptr) > 0).astype(np.uint8),
        ),
        np.searchsorted(neuron, np.arange(ways.root_ptr.size)).astype(np.int64),
        root[entry],
        target_ptr,
        targets,
    )


def _followed(
    ways: Ways, keeps: AnyArray, owner: IntArray, node: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Go on from nodes that are left out: owners and the nodes that stay, owners and the cores that are reached."""
    nodes: list[tuple[IntArray, IntArray]] = []
    cores: list[tuple[IntArray, IntArray]] = []
    while True:
        stays = keeps[node]
        nodes.append((owner[stays], node[stays]))
        owner, node = owner[~stays], node[~stays]
        ends = ways.core[node] >= 0
        cores.append((owner[ends], ways.core[node[ends]].astype(np.int64)))
        if not node.size:
            break
        which, entry = expanded(ways.forest.child_ptr, node)
        owner, node = owner[which], ways.forest.child[entry].astype(np.int64)
    (a, b), (c, d) = (
        [np.concatenate(column) for column in zip(*pairs, strict=True)] for pairs in (nodes, cores)
    )
    return a, b, c, d


def _rows(row: IntArray, value: IntArray, rows: int) -> tuple[IntArray, IntArray]:
    """Compress pairs by row, with rising values."""
    order = np.lexsort((value, row))
    ptr = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=rows)))).astype(np.int64)
    return ptr, value[order].astype(np.int64)
