"""Dimension-order routing, and shortest paths where there are no dimensions."""

from __future__ import annotations

from itertools import pairwise

from spikemesh.description.system import System
from spikemesh.description.topology import chip_at, coordinates


class DimensionOrder:
    """On a mesh or torus along x first, then y; elsewhere the shortest way.

    On a torus and a ring the shorter way round is taken, and the way of increasing index when both
    are equal. On other topologies, of all shortest ways, each chip takes the next of lowest index.
    """

    name = "dimension_order"

    def __init__(self) -> None:
        self._shortest = _ShortestWays({})

    def path(self, source: int, target: int, system: System, links: dict[tuple[int, int], int]) -> list[int]:
        """Return the links from chip to chip; see :class:`spikemesh.contracts.Router`."""
        if system.topology in ("mesh", "torus"):
            chips = _along_axes(source, target, system.chips, wrap=system.topology == "torus")
        elif system.topology == "ring":
            chips = _along_axes(source, target, (system.chip_count,), wrap=True)
        else:
            # Callers ask for many ways over the same links: those of the last are kept.
            if self._shortest.links is not links:
                self._shortest = _ShortestWays(links)
            chips = self._shortest.chips(source, target)
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


class _ShortestWays:
    """Shortest ways over links; all that lead to one chip are found together."""

    def __init__(self, links: dict[tuple[int, int], int]) -> None:
        self.links = links
        self._after: dict[int, list[int]] = {}
        self._before: dict[int, list[int]] = {}
        for a, b in sorted(links):
            self._after.setdefault(a, []).append(b)
            self._before.setdefault(b, []).append(a)
        self._next: dict[int, dict[int, int]] = {}

    def chips(self, source: int, target: int) -> list[int]:
        """Return the chips from one to another, both included."""
        if target not in self._next:
            self._next[target] = self._towards(target)
        chips = [source]
        while chips[-1] != target:
            chips.append(self._next[target][chips[-1]])
        return chips

    def _towards(self, target: int) -> dict[int, int]:
        """Next chip on the way from each chip."""
        hops, front = {target: 0}, [target]
        while front:
            front = sorted({a for b in front for a in self._before.get(b, ()) if a not in hops})
            hops |= dict.fromkeys(front, max(hops.values()) + 1)
        return {
            chip: min(b for b in self._after[chip] if hops.get(b) == far - 1)
            for chip, far in hops.items()
            if chip != target
        }
