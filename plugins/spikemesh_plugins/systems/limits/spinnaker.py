"""SpiNNaker: memories of cores and chips."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikemesh.contracts import Load, Use

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
