"""Longest-dimension-first routing, as SpiNNaker's tools route between two chips."""

from __future__ import annotations

from itertools import pairwise
from math import prod

from spikemesh.description.layout import Layout, layout_of
from spikemesh.description.system import System
from spikemesh.description.topology import Link
from spikemesh_plugins.mapping.kept import Kept
from spikemesh_plugins.mapping.shortest_path import ShortestWays


class LongestDimensionFirst:
    """In a grid along the dimension with most hops first, then the next; elsewhere the shortest way.

    A grid of triangles has three dimensions, of which a shortest way uses two. Of dimensions with equally many hops
    x comes before y before the diagonal (SpiNNaker's tools choose at random: rig, ``place_and_route/route/utils.py``).
    Where a way out of a chip would lead over chips or links that are not there, all ways out of it are shortest ones.

    The ways from one chip are a tree, those to one chip are not: packets that carry their target alone cannot be
    routed so, those whose source the routers know (``router = "multicast"`` or ``"broadcast"``) can.
    """

    name = "longest_dimension_first"

    def __init__(self) -> None:
        self._ways = Kept(_Ways)

    def path(self, source: int, target: int, system: System, links: dict[Link, int]) -> list[int]:
        """Return the links from chip to chip; see :class:`spikemesh.contracts.Router`."""
        return [links[ends] for ends in pairwise(self._ways.of(system, links).chips(source, target))]


class _Ways:
    """Ways between the chips of a system."""

    def __init__(self, system: System, links: dict[Link, int]) -> None:
        self._links, self._layout = links, layout_of(system)
        self._shortest = ShortestWays(system, links)
        places = self._layout.places if self._layout else ()
        self._chip_at = {place: chip for chip, place in enumerate(places)}
        # A way in a grid without gaps leads over chips of the grid alone; elsewhere each way has to be looked at.
        self._whole = self._layout is not None and self._without_gaps(self._layout)
        self._open: dict[int, bool] = {}

    def chips(self, source: int, target: int) -> list[int]:
        """Return the chips on the way, both ends included."""
        if self._layout is None:
            return self._shortest.chips(source, target)
        if self._whole:
            return self._grid(source, target, self._layout)
        if source not in self._open:
            others = range(len(self._layout.places))
            self._open[source] = all(self._there(self._grid(source, chip, self._layout)) for chip in others)
        if not self._open[source]:
            return self._shortest.chips(source, target)
        return self._grid(source, target, self._layout)

    def _without_gaps(self, layout: Layout) -> bool:
        """Tell whether there is a chip at every place between the outermost, and a link to each of its neighbours."""
        extents = [len(set(along)) for along in zip(*layout.places, strict=True)]
        spans = [max(along) - min(along) + 1 for along in zip(*layout.places, strict=True)]
        if extents != spans or prod(spans) != len(self._chip_at):
            return False
        axes = len(spans)
        moves = [tuple(int(k == axis) for k in range(axes)) for axis in range(axes)]
        moves += [(1,) * axes] if layout.diagonal else []
        for place, chip in self._chip_at.items():
            for move in (*moves, *(tuple(-step for step in move) for move in moves)):
                there = self._chip_at.get(layout.beside(place, move))
                if there is not None and there != chip and (chip, there) not in self._links:
                    return False
        return True

    def _there(self, chips: list[int]) -> bool:
        return all(ends in self._links for ends in pairwise(chips))

    def _grid(self, source: int, target: int, layout: Layout) -> list[int]:
        """Chips on the way through the grid; -1 where there is none."""
        place, found = layout.places[source], [source]
        for count, move in sorted(layout.moves(layout.way(source, target)), key=lambda part: -part[0]):
            for _ in range(count):
                place = layout.beside(place, move)
                found.append(self._chip_at.get(place, -1))
        return found
