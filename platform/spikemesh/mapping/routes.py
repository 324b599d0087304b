"""Which links the spikes of each neuron cross, and how many packets they put on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from spikemesh.contracts.mapping import Router
from spikemesh.errors import PluginError
from spikemesh.ids import CORE, LINK, AnyArray, IntArray
from spikemesh.mapping.placement import Placement

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class FanOut:
    """Synapses by source neuron and target core, compressed by source.

    Attributes
    ----------
    ptr : ndarray of int64, shape (neurons + 1,)
        Entries ``ptr[n]`` to ``ptr[n + 1]`` belong to the neuron of global index n.
    core : ndarray of int32
        Target core of each entry, sorted for each neuron, none twice.
    synapses : ndarray of int64
        Synapses of that neuron on that core, at least 1.
    """

    ptr: IntArray
    core: AnyArray
    synapses: IntArray

    @property
    def source(self) -> IntArray:
        """Source neuron of each entry."""
        return np.repeat(np.arange(self.ptr.size - 1, dtype=np.int64), np.diff(self.ptr))


def fan_out_from(neurons: int, source: AnyArray, core: AnyArray, synapses: AnyArray | None = None) -> FanOut:
    """Condense (source neuron, target core) pairs in any order, repeated or not, to a :class:`FanOut`.

    Parameters
    ----------
    neurons
        Neurons of the network.
    source, core
        Global source neuron and target core of each pair.
    synapses
        Synapses each pair stands for; None: one.
    """
    ones = np.ones(len(source), dtype=np.int64) if synapses is None else np.asarray(synapses, dtype=np.int64)
    width = int(np.max(core, initial=0)) + 1
    keys, entry = np.unique(np.asarray(source, dtype=np.int64) * width + core, return_inverse=True)
    counts = np.zeros(keys.size, dtype=np.int64)
    np.add.at(counts, entry, ones)
    ptr = np.zeros(neurons + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys // width, minlength=neurons), out=ptr[1:])
    return FanOut(ptr, (keys % width).astype(CORE), counts)


@dataclass(frozen=True, eq=False)
class Routes:
    """Packets by source neuron and link, compressed by source.

    Attributes
    ----------
    ptr : ndarray of int64, shape (neurons + 1,)
        Entries ``ptr[n]`` to ``ptr[n + 1]`` belong to the neuron of global index n.
    link : ndarray of int32
        Links that a spike of the neuron crosses, sorted.
    packets : ndarray of int64
        Packets that one spike puts on the link.
    before, after : ndarray of int64, shape (pairs,)
        Links such that packets come from the one to the other, each pair once.
    branching
        Whether a packet branches on its way to several chips.
    """

    ptr: IntArray
    link: AnyArray
    packets: IntArray
    before: IntArray
    after: IntArray
    branching: bool


def packet_routes(fan: FanOut, placement: Placement, router: Router, relay: bool = False) -> Routes:
    """Find the packets one spike of each neuron puts on each link between chips.

    A ``unicast`` chip sends one packet for every target core on another chip, each along the whole
    path. A ``multicast`` chip sends one along the tree that is the union of the paths to the target
    chips, so that no link carries it twice. A ``broadcast`` chip sends one to every target chip, which reaches all
    target cores there.

    Parameters
    ----------
    fan
        Target cores of every neuron.
    placement
        Where the neurons are, and the links.
    router
        Finds the path from chip to chip.
    relay
        Whether every chip sends one packet for each target chip, to a core there that sends it on.

    Returns
    -------
    Routes
        Packets by neuron and link.

    Raises
    ------
    PluginError
        If the router returns something that is no path, or where packets branch, if the paths from a chip are no tree.
    """
    chips = placement.system.chip_count
    source = fan.source
    pair = placement.chip_of_neuron[source].astype(np.int64) * chips + fan.core // placement.cores_per_chip
    away = pair // chips != pair % chips
    per_chip = relay or placement.system.chip.router == "broadcast"
    branching = placement.system.chip.router == "multicast" and not relay
    if not away.any():
        none = np.zeros(0, np.int64)
        return Routes(np.zeros(fan.ptr.size, np.int64), none.astype(LINK), none, none, none, branching)
    # Imported here: it costs a tenth of a second that one chip alone need not pay.
    from scipy.sparse import csr_array

    # Neurons x pairs of chips, times pairs of chips x links: what each path carries, summed over links.
    wanted = csr_array(
        (np.ones(int(away.sum()), dtype=np.int64), (source[away], pair[away])),
        shape=(fan.ptr.size - 1, chips * chips),
    )
    if per_chip:
        wanted.sum_duplicates()
        wanted.data[:] = 1
    paths = _paths(np.unique(pair[away]), placement, router, branching)
    carried = wanted @ _carrying(paths, placement)
    carried.sort_indices()
    packets = carried.data.astype(np.int64)
    if branching:
        packets = np.ones_like(packets)
    before, after = _successions(paths.values(), len(placement.links))
    link = carried.indices.astype(LINK)
    return Routes(carried.indptr.astype(np.int64), link, packets, before, after, branching)


def _paths(pairs: IntArray, placement: Placement, router: Router, branching: bool) -> dict[int, list[int]]:
    """Links on the path of every pair of chips in use."""
    chips = placement.system.chip_count
    index = {ends: k for k, ends in enumerate(placement.links)}
    found: dict[int, list[int]] = {}
    last_link = np.full(chips, -1, dtype=np.int64)
    start = -1
    for pair in pairs.tolist():
        source, target = divmod(pair, chips)
        path = router.path(source, target, placement.system, index)
        _check_path(path, source, target, placement, router.name)
        if branching:
            if source != start:
                start = source
                last_link[:] = -1
            grow_tree(last_link, path, source, placement, router.name)
        found[pair] = path
    return found


def _carrying(paths: Mapping[int, list[int]], placement: Placement) -> csr_array:
    """Lay paths out as a matrix, one row a pair of chips, one column a link."""
    from scipy.sparse import csr_array

    chips, lengths = placement.system.chip_count, [len(path) for path in paths.values()]
    rows = np.repeat(np.fromiter(paths, np.int64, len(paths)), lengths)
    columns = np.fromiter((link for path in paths.values() for link in path), np.int64, rows.size)
    ones = np.ones(rows.size, dtype=np.int64)
    return csr_array((ones, (rows, columns)), shape=(chips * chips, len(placement.links)))


def _successions(paths: Iterable[list[int]], links: int) -> tuple[IntArray, IntArray]:
    """Return the pairs of links that follow one another on some path."""
    pairs = {a * links + b for path in paths for a, b in pairwise(path)}
    keys = np.array(sorted(pairs), dtype=np.int64)
    return keys // max(1, links), keys % max(1, links)


def grow_tree(last_link: IntArray, path: list[int], source: int, placement: Placement, router: str) -> None:
    """Add a path to the tree of those from its chip.

    Parameters
    ----------
    last_link : ndarray of int64, shape (chips,)
        Link by which the tree comes to each chip; -1: none.
    path, source
        Links of the path, and the chip where it starts.
    placement, router
        Gives the links; name of the router.

    Raises
    ------
    PluginError
        If the path comes to a chip by another link than those before: packets would come there twice.
    """
    for link in path:
        there = placement.links[link][1]
        if last_link[there] not in (-1, link):
            found = f"paths from chip {source} come to chip {there} by two links"
            raise PluginError(f'router "{router}": {found}; those of packets that branch must be a tree')
        last_link[there] = link


def _check_path(path: list[int], source: int, target: int, placement: Placement, router: str) -> None:
    here = source
    for link in path:
        start, end = placement.links[link] if 0 <= link < len(placement.links) else (-1, -1)
        if start != here:
            raise PluginError(
                f'router "{router}": the path from chip {source} to {target} breaks at chip {here}'
            )
        here = end
    if here != target or len(set(path)) != len(path):
        raise PluginError(f'router "{router}": the path from chip {source} to {target} ends at chip {here}')
