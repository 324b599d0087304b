"""A network at packet level: channels that one packet occupies at a time, and where packets go from each.

Nothing here knows of chips, spikes or steps; times are whole picoseconds.

**Order.** A packet's number is its place in the list of all that were sent. Of two packets that reach a channel at
the same picosecond the lower number is served first, then the lower node. At any picosecond, packets leave
channels before others arrive. A service takes at least 1 ps.

**Room.** A channel has ``queue + 1`` places: one in service (or kept there, served, until it can go on) and those that wait.
Where a full channel stalls packets, or drops them after a while, a packet takes its place when it sets out for it,
as with credits, and is kept where it is until there is one; a packet sent into a full channel waits outside. Who
waits longest goes first. A packet with several children sets out when there is a place for all of them. Where a full
channel drops at once, the packet has set out, and is dropped as it arrives.

Legend: C channels, K nodes, E entries of ``child``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.graph import sum_downwards, sum_upwards, topological
from spikemesh.kernels.network_fabric import DROP, EXPIRE, NEVER, STALL

_UNLIMITED = np.int64(1) << 62


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


class Fabric(NamedTuple):
    """Channels and forest as the kernels want them, channels numbered by rank: their place in the order."""

    number: IntArray  # int64 [C], the channel of a rank
    service: IntArray  # int64 [C]
    latency: IntArray  # int64 [C]
    period: IntArray  # int64 [C]
    places: IntArray  # int64 [C]
    rule: IntArray  # int64 [C], see kernels.network_fabric
    wait: IntArray  # int64 [C]
    longest_way: IntArray  # int64 [C], greatest latency of the channels before
    rank: AnyArray  # int32 [K], of a node's channel
    work: IntArray  # int64 [K]
    share: AnyArray  # int32 [K], which of a packet's loads is taken in at the node; -1: none
    load: IntArray  # int64, ps of service that packets bring; see kernels.network_fabric
    ptr: IntArray  # int64 [K+1]
    child: IntArray  # int64 [E], rank << 32 | node
    report: AnyArray  # uint8 [K]
    leaves: IntArray  # int64 [K], ends of branches below a node, itself if it is one


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


class PacketNetwork:
    """Channels and forest, checked and laid out for the simulators; never changed by them.

    Parameters
    ----------
    channels, trees
        The network.
    share : ndarray of int32, shape (K,), optional
        Which of its loads a packet leaves at each node, -1: none.
    load : ndarray of int64, optional
        Service in ps that packets bring besides the channels' and the nodes'; a packet's loads follow one another.

    Attributes
    ----------
    fabric
        What kernels read.
    node_order : ndarray of int64, shape (K,)
        Nodes, parents before children.
    acyclic
        Whether the channels have an order.

    Raises
    ------
    ValueError
        If an array has a wrong length or an impossible value; says which, where, and what is allowed.
    """

    def __init__(
        self,
        channels: Channels,
        trees: Forest,
        share: AnyArray | None = None,
        load: IntArray | None = None,
    ) -> None:
        _check_channels(channels)
        _check_forest(trees, channels.service.size)
        self.channels, self.trees = channels, trees
        self.acyclic = channels.order.size == channels.service.size
        number = channels.order if self.acyclic else np.arange(channels.service.size)
        self.node_order = _node_order(trees)
        fabric = _fabric(channels, trees, np.ascontiguousarray(number, dtype=np.int64))
        if share is not None and load is not None:
            fabric = fabric._replace(
                share=np.ascontiguousarray(share, dtype=np.int32),
                load=np.ascontiguousarray(load, dtype=np.int64),
            )
        self.fabric = fabric
        sum_upwards(self.node_order, trees.child_ptr, trees.child, self.fabric.leaves)
        _check_service(self)
        _check_copies(self)

    def visits(self, root: AnyArray) -> IntArray:
        """Count how often packets that set out at ``root`` reach each rank, if none is dropped."""
        nodes = np.bincount(root, minlength=self.trees.channel.size).astype(np.int64)
        sum_downwards(self.node_order, self.trees.child_ptr, self.trees.child, nodes)
        reached = np.zeros(self.fabric.number.size, dtype=np.int64)
        np.add.at(reached, self.fabric.rank, nodes)
        return reached

    def check_sent(self, time: AnyArray, root: AnyArray) -> tuple[IntArray, AnyArray]:
        """Return what is sent as contiguous arrays.

        Raises
        ------
        ValueError
            If the two differ in length, a time is negative, or a root is no node.
        """
        times = np.ascontiguousarray(time, dtype=np.int64)
        roots = np.ascontiguousarray(root, dtype=np.int32)
        if times.shape != roots.shape or times.ndim != 1:
            raise ValueError(f"times {times.shape} and roots {roots.shape} must be two lists of one length")
        _within("root", roots, 0, self.trees.channel.size - 1)
        _within("time", times, 0, int(_UNLIMITED >> 3))
        return times, roots


def _within(name: str, values: AnyArray, low: int, high: int) -> None:
    wrong = np.flatnonzero((values < low) | (values > high))
    if wrong.size:
        k = int(wrong[0])
        raise ValueError(f"{name}[{k}] is {values[k]}: it must lie in {low} to {high}")


def _check_channels(channels: Channels) -> None:
    count = channels.service.size
    for name in Channels._fields:
        size = getattr(channels, name).size
        if size != count and not (name == "order" and size == 0):
            raise ValueError(f"{name} has {size} entries for {count} channels")
    for name, low in (
        ("service", 0),
        ("latency", 0),
        ("queue", -1),
        ("drops", 0),
        ("wait", 0),
        ("period", 0),
    ):
        _within(name, getattr(channels, name), low, 1 if name == "drops" else int(_UNLIMITED >> 8))
    if channels.order.size and not np.array_equal(np.sort(channels.order), np.arange(count)):
        raise ValueError(f"order does not hold each of {count} channels once")


def _check_forest(trees: Forest, channels: int) -> None:
    nodes, entries = trees.channel.size, trees.child.size
    for name, size in (("work", nodes), ("child_ptr", nodes + 1), ("report", nodes)):
        if getattr(trees, name).size != size and not (name == "report" and trees.report.size == 0):
            raise ValueError(f"{name} has {getattr(trees, name).size} entries for {nodes} nodes")
    _within("channel", trees.channel, 0, channels - 1)
    _within("work", trees.work, 0, int(_UNLIMITED >> 8))
    _within("child", trees.child, 0, nodes - 1)
    if trees.child_ptr[0] != 0 or trees.child_ptr[-1] != entries or np.any(np.diff(trees.child_ptr) < 0):
        raise ValueError(f"child_ptr must rise from 0 to {entries}, the entries of child")


def _node_order(trees: Forest) -> IntArray:
    nodes = trees.channel.size
    missing, order = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
    if topological(trees.child_ptr, trees.child, missing, order) < nodes:
        k = int(np.flatnonzero(missing)[0])
        raise ValueError(f"node {k} is below itself or below such a node: packets would go round for ever")
    return order


def _parents(trees: Forest) -> IntArray:
    return np.repeat(np.arange(trees.channel.size), np.diff(trees.child_ptr))


def forest_dependencies(trees: Forest) -> tuple[IntArray, IntArray]:
    """Pairs of channels such that a packet can go from the first to the second, each once."""
    pairs = np.column_stack([trees.channel[_parents(trees)], trees.channel[trees.child]])
    unique = np.unique(pairs.astype(np.int64), axis=0).reshape(-1, 2)
    return np.ascontiguousarray(unique[:, 0]), np.ascontiguousarray(unique[:, 1])


def _rules(channels: Channels) -> IntArray:
    at_once = np.where(channels.wait > 0, EXPIRE, DROP)
    finite = np.where(channels.drops > 0, at_once, STALL)
    return np.where(channels.queue < 0, NEVER, finite).astype(np.int64)


def _fabric(channels: Channels, trees: Forest, number: IntArray) -> Fabric:
    rank_of = np.empty(number.size, dtype=np.int64)
    rank_of[number] = np.arange(number.size)
    rank = rank_of[trees.channel]
    before, after = rank[_parents(trees)], rank[trees.child]
    if channels.order.size and np.any(before >= after):
        k = int(np.flatnonzero(before >= after)[0])
        pair = number[before[k]], number[after[k]]
        raise ValueError(f"packets go from channel {pair[0]} to {pair[1]}, which comes no later in order")
    longest_way = np.zeros(number.size, dtype=np.int64)
    np.maximum.at(longest_way, after, channels.latency[number[before]])

    def by_rank(values: AnyArray) -> IntArray:
        return np.ascontiguousarray(values[number], dtype=np.int64)

    leaves = np.diff(trees.child_ptr) == 0
    return Fabric(
        number=number,
        service=by_rank(channels.service),
        latency=by_rank(channels.latency),
        period=by_rank(np.maximum(channels.period, 1)),
        places=by_rank(np.where(channels.queue < 0, _UNLIMITED, channels.queue + 1)),
        rule=by_rank(_rules(channels)),
        wait=by_rank(channels.wait),
        longest_way=longest_way,
        rank=rank.astype(np.int32),
        work=np.ascontiguousarray(trees.work, dtype=np.int64),
        share=np.full(rank.size, -1, dtype=np.int32),
        load=np.zeros(1, dtype=np.int64),
        ptr=np.ascontiguousarray(trees.child_ptr, dtype=np.int64),
        child=(after << 32 | trees.child.astype(np.int64)),
        report=np.ascontiguousarray(trees.report if trees.report.size else leaves, dtype=np.uint8),
        leaves=leaves.astype(np.int64),
    )


def _check_service(network: PacketNetwork) -> None:
    channel = network.trees.channel
    wrong = np.flatnonzero(network.channels.service[channel] + network.trees.work < 1)
    if wrong.size:
        k = int(wrong[0])
        raise ValueError(
            f"node {k}: service in channel {channel[k]} and work take no time; at least 1 ps is needed"
        )


def _check_copies(network: PacketNetwork) -> None:
    """Refuse copies that could never set out together, for the channel has fewer places than they need."""
    fabric = network.fabric
    pairs = np.column_stack([_parents(network.trees), fabric.child >> 32])
    unique, copies = np.unique(pairs.reshape(-1, 2), axis=0, return_counts=True)
    wrong = np.flatnonzero((fabric.rule[unique[:, 1]] == STALL) & (copies > fabric.places[unique[:, 1]]))
    if wrong.size:
        (node, rank), needed = unique[wrong[0]], copies[wrong[0]]
        channel, places = fabric.number[rank], fabric.places[rank]
        raise ValueError(f"node {node} has {needed} children in channel {channel}, which has {places} places")
