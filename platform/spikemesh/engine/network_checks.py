"""What a packet-level network must be."""

from __future__ import annotations

import numpy as np

from spikemesh.engine.network import Channels, Forest, moves, parents
from spikemesh.engine.network_detours import check_detours
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.graph import topological

MOST_PS = 1 << 54
"""Longest service, latency, wait and period: five hours. Sums of many stay within 64 bits."""
LATEST_PS = 1 << 58
"""Last time at which a packet can be sent."""


def within(name: str, values: AnyArray, low: int, high: int) -> None:
    """Refuse values outside a range."""
    if values.size and (values.min() < low or values.max() > high):
        k = int(np.flatnonzero((values < low) | (values > high))[0])
        raise ValueError(f"{name}[{k}] is {values[k]}: it must lie in {low} to {high}")


def check_channels(channels: Channels) -> None:
    """Refuse channels whose arrays differ in length, or hold what is not possible."""
    count = channels.service.size
    for name in Channels._fields:
        size = getattr(channels, name).size
        if size != count and not (name == "order" and size == 0):
            raise ValueError(f"{name} has {size} entries for {count} channels")
    for name in ("service", "latency", "queue", "drops", "wait", "period"):
        low, high = (-1 if name == "queue" else 0), (1 if name == "drops" else MOST_PS)
        within(name, getattr(channels, name), low, high)
    if channels.order.size and not np.array_equal(np.sort(channels.order), np.arange(count)):
        raise ValueError(f"order does not hold each of {count} channels once")


def check_forest(trees: Forest, channels: Channels) -> None:
    """Refuse trees whose arrays differ in length, hold what is not possible, or do not fit the channels."""
    nodes, entries = trees.channel.size, trees.child.size
    optional = ("report", "detour")
    for name, size in (
        ("work", nodes),
        ("child_ptr", nodes + 1),
        ("report", nodes),
        ("detour", nodes),
        ("instead", trees.detour.size),
    ):
        if getattr(trees, name).size != size and not (name in optional and getattr(trees, name).size == 0):
            raise ValueError(f"{name} has {getattr(trees, name).size} entries for {nodes} nodes")
    within("channel", trees.channel, 0, channels.service.size - 1)
    within("work", trees.work, 0, MOST_PS)
    within("child", trees.child, 0, nodes - 1)
    if trees.child_ptr[0] != 0 or trees.child_ptr[-1] != entries or np.any(np.diff(trees.child_ptr) < 0):
        raise ValueError(f"child_ptr must rise from 0 to {entries}, the entries of child")
    if trees.detour.size:
        within("detour", trees.detour, -1, nodes - 1)
        within("instead", trees.instead, -1, nodes - 1)
        check_detours(trees, channels)
    _check_order(channels, trees)
    _check_service(channels, trees)
    _check_copies(channels, trees)


def node_order(trees: Forest) -> IntArray:
    """Return the nodes so that parents come before children; refuse trees that go round."""
    nodes = trees.channel.size
    missing, order = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
    ptr, child = trees.child_ptr.astype(np.int64), trees.child.astype(np.int64)
    if topological(ptr, child, missing, order) < nodes:
        k = int(np.flatnonzero(missing)[0])
        raise ValueError(f"node {k} is below itself or below such a node: packets would go round for ever")
    return order


def _check_order(channels: Channels, trees: Forest) -> None:
    if channels.order.size:
        place = np.argsort(channels.order)[trees.channel]
        first, second = moves(trees)
        wrong = np.flatnonzero(place[first] >= place[second])
        if wrong.size:
            a, b = trees.channel[first[wrong[0]]], trees.channel[second[wrong[0]]]
            raise ValueError(f"packets go from channel {a} to {b}, which comes no later in order")


def _check_service(channels: Channels, trees: Forest) -> None:
    wrong = np.flatnonzero(channels.service[trees.channel] + trees.work < 1)
    if wrong.size:
        k = int(wrong[0])
        place = f"node {k}: service in channel {trees.channel[k]}"
        raise ValueError(f"{place} and work take no time; at least 1 ps is needed")


def _check_copies(channels: Channels, trees: Forest) -> None:
    """Refuse copies that could never set out together, for the channel has fewer places than they need."""
    count = np.int64(channels.service.size)
    pairs, copies = np.unique(parents(trees) * count + trees.channel[trees.child], return_counts=True)
    queue, drops = channels.queue[pairs % count], channels.drops[pairs % count]
    wrong = np.flatnonzero((queue >= 0) & (drops == 0) & (copies > queue + 1))
    if wrong.size:
        k = int(wrong[0])
        needed = f"node {pairs[k] // count} has {copies[k]} children in channel {pairs[k] % count}"
        raise ValueError(f"{needed}, which has {queue[k] + 1} places")
