"""DYNAP-SE and DYNAP-SE2: few targets a neuron, tags that the neurons of a core listen for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikemesh.contracts import Load, Use
from spikemesh.description.topology import GRIDS, coordinates
from spikemesh.ids import IntArray
from spikemesh_plugins.systems.limits.pairs import distinct
from spikemesh_plugins.systems.limits.tags import allocate_tags


class TagBroadcast:
    """A neuron holds a few words, each for one chip with a mask of its cores; a core tells its sources apart by tag.

    The synapses of a neuron are a limit of the core (``fan_in``).

    Parameters
    ----------
    name
        Name of the rule.
    destinations
        Words of a neuron.
    tags
        Sources that a core can tell apart.
    reach
        Chips along x or y that a packet can go.
    source
        Where the figures come from.
    """

    def __init__(self, name: str, destinations: int, tags: int, reach: int, source: str) -> None:
        self.name, self.source = name, source
        self.destinations, self.tags, self.reach = destinations, tags, reach

    def check(self, load: Load) -> Iterator[Use]:
        """Count target chips of each neuron, tags at each core, and steps to the farthest chip."""
        chips, cores = load.system.chip_count, load.system.chip.core_count
        source, chip = distinct(load.source, load.core // cores)
        own = load.inside[source]
        words = np.bincount(source[own], minlength=load.network.size)
        what, remedy = "target chips, each with a mask of its cores", "targets on fewer chips"
        yield Use("destinations", what, "neuron", words, self.destinations, remedy)
        tags = allocate_tags(load.source, load.core, load.system.core_count, cores)
        remedy = "more chips, or fewer source neurons for each core"
        yield Use("tags", "tags of source neurons", "core", tags.up_to, self.tags, remedy)
        if load.system.topology in GRIDS and len(load.system.chips) > 1:
            far = np.zeros(chips, dtype=np.int64)
            away = self._steps(load, source[own], chip[own])
            np.maximum.at(far, load.core_of[source[own]] // cores, away)
            remedy = "a mapping that keeps targets near"
            yield Use("reach", "chips along x or y to a target", "chip", far, self.reach, remedy)

    def _steps(self, load: Load, source: IntArray, chip: IntArray) -> IntArray:
        """Count the chips along x or y to each target, whichever are more."""
        shape, cores = load.system.chips, load.system.chip.core_count
        at = np.array([coordinates(c, shape) for c in range(load.system.chip_count)])
        apart: IntArray = np.abs(at[load.core_of[source] // cores] - at[chip]).max(axis=1, initial=0)
        return apart


DYNAPSE = TagBroadcast(
    "dynapse_tags",
    destinations=4,
    tags=1 << 10,
    reach=3,
    source="libcaer, dynapse.h: 4 words a neuron, each of a virtual core, sign and 2 bits of dx and dy, and a mask of "
    "4 cores; source tags of 10 bits",
)
DYNAPSE2 = TagBroadcast(
    "dynapse2_tags",
    destinations=4,
    tags=1 << 11,
    reach=7,
    source="rockpool, samna_alias: 4 words a neuron, each of a mask of 4 cores, -7 to 7 hops along x and y, and a tag "
    "of 11 bits",
)
