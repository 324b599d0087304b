"""Words that the kernels and the engine of the packet-level network share.

Channels are numbered here by rank: their place in topological order if there is one. A packet at a node has
the tag ``packet << 32 | node``; an entry of ``child`` is ``rank of its channel << 32 | node``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import bare_inlined
from spikemesh.kernels.pointers import address_of, as_int64

# What happens to a packet for which a channel has no place.
NEVER, DROP, STALL, EXPIRE = range(4)
"""It always has one; the packet is dropped on arrival; it is kept in the channel before; kept, then dropped."""

# What a channel has done; columns of its counts.
PACKETS, BUSY, WAITING, BLOCKED, LONGEST, DROPPED, AREA, OUTSIDE = range(8)
COUNTS = 8

# Why a kernel returned.
DONE, NOT_EXACT, NO_ROOM, NO_DELIVERIES, NO_DROPS, NO_ROWS = range(6)
"""All is done; a packet would have had to stall; lists of packets are full, or the table of deliveries, of drops, or of
what channels did.
"""

NODE = (1 << 32) - 1
"""Mask of the node in a tag, and of the node in an entry of ``child``."""

# Columns of the table of channels: times in ps, what happens without a place, places, how long to wait for one, service
# and work where these are always the same and need no clock (else 0; UNASKED: nobody asks for the longest queue), and
# the greatest latency of the channels before.
SERVICE, LATENCY, PERIOD, RULE, PLACES, WAIT, SAME, LONGEST_WAY = range(8)
LINE = 8
UNASKED = -1

# Columns of the table of nodes: work, the entry of its child if it has one and does not report (else -1), whether it
# reports and twice the number of the load, from 1, that a packet leaves there (0: none), the rank of its channel.
WORK, ONLY_CHILD, REPORT, RANK = range(4)
FLOW = 4


@bare_inlined
def detour_of(node: Any, f: Any) -> Any:
    """Return the entry of the first node of a node's detour, as one of ``child``; -1: it has none."""
    return f.detour[node] if f.detour.size else np.int64(-1)


@bare_inlined
def reported_as(tag: Any, f: Any) -> Any:
    """Return the tag under which a packet at a node is reported: that of the node which it goes round."""
    if f.instead.size == 0:
        return tag
    node = tag & NODE
    instead = f.instead[node]
    return tag if instead < 0 else tag - node + instead


@bare_inlined
def service_of(service: Any, tag: Any, f: Any, loads: Any) -> Any:
    """Return the service that a packet needs at a node: the channel's, the node's and what the packet brings.

    ``loads`` holds the place of each packet's first load in ``f.load``, by packet number.
    """
    flow = as_int64(address_of(f.nodes) + 8 * FLOW * (tag & NODE))
    share = flow[REPORT] >> 1
    brought = f.load[loads[tag >> 32] + share - 1] if share else 0
    return service + flow[WORK] + brought
