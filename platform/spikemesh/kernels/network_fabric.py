"""Words that the kernels of the packet-level network share.

Channels are numbered here by rank: their place in topological order if there is one. A packet at a node has
the tag ``packet << 32 | node``; an entry of ``child`` is ``rank of its channel << 32 | node``.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare_inlined

# What happens to a packet for which a channel has no place.
NEVER, DROP, STALL, EXPIRE = range(4)
"""It always has one; the packet is dropped on arrival; it is kept in the channel before; kept, then dropped."""

# What a channel has done; columns of its counts.
PACKETS, BUSY, WAITING, BLOCKED, LONGEST, DROPPED, AREA, OUTSIDE = range(8)
COUNTS = 8

# Why a kernel returned.
DONE, NO_ROOM, NO_ROWS, NOT_EXACT = range(4)
"""All is done; a channel's list is full; a table of results is full; a packet would have had to stall."""

NODE = (1 << 32) - 1
"""Mask of the node in a tag, and of the node in an entry of ``child``."""


@bare_inlined
def service_of(rank: Any, tag: Any, f: Any, loads: Any) -> Any:
    """Return the service that a packet needs at a node: the channel's, the node's and what the packet brings.

    ``loads`` holds the place of each packet's first load in ``f.load``, by packet number.
    """
    node = tag & NODE
    share = f.share[node]
    brought = f.load[loads[tag >> 32] + share] if share >= 0 else 0
    return f.service[rank] + f.work[node] + brought
