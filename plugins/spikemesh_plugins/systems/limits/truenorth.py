"""TrueNorth: crossbars of binary synapses, four types of axons, one target axon a neuron."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikemesh.contracts import Load, Use
from spikemesh.ids import IntArray
from spikemesh_plugins.systems.limits.pairs import Drawn, counted, distinct, drawn

AXONS = 256
"""Axons, and neurons, of a core."""
TYPES = 4
LONGEST = 15
"""Ticks of the longest delay."""


class Crossbars:
    """What a crossbar cannot do at once takes further axons, and a neuron with several axons takes splitters.

    An axon acts at one tick and once on each neuron: a source that reaches a core over several delays, or one of its
    neurons by several synapses, takes so many axons there. A neuron has one target axon; where it needs more, it
    reaches a core whose neurons, one for each of them, repeat its spikes: splitters, which take places of neurons of
    its chip and a tick. They are counted here, not simulated. A neuron has a weight for each of four types of axons.
    """

    name = "truenorth_crossbar"
    source = (
        "Merolla et al., Science 345:668-673, 2014, supplement, sections S1, S4 and S8: 256 axons x 256 neurons, four "
        "axon types, one target axon for each neuron, splitters for more; delays of 1 to 15 ticks"
    )

    def check(self, load: Load) -> Iterator[Use]:
        """Count axons, places of neurons with splitters, ticks through splitters, and weights of each neuron."""
        network, synapses = load.network, drawn(load)
        axons = self._axons(load, synapses)
        if np.any(axons > 1):
            held = np.bincount(load.core, weights=axons, minlength=load.system.core_count)
            remedy = "more chips, or one delay and no multapses"
            yield Use("axons", "axons", "core", held.astype(np.int64), AXONS, remedy)
        needed = np.bincount(load.source, weights=axons, minlength=network.size).astype(np.int64)
        splitters, levels = splitters_for(np.where(load.inside, needed, 0))
        yield self._places(load, splitters)
        yield self._ticks(load, levels, synapses)
        onto, _ = distinct(synapses.target, synapses.weight)
        types = np.bincount(onto, minlength=network.size)
        remedy = "fewer different weights onto each neuron"
        yield Use("axon_types", "different weights onto a neuron", "neuron", types, TYPES, remedy)

    def _axons(self, load: Load, synapses: Drawn) -> IntArray:
        """Count the axons of each pair of a source and a core, in the order of the load."""
        cores = load.system.core_count
        pair = synapses.source * cores + load.core_of[synapses.target]
        (pair, delay, _), times = counted(pair, synapses.delay, synapses.target)
        # Of one delay, the target with most synapses decides.
        (pair, delay, times), _ = counted(pair, delay, times)
        last = np.append(np.any([c[1:] != c[:-1] for c in (pair, delay)], axis=0), pair.size > 0)[: pair.size]
        axons = np.zeros(load.source.size, dtype=np.int64)
        np.add.at(axons, np.searchsorted(load.source * cores + load.core, pair[last]), times[last])
        return axons

    def _places(self, load: Load, splitters: IntArray) -> Use:
        chips, cores = load.system.chip_count, load.system.chip.core_count
        chip = load.core_of // cores
        neurons = np.bincount(chip, minlength=chips)
        more = np.bincount(chip, weights=splitters, minlength=chips).astype(np.int64)
        what = f"neurons and splitters ({int(splitters.sum()):,} splitters in all)"
        remedy = "more chips, or targets of each neuron on fewer cores"
        return Use("neurons_and_splitters", what, "chip", neurons + more, AXONS * cores, remedy)

    def _ticks(self, load: Load, levels: IntArray, synapses: Drawn) -> Use:
        shortest = np.full(len(load.network.projections), LONGEST)
        np.minimum.at(shortest, synapses.projection, synapses.delay)
        first = np.cumsum([0, *(p.size for p in load.network.populations)])
        deepest = np.array(
            [levels[first[p.source] : first[p.source + 1]].max(initial=0) for p in load.network.projections],
            dtype=np.int64,
        )
        remedy = "a delay of a tick more for each level of splitters, or targets on one core"
        what = "ticks through splitters to the target"
        return Use("splitter_delay", what, "projection", deepest + 1, shortest, remedy)


def splitters_for(axons: IntArray) -> tuple[IntArray, IntArray]:
    """Count the splitters that neurons need to reach so many axons.

    A core of splitters repeats what arrives at one axon up to 256 times.

    Parameters
    ----------
    axons : ndarray of int64
        Axons that each neuron has to reach.

    Returns
    -------
    splitters, levels : ndarray of int64
        Splitters of each neuron, and how many follow one another.
    """
    splitters, levels = np.zeros_like(axons), np.zeros_like(axons)
    left = axons.copy()
    while np.any(left > 1):
        split = left > 1
        splitters += np.where(split, left, 0)
        levels += split
        left = np.where(split, -(-left // AXONS), left)
    return splitters, levels
