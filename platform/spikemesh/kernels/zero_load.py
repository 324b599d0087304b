"""Packets that take their ways as if each were alone: no waiting but for a channel's clock, and no loss.

Legend: f fabric, see :class:`spikemesh.engine.packet_network.Fabric`; channels are ranks.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare
from spikemesh.kernels.network_fabric import (
    AREA,
    BUSY,
    LATENCY,
    NODE,
    PACKETS,
    PERIOD,
    RANK,
    REPORT,
    SERVICE,
    WAITING,
    WORK,
)


@bare
def follow(first: Any, time: Any, root: Any, f: Any, stack: Any, counts: Any, found: Any) -> None:
    """Take packets along their trees.

    Parameters
    ----------
    first
        Number of the first packet.
    time, root : ndarray of int64 and int32, shape (packets,)
        When each sets out, and at which node.
    f
        Fabric.
    stack : ndarray of int64, shape (nodes + 1, 2)
        Scratch.
    counts : ndarray of int64, shape (ranks, 8)
        Grow.
    found : ndarray of int64, shape (rows, 4)
        Filled: when a packet has left a node that reports, when it came there, the packet, and the node.
    """
    row = 0
    for k in range(time.size):
        stack[0, 0], stack[0, 1] = root[k], time[k]
        height = 1
        while height:
            height -= 1
            node, arrival = stack[height, 0], stack[height, 1]
            rank = f.nodes[node, RANK]
            period = f.lines[rank, PERIOD]
            begin = (arrival + period - 1) // period * period
            service = f.lines[rank, SERVICE] + f.nodes[node, WORK]
            counts[rank, PACKETS] += 1
            counts[rank, BUSY] += service
            counts[rank, WAITING] += begin - arrival
            counts[rank, AREA] += begin - arrival + service
            after = begin + service + f.lines[rank, LATENCY]
            if f.nodes[node, REPORT] & 1:
                found[row, 0], found[row, 1], found[row, 2], found[row, 3] = after, arrival, first + k, node
                row += 1
            for e in range(f.ptr[node], f.ptr[node + 1]):
                stack[height, 0], stack[height, 1] = f.child[e] & NODE, after
                height += 1
