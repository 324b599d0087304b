"""Corrections for packets that come late or never: what was added too early is taken back, and added later.

Every spike acts through all of its synapses of delay d at s + d, as if its packets had all arrived in tick s.
If the packet for some core did not, the synapses of that axon onto that core are subtracted again in the same
step; if it arrives in tick a, they are added at a + d. Sums are of integers, so nothing is left of what was
taken back. Both are entries of tick s or a: (axon, core, -1 or 1).

Legend: M inputs, S entries kept, H slots by tick; see :mod:`spikemesh.kernels.arrivals` for the tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import bare, bare_inlined, bare_inner, kernel
from spikemesh.kernels.arrivals import (
    BYTE,
    HALF_WIDE,
    RUN_HALF,
    RUN_SHARED,
    RUN_WIDE,
    SHARED,
    WIDE,
    list_runs,
)
from spikemesh.kernels.graph import sum_upwards, topological
from spikemesh.kernels.pointers import as_int8, as_int16, as_int32, as_uint16

# Columns of an entry.
AXON, CORE, TIMES = range(3)


@bare_inlined
def _weight(kind: Any, weights: Any, k: Any, shared: Any) -> Any:
    """Weight of synapse k of a run of synapses; ``shared`` is the shared weight, or the shift."""
    if kind in (SHARED, RUN_SHARED):
        return shared
    if kind in (WIDE, RUN_WIDE):
        return np.int64(as_int32(weights)[k]) << shared
    if kind in (HALF_WIDE, RUN_HALF):
        return np.int64(as_int16(weights)[k]) << shared
    return np.int64(as_int8(weights)[k]) << shared


@bare_inlined
def _correct_run(item: Any, t: Any, a: Any, c: Any, row: Any) -> None:
    """Add one run of synapses, each as often as the correction of its core says."""
    weights, count, column = a.items[item, 1], a.items[item, 2], a.items[item, 3]
    kind, shared, other = t.column_kind[column], t.column_weight[column], t.column_other[column]
    base = t.column_base[column]
    targets = as_uint16(a.items[item, 0])
    listed = kind <= BYTE
    for k in range(count):
        place = base + (np.int64(targets[k]) if listed else k)
        times = c.times[c.input_core[place]]
        if times != 0:
            weight = _weight(kind, weights, k, shared)
            if not listed and kind != RUN_SHARED and other >= 0 and weight < 0:
                place = other + k
            row[place] += times * weight


@bare_inlined
def _correct_axon(first: Any, last: Any, k: Any, t: Any, a: Any, c: Any, row: Any) -> None:
    """Carry out the corrections of one axon and tick for delay number k."""
    items = list_runs(k, np.int64(c.entries[first & c.wrap[0], AXON]), 0, t, a)
    if items == 0:
        return
    for entry in range(first, last):
        place = entry & c.wrap[0]
        c.times[c.entries[place, CORE]] += c.entries[place, TIMES]
    for item in range(items):
        _correct_run(item, t, a, c, row)
    for entry in range(first, last):
        c.times[c.entries[entry & c.wrap[0], CORE]] = 0


@bare_inner
def correct(tick: Any, t: Any, a: Any, c: Any, row: Any) -> None:
    """Carry out the corrections that are due in the step that ends at ``tick``.

    Parameters
    ----------
    tick
        End of the step.
    t, a, c
        Tables, arrivals, and :class:`spikemesh.engine.arrays.Corrections`, whose entries of one tick are
        sorted by axon.
    row : ndarray of int64, shape (M,)
        Inputs of the step.
    """
    if c.head[0] == 0:
        return
    mask = c.first.size - 1
    for k in range(t.delays.size):
        stamp = tick - t.delays[k]
        if stamp > c.until[0]:
            continue
        slot = stamp & mask
        first, last = c.first[slot], c.last[slot]
        while first < last:
            axon = c.entries[first & c.wrap[0], AXON]
            end = first + 1
            while end < last and c.entries[end & c.wrap[0], AXON] == axon:
                end += 1
            _correct_axon(first, end, k, t, a, c, row)
            first = end


@kernel
def count_leaves(ptr: Any, child: Any, is_leaf: Any, below: Any) -> None:
    """Count the leaves at or below each node of a forest, whose trees may share branches.

    Parameters
    ----------
    ptr, child : ndarray of int64
        Children by node.
    is_leaf : ndarray of uint8, shape (nodes,)
        Whether packets arrive there.
    below : ndarray of int64, shape (nodes,)
        Takes the counts.
    """
    nodes = below.size
    missing, order = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
    topological(ptr, child, missing, order)
    for node in range(nodes):
        below[node] = is_leaf[node]
    sum_upwards(order, ptr, child, below)


@kernel
def list_leaves(
    roots: Any, ptr: Any, child: Any, is_leaf: Any, leaf_ptr: Any, stack: Any, leaves: Any
) -> None:
    """List the leaves of each root, rising.

    Parameters
    ----------
    roots : ndarray of int64
        Roots, none twice.
    ptr, child, is_leaf
        As for :func:`count_leaves`.
    leaf_ptr : ndarray of int64, shape (nodes + 1,)
        Where the leaves of each root go.
    stack : ndarray of int64, shape (nodes + 1,)
        Scratch.
    leaves : ndarray of int64
        Filled.
    """
    for root in roots:
        at = leaf_ptr[root]
        stack[0] = root
        height = 1
        while height:
            height -= 1
            node = stack[height]
            if is_leaf[node]:
                leaves[at] = node
                at += 1
            for e in range(ptr[node], ptr[node + 1]):
                stack[height] = child[e]
                height += 1
        leaves[leaf_ptr[root] : at].sort()


@bare_inlined
def _place(root: Any, leaf: Any, leaf_ptr: Any, leaves: Any) -> Any:
    """Place of a leaf among those of a root."""
    low, high = leaf_ptr[root], leaf_ptr[root + 1]
    while high - low > 1:
        middle = (low + high) // 2
        if leaves[middle] <= leaf:
            low = middle
        else:
            high = middle
    return low - leaf_ptr[root]


@bare
def mark_reached(place: Any, root: Any, leaf: Any, at: Any, t: Any, reached: Any) -> None:
    """Mark leaves that packets arrived at.

    Parameters
    ----------
    place, root, leaf : ndarray of int64
        Of each arrival, the place of the packet in ``at``, its root and the leaf.
    at : ndarray of int64, shape (packets,)
        Place of each packet's first leaf in ``reached``.
    t
        The trees: see :class:`spikemesh.engine.trees.TreeArrays`.
    reached : ndarray of bool
        One for each leaf of each packet.
    """
    for k in range(place.size):
        reached[at[place[k]] + _place(root[k], leaf[k], t.leaf_ptr, t.leaves)] = True


@bare
def count_events(
    axon: Any, node: Any, target_ptr: Any, targets: Any, ptr: Any, cores: Any, synapses: Any, counts: Any
) -> None:
    """Count the synapses that packets reach.

    Parameters
    ----------
    axon, node : ndarray of int64
        Of each arrival, the axon, and where it is.
    target_ptr, targets : ndarray of int64
        By node, cores that get what arrives there.
    ptr, cores, synapses : ndarray of int64
        By axon, cores on which it has synapses, rising, and how many.
    counts : ndarray of int64, shape (cores,)
        Grow.
    """
    for k in range(axon.size):
        target, last = target_ptr[node[k]], target_ptr[node[k] + 1]
        entry, end = ptr[axon[k]], ptr[axon[k] + 1]
        # Both lists rise.
        while target < last and entry < end:
            if targets[target] < cores[entry]:
                target += 1
            elif targets[target] > cores[entry]:
                entry += 1
            else:
                counts[cores[entry]] += synapses[entry]
                target += 1
                entry += 1


@bare
def mark_lost(drop_packet: Any, drop_node: Any, root: Any, at: Any, t: Any, lost: Any) -> None:
    """Mark the leaves that some packets do not reach because they were dropped on the way.

    Parameters
    ----------
    drop_packet, drop_node : ndarray of int64
        Packets, and nodes at which they were dropped.
    root, at : ndarray of int64, shape (packets,)
        Root of each packet, and place of its first leaf in ``lost``.
    t
        The trees: see :class:`spikemesh.engine.trees.TreeArrays`.
    lost : ndarray of bool
        One for each leaf of each packet.
    """
    for k in range(drop_packet.size):
        packet = drop_packet[k]
        t.stack[0] = drop_node[k]
        height = 1
        while height:
            height -= 1
            node = t.stack[height]
            if t.is_leaf[node]:
                lost[at[packet] + _place(root[packet], node, t.leaf_ptr, t.leaves)] = True
            for e in range(t.ptr[node], t.ptr[node + 1]):
                t.stack[height] = t.child[e]
                height += 1


@bare_inlined
def _count_path(depth: Any, row: Any, t: Any, counts: Any) -> None:
    for k in range(depth + 1):
        node = t.path[k]
        if node >= 0:
            if t.link[node] >= 0:
                counts[row, t.link[node]] += 1
            t.path[k] = -1


@bare
def count_on_way(packet: Any, root: Any, at: Any, row: Any, t: Any, late: Any, counts: Any) -> None:
    """Count packets on every link of their way to leaves that they reach late: once for each packet and link.

    Parameters
    ----------
    packet : ndarray of int64
        Packets that are late somewhere.
    root, at, row : ndarray of int64, shape (packets,)
        Root of each packet, place of its first leaf in ``late``, and the row of ``counts`` it belongs to.
    t
        The trees.
    late : ndarray of bool
        One for each leaf of each packet.
    counts : ndarray of int64, shape (rows, links)
        Grow.
    """
    for k in range(packet.size):
        p = packet[k]
        # The stack holds nodes to look at, with their depths; the path, those above, negative once counted.
        t.stack[0], t.depth[0] = root[p], 0
        height = 1
        while height:
            height -= 1
            node, depth = t.stack[height], t.depth[height]
            t.path[depth] = node
            if t.is_leaf[node] and late[at[p] + _place(root[p], node, t.leaf_ptr, t.leaves)]:
                _count_path(depth, row[p], t, counts)
            for e in range(t.ptr[node], t.ptr[node + 1]):
                t.stack[height], t.depth[height] = t.child[e], depth + 1
                height += 1
