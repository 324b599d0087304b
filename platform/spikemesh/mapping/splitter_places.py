"""Cores for splitters: near the neuron whose spikes they repeat, where neurons and axons have room."""

from __future__ import annotations

import numpy as np

from spikemesh.ids import IntArray
from spikemesh.mapping.limits import memory_bits
from spikemesh.mapping.placement import Placement


def places_for(
    source: IntArray,
    size: IntArray,
    home: IntArray,
    placement: Placement,
    held: tuple[IntArray, IntArray],
) -> IntArray:
    """Find a core for each group of splitters, on the chip of the neuron that they repeat.

    Large groups come first, then those of lower neurons. A group takes the nearest core that has room; if some find
    none so, all take the fullest core that has room instead.

    Parameters
    ----------
    source, size : ndarray of int64, shape (groups,)
        Neuron whose spikes a group repeats, and splitters of the group, which are on one core and share an axon.
    home : ndarray of int64, shape (neurons,)
        Core of each neuron.
    placement
        Gives the system.
    held : tuple of ndarray of int64, shape (cores,)
        Neurons and axons that cores hold already.

    Returns
    -------
    ndarray of int64, shape (groups,)
        Core of each; -1 where there is none.
    """
    order = np.lexsort((np.arange(source.size), source, -size))
    nearest = _filled(order, source, size, home, placement, held, near=True)
    return (
        nearest if np.all(nearest >= 0) else _filled(order, source, size, home, placement, held, near=False)
    )


def _filled(
    order: IntArray,
    source: IntArray,
    size: IntArray,
    home: IntArray,
    placement: Placement,
    held: tuple[IntArray, IntArray],
    near: bool,
) -> IntArray:
    per_chip, core = placement.cores_per_chip, placement.system.chip.core
    unlimited = np.iinfo(np.int64).max // 2
    neurons = (core.neurons or unlimited) - held[0]
    axons = (core.axons_in or unlimited) - held[1]
    bits = (core.synapse_memory_bits or unlimited) - _bits_held(held[1], placement)
    column, row = (
        np.arange(per_chip) % placement.system.chip.cores[0],
        np.arange(per_chip) // placement.system.chip.cores[0],
    )
    result = np.full(source.size, -1, dtype=np.int64)
    for group in order.tolist():
        here, wanted = int(home[source[group]]), int(size[group])
        chip = slice(here // per_chip * per_chip, (here // per_chip + 1) * per_chip)
        need = int(memory_bits(np.array([wanted]), core)[0])
        room = (neurons[chip] >= wanted) & (axons[chip] >= 1) & (bits[chip] >= need)
        if not room.any():
            continue
        local = here % per_chip
        rank = np.abs(column - column[local]) + np.abs(row - row[local]) if near else neurons[chip]
        found = chip.start + int(np.argmin(np.where(room, rank, unlimited)))
        neurons[found] -= wanted
        axons[found] -= 1
        bits[found] -= need
        result[group] = found
    return result


def _bits_held(axons: IntArray, placement: Placement) -> IntArray:
    """Memory that axons take at least; where a row is a word, what they take."""
    return axons * int(memory_bits(np.ones(1, dtype=np.int64), placement.system.chip.core)[0])
