"""Ways round links that have no room, on chips that lie in triangles: emergency routing.

SpiNNaker's links are numbered anticlockwise from the east, 0 to 5. A router that cannot send a packet over link d
tries link d - 1 (SpiNNaker datasheet 2.02, section 10.4); the chip there sends it over its link d + 1, the third side
of the triangle, and the packet goes on as if it had come over the first.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spikemesh.description.system import System
from spikemesh.description.topology import coordinates
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.network_detours import with_detours
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.ways import TILE
from spikemesh.mapping.geometry import Geometry

DIRECTIONS = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))
"""Where links 0 to 5 lead: east, north-east, north and back."""
Place = tuple[int, int]


def detour_links(system: System) -> IntArray:
    """Find the two other sides of the triangle of each link between chips.

    Parameters
    ----------
    system
        The system.

    Returns
    -------
    ndarray of int64, shape (links, 2)
        Links that a packet takes one after the other in place of each, by index; -1: there is no such way. Where a
        small torus joins two chips in two directions, the way is that of the lower one that has any.
    """
    ends = system.directed_links
    index = {pair: link for link, pair in enumerate(ends)}
    places, (width, height) = _places(system)
    chip_at = {place: chip for chip, place in enumerate(places)}
    found = np.full((len(ends), 2), -1, dtype=np.int64)
    for link, (start, end) in enumerate(ends if places else ()):
        for d in range(len(DIRECTIONS)):
            corner, beyond = (
                chip_at.get(((places[start][0] + dx) % width, (places[start][1] + dy) % height))
                for dx, dy in (DIRECTIONS[d - 1], DIRECTIONS[d])
            )
            if beyond == end and (start, corner) in index and (corner, end) in index:
                found[link] = index[start, corner], index[corner, end]  # type: ignore[index]  # it is in index
                break
    return found


def _places(system: System) -> tuple[tuple[Place, ...], Place]:
    """Place of each chip from the lower left one, and the extents of all; no places where chips lie in no triangles.

    Beyond an edge comes the opposite one: it matters only where chips are linked so.
    """
    if system.topology in ("triangular", "triangular_torus") and len(system.chips) == 2:
        places = tuple((x, y) for x, y in (coordinates(k, system.chips) for k in range(system.chip_count)))
    elif system.topology == "edges" and system.positions:
        places = system.positions
    else:
        return (), (1, 1)
    (left, right), (low, high) = ((min(along), max(along)) for along in zip(*places, strict=True))
    return tuple((x - left, y - low) for x, y in places), (right - left + 1, high - low + 1)


def passages(geometry: Geometry, takes_time: AnyArray) -> IntArray:
    """Return the channel by which packets go from link to link in each chip, if links can be gone round.

    Parameters
    ----------
    geometry
        The channels.
    takes_time : ndarray of bool, shape (channels,)
        Whether packets can be late for each channel.

    Returns
    -------
    ndarray of int64, shape (chips,) or (0,)
        Ports of routers; none where they take no time. Of a mesh of tiles no way from one link to another is known.
    """
    chip = geometry.system.chip
    if not geometry.system.emergency or chip.network != "router":
        return np.zeros(0, dtype=np.int64)
    ports = geometry.port(np.arange(0, geometry.routers, chip.fabrics), TILE)
    return ports[takes_time[ports]]


def with_emergency_routing(timing: LinkTiming, system: System, through: IntArray) -> LinkTiming:
    """Let packets take the way round links that stay full, if the system does that.

    Links that stall packets, or have room for any number, are not gone round; no way leads through channels that stall.

    Parameters
    ----------
    timing
        The network; every link has a channel.
    system
        The system.
    through : ndarray of int64, shape (chips,) or (0,)
        Channel by which packets go from link to link in each chip; see :func:`passages`.
    """
    if not (system.emergency and timing.queues):
        return timing
    channels, sides = timing.channels, detour_links(system)
    between = np.flatnonzero(timing.link >= 0)
    channel = np.zeros(len(sides), dtype=np.int64)
    channel[timing.link[between]] = between
    ways = channel[sides]
    if through.size:
        corner = np.array(system.directed_links, dtype=np.int64)[sides[:, 0], 1]
        ways = np.column_stack([ways[:, 0], through[corner], ways[:, 1]])
    drops, any_number = channels.drops > 0, channels.queue < 0
    fits = (sides[:, 0] >= 0) & (drops & ~any_number)[channel] & (drops | any_number)[ways].all(axis=1)
    if not fits.any():
        return timing
    around = np.full((channels.service.size, ways.shape[1]), -1, dtype=np.int64)
    around[channel[fits]] = ways[fits]
    forest = with_detours(timing.forest, around)
    more = forest.channel.size - timing.forest.channel.size
    return replace(timing, forest=forest, target_ptr=np.pad(timing.target_ptr, (0, more), mode="edge"))
