"""TrueNorth: crossbars of binary synapses, four types of axons, one target axon a neuron."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikemesh.contracts import Axons, Load, Use, axons_of, splitters_for
from spikemesh.errors import Problem
from spikemesh.ids import IntArray
from spikemesh_plugins.systems.limits.axon_types import AxonTypes
from spikemesh_plugins.systems.limits.pairs import Drawn, distinct, drawn

AXONS = 256
"""Axons, and neurons, of a core."""
TYPES = 4
LONGEST = 15
"""Ticks of the longest delay."""


class Crossbars:
    """What a crossbar cannot do at once takes further axons, and a neuron with several axons takes splitters.

    Axons are those of :func:`spikemesh.contracts.axons_of`. A neuron has one target axon; where it needs more, neurons
    of its chip repeat its spikes, one for each: splitters, which take places of neurons and a tick. They are inserted
    (see :attr:`CoreSpec.splitters`); here it is counted whether there is room and time for them. An axon has one of
    four types for all neurons of its core, and a neuron a weight for each type.
    """

    name = "truenorth_crossbar"
    source = (
        "Merolla et al., Science 345:668-673, 2014, supplement, sections S1, S4 and S8: 256 axons x 256 neurons, four "
        "axon types, one target axon for each neuron, splitters for more; delays of 1 to 15 ticks"
    )

    def check(self, load: Load) -> Iterator[Use | Problem]:
        """Count axons, places of neurons with splitters, ticks through splitters, and find a type for each axon."""
        network, synapses = load.network, drawn(load)
        axons = axons_of(
            synapses.source, load.core_of[synapses.target], synapses.target, synapses.delay, synapses.weight
        )
        if np.any(axons.number > 0) or np.any(np.diff(axons.delay) != 0):
            held = np.bincount(axons.core, minlength=load.system.core_count)
            remedy = "more chips, or one delay and no multapses"
            yield Use("axons", "axons", "core", held, AXONS, remedy)
        needed = np.bincount(axons.source, minlength=network.size)
        of_a_core = load.system.chip.core.neurons or AXONS
        splitters, levels = splitters_for(np.where(load.inside, needed, 0), of_a_core)
        yield self._places(load, splitters)
        yield self._ticks(load, levels, synapses)
        closed = synapses.weight != 0  # a crossing that is open has no weight
        onto, _ = distinct(synapses.target[closed], synapses.weight[closed])
        weights = np.bincount(onto, minlength=network.size)
        remedy = "fewer different weights onto each neuron"
        yield Use("axon_types", "different weights onto a neuron", "neuron", weights, TYPES, remedy)
        yield from self._types(load, axons, synapses, weights)

    def _places(self, load: Load, splitters: IntArray) -> Use:
        chips, cores = load.system.chip_count, load.system.chip.core_count
        of_a_core = load.system.chip.core.neurons or AXONS
        chip = load.core_of // cores
        neurons = np.bincount(chip, minlength=chips)
        more = np.bincount(chip, weights=splitters, minlength=chips).astype(np.int64)
        what = f"neurons and splitters ({int(splitters.sum()):,} splitters in all)"
        remedy = "more chips, or targets of each neuron on fewer cores"
        return Use("neurons_and_splitters", what, "chip", neurons + more, of_a_core * cores, remedy)

    def _ticks(self, load: Load, levels: IntArray, synapses: Drawn) -> Use:
        """Hold the ticks to each target to the delay, at the synapse of each projection where they are nearest."""
        count = len(load.network.projections)
        ticks = levels[synapses.source] + 1
        worst = np.lexsort((synapses.delay - ticks, synapses.projection))
        first = worst[np.searchsorted(synapses.projection[worst], np.arange(count)).clip(max=worst.size - 1)]
        need, delay = np.ones(count, dtype=np.int64), np.full(count, LONGEST)
        there = np.isin(np.arange(count), synapses.projection)
        need[there], delay[there] = ticks[first[there]], synapses.delay[first[there]]
        remedy = "a delay of a tick more for each level of splitters, or targets on one core"
        what = "ticks through splitters to the target"
        return Use("splitter_delay", what, "projection", need, delay, remedy)

    def _types(self, load: Load, axons: Axons, synapses: Drawn, weights: IntArray) -> Iterator[Problem]:
        """Look for a type for every axon of each core whose neurons have no more weights than there are types."""
        closed = np.flatnonzero(synapses.weight != 0)
        core = load.core_of[synapses.target[closed]]
        order = np.argsort(core, kind="stable")
        closed, core = closed[order], core[order]
        ends = np.searchsorted(core, np.arange(load.system.core_count + 1))
        crowded = np.unique(load.core_of[weights > TYPES])
        problems = []
        for number in np.unique(core[~np.isin(core, crowded)]).tolist():
            mine = closed[ends[number] : ends[number + 1]]
            types = AxonTypes(axons.of[mine], synapses.target[mine], synapses.weight[mine], TYPES)
            if types.conflict is not None:
                problems.append((number, types))
        if problems:
            number, types = problems[0]
            chip, local = divmod(number, load.system.chip.core_count)
            more = f"; so it is on {len(problems)} cores" if len(problems) > 1 else ""
            found = self._conflict(load, axons, types) + more
            yield Problem(
                f"axons of chip{chip}.core{local}", found, "the same weights from sources of a kind"
            )

    def _conflict(self, load: Load, axons: Axons, types: AxonTypes) -> str:
        """Name axons that cannot share types, by their sources, and neurons that tell them apart."""
        assert types.conflict is not None  # noqa: S101  the caller looked
        sources = [_named(load, int(axons.source[axon])) for axon in types.conflict.axons]
        neurons = [_named(load, int(neuron)) for neuron in types.conflict.neurons]
        how = "cannot be given" if types.conflict.proved else "were not given, in as many tries as are made,"
        return (
            f"the {len(sources)} axons of {_some(sources)} {how} {TYPES} types such that each neuron has one weight "
            f"for each type: {_some(neurons)} take different weights from them"
        )


def _named(load: Load, neuron: int) -> str:
    population = load.network.populations[int(load.population_of[neuron])]
    return f'"{population.name}" {neuron - population.offset}'


def _some(names: list[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
