"""Tags of packets that a chip offers to whole cores: a synapse listens to one tag.

A packet carries a tag and a mask of the cores of its target chip; every synapse there that listens to the tag takes it
(DYNAP-SE: Moradi et al. 2018; DYNAP-SE2: rockpool, ``samna_alias``). So sources that share a core must not share a tag,
whereas those that reach different cores of a chip may.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.ids import IntArray


@dataclass(frozen=True, eq=False)
class Tags:
    """A tag for every source neuron and chip that it reaches.

    Attributes
    ----------
    source, chip : ndarray of int64, shape (words,)
        Source neuron and target chip, sorted; each pair takes one of the neuron's words for targets.
    tag : ndarray of int64, shape (words,)
        From 0 on.
    up_to : ndarray of int64, shape (cores,)
        Tags that each core must be able to tell apart: those up to the highest that comes to it, 0 where none comes.
        There are more than sources that reach it where a tag is left out, because it is taken on another core that the
        same packet goes to.
    """

    source: IntArray
    chip: IntArray
    tag: IntArray
    up_to: IntArray


def allocate_tags(source: IntArray, core: IntArray, cores: int, per_chip: int) -> Tags:
    """Give every source neuron and target chip the lowest tag that is free on all cores it reaches there.

    Sources that reach most cores of a chip come first, then those of lower index.

    Parameters
    ----------
    source, core : ndarray of int64
        Pairs of a source neuron and a core on which it has synapses, each once, sorted by source, then core.
    cores, per_chip
        Cores of the system, and of a chip.
    """
    chips = cores // per_chip
    word, word_of = np.unique(source * chips + core // per_chip, return_inverse=True)
    reached = np.bincount(word_of, minlength=word.size)
    begins = np.concatenate([[0], np.cumsum(reached)])
    # Each word leaves out at most as many tags as others that come to its chip take.
    most = int(np.bincount(core // per_chip, minlength=1).max())
    taken = np.zeros((cores, most + 1), dtype=bool)
    tag = np.zeros(word.size, dtype=np.int64)
    for k in np.lexsort((np.arange(word.size), -reached)).tolist():
        mine = core[begins[k] : begins[k + 1]]
        tag[k] = int(np.argmin(taken[mine].any(axis=0)))
        taken[mine, tag[k]] = True
    up_to = np.zeros(cores, dtype=np.int64)
    np.maximum.at(up_to, core, tag[word_of] + 1)
    return Tags(word // chips, word % chips, tag, up_to)
