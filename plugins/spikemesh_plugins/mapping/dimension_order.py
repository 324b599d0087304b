"""Dimension-order routing, and shortest paths where there are no dimensions."""

from __future__ import annotations

from itertools import pairwise

from spikemesh.description.system import System
from spikemesh.description.topology import Link, chip_at, coordinates
from spikemesh_plugins.mapping.kept import Kept
from spikemesh_plugins.mapping.shortest_path import ShortestWays


class DimensionOrder:
    """On a mesh or torus along x first, then y; elsewhere the shortest way.

    On a torus and a ring the shorter way round is taken, and the way of increasing index when both
    are equal. On other topologies it is that of :class:`.shortest_path.ShortestPath`.
    """

    name = "dimension_order"

    def __init__(self) -> None:
        self._ways = Kept(ShortestWays)

    def path(self, source: int, target: int, system: System, links: dict[Link, int]) -> list[int]:
        """Return the links from chip to chip; see :class:`spikemesh.contracts.Router`."""
        if system.topology in ("mesh", "torus"):
            chips = _along_axes(source, target, system.chips, wrap=system.topology == "torus")
        elif system.topology == "ring":
            chips = _along_axes(source, target, (system.chip_count,), wrap=True)
        else:
            chips = self._ways.of(system, links).chips(source, target)
        return [links[ends] for ends in pairwise(chips)]


def _along_axes(source: int, target: int, shape: tuple[int, ...], wrap: bool) -> list[int]:
    here, there = list(coordinates(source, shape)), coordinates(target, shape)
    chips = [source]
    for axis, extent in enumerate(shape):
        ahead = (there[axis] - here[axis]) % extent
        step = 1 if (2 * ahead <= extent if wrap else there[axis] > here[axis]) else -1
        while here[axis] != there[axis]:
            here[axis] = (here[axis] + step) % extent
            chips.append(chip_at(here, shape))
    return chips
