"""Where packets can go: the channels of a system, and the next one on the way to a core.

A *channel* is anything that one packet occupies at a time: a link between chips, a move between tiles of a
chip, a router, a core that takes packets in. Channels are numbered: links between chips by their link index,
then :data:`PORTS` of every router, then the inputs and the outputs of all cores.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spikemesh.contracts.mapping import Router
from spikemesh.description.system import System
from spikemesh.description.topology import GRIDS, coordinates
from spikemesh.errors import PluginError
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.ways import EAST, NORTH, PORTS, SOUTH, WEST, next_channels
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import grow_tree


class Plan(NamedTuple):
    """What a packet's next channel follows from."""

    words: IntArray  # int64 [7], see kernels.ways
    ends: IntArray  # int64 [L, 2]
    side: IntArray  # int64 [L]
    next_link: IntArray  # int64 [chips, chips], see Geometry
    last_link: IntArray  # int64 [chips, chips]
    router_of_core: IntArray  # int64 [cores]


@dataclass(frozen=True, eq=False)
class Geometry:
    """Routers, channels and ways of a system.

    Attributes
    ----------
    system
        The system.
    ends
        (from chip, to chip) of every link between chips.
    side : ndarray of int64, shape (links,)
        Port of the mesh by which each link leaves its chip.
    next_link : ndarray of int64, shape (chips, chips)
        Link that leaves a chip (row) on the way to a chip (column), for packets that do not branch; -1 where none goes.
    last_link : ndarray of int64, shape (chips, chips)
        Link by which packets from a chip (row) come to a chip (column), for packets that branch; -1 where none comes.
    routers
        Number of routers.
    router_of_core : ndarray of int64, shape (cores,)
        Router of each core: ``(chip * fabrics + fabric) * tiles + tile``.
    branching
        Whether packets have several targets, and cross a link once for all of them.
    """

    system: System
    ends: IntArray
    side: IntArray
    next_link: IntArray
    last_link: IntArray
    routers: int
    router_of_core: IntArray
    branching: bool = False

    @property
    def links(self) -> int:
        """Number of links between chips."""
        return len(self.ends)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.links + PORTS * self.routers + 2 * self.system.core_count

    def port(self, router: AnyArray, port: AnyArray | int) -> IntArray:
        """Return channels of ports of routers."""
        result: IntArray = self.links + PORTS * router + np.asarray(port, dtype=np.int64)
        return result

    def core_in(self, core: AnyArray) -> IntArray:
        """Return the channels by which cores take packets in."""
        result: IntArray = self.links + PORTS * self.routers + core
        return result

    def core_out(self, core: AnyArray) -> IntArray:
        """Return the channels by which relay cores send packets on."""
        return self.core_in(core) + self.system.core_count

    @property
    def tiles(self) -> tuple[int, int]:
        """Columns and rows of routers of a chip and fabric."""
        return self.system.chip.tiles if self.system.chip.network == "mesh" else (1, 1)

    def chip_of_router(self, router: AnyArray) -> IntArray:
        """Return the chips of routers."""
        columns, rows = self.tiles
        result: IntArray = np.asarray(router) // (columns * rows * self.system.chip.fabrics)
        return result

    @property
    def tile_of_core(self) -> IntArray:
        """Tile of every core, numbered over all chips: cores of one tile may be on several fabrics."""
        tiles = self.tiles[0] * self.tiles[1]
        chip: IntArray = np.arange(self.router_of_core.size, dtype=np.int64) // self.system.chip.core_count
        return chip * tiles + self.router_of_core % tiles

    @property
    def plan(self) -> Plan:
        """The same as plain arrays, for compiled code."""
        chip = self.system.chip
        words = [self.links, *self.tiles, chip.fabrics, chip.core_count, chip.network == "mesh"]
        words.append(self.branching)
        links = self.next_link, self.last_link
        return Plan(np.array(words, dtype=np.int64), self.ends, self.side, *links, self.router_of_core)

    def step(self, place: IntArray, core: IntArray, origin: IntArray) -> tuple[IntArray, IntArray]:
        """Return the next channels of packets at places on their way from chips to cores, and where they lead."""
        channel, following = np.empty((2, place.size), dtype=np.int64)
        next_channels(place, core, origin, self.plan, channel, following)
        return channel, following


def _side_of(system: System, ends: tuple[int, int]) -> int:
    """Along the axis in which the chips differ; where chips lie in no grid, east to higher numbers."""
    if system.topology in GRIDS and len(system.chips) > 1:
        here, there = (coordinates(chip, system.chips) for chip in ends)
        axis = next(k for k in range(len(here)) if here[k] != there[k])
        ahead = there[axis] - here[axis]
        # Round the back of a torus.
        ahead = -ahead if abs(ahead) > 1 else ahead
        return ((EAST, WEST), (NORTH, SOUTH))[min(axis, 1)][int(ahead < 0)]
    return EAST if ends[1] > ends[0] else WEST


def geometry_of(
    placement: Placement, router: Router, pairs: Iterable[tuple[int, int]], branching: bool = False
) -> Geometry:
    """Lay out the channels of a system.

    Parameters
    ----------
    placement
        Gives the system and its links.
    router
        Finds the ways between chips.
    pairs
        (from chip, to chip) of all packets.
    branching
        Whether packets have several targets.

    Raises
    ------
    PluginError
        If packets do not branch, and the router sends those to one chip on from another in two ways: they carry their
        target only. If they branch, and the paths from a chip are no tree.
    """
    system = placement.system
    count, chip = system.chip_count, system.chip
    index = {ends: k for k, ends in enumerate(placement.links)}
    next_link, last_link = np.full((2, count, count), -1, dtype=np.int64)
    for source, target in sorted(pairs):
        path = router.path(source, target, system, index)
        if branching:
            grow_tree(last_link[source], path, source, placement, router.name)
            continue
        for link in path:
            here = placement.links[link][0]
            if next_link[here, target] not in (-1, link):
                found = f"packets from chip {here} to {target} go by two links"
                raise PluginError(f'router "{router.name}": {found}; a way may depend on its target only')
            next_link[here, target] = link
    columns, rows = chip.tiles if chip.network == "mesh" else (1, 1)
    core = np.arange(system.core_count, dtype=np.int64)
    of_chip, local = np.divmod(core, chip.core_count)
    y, x = np.divmod(local, chip.cores[0])
    tile: IntArray = np.zeros_like(core)
    if chip.network == "mesh":
        tile = (y // chip.tile[1]) * columns + x // chip.tile[0]
    plane = of_chip * chip.fabrics + local % chip.fabrics
    return Geometry(
        system,
        np.array(placement.links, dtype=np.int64).reshape(-1, 2),
        np.array([_side_of(system, ends) for ends in placement.links], dtype=np.int64),
        next_link,
        last_link,
        count * chip.fabrics * columns * rows,
        plane * columns * rows + tile,
        branching,
    )
