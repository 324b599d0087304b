"""Tables of multicast routers: keys with masks, and where packets with such keys go.

A router sends a packet wherever an entry says whose mask leaves the entry's key of the packet's. A packet that no
entry matches goes on straight: out of the link opposite to the one by which it came (*default routing*; SpiNNaker
datasheet 2.02, section 10.4). So a chip that a packet only crosses, without a turn, needs no entry for it.

All packets of a part, the neurons of one population on one core, go one way: along the tree to all cores that any of
them has synapses on. That is how SpiNNaker's tools route, and how entries are counted; a simulated packet takes those
branches of the tree alone that its own neuron needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spikemesh.description.layout import Layout, layout_of
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.ternary import cover
from spikemesh.mapping.keys import Keys
from spikemesh.mapping.ordered_covering import Entries, ordered
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import FanOut, Routes


@dataclass(frozen=True, eq=False)
class RouterTable:
    """Entries of one chip's router; of those that match a key the first counts.

    Attributes
    ----------
    key, mask : ndarray of uint32, shape (entries,)
        A packet's key matches where ``packet & mask == key``.
    route : ndarray of bool, shape (entries, links + cores)
        Which links out of the chip, then which cores of the chip, get a copy.
    links : ndarray of int64, shape (links,)
        The links out of the chip, as indices into those of the system.
    """

    key: AnyArray
    mask: AnyArray
    route: AnyArray
    links: IntArray

    def look_up(self, key: int) -> tuple[IntArray, IntArray] | None:
        """Return the links and the cores of the chip to which packets with a key go; None: straight on."""
        found = np.flatnonzero((np.uint32(key) & self.mask) == self.key)
        if found.size == 0:
            return None
        route = self.route[found[0]]
        return self.links[route[: self.links.size]], np.flatnonzero(route[self.links.size :])


@dataclass(frozen=True, eq=False)
class _Crossings:
    """What comes to one chip.

    Attributes
    ----------
    sender : ndarray of int64, shape (senders,)
        Parts whose packets come, or start here.
    route : ndarray of bool, shape (senders, links + cores)
        Where they go.
    straight : ndarray of bool, shape (senders,)
        Whether they go straight on.
    """

    sender: IntArray
    route: AnyArray
    straight: AnyArray


def router_tables(
    fan: FanOut,
    routes: Routes,
    placement: Placement,
    keys: Keys,
    merged: bool = True,
    most: int | None = None,
) -> Iterator[RouterTable]:
    """Make the tables of all chips, one after the other.

    Parameters
    ----------
    fan, routes, placement
        What every neuron reaches, the links of its tree, and where everything is.
    keys
        Keys of all parts.
    merged
        Whether entries with the same route are merged, where the merged one matches no other key that comes to the
        chip. Else there is an entry for each part that sends.
    most
        Tables with more entries are merged on, so that their order matters (:mod:`.ordered_covering`).
    """
    for links, found in _crossings(fan, routes, placement, keys):
        kept = ~found.straight
        at = keys.prefix[found.sender]
        if merged:
            value, mask, route = _merged(at, found.route, kept, keys.prefix_bits, most)
        else:
            value, route = at[kept], found.route[kept]
            mask = np.full(value.size, (1 << keys.prefix_bits) - 1, dtype=np.int64)
        bits = keys.neuron_bits
        yield RouterTable((value << bits).astype(np.uint32), (mask << bits).astype(np.uint32), route, links)


def table_sizes(fan: FanOut, routes: Routes, placement: Placement, keys: Keys) -> IntArray:
    """Count the entries of each chip's table, default routes left out and entries merged: by order if it must be."""
    most = placement.system.chip.table_entries
    sizes = [table.key.size for table in router_tables(fan, routes, placement, keys, most=most)]
    return np.array(sizes, dtype=np.int64)


def _crossings(
    fan: FanOut, routes: Routes, placement: Placement, keys: Keys
) -> Iterator[tuple[IntArray, _Crossings]]:
    """Collect what comes to each chip, with the links out of it."""
    system, part = placement.system, keys.part
    chips, per_chip = system.chip_count, system.chip.core_count
    ends = np.array(placement.links, dtype=np.int64).reshape(-1, 2)
    source = np.repeat(np.arange(part.size), np.diff(routes.ptr))
    sender, link = _pairs(part[source], routes.link, max(1, len(ends)))
    goes, target = _pairs(part[fan.source], fan.core, system.core_count)
    layout = layout_of(system)
    turns = _directions(layout, ends)
    leaves, comes, stays = (
        _by_chip(which, chips) for which in (ends[link, 0], ends[link, 1], target // per_chip)
    )
    for chip in range(chips):
        links = np.flatnonzero(ends[:, 0] == chip)
        out, into, local = leaves[chip], comes[chip], stays[chip]
        senders = np.unique(np.concatenate([sender[out], goes[local]]))
        route = np.zeros((senders.size, links.size + per_chip), dtype=bool)
        row = np.searchsorted(senders, sender[out])
        route[row, np.searchsorted(links, link[out])] = True
        route[np.searchsorted(senders, goes[local]), links.size + target[local] % per_chip] = True
        came_by = np.full(senders.size, -1, dtype=np.int64)
        came_by[np.searchsorted(senders, sender[into])] = turns[link[into]]
        onward = np.full(senders.size, -2, dtype=np.int64)
        onward[row] = turns[link[out]]
        straight = (route.sum(axis=1) == 1) & (came_by == onward) & (came_by >= 0)
        yield links, _Crossings(senders, route, straight)


def _pairs(first: IntArray, second: AnyArray, width: int) -> tuple[IntArray, IntArray]:
    """Return the pairs that occur, each once."""
    keys = np.unique(first * width + second.astype(np.int64))
    return keys // width, keys % width


def _by_chip(chip: IntArray, chips: int) -> list[IntArray]:
    """Return the positions at which each chip occurs."""
    order = np.argsort(chip, kind="stable")
    return np.split(order, np.cumsum(np.bincount(chip, minlength=chips))[:-1])


def _directions(layout: Layout | None, ends: IntArray) -> IntArray:
    """Return a number for the direction of each link; -1 where it has none."""
    if layout is None:
        return np.full(len(ends), -1, dtype=np.int64)
    moves = [layout.direction((int(a), int(b))) for a, b in ends]
    number = {move: k for k, move in enumerate(sorted({m for m in moves if m is not None}))}
    return np.array([-1 if move is None else number[move] for move in moves], dtype=np.int64)


def _merged(
    key: IntArray, route: AnyArray, kept: AnyArray, bits: int, most: int | None
) -> tuple[IntArray, IntArray, AnyArray]:
    """Merge the entries that are kept: keys, masks and routes.

    What goes straight on may match an entry with the route that it takes anyway.
    """
    rows, which = np.unique(route, axis=0, return_inverse=True)
    which = which.reshape(-1)
    entries = _unordered(key, which, kept, bits)
    if most is not None and entries.value.size > most:
        entries = ordered(entries, key, which, bits, most)
        if entries.value.size > most and not np.all(kept):
            # Entries for what goes straight on are in no entry's way, as its absence is.
            all_kept = ordered(_unordered(key, which, np.ones_like(kept), bits), key, which, bits, most)
            entries = min(entries, all_kept, key=lambda e: e.value.size)
    return entries.value, entries.mask, rows[entries.route]


def _unordered(key: IntArray, which: IntArray, kept: AnyArray, bits: int) -> Entries:
    """Merge entries such that those that match one key have one route."""
    values, masks, numbers = [], [], []
    for k in np.unique(which[kept]):
        on = np.sort(key[kept & (which == k)])
        off = key[which != k]
        value, mask = min(
            (_covered(on, off, bits, upwards) for upwards in (True, False)), key=lambda c: c[0].size
        )
        values.append(value)
        masks.append(mask)
        numbers.append(np.full(value.size, k))
    empty = np.zeros(0, dtype=np.int64)
    return Entries(*(np.concatenate([empty, *parts]) for parts in (values, masks, numbers)))


def _covered(on: IntArray, off: IntArray, bits: int, upwards: bool) -> tuple[IntArray, IntArray]:
    value, mask = np.zeros((2, on.size), dtype=np.int64)
    count = int(cover(on, off, bits, upwards, value, mask))
    return value[:count], mask[:count]
