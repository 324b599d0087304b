"""SpiNNaker: memories of cores and chips, and the router's table of keys and masks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikemesh.contracts import Load, Use
from spikemesh.description.topology import GRIDS, coordinates
from spikemesh.ids import AnyArray, IntArray
from spikemesh_plugins.systems.limits.pairs import distinct

DTCM_BYTES = 64 * 1024
SDRAM_BYTES = 123_469_792
SLOTS, ENTRY_BYTES, WORD_BYTES = 16, 2, 4


class Memories:
    """What sPyNNaker's neurons take at least: rings of arriving weights in DTCM, synapses in the chip's SDRAM.

    Parameters of neurons, programs and the heads of rows come on top; their sizes are not published as figures.
    """

    name = "spinnaker_memory"
    source = (
        "SpiNNaker workshop slides, 2015: 64 KB of DTCM a core; SpiNNMachine: 123,469,792 B of usable SDRAM a chip; "
        "sPyNNaker: ring entries of 16 bits for each of 16 delays and each receptor, synaptic words of 32 bits"
    )

    def check(self, load: Load) -> Iterator[Use]:
        """Count the bytes of each core and chip."""
        receptors = np.array([len(p.model.receptors) for p in load.network.populations], dtype=np.int64)
        rings = np.where(load.inside, receptors[load.population_of] * SLOTS * ENTRY_BYTES, 0)
        held = np.bincount(load.core_of, weights=rings, minlength=load.system.core_count).astype(np.int64)
        remedy = "more chips, or fewer neurons"
        yield Use("dtcm", "bytes of DTCM for arriving weights alone", "core", held, DTCM_BYTES, remedy)
        chip = load.core // load.system.chip.core_count
        stored = np.bincount(chip, weights=load.synapses, minlength=load.system.chip_count)
        remedy = "more chips, or fewer synapses"
        need = WORD_BYTES * stored.astype(np.int64)
        yield Use("sdram", "bytes of SDRAM for synapses", "chip", need, SDRAM_BYTES, remedy)


class KeysAndMasks:
    """One entry for each group of neurons with one key, on every chip where its packets do not go straight on.

    A group are the neurons of one population on one core: they share a key and a mask, and so a tree. Default routing
    takes a packet without an entry out of the link opposite to the one it came by.
    """

    name = "spinnaker_router"
    source = (
        "SpiNNaker datasheet 2.02, 2011, section 10.4: keys, masks and default routing; PACMAN: a key and a mask for "
        "each part of a population on a core"
    )

    def check(self, load: Load) -> Iterator[Use]:
        """Count entries of each chip's router against ``table_entries``."""
        limit = load.system.chip.table_entries
        if limit is None:
            return
        yield Use(
            "table_entries",
            "router entries",
            "chip",
            self._entries(load),
            limit,
            "more chips, or fewer projections between chips",
        )

    def _entries(self, load: Load) -> IntArray:
        chips, cores = load.system.chip_count, load.system.chip.core_count
        populations = len(load.network.populations)
        group = load.core_of * populations + load.population_of
        ends = np.array(load.system.directed_links, dtype=np.int64).reshape(-1, 2)
        of_link, link = distinct(group[load.route_source], load.route_link)
        of_core, chip = distinct(group[load.source], load.core // cores)
        here = [of_link * chips + ends[link, side] for side in (0, 1)]
        local = of_core * chips + chip
        touched = np.unique(np.concatenate([*here, local]))
        leaves, enters = (np.searchsorted(touched, side) for side in here)
        way = _directions(load)[link]
        size = touched.size
        once = (np.bincount(leaves, minlength=size) == 1) & (np.bincount(enters, minlength=size) == 1)
        ways = np.zeros((2, size), dtype=np.int64)
        ways[0, leaves], ways[1, enters] = way, way
        straight = once & (ways[0] == ways[1]) & ~np.isin(touched, local)
        return np.bincount(touched[~straight] % chips, minlength=chips)


def _directions(load: Load) -> IntArray:
    """Direction of each directed link, as a number; links without a place in the plane have one each."""
    links = load.system.directed_links
    at = _places(load)
    if at is None:
        return np.arange(len(links), dtype=np.int64)
    steps = [at[b] - at[a] for a, b in links]
    # Round a torus, a long step one way is a short one the other way.
    signs = [np.where(np.abs(step) > 1, -np.sign(step), step) for step in steps]
    return np.array([3 * int(x) + int(y) for x, y in signs], dtype=np.int64)


def _places(load: Load) -> AnyArray | None:
    system = load.system
    if system.positions:
        return np.array(system.positions)
    if system.topology in GRIDS and len(system.chips) == 2:
        return np.array([coordinates(c, system.chips) for c in range(system.chip_count)])
    return None
