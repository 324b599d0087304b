"""The partitioner of Speck: every layer on a core of its own."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts import PartitionProblem
from spikemesh.ids import IntArray
from spikemesh_plugins.systems.limits.speck_shapes import (
    KERNELS,
    NEURONS,
    cores_for,
    is_layer,
    shapes_of,
    words_of,
)


class SpeckLayers:
    """Give each layer a core that holds its kernels and neurons, and each input the core of the first layer it reaches.

    Layers are dealt to the chips in the order of description, in equal numbers as far as cores allow; on a chip each
    takes the smallest core that does, of equals the first. Layers that find none are put on the core with the fewest
    neurons, so that the report of limits can tell them.
    """

    name = "speck_layers"

    def partition(self, problem: PartitionProblem) -> list[IntArray]:
        """Return per population the core of each neuron; see :class:`spikemesh.contracts.Partitioner`."""
        network, cores = problem.network, problem.system.core_count
        per_chip = problem.system.chip.core_count
        layer = is_layer(network)
        kernels, neurons = words_of(network, shapes_of(network, layer))
        # A chip that is described with other cores has the memories of Speck's in turn.
        kernel_room, neuron_room = (np.resize(room, per_chip) for room in (KERNELS, NEURONS))
        room = [np.tile(of_chip, problem.system.chip_count) for of_chip in (kernel_room, neuron_room)]
        layers = np.flatnonzero(layer)
        chip = np.arange(cores) // per_chip
        fits = (kernels[layers][:, None] <= room[0]) & (neurons[layers][:, None] <= room[1])
        for k, population in enumerate(layers):
            fits[k] &= np.isin(chip, problem.pin.get(problem.names[population], chip))
        wanted = np.arange(layers.size) * problem.system.chip_count // max(1, layers.size)
        away = np.abs(chip - wanted[:, None])
        # Of the cores of a chip, first the small ones; ties go to the first.
        rank = np.argsort(np.argsort(room[0] + room[1], kind="stable"), kind="stable")
        found = cores_for(fits, away * cores * cores + rank)
        core = np.full(len(problem.names), -1, dtype=np.int64)
        core[layers] = found
        return self._others(problem, layers, core)

    def _others(self, problem: PartitionProblem, layers: IntArray, core: IntArray) -> list[IntArray]:
        """Put inputs beside the first layer that they reach, if there is room, and the rest where the fewest are."""
        sizes, cores = np.asarray(problem.sizes), problem.system.core_count
        held = np.bincount(core[core >= 0], weights=sizes[core >= 0], minlength=cores).astype(np.int64)
        most = problem.system.chip.core.neurons or np.iinfo(np.int64).max
        chip = np.arange(cores) // problem.system.chip.core_count
        for population in np.flatnonzero(core < 0):
            allowed = np.isin(chip, problem.pin.get(problem.names[population], chip))
            reached = [p.target for p in problem.network.projections if p.source == population]
            # Those that reach nothing have no spikes to send: anywhere does.
            beside = next((int(core[target]) for target in [*reached, *layers] if core[target] >= 0), -1)
            there = beside >= 0 and allowed[beside] and held[beside] + sizes[population] <= most
            fewest = int(np.argmin(np.where(allowed, held, np.iinfo(np.int64).max)))
            core[population] = beside if there else fewest
            held[core[population]] += sizes[population]
        return [np.full(size, where, dtype=np.int64) for size, where in zip(sizes, core, strict=True)]
