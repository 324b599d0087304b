"""The ways of all packets through the channels of a system, as trees whose leaves are cores.

A packet with one target core follows a chain of nodes; chains to the same core share what they have in common
towards it. A packet with several target cores follows a tree of its own, shared by all packets with the same
start and targets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.engine.network import Forest
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.ways import ENTRY, HERE, chains
from spikemesh.mapping.geometry import Geometry
from spikemesh.mapping.routes import FanOut

_ZOBRIST = 0x9E3779B97F4A7C15


@dataclass(frozen=True, eq=False)
class Ways:
    """What every spike sends, and where.

    Attributes
    ----------
    forest
        Nodes.
    rank : ndarray of int32, shape (nodes,)
        Of a leaf, which of the packet's targets its core is; -1 of other nodes and of relay cores.
    core : ndarray of int32, shape (nodes,)
        Of a leaf, its core; -1 of other nodes.
    root_ptr : ndarray of int64, shape (neurons + 1,)
        Packets of each neuron.
    root : ndarray of int32, shape (packets,)
        First node of each packet.
    entry : ndarray of int64, shape (packets,)
        Entry of the fan-out that the packet's first target is; the others follow.
    """

    forest: Forest
    rank: AnyArray
    core: AnyArray
    root_ptr: IntArray
    root: AnyArray
    entry: IntArray


class _Nodes:
    """Nodes while they are collected."""

    def __init__(self) -> None:
        self.count = 0
        self._channel: list[IntArray] = []
        self._core: list[IntArray] = []
        self._rank: list[IntArray] = []
        self._parents: list[IntArray] = []
        self._children: list[IntArray] = []

    def add(self, channel: IntArray, core: IntArray | int = -1, rank: IntArray | int = -1) -> IntArray:
        """Add nodes and return their numbers."""
        first, self.count = self.count, self.count + channel.size
        self._channel.append(channel)
        self._core.append(np.broadcast_to(core, channel.shape))
        self._rank.append(np.broadcast_to(rank, channel.shape))
        return np.arange(first, self.count, dtype=np.int64)

    def join(self, parent: IntArray, child: IntArray) -> None:
        self._parents.append(parent)
        self._children.append(child)

    def ways(self, root_ptr: IntArray, root: IntArray, entry: IntArray) -> Ways:
        empty = np.zeros(0, dtype=np.int64)
        parent, child = np.concatenate([empty, *self._parents]), np.concatenate([empty, *self._children])
        order = np.lexsort((child, parent))
        ptr = np.concatenate(([0], np.cumsum(np.bincount(parent, minlength=self.count)))).astype(np.int64)
        channel = np.concatenate([empty, *self._channel]).astype(np.int32)
        forest = Forest(channel, np.zeros(self.count, dtype=np.int64), ptr, child[order].astype(np.int32))
        rank, core = (np.concatenate([empty, *a]).astype(np.int32) for a in (self._rank, self._core))
        return Ways(forest, rank, core, root_ptr, root.astype(np.int32), entry)


def unicast_ways(geometry: Geometry, fan: FanOut, home: IntArray) -> Ways:
    """Lay the ways of packets with one target core each.

    Parameters
    ----------
    geometry
        Channels.
    fan
        Target cores of every neuron; each is a packet.
    home
        Core of every neuron.
    """
    nodes = _Nodes()
    targets = np.unique(fan.core).astype(np.int64)
    leaves = nodes.add(geometry.core_in(targets), core=targets, rank=0)
    start = 2 * geometry.router_of_core[home[fan.source]]
    first, channel, child = _chains(geometry, start, fan.core.astype(np.int64), targets)
    made = nodes.add(channel)
    ends = child < 0
    nodes.join(made[ends], leaves[-1 - child[ends]])
    nodes.join(made[~ends], made[child[~ends]])
    return nodes.ways(fan.ptr, made[first], np.arange(fan.core.size, dtype=np.int64))


def _chains(
    geometry: Geometry, start: IntArray, core: IntArray, targets: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """First node of each packet; channel of each node and what follows: a node, or -1 - number of a target core."""
    number = np.full(geometry.system.core_count, -1, dtype=np.int64)
    number[targets] = np.arange(targets.size)
    first = np.zeros(start.size, dtype=np.int64)
    room = 1 << 16
    while True:
        node_at = np.full((2 * geometry.routers, targets.size), -1, dtype=np.int32)
        channel, child = np.zeros((2, room), dtype=np.int64)
        count = int(chains(start, core, number, geometry.plan, node_at, first, channel, child))
        if count <= room:
            return first, channel[:count], child[:count]
        room = count


def multicast_ways(geometry: Geometry, fan: FanOut, home: IntArray, relay: bool = False) -> Ways:
    """Lay the ways of packets that branch.

    Parameters
    ----------
    geometry
        Channels.
    fan
        Target cores of every neuron.
    home
        Core of every neuron.
    relay
        Whether there is one packet for each target chip: to a core there that sends it on, core by core. Else
        a chip of router ``multicast`` has one packet for all targets, and one of router ``broadcast`` one for
        each target chip.
    """
    per_chip = relay or geometry.system.chip.router == "broadcast"
    first, root_ptr = _packets(geometry, fan, home, per_chip, relay)
    groups = _Groups(geometry, fan, home, first)
    nodes = _Nodes()
    roots = _relayed(geometry, groups, nodes) if relay else _tries(geometry, groups, nodes)
    return nodes.ways(root_ptr, roots[groups.group], first)


def _packets(
    geometry: Geometry, fan: FanOut, home: IntArray, per_chip: bool, relay: bool
) -> tuple[IntArray, IntArray]:
    """First entry of every packet, and packets by neuron; relays are for other chips only."""
    starts = np.zeros(fan.core.size, dtype=bool)
    starts[fan.ptr[:-1][np.diff(fan.ptr) > 0]] = True
    if per_chip and fan.core.size:
        chip = fan.core // geometry.system.chip.core_count
        starts[1:] |= chip[1:] != chip[:-1]
        if relay:
            starts |= chip == home[fan.source] // geometry.system.chip.core_count
    first = np.flatnonzero(starts).astype(np.int64)
    return first, np.searchsorted(first, fan.ptr).astype(np.int64)


class _Groups:
    """Packets with the same start and the same targets.

    Attributes
    ----------
    group : ndarray of int64, shape (packets,)
        Group of each packet.
    start : ndarray of int64, shape (groups,)
        Router at which each group starts.
    source : ndarray of int64, shape (groups,)
        A core that sends such packets.
    member, core, rank : ndarray of int64, shape (targets of all groups,)
        Group, core and rank of every target.
    """

    def __init__(self, geometry: Geometry, fan: FanOut, home: IntArray, first: IntArray) -> None:
        last = np.append(first, fan.core.size)[1:]
        source = home[fan.source[first]] if first.size else np.zeros(0, dtype=np.int64)
        router = geometry.router_of_core[source]
        sums = [np.add.reduceat(_words(fan.core, k), first) if first.size else first for k in (1, 2)]
        keys = np.stack([router.astype(np.uint64), *(s.astype(np.uint64) for s in sums)], axis=1)
        _, example, self.group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        self.group = self.group.reshape(-1)
        self.start, self.source = router[example], source[example]
        counts = last[example] - first[example]
        self.member = np.repeat(np.arange(example.size), counts)
        self.rank = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        self.core = fan.core[np.repeat(first[example], counts) + self.rank].astype(np.int64)


def _words(core: AnyArray, salt: int) -> AnyArray:
    """Return a 64-bit word for each core, so that sums tell sets of cores apart (splitmix64)."""
    word = (core.astype(np.uint64) + np.uint64(salt << 40)) * np.uint64(_ZOBRIST)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        word = (word ^ (word >> np.uint64(shift))) * np.uint64(factor)
    result: AnyArray = word ^ (word >> np.uint64(31))
    return result


def _tries(geometry: Geometry, groups: _Groups, nodes: _Nodes) -> IntArray:
    """One tree a group, from the way in of its router."""
    roots = nodes.add(geometry.port(groups.start, ENTRY))
    start = groups.start[groups.member]
    origin = geometry.chip_of_router(start)
    _grow(geometry, nodes, roots[groups.member], start, origin, groups.core, groups.rank)
    return roots


def _grow(
    geometry: Geometry,
    nodes: _Nodes,
    parent: IntArray,
    router: IntArray,
    origin: IntArray,
    core: IntArray,
    rank: IntArray,
) -> None:
    """Add the ways from parents at routers to cores; what has one parent and one channel is one node.

    ``origin`` holds the chips from which the packets come.
    """
    place = 2 * router
    while core.size:
        channel, following = geometry.step(place, core, origin)
        key = parent * geometry.channels + channel
        unique, node_of = np.unique(key, return_inverse=True)
        made = nodes.add(unique % geometry.channels)
        nodes.join(unique // geometry.channels, made)
        parent = made[node_of]
        ends = following == HERE
        leaves = nodes.add(geometry.core_in(core[ends]), core=core[ends], rank=rank[ends])
        nodes.join(parent[ends], leaves)
        parent, place, origin = parent[~ends], following[~ends], origin[~ends]
        core, rank = core[~ends], rank[~ends]


def _relayed(geometry: Geometry, groups: _Groups, nodes: _Nodes) -> IntArray:
    """One way a group to a core of the target chip, and from there one to each target."""
    per_chip = geometry.system.chip.core_count
    count = groups.start.size
    first = np.searchsorted(groups.member, np.arange(count))
    number = np.diff(np.append(first, groups.member.size))
    # Spread over the targets themselves: a core that listens anyway.
    relay = groups.core[first + groups.source % np.maximum(number, 1)]
    roots = nodes.add(geometry.port(groups.start, ENTRY))
    away = groups.source // per_chip != relay // per_chip
    arrived = roots.copy()
    at = np.where(away, geometry.router_of_core[relay], groups.start)
    arrived[away] = _chain(geometry, nodes, roots[away], groups.start[away], relay[away])
    parent = arrived[groups.member]
    # On the own chip the packets go to their targets straight; elsewhere one after the other out of the relay.
    far = away[groups.member]
    sent = nodes.add(geometry.core_out(relay[groups.member[far]]))
    nodes.join(parent[far], sent)
    parent[far] = sent
    router = at[groups.member]
    _grow(geometry, nodes, parent, router, geometry.chip_of_router(router), groups.core, groups.rank)
    return roots


def _chain(geometry: Geometry, nodes: _Nodes, parent: IntArray, router: IntArray, core: IntArray) -> IntArray:
    """Add one way from each parent to one core, and return the node that takes the packet in there."""
    place, origin = 2 * router, geometry.chip_of_router(router)
    last, going = np.full(core.size, -1, dtype=np.int64), np.arange(core.size)
    parent = parent.copy()
    while going.size:
        channel, following = geometry.step(place[going], core[going], origin[going])
        made = nodes.add(channel)
        nodes.join(parent[going], made)
        parent[going], place[going] = made, following
        ends = going[following == HERE]
        leaves = nodes.add(geometry.core_in(core[ends]))
        nodes.join(parent[ends], leaves)
        last[ends] = leaves
        going = going[following != HERE]
    return last
