"""Orders of directed graphs.

Legend: N nodes, E edges; the successors of node n are ``target[ptr[n]:ptr[n + 1]]``.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare, kernel


@kernel
def topological(ptr: Any, target: Any, missing: Any, order: Any) -> Any:
    """Order nodes so that every edge goes forward; nodes that could go next go in the order they were freed.

    Parameters
    ----------
    ptr : ndarray of int64, shape (N + 1,)
        First successor of each node.
    target : ndarray of int64, shape (E,)
        Successors.
    missing : ndarray of int64, shape (N,)
        Zeros; left as the number of predecessors that did not get a place.
    order : ndarray of int64, shape (N,)
        Takes the order.

    Returns
    -------
    int
        Nodes that got a place: N, or fewer if there is a cycle.
    """
    for e in range(target.size):
        missing[target[e]] += 1
    placed = 0
    for n in range(missing.size):
        if missing[n] == 0:
            order[placed] = n
            placed += 1
    done = 0
    while done < placed:
        node = order[done]
        done += 1
        for e in range(ptr[node], ptr[node + 1]):
            missing[target[e]] -= 1
            if missing[target[e]] == 0:
                order[placed] = target[e]
                placed += 1
    return placed


@bare
def sum_upwards(order: Any, ptr: Any, target: Any, total: Any) -> None:
    """Add to every node what its successors have, from the end of a topological order to its beginning."""
    for k in range(order.size - 1, -1, -1):
        node = order[k]
        for e in range(ptr[node], ptr[node + 1]):
            total[node] += total[target[e]]


@bare
def sum_downwards(order: Any, ptr: Any, target: Any, total: Any) -> None:
    """Add what a node has to each of its successors, from the beginning of a topological order to its end."""
    for k in range(order.size):
        node = order[k]
        for e in range(ptr[node], ptr[node + 1]):
            total[target[e]] += total[node]
