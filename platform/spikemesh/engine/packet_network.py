"""Channels and forest, checked and laid out for the simulators."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.network import Channels, Forest, expiring, moves
from spikemesh.engine.network_checks import LATEST_PS, check_channels, check_forest, node_order, within
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.graph import sum_downwards, sum_upwards
from spikemesh.kernels.network_fabric import (
    DROP,
    EXPIRE,
    FLOW,
    LATENCY,
    LINE,
    LONGEST_WAY,
    NEVER,
    NODE,
    ONLY_CHILD,
    PERIOD,
    PLACES,
    RANK,
    REPORT,
    RULE,
    SAME,
    SERVICE,
    STALL,
    UNASKED,
    WAIT,
    WORK,
)

_UNLIMITED = np.int64(1) << 62


class Fabric(NamedTuple):
    """Channels and forest as the kernels want them, channels numbered by rank: their place in the order.

    Columns are those of kernels.network_fabric.
    """

    lines: IntArray  # int64 [C, 8]
    nodes: IntArray  # int64 [K, 4]
    ptr: IntArray  # int64 [K+1], first child
    child: IntArray  # int64 [E], rank << 32 | node
    leaves: IntArray  # int64 [K], ends of branches below a node, itself if it is one
    load: IntArray  # int64, ps of service that packets bring; see kernels.network_fabric
    detour: IntArray  # int64 [K], rank << 32 | first node of the detour, -1: none; empty: no node has one
    instead: IntArray  # int64 [K], node that is gone round, -1: none; empty as ``detour``


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
        It is not copied: others may be brought from run to run.

    Attributes
    ----------
    fabric
        What kernels read.
    number : ndarray of int64, shape (C,)
        The channel of each rank.
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
        check_channels(channels)
        check_forest(trees, channels)
        self.channels, self.trees = channels, trees
        self.acyclic = channels.order.size == channels.service.size
        order = channels.order if self.acyclic else np.arange(channels.service.size)
        self.number = np.ascontiguousarray(order, dtype=np.int64)
        self.node_order = node_order(trees)
        self.fabric = _fabric(channels, trees, self.number)
        if share is not None and load is not None:
            self._bring(np.asarray(share, dtype=np.int64), load)
        sum_upwards(self.node_order, self.fabric.ptr, self.fabric.child & NODE, self.fabric.leaves)

    def _bring(self, share: IntArray, load: IntArray) -> None:
        """Note what packets leave at nodes; nobody asks how many wait there."""
        nodes, lines = self.fabric.nodes, self.fabric.lines
        nodes[:, REPORT] += 2 * (share + 1)
        lines[nodes[share >= 0, RANK], SAME] = UNASKED
        self.fabric = self.fabric._replace(load=load)

    def visits(self, root: AnyArray) -> IntArray:
        """Count how often packets that set out at ``root`` reach each rank, if none is dropped."""
        nodes = np.bincount(root, minlength=self.trees.channel.size).astype(np.int64)
        sum_downwards(self.node_order, self.fabric.ptr, self.fabric.child & NODE, nodes)
        reached = np.zeros(self.number.size, dtype=np.int64)
        np.add.at(reached, self.fabric.nodes[:, RANK], nodes)
        return reached

    def check_sent(self, time: AnyArray, root: AnyArray) -> tuple[IntArray, AnyArray]:
        """Return what is sent as contiguous arrays.

        Raises
        ------
        ValueError
            If the two differ in length, a time is negative, or a root is no node, or one of a detour.
        """
        times = np.ascontiguousarray(time, dtype=np.int64)
        roots = np.ascontiguousarray(root, dtype=np.int32)
        if times.shape != roots.shape or times.ndim != 1:
            raise ValueError(f"times {times.shape} and roots {roots.shape} must be two lists of one length")
        within("root", roots, 0, self.trees.channel.size - 1)
        within("time", times, 0, LATEST_PS)
        on_detour = self.trees.instead[roots] >= 0 if self.trees.instead.size else np.zeros(0, dtype=bool)
        if on_detour.any():
            raise ValueError(f"root {roots[np.argmax(on_detour)]} is on a detour, where no packet begins")
        return times, roots


def _rules(channels: Channels, trees: Forest) -> IntArray:
    at_once = np.where(expiring(channels, trees), EXPIRE, DROP)
    finite = np.where(channels.drops > 0, at_once, STALL)
    return np.where(channels.queue < 0, NEVER, finite).astype(np.int64)


def _same_service(channels: Channels, trees: Forest) -> IntArray:
    """Service of each channel, work included, or 0 if it is not always the same or waits for a clock."""
    least = np.full(channels.service.size, _UNLIMITED, dtype=np.int64)
    most = np.zeros(channels.service.size, dtype=np.int64)
    np.minimum.at(least, trees.channel, trees.work)
    np.maximum.at(most, trees.channel, trees.work)
    return np.where((least == most) & (channels.period <= 1), channels.service + most, 0)


def _longest_way(channels: Channels, trees: Forest) -> IntArray:
    before, after = (trees.channel[nodes] for nodes in moves(trees))
    longest = np.zeros(channels.service.size, dtype=np.int64)
    np.maximum.at(longest, after, channels.latency[before])
    return longest


def _lines(channels: Channels, trees: Forest) -> IntArray:
    """Table of channels, by channel."""
    table = np.zeros((channels.service.size, LINE), dtype=np.int64)
    table[:, SERVICE], table[:, LATENCY] = channels.service, channels.latency
    table[:, PERIOD], table[:, WAIT] = np.maximum(channels.period, 1), channels.wait
    table[:, PLACES] = np.where(channels.queue < 0, _UNLIMITED, channels.queue + 1)
    table[:, RULE], table[:, SAME] = _rules(channels, trees), _same_service(channels, trees)
    table[:, LONGEST_WAY] = _longest_way(channels, trees)
    return table


def _fabric(channels: Channels, trees: Forest, number: IntArray) -> Fabric:
    rank_of = np.empty(number.size, dtype=np.int64)
    rank_of[number] = np.arange(number.size)
    rank, children = rank_of[trees.channel], np.diff(trees.child_ptr)
    child = rank[trees.child] << 32 | trees.child.astype(np.int64)
    report = trees.report if trees.report.size else children == 0
    nodes = np.zeros((trees.channel.size, FLOW), dtype=np.int64)
    nodes[:, WORK], nodes[:, ONLY_CHILD], nodes[:, REPORT], nodes[:, RANK] = trees.work, -1, report, rank
    has = trees.detour >= 0
    detour = np.where(has, rank[trees.detour] << 32 | trees.detour, -1) if has.size else has
    passing = (children == 1) & (nodes[:, REPORT] == 0)
    nodes[passing, ONLY_CHILD] = child[trees.child_ptr[:-1][passing]]
    return Fabric(
        lines=np.ascontiguousarray(_lines(channels, trees)[number]),
        nodes=nodes,
        ptr=np.ascontiguousarray(trees.child_ptr, dtype=np.int64),
        child=child,
        leaves=(children == 0).astype(np.int64),
        load=np.zeros(1, dtype=np.int64),
        detour=np.ascontiguousarray(detour, dtype=np.int64),
        instead=np.ascontiguousarray(trees.instead, dtype=np.int64),
    )
