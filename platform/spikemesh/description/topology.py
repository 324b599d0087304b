"""Which chips are joined: grids, rings, stars and edge lists, as directed links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Topology: TypeAlias = Literal[
    "mesh", "torus", "triangular", "triangular_torus", "ring", "tree", "star", "full", "edges"
]
GRIDS: tuple[Topology, ...] = ("mesh", "torus", "triangular", "triangular_torus")
"""Topologies whose chips lie in a grid."""
Link: TypeAlias = tuple[int, int]


def coordinates(chip: int, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the place of a chip in a grid; the first coordinate (x) runs fastest."""
    place = []
    for extent in shape:
        chip, at = divmod(chip, extent)
        place.append(at)
    return tuple(place)


def chip_at(place: Sequence[int], shape: Sequence[int]) -> int:
    """Return the chip at a place in a grid; inverse of :func:`coordinates`."""
    chip = 0
    for at, extent in zip(reversed(place), reversed(shape), strict=True):
        chip = chip * extent + at
    return chip


def grid_shape(chips: int) -> tuple[int, int]:
    """Return the most nearly square grid of so many chips, the longer side first (8: 4 x 2)."""
    side = next(n for n in range(int(chips**0.5), 0, -1) if chips % n == 0)
    return chips // side, side


def directed_links(topology: Topology, shape: Sequence[int], edges: Sequence[Link] = ()) -> tuple[Link, ...]:
    """List the directed links of a topology.

    Parameters
    ----------
    topology
        ``mesh`` and ``torus``: neighbours in a grid of any number of dimensions. ``triangular`` and
        ``triangular_torus``: the same in two, and those at (+1, +1). ``ring``: chip k to k + 1. ``tree``:
        chip k to its parent (k - 1) // 2. ``star``: chip 0 is the hub. ``full``: every pair. ``edges``: the
        given pairs.
    shape
        Shape of the grid; for the others its product counts.
    edges
        Undirected pairs, for ``edges``.

    Returns
    -------
    tuple of (int, int)
        Both directions of every joined pair, sorted by start, then end.
    """
    count = 1
    for extent in shape:
        count *= extent
    if topology in GRIDS:
        pairs = _grid_pairs(shape, count, wrap=topology.endswith("torus"))
        if topology.startswith("triangular"):
            pairs |= _diagonal_pairs(shape, count, wrap=topology.endswith("torus"))
    elif topology == "ring":
        pairs = {(k, (k + 1) % count) for k in range(count)}
    elif topology == "tree":
        pairs = {((k - 1) // 2, k) for k in range(1, count)}
    elif topology == "star":
        pairs = {(0, k) for k in range(1, count)}
    elif topology == "full":
        pairs = {(a, b) for a in range(count) for b in range(a)}
    else:
        pairs = {(a, b) for a, b in edges}
    return tuple(sorted({link for a, b in pairs if a != b for link in ((a, b), (b, a))}))


def _grid_pairs(shape: Sequence[int], count: int, wrap: bool) -> set[Link]:
    pairs = set()
    for chip in range(count):
        place = list(coordinates(chip, shape))
        for axis, extent in enumerate(shape):
            if place[axis] + 1 < extent or wrap:
                beside = [*place]
                beside[axis] = (beside[axis] + 1) % extent
                pairs.add((chip, chip_at(beside, shape)))
    return pairs


def _diagonal_pairs(shape: Sequence[int], count: int, wrap: bool) -> set[Link]:
    pairs = set()
    for chip in range(count):
        place = [at + 1 for at in coordinates(chip, shape)]
        if wrap or all(at < extent for at, extent in zip(place, shape, strict=True)):
            beside = [at % extent for at, extent in zip(place, shape, strict=True)]
            pairs.add((chip, chip_at(beside, shape)))
    return pairs


def reachable(start: int, links: Sequence[Link]) -> set[int]:
    """Return the chips that can be reached from one chip."""
    beside: dict[int, list[int]] = {}
    for a, b in links:
        beside.setdefault(a, []).append(b)
    seen, front = {start}, {start}
    while front:
        front = {b for a in front for b in beside.get(a, ())} - seen
        seen |= front
    return seen
