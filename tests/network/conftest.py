"""A slow, readable simulator of packets in channels, networks to simulate, and what all simulators must agree on."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from spikemesh.engine.dependencies import channel_order
from spikemesh.engine.network import Channels, Forest, forest_dependencies
from spikemesh.engine.packet_network import PacketNetwork

NEVER = 1 << 59


@dataclass(eq=False)
class Copy:
    """A packet at a node: outside, under way to the node's channel, in it, or asking to leave it."""

    packet: int
    node: int
    inside: bool = False
    arrival: int = -1
    asked: int = -1
    gave_up: int = -1

    @property
    def turn(self) -> tuple[int, int]:
        return self.packet, self.node


class Reference:
    """Follows the rules of ``spikemesh.engine.network`` one packet at a time, with sets instead of lists of waiters."""

    def __init__(self, channels: Channels, trees: Forest, time: Any, root: Any) -> None:
        self.c, self.t = channels, trees
        self.agenda: list[tuple[int, int, tuple[int, int], int, str, Copy]] = []
        self.planned = itertools.count()
        self.at: dict[int, list[Copy]] = defaultdict(list)  # in the channel, first the one in service
        self.coming: dict[int, int] = defaultdict(int)  # places taken by packets under way
        self.asking: list[Copy] = []
        self.rerouted = 0
        self.deliveries: list[tuple[int, int, int, int]] = []  # time, arrival, packet, node
        self.drops: list[tuple[int, int, int]] = []  # time, packet, node
        self.stays: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.counts = {
            name: defaultdict(int)
            for name in ("packets", "busy", "waiting", "blocked", "longest", "dropped", "outside")
        }
        for packet, (when, node) in enumerate(zip(time, root, strict=True)):
            self.plan(int(when), 0, "ask", Copy(packet, int(node)))

    def plan(self, time: int, phase: int, what: str, copy: Copy) -> None:
        heapq.heappush(self.agenda, (time, phase, copy.turn, next(self.planned), what, copy))

    def run(self) -> Reference:
        while self.agenda:
            time, _, _, _, what, copy = heapq.heappop(self.agenda)
            getattr(self, what)(copy, time)
        self.deliveries.sort(key=lambda row: (row[0], row[2], row[3]))
        self.drops.sort()
        return self

    # What happens.
    def ask(self, copy: Copy, time: int) -> None:
        copy.asked = time
        self.asking.append(copy)
        self.let_go(time)
        if copy in self.asking:
            wanted = [(c, node) for c, node in self.wanted(copy) if self.gives_up(c)]
            for wait in (wait for c, node in wanted for wait in self.waits(c, node)):
                self.plan(time + wait, 1, "give_up", copy)

    def give_up(self, copy: Copy, time: int) -> None:
        if copy in self.asking:
            copy.gave_up = time
            self.let_go(time)

    def arrive(self, copy: Copy, time: int) -> None:
        channel = int(self.t.channel[copy.node])
        copy.arrival, copy.inside = time, True
        if self.drops_at_once(channel) and len(self.at[channel]) > self.c.queue[channel]:
            self.drop(copy, time)
            return
        self.coming[channel] -= 1
        self.at[channel].append(copy)
        self.counts["packets"][channel] += 1
        self.counts["longest"][channel] = max(self.counts["longest"][channel], len(self.at[channel]) - 1)
        if len(self.at[channel]) == 1:
            self.serve(channel, time)

    def deliver(self, copy: Copy, time: int) -> None:
        self.deliveries.append((time, copy.arrival, copy.packet, self.reported(copy.node)))

    # How.
    def let_go(self, time: int) -> None:
        """As long as one of those that ask can go, the one that has asked longest goes."""
        while True:
            for copy in sorted(self.asking, key=lambda c: (c.asked, *c.turn)):
                chosen = self.chosen(copy)
                if chosen is not None:
                    self.asking.remove(copy)
                    self.go(copy, chosen, time)
                    break
            else:
                return

    def wanted(self, copy: Copy) -> list[tuple[int, int]]:
        nodes = self.children(copy.node) if copy.inside else [copy.node]
        return [(int(self.t.channel[n]), n) for n in nodes]

    def chosen(self, copy: Copy) -> list[int | None] | None:
        """For each child where the copy goes, it or its detour, None: nowhere; or None if one has to be waited for."""
        taken: dict[int, int] = defaultdict(int)
        result: list[int | None] = []
        for channel, node in self.wanted(copy):
            waits = self.waits(channel, node)
            given_up = (
                sum(copy.asked + wait <= copy.gave_up for wait in waits) if self.gives_up(channel) else 0
            )
            there = node if given_up == 0 or len(waits) == 1 else self.detour(node)
            goal = int(self.t.channel[there])
            room = not self.keeps_places(goal) or (
                self.coming[goal] + len(self.at[goal]) + taken[goal] <= self.c.queue[goal]
            )
            if not room and given_up < len(waits):
                return None
            taken[goal] += room
            result.append(there if room else None)
        return result

    def go(self, copy: Copy, chosen: list[int | None], time: int) -> None:
        here = int(self.t.channel[copy.node])
        arrival = time + int(self.c.latency[here]) if copy.inside else time
        for (_, node), there in zip(self.wanted(copy), chosen, strict=True):
            if there is None:
                self.drop(Copy(copy.packet, node), time)
            else:
                self.rerouted += there != node
                self.coming[int(self.t.channel[there])] += 1
                self.plan(arrival, 2, "arrive", Copy(copy.packet, there))
        self.counts["blocked" if copy.inside else "outside"][here] += time - copy.asked
        if copy.inside:
            if not self.children(copy.node):
                self.plan(arrival, 2, "deliver", copy)
            assert self.at[here].pop(0) is copy
            self.stays[here].append((copy.arrival, time))
            if self.at[here]:
                self.serve(here, time)

    def serve(self, channel: int, time: int) -> None:
        copy = self.at[channel][0]
        period = max(1, int(self.c.period[channel]))
        begin = -(-time // period) * period
        duration = int(self.c.service[channel] + self.t.work[copy.node])
        self.counts["waiting"][channel] += begin - copy.arrival
        self.counts["busy"][channel] += duration
        self.plan(begin + duration, 0, "ask", copy)

    def drop(self, copy: Copy, time: int) -> None:
        node = self.reported(copy.node)
        self.drops.append((time, copy.packet, node))
        self.counts["dropped"][int(self.t.channel[node])] += 1

    # What the rules of a channel are.
    def children(self, node: int) -> list[int]:
        return self.t.child[self.t.child_ptr[node] : self.t.child_ptr[node + 1]].tolist()

    def detour(self, node: int) -> int:
        """First node of the detour, -1: none."""
        return int(self.t.detour[node]) if self.t.detour.size else -1

    def reported(self, node: int) -> int:
        """The node under which packets at a node are reported."""
        return int(self.t.instead[node]) if self.t.instead.size and self.t.instead[node] >= 0 else node

    def waits(self, channel: int, node: int) -> list[int]:
        """How long a packet waits altogether before it gives up the channel, and then the one of the detour."""
        first = int(self.c.wait[channel])
        there = self.detour(node)
        return [first] if there < 0 else [first, first + int(self.c.wait[self.t.channel[there]])]

    def drops_at_once(self, channel: int) -> bool:
        return bool(self.c.queue[channel] >= 0 and self.c.drops[channel] and not self.gives_up(channel))

    def gives_up(self, channel: int) -> bool:
        waits = self.c.wait[channel] > 0 or any(
            self.detour(node) >= 0 for node in np.flatnonzero(self.t.channel == channel)
        )
        return bool(self.c.queue[channel] >= 0 and self.c.drops[channel] and waits)

    def keeps_places(self, channel: int) -> bool:
        return bool(self.c.queue[channel] >= 0 and not self.drops_at_once(channel))

    def column(self, name: str) -> list[int]:
        return [self.counts[name][c] for c in range(self.c.service.size)]

    def area(self) -> list[int]:
        """Integral of the number of packets that have arrived and not left, moment by moment."""
        result = []
        for channel in range(self.c.service.size):
            moments = sorted({t for stay in self.stays[channel] for t in stay})
            result.append(
                sum(
                    (later - now) * sum(a <= now < b for a, b in self.stays[channel])
                    for now, later in itertools.pairwise(moments)
                )
            )
        return result


def channels_of(count: int, order: Any = (), **given: Any) -> Channels:
    """Make channels from one value or one a channel; by default 10 ps of service, unlimited queues."""
    values = {"service": 10, "latency": 0, "queue": -1, "drops": 0, "wait": 0, "period": 1} | given
    made = {
        name: np.broadcast_to(np.asarray(value, dtype=np.int64), count).copy()
        for name, value in values.items()
    }
    made["drops"] = made["drops"].astype(np.uint8)
    return Channels(**made, order=np.asarray(order, dtype=np.int64))


class TreeBuilder:
    """Collects trees of channels; ``network`` orders the channels if that is possible."""

    def __init__(self) -> None:
        self.channel: list[int] = []
        self.work: list[int] = []
        self.below: list[list[int]] = []

    def node(self, channel: int, work: int = 0) -> int:
        self.channel.append(channel)
        self.work.append(work)
        self.below.append([])
        return len(self.channel) - 1

    def tree(self, *paths: Any) -> int:
        """Add a tree that holds all these paths of channels; return its root."""
        found: dict[tuple[int, ...], int] = {}
        for path in paths:
            for end in range(1, len(path) + 1):
                prefix = tuple(path[:end])
                if prefix not in found:
                    found[prefix] = self.node(path[end - 1])
                    if end > 1:
                        self.below[found[prefix[:-1]]].append(found[prefix])
        return found[tuple(paths[0][:1])]

    def forest(self) -> Forest:
        flat = [child for children in self.below for child in children]
        return Forest(
            channel=np.array(self.channel, dtype=np.int32),
            work=np.array(self.work, dtype=np.int64),
            child_ptr=np.concatenate(([0], np.cumsum([len(b) for b in self.below]))).astype(np.int64),
            child=np.array(flat, dtype=np.int32),
        )

    def network(self, channels: Channels) -> PacketNetwork:
        trees = self.forest()
        order = channel_order(*forest_dependencies(trees), channels.service.size)
        return PacketNetwork(channels._replace(order=order), trees)


class Mesh(TreeBuilder):
    """A k x k mesh: for each node a channel in and one out, and one link to each neighbour."""

    def __init__(self, k: int) -> None:
        super().__init__()
        self.k, self.nodes = k, k * k
        self.links: dict[tuple[int, int], int] = {}
        for node in range(self.nodes):
            x, y = node % k, node // k
            for there, exists in (
                (node + 1, x < k - 1),
                (node - 1, x > 0),
                (node + k, y < k - 1),
                (node - k, y > 0),
            ):
                if exists:
                    self.links[node, there] = 2 * self.nodes + len(self.links)
        self.channels = 2 * self.nodes + len(self.links)

    def into(self, node: int) -> int:
        return node

    def out(self, node: int) -> int:
        return self.nodes + node

    def hops(self, source: int, target: int, y_first: bool = False) -> list[int]:
        """Links from source to target, first along x."""
        path, here, k = [], source, self.k
        for along_y in (y_first, not y_first):
            while (here // k != target // k) if along_y else (here % k != target % k):
                ahead = target // k > here // k if along_y else target % k > here % k
                there = here + (k if along_y else 1) * (1 if ahead else -1)
                path.append(self.links[here, there])
                here = there
        return path

    def path(self, source: int, target: int) -> list[int]:
        return [self.into(source), *self.hops(source, target), self.out(target)]

    def unicasts(self) -> np.ndarray:
        """Add a path for every pair; return roots, shape (sources, targets)."""
        return np.array([[self.tree(self.path(s, t)) for t in range(self.nodes)] for s in range(self.nodes)])


@pytest.fixture(scope="session")
def reference():
    """Return the slow simulator: ``reference(channels, forest, time, root).run()``."""
    return Reference


@pytest.fixture(scope="session")
def channels():
    """Return ``channels(count, order, service=..., ...)``."""
    return channels_of


@pytest.fixture(scope="session")
def trees():
    """Return the class that collects trees."""
    return TreeBuilder


@pytest.fixture(scope="session")
def mesh():
    """Return the class of meshes."""
    return Mesh
