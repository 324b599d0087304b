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

    def path(self, source: int, target: int, system: System, links: dict[tuple[int, int], int]) -> list[int]:
        """Return the links from chip to chip; see :class:`spikemesh.contracts.Router`."""
        if system.topology in ("mesh", "torus"):
            chips = _along_axes(source, target, system.chips, wrap=system.topology == "torus")
        elif system.topology == "ring":
            chips = _along_axes(source, target, (system.chip_count,), wrap=True)
        else:
            chips = _shortest(source, target, links)
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


def _shortest(source: int, target: int, links: dict[tuple[int, int], int]) -> list[int]:
    beside: dict[int, list[int]] = {}
    for a, b in sorted(links):
        beside.setdefault(b, []).append(a)
    # Hops to the target, searched backwards, so that the way forward can pick the lowest index.
    hops, front = {target: 0}, [target]
    while front and source not in hops:
        reached = sorted({a for b in front for a in beside.get(b, ()) if a not in hops})
        hops |= dict.fromkeys(reached, hops[front[0]] + 1)
        front = reached
    chips = [source]
    while chips[-1] != target:
        here = chips[-1]
        chips.append(min(b for a, b in links if a == here and hops.get(b) == hops[here] - 1))
    return chips
