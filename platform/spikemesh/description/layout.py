"""Where the chips of a system lie, and the ways from one to another that a grid gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from spikemesh.description.system import System
from spikemesh.description.topology import GRIDS, Link, coordinates

Place = tuple[int, ...]
"""Coordinates of a chip, or a way from one to another."""


@dataclass(frozen=True)
class Layout:
    """Chips in a grid of any number of dimensions.

    Attributes
    ----------
    places
        Coordinates of each chip.
    wrap
        Extent of the grid along each axis where it closes on itself; None where it ends.
    diagonal
        Whether chips at (+1, +1) are neighbours too: a grid of triangles.
    """

    places: tuple[Place, ...]
    wrap: tuple[int | None, ...]
    diagonal: bool

    def way(self, source: int, target: int) -> Place:
        """Return how far it is along each axis by the shortest way.

        Of equally short ways round, the one that goes up, along the first axis first. So the way to a chip on the
        way has the same beginning.
        """
        ahead = [b - a for a, b in zip(self.places[source], self.places[target], strict=True)]
        choices = [
            (step,) if extent is None else (step % extent, step % extent - extent)
            for step, extent in zip(ahead, self.wrap, strict=True)
        ]
        return min(product(*choices), key=lambda way: (self.length(way), [-step for step in way]))

    def length(self, way: Sequence[int]) -> int:
        """Return the hops of a way."""
        return sum(count for count, _ in self.moves(way))

    def moves(self, way: Sequence[int]) -> list[tuple[int, Place]]:
        """Split a way into moves: how often, and by what; along each axis in turn, then along the diagonal."""
        along = 0
        if self.diagonal and way[0] * way[1] > 0:
            along = min(way, key=abs)
        parts = [
            (step - along, tuple(int(k == axis) for k in range(len(way)))) for axis, step in enumerate(way)
        ]
        parts.append((along, (1,) * len(way)))
        return [(abs(n), unit if n > 0 else tuple(-u for u in unit)) for n, unit in parts if n]

    def direction(self, link: Link) -> Place | None:
        """Return the move that a link makes; None where it joins chips that are no neighbours in the grid."""
        way = self.way(*link)
        return way if self.length(way) == 1 else None

    def beside(self, place: Sequence[int], move: Sequence[int]) -> Place:
        """Return the place to which a move leads."""
        return tuple(
            at + step if extent is None else (at + step) % extent
            for at, step, extent in zip(place, move, self.wrap, strict=True)
        )


def layout_of(system: System) -> Layout | None:
    """Find the grid in which the chips of a system lie; None if they lie in none."""
    topology, shape = system.topology, system.chips
    if topology in GRIDS:
        places = tuple(coordinates(chip, shape) for chip in range(system.chip_count))
        wrap = tuple(extent if topology.endswith("torus") else None for extent in shape)
        return Layout(places, wrap, topology.startswith("triangular"))
    if topology == "ring":
        return Layout(tuple((k,) for k in range(system.chip_count)), (system.chip_count,), False)
    return _layout_of_positions(system) if system.positions else None


def _layout_of_positions(system: System) -> Layout:
    """Read from the links whether the grid closes on itself, and whether it has diagonals."""
    places = system.positions
    steps = [[b - a for a, b in zip(places[s], places[t], strict=True)] for s, t in system.directed_links]
    lowest = [min(place[axis] for place in places) for axis in (0, 1)]
    extents = [
        max(place[axis] for place in places) - low + 1 for axis, low in zip((0, 1), lowest, strict=True)
    ]
    # A link from one edge to the other goes round the back.
    closed = [any(abs(step[axis]) == extent - 1 > 1 for step in steps) for axis, extent in enumerate(extents)]
    wrap = tuple(extent if yes else None for extent, yes in zip(extents, closed, strict=True))
    flat = Layout(places, wrap, False)
    diagonal = any(flat.way(*link) in ((1, 1), (-1, -1)) for link in system.directed_links)
    return Layout(places, wrap, diagonal)
