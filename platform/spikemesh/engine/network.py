"""A network at packet level: channels that one packet occupies at a time, and where packets go from each.

Nothing here knows of chips, spikes or steps; times are whole picoseconds.

**Order.** A packet's number is its place in the list of all that were sent. Of two packets that reach a channel at
the same picosecond the lower number is served first, then the lower node. At any picosecond, packets leave
channels before others arrive. A service takes at least 1 ps.

**Room.** A channel has ``queue + 1`` places: one in service (or kept there, served, until it can go on) and those
that wait. Where a full channel stalls packets, or drops them after a while, a packet takes its place when it sets out
for it, as with credits, and is kept where it is until there is one; a packet sent into a full channel waits outside.
Who waits longest goes first. A packet with several children sets out when there is a place for all of them. Where a
full channel drops at once, the packet has set out, and is dropped as it arrives.

**Detours.** A node may have a detour: a row of nodes for it alone, the last of which has the node's own children. A
packet that has waited for room in the node's channel as long as that lets it wait, be that no time at all, wants room
in the channel of the detour's first node from then on, and no more in its own; who has waited longest in all still goes
first. When it has waited as long as this channel lets it wait, too, it is dropped. From a detour there are no further
ones. Deliveries and drops there are those of the node that is gone round, and its channel counts the drops; all else is
counted by the channel that does it. A channel some node of which has a detour keeps places as one with a wait does.

Legend: C channels, K nodes, E entries of ``child``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.ids import AnyArray, IntArray


class Channels(NamedTuple):
    """Anything that one packet occupies at a time: a link, a router's port, a core's input."""

    service: IntArray  # int64 [C], ps that a packet occupies it
    latency: IntArray  # int64 [C], ps from the end of service to the arrival at what comes next
    queue: IntArray  # int64 [C], packets that can wait beside the one in service; -1: any number
    drops: AnyArray  # uint8 [C], 1: a packet that finds the queue full is dropped; 0: it stalls
    wait: IntArray  # int64 [C], where it drops: ps that a packet waits for room before; 0: none
    period: IntArray  # int64 [C], ps of the channel's clock, at whose edges service begins; 0 or 1: any time
    order: IntArray  # int64 [C], so that packets go from earlier to later ones only; empty: there is a cycle


class Forest(NamedTuple):
    """Where packets go: trees that branch for multicast, chains for unicast.

    Children are copies, made when service and latency are over, all at the same time. Trees may share
    branches, but a packet must reach a node by one way only.
    """

    channel: AnyArray  # int32 [K]
    work: IntArray  # int64 [K], ps of service besides the channel's own
    child_ptr: IntArray  # int64 [K+1]
    child: AnyArray  # int32 [E]
    report: AnyArray = np.zeros(0, dtype=np.uint8)
    """uint8 [K], 1: it is reported when a packet has left this node; empty: leaves report."""
    detour: AnyArray = np.zeros(0, dtype=np.int32)
    """int32 [K], first node of its detour, -1: it has none; empty: no node has one."""
    instead: AnyArray = np.zeros(0, dtype=np.int32)
    """int32 [K], of a node of a detour, the node that it goes round, -1: of others; empty as ``detour``."""


class Deliveries(NamedTuple):
    """Packets that have left a node that reports, by time, packet and node."""

    time: IntArray  # int64, ps, service and latency included
    arrival: IntArray  # int64, ps, when the packet reached the node's channel
    packet: IntArray  # int64
    node: IntArray  # int64


class Drops(NamedTuple):
    """Packets that were dropped, with all that lies below the node, by time, packet and node."""

    time: IntArray  # int64, ps
    packet: IntArray  # int64
    node: IntArray  # int64, whose channel had no room


class Counts(NamedTuple):
    """What each channel did, or some of them; ``area == waiting + busy + blocked`` when it is empty."""

    packets: IntArray  # int64, that were taken in
    busy: IntArray  # int64, ps of service
    waiting: IntArray  # int64, ps from arrival to the beginning of service
    blocked: IntArray  # int64, ps from the end of service until there was room in what comes next
    longest: IntArray  # int64, most packets that waited beside the one in service
    dropped: IntArray  # int64
    area: IntArray  # int64, packets in the channel, integrated over time
    outside: IntArray  # int64, ps for which packets that were sent into it waited for room


class Balance(NamedTuple):
    """Ends of branches; ``sent == delivered + dropped + in_flight``, each counted by itself."""

    sent: int
    delivered: int
    dropped: int
    in_flight: int


def parents(trees: Forest) -> IntArray:
    """Return the node before each entry of ``child``."""
    return np.repeat(np.arange(trees.channel.size), np.diff(trees.child_ptr))


def moves(trees: Forest) -> tuple[IntArray, AnyArray]:
    """Return pairs of nodes such that a packet that is on no detour goes from the first to the second."""
    first = parents(trees)
    if not trees.instead.size:
        return first, trees.child
    straight = trees.instead[first] < 0
    return first[straight], trees.child[straight]


def forest_dependencies(trees: Forest) -> tuple[IntArray, IntArray]:
    """Return pairs of channels such that a packet on no detour can go from the first to the second, each once."""
    count = np.int64(1) + int(trees.channel.max(initial=0))
    first, second = moves(trees)
    pairs = np.unique(trees.channel[first] * count + trees.channel[second])
    return pairs // count, pairs % count


def expiring(channels: Channels, trees: Forest) -> AnyArray:
    """Return for each channel whether packets wait for room in it for a while, and then are dropped or go round it."""
    found: AnyArray = channels.wait > 0
    if trees.detour.size:
        found[trees.channel[trees.detour >= 0]] = True
    return found & (channels.drops > 0) & (channels.queue >= 0)
