"""Detours: nodes by which packets go round a channel that has no room."""

from __future__ import annotations

import numpy as np

from spikemesh.engine.network import Channels, Forest, parents
from spikemesh.ids import AnyArray, IntArray


def with_detours(trees: Forest, around: IntArray) -> Forest:
    """Give a detour to every node of some channels.

    Parameters
    ----------
    trees
        Trees without detours.
    around : ndarray of int64, shape (channels, legs)
        Channels that a packet takes, one after the other, where it goes round each channel; -1: it does not.

    Returns
    -------
    Forest
        The same nodes, then those of detours: all first ones, all second ones, and so on.
    """
    nodes, legs = trees.channel.size, around.shape[1]
    gone_round = np.flatnonzero(around[trees.channel, 0] >= 0)
    count = gone_round.size
    detour = np.full(nodes + legs * count, -1, dtype=np.int32)
    detour[gone_round] = nodes + np.arange(count)
    instead = np.concatenate([np.full(nodes, -1), np.tile(gone_round, legs)])
    number = np.concatenate(
        [np.ones((legs - 1) * count, dtype=np.int64), np.diff(trees.child_ptr)[gone_round]]
    )
    following = nodes + count + np.arange((legs - 1) * count)
    report = trees.report
    if report.size:
        report = np.concatenate([report, np.zeros((legs - 1) * count, dtype=np.uint8), report[gone_round]])
    return Forest(
        channel=np.concatenate([trees.channel, *around[trees.channel[gone_round]].T]).astype(np.int32),
        work=np.concatenate([trees.work, np.zeros(legs * count, dtype=np.int64)]),
        child_ptr=np.concatenate([trees.child_ptr, trees.child_ptr[-1] + np.cumsum(number)]).astype(np.int64),
        child=np.concatenate([trees.child, following, _children(trees, gone_round)]).astype(np.int32),
        report=report,
        detour=detour,
        instead=instead.astype(np.int32),
    )


def _children(trees: Forest, nodes: IntArray) -> AnyArray:
    """Return the children of some nodes, one node's after the other's."""
    count = np.diff(trees.child_ptr)[nodes]
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    found: AnyArray = trees.child[np.repeat(trees.child_ptr[nodes], count) + within]
    return found


def check_detours(trees: Forest, channels: Channels) -> None:
    """Refuse detours that are no rows of nodes for one node each, or that packets could wait in for ever."""
    _check_ends(trees)
    _check_rows(trees)
    stalls = (channels.queue >= 0) & (channels.drops == 0)
    never = stalls | (channels.queue < 0)
    for what, nodes, wrong in (
        ("has a detour, but its channel {} drops nothing", trees.detour >= 0, never),
        ("is on a detour, but its channel {} stalls", trees.instead >= 0, stalls),
    ):
        found = np.flatnonzero(nodes & wrong[trees.channel])
        _refuse(found, what.format(trees.channel[found[0]] if found.size else -1))


def _refuse(nodes: IntArray, what: str) -> None:
    if nodes.size:
        raise ValueError(f"node {nodes[0]} {what}")


def _check_ends(trees: Forest) -> None:
    """Refuse detours that begin in nodes of others, or from nodes that are on one."""
    has = np.flatnonzero(trees.detour >= 0)
    _refuse(has[trees.instead[has] >= 0], "has a detour, and is on one")
    _refuse(has[trees.instead[trees.detour[has]] != has], "has a detour by a node that goes round another")
    first, second = parents(trees), trees.child
    apart = (trees.instead[second] >= 0) & (trees.instead[first] != trees.instead[second])
    _refuse(second[apart], "is on a detour, but below a node that is not")


def _check_rows(trees: Forest) -> None:
    """Refuse detours that branch, or end with other children or reports than those of the node gone round."""
    number = np.diff(trees.child_ptr)
    first = parents(trees)
    goes_on = np.zeros(trees.channel.size, dtype=bool)
    goes_on[first[trees.instead[trees.child] >= 0]] = True
    _refuse(np.flatnonzero(goes_on & (number != 1)), "is on a detour that branches")
    last = np.flatnonzero((trees.instead >= 0) & ~goes_on)
    node = trees.instead[last]
    same = number[last] == number[node]
    _refuse(last[~same], "ends a detour with other children than the node gone round has")
    other = _children(trees, last) != _children(trees, node)
    _refuse(
        np.repeat(last, number[last])[other], "ends a detour with other children than the node gone round has"
    )
    if trees.report.size:
        _refuse(
            last[trees.report[last] != trees.report[node]],
            "ends a detour, but does not report as the node gone round",
        )
        _refuse(np.flatnonzero(goes_on & (trees.report > 0)), "reports, but is on a detour that goes on")
