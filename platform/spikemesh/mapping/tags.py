"""Tags of packets that a chip offers to whole cores: a synapse listens to one tag.

A packet carries a tag and a mask of the cores of its target chip; every synapse there that listens to the tag takes it
(DYNAP-SE: Moradi et al. 2018; DYNAP-SE2: rockpool, ``samna_alias``). So sources that share a core must not share a tag,
whereas those that reach different cores of a chip may.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.errors import Problem
from spikemesh.ids import IntArray
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import FanOut


@dataclass(frozen=True, eq=False)
class Tags:
    """A tag for every source neuron and chip that it reaches.

    Attributes
    ----------
    source, chip : ndarray of int64, shape (words,)
        Source neuron and target chip, sorted; each pair takes one of the neuron's words for targets.
    tag : ndarray of int64, shape (words,)
        Lowest tags from 0 on; they may go beyond what the chip has.
    needed : ndarray of int64, shape (cores,)
        Sources that reach each core: as many tags it needs.
    highest : ndarray of int64, shape (cores,)
        Tags up to the highest that comes to each core, 0 where none comes. More than ``needed`` where a tag has to be
        left out, because it is taken on another core that the same packet goes to.
    """

    source: IntArray
    chip: IntArray
    tag: IntArray
    needed: IntArray
    highest: IntArray

    def problems(self, tags: int, core_names: tuple[str, ...]) -> list[Problem]:
        """Name the core that is furthest over a number of tags, if any is."""
        over = np.flatnonzero(self.highest > tags)
        if over.size == 0:
            return []
        worst = int(over[np.argmax(self.highest[over])])
        need = int(self.highest[worst])
        found = f"{need} tags for {int(self.needed[worst])} source neurons; the limit of a core is {tags} (tags): "
        found += f"{need - tags} too many"
        found += f"; {over.size} cores are over the limit, this one most" if over.size > 1 else ""
        return [Problem(core_names[worst], found, "more chips, or fewer source neurons for each core")]


def allocate_tags(fan: FanOut, placement: Placement) -> Tags:
    """Give every source neuron and target chip the lowest tag that is free on all cores it reaches there.

    Sources that reach most cores of a chip come first, then those of lower index.

    Parameters
    ----------
    fan
        Target cores of every neuron.
    placement
        Gives cores and chips.
    """
    per_chip, cores = placement.cores_per_chip, placement.system.core_count
    core = fan.core.astype(np.int64)
    word, entry_word = np.unique(
        fan.source * placement.system.chip_count + core // per_chip, return_inverse=True
    )
    reached = np.bincount(entry_word, minlength=word.size)
    begins = np.concatenate([[0], np.cumsum(reached)])
    needed = np.bincount(core, minlength=cores)
    # The lowest free tag of all cores together is at most the number of words that come to any of them.
    taken = np.zeros((cores, _most(needed, per_chip) + 1), dtype=bool)
    tag = np.zeros(word.size, dtype=np.int64)
    for k in np.lexsort((np.arange(word.size), -reached)).tolist():
        mine = core[begins[k] : begins[k + 1]]
        tag[k] = int(np.argmin(taken[mine].any(axis=0)))
        taken[mine, tag[k]] = True
    highest = np.zeros(cores, dtype=np.int64)
    np.maximum.at(highest, core, tag[entry_word] + 1)
    chips = placement.system.chip_count
    return Tags(word // chips, word % chips, tag, needed, highest)


def _most(needed: IntArray, per_chip: int) -> int:
    """Tags that can be taken on a chip at most: one for each source and core of it."""
    return int(needed.reshape(-1, per_chip).sum(axis=1).max(initial=0))
