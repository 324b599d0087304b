"""The next channel of a packet on the way to a core, and chains of them.

Legend: R routers, C channels, L links between chips, K nodes.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import inlined, kernel

EAST, WEST, NORTH, SOUTH, TILE, ENTRY = range(6)
"""Ports of a router: moves along x and y, packets that stay, and the way in for packets with several first moves."""
PORTS = 6
HERE = -1
"""Stands for the next place where a packet is at its core."""

# Words of a plan.
LINKS, COLUMNS, ROWS, FABRICS, CORES_PER_CHIP, MESH, BRANCHING = range(7)


@inlined
def _towards(router: Any, core: Any, origin: Any, g: Any) -> Any:  # noqa: C901 - one branch a direction
    """Return channel and next router; the port ``TILE`` at the tile of the core."""
    columns, rows = g.words[COLUMNS], g.words[ROWS]
    plane, tile = router // (columns * rows), router % (columns * rows)
    x, y = tile % columns, tile // columns
    goal = g.router_of_core[core] % (columns * rows)
    to_x, to_y = goal % columns, goal // columns
    chip, goal_chip = plane // g.words[FABRICS], core // g.words[CORES_PER_CHIP]
    ports = g.words[LINKS] + PORTS * router
    link, side = -1, -1
    if chip != goal_chip:
        if g.words[BRANCHING]:
            link = g.last_link[origin, goal_chip]
            while g.ends[link, 0] != chip:
                link = g.last_link[origin, g.ends[link, 0]]
        else:
            link = g.next_link[chip, goal_chip]
        side = g.side[link]
        # A packet leaves along x in its row, along y in the column of its core, as if tiles were one large mesh. One
        # that branches crosses a link once, in the column where it is, and branches on the chips of its cores.
        if g.words[BRANCHING]:
            to_x, to_y = x, y
        if side == EAST:
            to_x, to_y = columns - 1, y
        elif side == WEST:
            to_x, to_y = 0, y
        elif side == NORTH:
            to_y = rows - 1
        else:
            to_y = 0
    if to_x > x:
        return ports + EAST, router + 1
    if to_x < x:
        return ports + WEST, router - 1
    if to_y > y:
        return ports + NORTH, router + columns
    if to_y < y:
        return ports + SOUTH, router - columns
    if link < 0:
        return ports + TILE, router
    if side == EAST:
        x = 0
    elif side == WEST:
        x = columns - 1
    elif side == NORTH:
        y = 0
    else:
        y = rows - 1
    beyond = g.ends[link, 1] * g.words[FABRICS] + plane % g.words[FABRICS]
    return link, (beyond * rows + y) * columns + x


@inlined
def next_channel(place: Any, core: Any, origin: Any, g: Any) -> Any:
    """Return the next channel of a packet, and the place it leads to.

    On a mesh a packet takes the links between tiles, along x first, or the port ``TILE`` of its router if it stays
    there. On a chip with one router it takes the port ``TILE`` of every chip it comes to.

    Parameters
    ----------
    place, core, origin
        Where it is (two places a router: before and behind its port ``TILE``), where it goes, and the chip from
        which it comes; that counts for packets that branch only.
    g
        :class:`spikemesh.mapping.geometry.Plan`.

    Returns
    -------
    tuple of int
        Channel, and next place; ``HERE`` where what comes next is the core itself.
    """
    router, behind = place // 2, place % 2
    tiles = g.words[COLUMNS] * g.words[ROWS]
    # A core listens to all fabrics; a packet stays on its own.
    plane = core // g.words[CORES_PER_CHIP] * g.words[FABRICS] + router // tiles % g.words[FABRICS]
    goal = plane * tiles + g.router_of_core[core] % tiles
    if not g.words[MESH] and behind == 0:
        return g.words[LINKS] + PORTS * router + TILE, (HERE if router == goal else place + 1)
    channel, following = _towards(router, core, origin, g)
    if g.words[MESH] and (router == goal or following == goal):
        return channel, HERE
    return channel, 2 * following


@kernel
def next_channels(place: Any, core: Any, origin: Any, g: Any, channel: Any, following: Any) -> None:
    """Fill in the next channel and place of many packets; arrays of int64, shape (packets,)."""
    for k in range(place.size):
        channel[k], following[k] = next_channel(place[k], core[k], origin[k], g)


@kernel
def chains(
    start: Any, core: Any, target: Any, g: Any, node_at: Any, first: Any, channel: Any, child: Any
) -> Any:
    """Lay chains of nodes from places to cores; what two have in common towards a core, they share.

    For packets that do not branch.

    Parameters
    ----------
    start, core : ndarray of int64, shape (packets,)
        Where each packet starts, and its target core.
    target : ndarray of int64, shape (cores,)
        Number of each target core among target cores.
    node_at : ndarray of int32, shape (places, target cores)
        Node of each place and target core, -1: none yet.
    first : ndarray of int64, shape (packets,)
        Filled in with the first node of each packet.
    channel, child : ndarray of int64, shape (nodes,)
        Filled in with the channel of each node, and the node that follows; -1 - k: target core number k.

    Returns
    -------
    int
        Number of nodes; what is beyond the end of the arrays is counted, not written.
    """
    count = 0
    for k in range(start.size):
        place, number = start[k], target[core[k]]
        before = -1
        while place != HERE and node_at[place, number] < 0:
            node_at[place, number] = count
            taken, following = next_channel(place, core[k], 0, g)
            if count < channel.size:
                channel[count] = taken
                child[count] = -1 - number
            if 0 <= before < channel.size:
                child[before] = count
            before = count
            count += 1
            place = following
        if place != HERE and 0 <= before < channel.size:
            child[before] = node_at[place, number]
        first[k] = node_at[start[k], number]
    return count
