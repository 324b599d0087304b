"""Keys of packets: every core that holds neurons has a range of them, one for each neuron."""

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
    """Ranges of keys: x and y of the chip (or its number), then the core, then the neuron on it.

    Chips and cores that lie together so have keys with the same first bits.

    Attributes
    ----------
    core : ndarray of int64, shape (cores,)
        Key of each core without the bits of the neuron.
    core_bits, neuron_bits
        Bits of it, and of a neuron on a core.
    neuron : ndarray of uint32, shape (neurons,)
        Key of every neuron.
    """

    core: IntArray
    core_bits: int
    neuron_bits: int
    neuron: AnyArray


def _bits(values: int) -> int:
    """Bits that so many values take."""
    return max(0, values - 1).bit_length()


def key_ranges(placement: Placement) -> Keys:
    """Give every core a range of keys, as large as the fullest core needs.

    Raises
    ------
    MappingError
        If keys have more bits than packets have for them.
    """
    system, home = placement.system, placement.core_of_neuron.astype(np.int64)
    number, chip_bits = _chip_numbers(placement)
    local_bits = _bits(system.chip.core_count)
    held = np.bincount(home, minlength=system.core_count)
    neuron_bits, core_bits = _bits(int(held.max(initial=0))), chip_bits + local_bits
    if core_bits + neuron_bits > KEY_BITS:
        found = (
            f"keys of {core_bits + neuron_bits} bits ({chip_bits} for the chip, {local_bits} for the core, "
        )
        found += f"{neuron_bits} for the neuron); a packet has {KEY_BITS}"
        raise MappingError(Problem("routing keys", found, "fewer neurons on each core, or fewer chips"))
    chip, local = np.divmod(np.arange(system.core_count, dtype=np.int64), system.chip.core_count)
    core = (number[chip] << local_bits) | local
    order = np.argsort(home, kind="stable")
    turn = np.empty_like(home)
    turn[order] = np.arange(home.size) - np.repeat(np.cumsum(held) - held, held)
    neuron = (core[home] << neuron_bits) | turn
    return Keys(core, core_bits, neuron_bits, neuron.astype(np.uint32))


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
