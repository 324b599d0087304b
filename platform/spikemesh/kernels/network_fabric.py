"""Words that the kernels of the packet-level network share.

Channels are numbered here by rank: their place in topological order if there is one. A packet at a node has
the tag ``packet << 32 | node``; an entry of ``child`` is ``rank of its channel << 32 | node``.
"""

from __future__ import annotations

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

# Columns of the table of nodes: work, the entry of its child if it has one and does not report (else -1), whether it
# reports.
WORK, ONLY_CHILD, REPORT = range(3)
FLOW = 4
