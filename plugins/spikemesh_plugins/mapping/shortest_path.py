"""The shortest way between chips, on any topology."""

from __future__ import annotations

from itertools import pairwise

from spikemesh.description.system import System
from spikemesh.description.topology import Link
from spikemesh_plugins.mapping.kept import Kept


class ShortestPath:
    """Of all shortest ways, the one on which each chip takes the next of lowest index.

    It is the first of them in the order of the chips that they lead over, so its beginning and its end are such ways
    too: the ways from one chip to all others are a tree, and so are the ways from all to one.
    """

    name = "shortest_path"

    def __init__(self) -> None:
        self._ways = Kept(ShortestWays)

    def path(self, source: int, target: int, system: System, links: dict[Link, int]) -> list[int]:
        """Return the links from chip to chip; see :class:`spikemesh.contracts.Router`."""
        chips = self._ways.of(system, links).chips(source, target)
        return [links[ends] for ends in pairwise(chips)]


class ShortestWays:
    """Shortest ways between the chips of a system."""

    def __init__(self, system: System, links: dict[Link, int]) -> None:
        self._beside: list[list[int]] = [[] for _ in range(system.chip_count)]
        for a, b in sorted(links):
            self._beside[a].append(b)
        self._hops: dict[int, list[int]] = {}

    def chips(self, source: int, target: int) -> list[int]:
        """Return the chips on the way, both ends included."""
        hops = self.hops_to(target)
        found = [source]
        while found[-1] != target:
            here = found[-1]
            found.append(next(chip for chip in self._beside[here] if hops[chip] == hops[here] - 1))
        return found

    def hops_to(self, target: int) -> list[int]:
        """Return the hops from every chip to one. Every link has one in the other direction."""
        if target not in self._hops:
            hops, front = [0 if chip == target else -1 for chip in range(len(self._beside))], [target]
            while front:
                reached = {b for a in front for b in self._beside[a] if hops[b] < 0}
                for chip in reached:
                    hops[chip] = hops[front[0]] + 1
                front = list(reached)
            self._hops[target] = hops
        return self._hops[target]
