"""Whether packets on links can wait for one another for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from spikemesh.description.chip import LinkSpec
from spikemesh.description.system import System
from spikemesh.engine.dependencies import dependency_cycle
from spikemesh.engine.hardware import Hardware
from spikemesh.engine.network import forest_dependencies
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.ways import PORTS
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import Routes

PORT_NAMES = ("east", "west", "north", "south", "tile", "entry")
"""Of the ports of a router, in the order of :mod:`spikemesh.kernels.ways`."""


TRIED = 32
"""Channels of a circle from which a shorter one is looked for."""


@dataclass(frozen=True)
class Waiting:
    """Circles in the order in which packets take links.

    Attributes
    ----------
    circle
        Links between chips, each of which packets leave for the next, and the last for the first; empty if the ways
        have no circle.
    deadlock
        The same of channels that are full after so many packets, and then make others wait: links, and where those on
        a chip are such channels, its ports. Empty if no deadlock is possible.
    """

    circle: tuple[str, ...] = ()
    deadlock: tuple[str, ...] = ()

    @property
    def means(self) -> str:
        """What follows for packets."""
        if self.deadlock:
            return (
                f"a deadlock is possible: {_shown(self.deadlock)} can be full and wait for one another. At level "
                "packet a run in which that happens ends with an error. Longer queues, queues that drop, or a router "
                "whose ways have no circle prevent it"
            )
        if self.circle:
            return (
                f"no deadlock is possible: {_shown(self.circle)} can wait for one another, but none of them makes "
                "packets wait because its queue is full. At level packet steps are simulated event by event, which "
                "is slower"
            )
        return "no deadlock is possible: packets take links in an order without circles"


def _shown(names: tuple[str, ...]) -> str:
    return " -> ".join((*names, names[0]))


def stalls(link: LinkSpec) -> bool:
    """Tell whether packets wait for room in links of a kind."""
    return link.queue is not None and link.when_full == "stall"


def waiting(placement: Placement, routes: Routes, hardware: Callable[[], Hardware]) -> Waiting:
    """Look for circles in the ways of packets.

    Parameters
    ----------
    placement, routes
        The system, and which link follows which.
    hardware
        Describes all channels; called only where links on a chip can make packets wait.
    """
    system, names, count = placement.system, placement.link_names, len(placement.links)
    circle = _circle(routes.before, routes.after, count)
    full = np.array([stalls(system.link_kind(ends)) for ends in placement.links], dtype=bool)
    on_chip = system.links.get("on_chip")
    if on_chip is not None and stalls(on_chip):
        known = hardware()
        full = (known.channels.queue >= 0) & (known.channels.drops == 0)
        found = _among(*forest_dependencies(known.forest), full)
    else:
        found = _among(routes.before, routes.after, full)
    return Waiting(tuple(names[k] for k in circle), tuple(channel_name(int(k), system, names) for k in found))


def _among(before: IntArray, after: IntArray, full: AnyArray) -> IntArray:
    kept = full[before] & full[after]
    return _circle(before[kept], after[kept], full.size)


def _circle(before: IntArray, after: IntArray, count: int) -> IntArray:
    """Find a short circle: the shortest through any of the first channels of the one that is found first."""
    found = dependency_cycle(before, after, count).tolist()
    follows: dict[int, list[int]] = {}
    for a, b in zip(before.tolist(), after.tolist(), strict=True):
        follows.setdefault(a, []).append(b)
    for start in found[:TRIED]:
        found = min(found, _back_to(start, follows), key=len)
    lowest = found.index(min(found)) if found else 0
    return np.array(found[lowest:] + found[:lowest], dtype=np.int64)


def _back_to(start: int, follows: Mapping[int, list[int]]) -> list[int]:
    """Return the shortest circle through a channel; there is one."""
    came: dict[int, int] = {}
    front = [start]
    while start not in came:
        reached = []
        for a in front:
            for b in follows.get(a, ()):
                if b not in came:
                    came[b] = a
                    reached.append(b)
        front = reached
    way = [came[start]]
    while way[-1] != start:
        way.append(came[way[-1]])
    return way[::-1]


def channel_name(channel: int, system: System, link_names: tuple[str, ...]) -> str:
    """Name a channel by its number (see :mod:`spikemesh.mapping.geometry`)."""
    if channel < len(link_names):
        return link_names[channel]
    chip = system.chip
    tiles = chip.tiles[0] * chip.tiles[1] if chip.network == "mesh" else 1
    routers = system.chip_count * chip.fabrics * tiles
    router, port = divmod(channel - len(link_names), PORTS)
    if router >= routers:
        core = (channel - len(link_names) - PORTS * routers) % system.core_count
        return f"chip{core // chip.core_count}.core{core % chip.core_count}"
    plane, tile = divmod(router, tiles)
    return f"chip{plane // chip.fabrics}.fabric{plane % chip.fabrics}.tile{tile}.{PORT_NAMES[port]}"
