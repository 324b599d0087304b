"""How long a barrier takes."""

from __future__ import annotations

import numpy as np

from spikemesh.description.system import System
from spikemesh.ids import IntArray


def barrier_ns(system: System, cores: IntArray) -> float:
    """Return the time of a barrier, from the published figures of the cost set in use.

    On one chip it is read from a table by tiles in use (a number between two entries takes the lower one's), or
    grows with the half perimeter of the rectangle of tiles in use; over several chips it is at least so much for
    each chip of the grid's width plus height.

    Parameters
    ----------
    system
        The system.
    cores
        Cores in use, none twice.

    Returns
    -------
    float
        In ns; 0 where nothing is published.
    """
    costs, chip = system.cost_set, system.chip
    on_chip = costs.barrier.latency_ns or 0.0
    most = 0.0
    for used in _tiles_in_use(system, cores):
        if costs.barrier_tiles:
            most = max(most, _from_table(costs.barrier_tiles, len(used)))
        elif costs.barrier_tile.latency_ns is not None:
            y, x = np.divmod(used, chip.tiles[0])
            further = int(np.ptp(x)) + int(np.ptp(y))
            most = max(most, on_chip + costs.barrier_tile.latency_ns * further)
        else:
            most = max(most, on_chip)
    if system.chip_count > 1 and costs.barrier_chip.latency_ns is not None:
        width_and_height = sum(system.chips) + (1 if len(system.chips) == 1 else 0)
        most = max(most, costs.barrier_chip.latency_ns * width_and_height)
    return most


def _tiles_in_use(system: System, cores: IntArray) -> list[IntArray]:
    """Tiles in use of each chip that has any."""
    chip = system.chip
    of_chip, local = np.divmod(cores, chip.core_count)
    y, x = np.divmod(local, chip.cores[0])
    tile = (y // chip.tile[1]) * chip.tiles[0] + x // chip.tile[0]
    return [np.unique(tile[of_chip == k]) for k in np.unique(of_chip)]


def _from_table(table: tuple[tuple[int, float], ...], tiles: int) -> float:
    below = [ns for count, ns in table if count <= tiles]
    return below[-1] if below else table[0][1]
