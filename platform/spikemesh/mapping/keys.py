"""Keys of packets: each population has a range of them on every core that holds neurons of it, one for each neuron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.description.layout import layout_of
from spikemesh.errors import MappingError, Problem
from spikemesh.ids import AnyArray, IntArray
from spikemesh.mapping.placement import Placement

KEY_BITS = 32
"""Width of a key (SpiNNaker datasheet 2.02, section 8)."""


@dataclass(frozen=True, eq=False)
class Keys:
    """Ranges of keys, one for the neurons of each population on each core: a *part*.

    A key is x and y of the chip (or its number), the core, the part on it, and the neuron of the part: what lies
    together has keys with the same first bits.

    Attributes
    ----------
    part : ndarray of int64, shape (neurons,)
        Part of every neuron.
    core, prefix : ndarray of int64, shape (parts,)
        Core of every part, and its key without the bits of the neuron.
    prefix_bits, neuron_bits
        Bits of the two.
    neuron : ndarray of uint32, shape (neurons,)
        Key of every neuron.
    """

    part: IntArray
    core: IntArray
    prefix: IntArray
    prefix_bits: int
    neuron_bits: int
    neuron: AnyArray


def _bits(values: int) -> int:
    """Bits that so many values take."""
    return max(0, values - 1).bit_length()


def key_ranges(placement: Placement) -> Keys:
    """Give every part a range of keys, as large as the largest part needs.

    Raises
    ------
    MappingError
        If keys have more bits than packets have for them.
    """
    system, home = placement.system, placement.core_of_neuron.astype(np.int64)
    populations = max(1, len(placement.core_of))
    sizes = [core.size for core in placement.core_of]
    population = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    parts, part = np.unique(home * populations + population, return_inverse=True)
    core = parts // populations
    held = np.bincount(part, minlength=parts.size)
    number, chip_bits = _chip_numbers(placement)
    local_bits = _bits(system.chip.core_count)
    part_bits = _bits(int(np.bincount(core, minlength=1).max()))
    neuron_bits, prefix_bits = _bits(int(held.max(initial=0))), chip_bits + local_bits + part_bits
    if prefix_bits + neuron_bits > KEY_BITS:
        found = (
            f"keys of {prefix_bits + neuron_bits} bits ({chip_bits} for the chip, {local_bits} for the core, "
        )
        found += f"{part_bits} for the population, {neuron_bits} for the neuron); a packet has {KEY_BITS}"
        raise MappingError(Problem("routing keys", found, "fewer neurons on each core, or fewer chips"))
    chip, local = np.divmod(core, system.chip.core_count)
    prefix = (((number[chip] << local_bits) | local) << part_bits) | _turns(core)
    neuron = (prefix[part] << neuron_bits) | _turns(part)
    return Keys(part, core, prefix, prefix_bits, neuron_bits, neuron.astype(np.uint32))


def _turns(group: IntArray) -> IntArray:
    """Return for each member its number within its group."""
    order, counts = np.argsort(group, kind="stable"), np.bincount(group, minlength=1)
    turn = np.empty_like(group)
    turn[order] = np.arange(group.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return turn


def _chip_numbers(placement: Placement) -> tuple[IntArray, int]:
    """Return a number for each chip, and its bits: coordinates one after the other, where chips lie in a grid."""
    layout = layout_of(placement.system)
    if layout is None:
        chips = placement.system.chip_count
        return np.arange(chips, dtype=np.int64), _bits(chips)
    places = np.array(layout.places, dtype=np.int64)
    places = places - places.min(axis=0)
    number, total = np.zeros(len(places), dtype=np.int64), 0
    for along in places.T:
        bits = _bits(int(along.max()) + 1)
        number, total = (number << bits) | along, total + bits
    return number, total
