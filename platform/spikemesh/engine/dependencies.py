"""Which channel waits for which: orders without cycles, and the cycles that can lead to a deadlock.

A network in which a packet keeps its channel while it waits for the next one cannot deadlock if, and with
routes that are fixed only if, the graph of "a packet can go from a to b" has no cycle (Dally & Seitz 1987,
IEEE Trans. Comput. C-36, 547).
"""

from __future__ import annotations

import numpy as np

from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.graph import topological


def _successors(first: AnyArray, second: AnyArray, channels: int) -> tuple[IntArray, IntArray]:
    """Return distinct edges by their first channel: where those of a channel begin, and where they lead."""
    a, b = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"channels_from {a.shape} and channels_to {b.shape} must be two lists of one length")
    if a.size and not (min(a.min(), b.min()) >= 0 and max(a.max(), b.max()) < channels):
        low, high = min(a.min(), b.min()), max(a.max(), b.max())
        raise ValueError(f"channels {low} to {high} are not among 0 to {channels - 1}")
    edges = np.unique(a * channels + b)
    ptr = np.zeros(channels + 1, dtype=np.int64)
    np.cumsum(np.bincount(edges // max(1, channels), minlength=channels), out=ptr[1:])
    return ptr, edges % max(1, channels)


def _ordered(first: AnyArray, second: AnyArray, channels: int | None) -> tuple[IntArray, IntArray, int]:
    count = _counted(first, second) if channels is None else channels
    ptr, target = _successors(first, second, count)
    missing, order = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    return order, missing, int(topological(ptr, target, missing, order))


def _counted(first: AnyArray, second: AnyArray) -> int:
    return 1 + int(max(np.max(first, initial=-1), np.max(second, initial=-1)))


def channel_order(channels_from: AnyArray, channels_to: AnyArray, channels: int | None = None) -> IntArray:
    """Order channels so that packets go from earlier to later ones only.

    Parameters
    ----------
    channels_from, channels_to : ndarray of int, shape (edges,)
        A packet can go from the one to the other; pairs may occur several times.
    channels
        How many channels there are; by default up to the highest number that occurs.

    Returns
    -------
    ndarray of int64, shape (channels,)
        The order; empty if there is a cycle.

    Raises
    ------
    ValueError
        If the two lists differ in length or name a channel that does not exist.
    """
    order, _, placed = _ordered(channels_from, channels_to, channels)
    return order if placed == order.size else order[:0]


def dependency_cycle(channels_from: AnyArray, channels_to: AnyArray, channels: int | None = None) -> IntArray:
    """Find channels that may wait for one another in a circle.

    Parameters
    ----------
    channels_from, channels_to, channels
        As for :func:`channel_order`.

    Returns
    -------
    ndarray of int64, shape (length,)
        One cycle: a packet can go from each channel to the next and from the last to the first. The lowest
        channel comes first. Empty if there is no cycle, so that no deadlock is possible.

    Raises
    ------
    ValueError
        As for :func:`channel_order`.
    """
    order, missing, placed = _ordered(channels_from, channels_to, channels)
    if placed == order.size:
        return order[:0]
    # Every channel without a place has a predecessor without a place: going back must end in a circle.
    a, b = np.asarray(channels_from, dtype=np.int64), np.asarray(channels_to, dtype=np.int64)
    left = (missing[a] > 0) & (missing[b] > 0)
    before = np.full(order.size, order.size, dtype=np.int64)
    np.minimum.at(before, b[left], a[left])
    before[before == order.size] = -1
    return np.roll(circle(before)[::-1], 1)


def circle(following: IntArray) -> IntArray:
    """Find a circle on the ways that ``following`` gives.

    Parameters
    ----------
    following : ndarray of int64, shape (channels,)
        Where to go from each channel; negative: nowhere.

    Returns
    -------
    ndarray of int64
        The circle that the lowest of all starts that lead to one leads to, from its lowest channel on; empty if
        there is none.
    """
    first_seen = np.full(following.size, -1, dtype=np.int64)
    for start in np.flatnonzero(following >= 0):
        here = int(start)
        while here >= 0 and first_seen[here] < 0:
            first_seen[here] = start
            here = int(following[here])
        if here >= 0 and first_seen[here] == start:
            return _round(following, here)
    return np.zeros(0, dtype=np.int64)


def _round(following: IntArray, start: int) -> IntArray:
    found = [start]
    while (here := int(following[found[-1]])) != start:
        found.append(here)
    return np.roll(np.array(found, dtype=np.int64), -int(np.argmin(found)))
