"""Channels that all packets take one after the other, joined into one.

Packets that leave a channel are at least a service apart. In a next channel that takes no others, and serves no
slower, none of them waits: it only takes time, as latency does. So a row of such channels is one channel with their
latencies and the later services added to its own, and every packet is as early or late as before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.network import Channels, Forest, expiring, parents
from spikemesh.ids import AnyArray, IntArray


class Joined(NamedTuple):
    """A network whose rows of channels are joined; channels and nodes keep their numbers.

    Legend: C channels.
    """

    channels: Channels
    forest: Forest
    follower_ptr: IntArray  # int64 [C+1]
    follower: (
        IntArray  # int64, channels that all packets of a channel take after it, and that are joined to it
    )


def join_chains(channels: Channels, trees: Forest, root: AnyArray, joinable: AnyArray) -> Joined:
    """Join channels that all packets take one after the other.

    Parameters
    ----------
    channels, trees
        The network.
    root : ndarray of int, shape (packets,)
        Nodes at which packets begin.
    joinable : ndarray of bool, shape (C,)
        Channels of which nobody wants to know more than how many packets take them.

    Returns
    -------
    Joined
        Unchanged if packets can stall anywhere: where a packet is kept then matters.
    """
    count = channels.service.size
    stalls = (channels.queue >= 0) & ((channels.drops == 0) | expiring(channels, trees))
    before = _only_before(channels, trees, root) if not stalls.any() else np.full(count, -1, dtype=np.int64)
    after = _only_after(trees, count)
    here = np.flatnonzero(before >= 0)
    calm = joinable & (channels.queue < 0)
    if trees.report.size:
        calm[trees.channel[trees.report > 0]] = False
    fits = calm[here] & calm[before[here]] & (after[before[here]] == here)
    fits &= (channels.service[here] == channels.service[before[here]]) & (channels.period[here] <= 1)
    before[here[~fits]] = -1
    leader, latency = _leaders(before, channels)
    followers = np.flatnonzero(before >= 0).astype(np.int64)
    order = followers[np.argsort(leader[followers], kind="stable")]
    ptr = np.concatenate(([0], np.cumsum(np.bincount(leader[followers], minlength=count)))).astype(np.int64)
    return Joined(channels._replace(latency=latency), _shortened(trees, before >= 0, ptr), ptr, order)


def _only_before(channels: Channels, trees: Forest, root: AnyArray) -> IntArray:
    """Return the channel from which all packets of a channel come; -1: several, or some begin there, or bring work."""
    count = channels.service.size
    parent, first, last = parents(trees), np.full(count, count), np.full(count, -1, dtype=np.int64)
    there, here = trees.channel[parent].astype(np.int64), trees.channel[trees.child]
    np.minimum.at(first, here, there)
    np.maximum.at(last, here, there)
    entered = np.ones(trees.channel.size, dtype=bool)
    entered[trees.child] = False
    entered[root] = True
    entered |= trees.work > 0
    last[trees.channel[entered]] = -1
    return np.where(first == last, last, -1)


def _only_after(trees: Forest, count: int) -> IntArray:
    """Return the channel to which all packets of a channel go, each as one; -1: to several."""
    children, first, last = (
        np.diff(trees.child_ptr),
        np.full(count, count),
        np.full(count, -1, dtype=np.int64),
    )
    there, here = trees.channel[parents(trees)], trees.channel[trees.child].astype(np.int64)
    np.minimum.at(first, there, here)
    np.maximum.at(last, there, here)
    last[trees.channel[children != 1]] = -1
    return np.where(first == last, last, -1)


def _leaders(before: IntArray, channels: Channels) -> tuple[IntArray, IntArray]:
    """Return the first channel of the row of each, and latencies in which the later ones of a row are included."""
    leader, latency = np.arange(before.size, dtype=np.int64), channels.latency.copy()
    for channel in np.flatnonzero(before >= 0):
        first = int(channel)
        while before[first] >= 0:
            first = int(before[first])
        leader[channel] = first
        latency[first] += channels.service[channel] + channels.latency[channel]
    return leader, latency


def _shortened(trees: Forest, follows: AnyArray, follower_ptr: IntArray) -> Forest:
    """Let nodes whose channels are the first of a row lead to what comes after the row."""
    end = np.arange(trees.channel.size, dtype=np.int64)
    left = np.flatnonzero(np.diff(follower_ptr)[trees.channel] > 0)
    while left.size:
        following = trees.child[trees.child_ptr[end[left]]]
        left, following = (a[follows[trees.channel[following]]] for a in (left, following))
        end[left] = following
        left = left[np.diff(trees.child_ptr)[following] > 0]
    number = np.diff(trees.child_ptr)[end]
    ptr = np.concatenate(([0], np.cumsum(number))).astype(np.int64)
    place = np.arange(ptr[-1]) - np.repeat(ptr[:-1] - trees.child_ptr[end], number)
    return trees._replace(child_ptr=ptr, child=trees.child[place])
