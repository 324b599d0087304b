"""The plain loops that no delivery of spikes one by one can beat: the yardstick of this machine."""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import kernel


@kernel
def scatter_shared(targets: Any, order: Any, row: Any, weight: Any) -> None:
    """Add one weight to the targets of each source in turn.

    Parameters
    ----------
    targets : ndarray of uint16, shape (sources, synapses)
        Targets of each source, rising.
    order : ndarray of int64
        Sources in the order in which they spike.
    row : ndarray
        Input of the targets; grows.
    weight
        Scalar of the row's type.
    """
    for source in order:
        found = targets[source]
        for k in range(found.size):
            row[found[k]] += weight


@kernel
def scatter_each(targets: Any, weights: Any, order: Any, row: Any) -> None:
    """As :func:`scatter_shared`, with a weight of its own for each synapse (same shape as ``targets``)."""
    for source in order:
        found, weight = targets[source], weights[source]
        for k in range(found.size):
            row[found[k]] += weight[k]


@kernel
def add_rows(weights: Any, order: Any, row: Any) -> None:
    """Deliver to all targets without a list of them: what dense projections could do."""
    for source in order:
        weight = weights[source]
        for k in range(weight.size):
            row[k] += weight[k]


@kernel
def follow_packets(
    time: Any, root: Any, next_node: Any, channel: Any, ps: Any, free: Any, arrived: Any
) -> None:
    """Follow each packet to its end before the next one sets out: the least that a packet-level network costs.

    Exact only if no packet reaches a channel before one that was sent earlier.

    Parameters
    ----------
    time : ndarray of int64, shape (packets,)
        When packets are sent, rising.
    root : ndarray of int32, shape (packets,)
        Node at which each begins.
    next_node : ndarray of int32
        Node after each node, -1: none.
    channel : ndarray of int32
        Channel of each node.
    ps : ndarray of int64, shape (channels, 2)
        Service and latency.
    free : ndarray of int64, shape (channels,)
        When each channel is free; grows.
    arrived : ndarray of int64, shape (packets,)
        Takes when each packet is through.
    """
    for p in range(time.size):
        node, now = root[p], time[p]
        while node >= 0:
            here = channel[node]
            free[here] = max(now, free[here]) + ps[here, 0]
            now = free[here] + ps[here, 1]
            node = next_node[node]
        arrived[p] = now
