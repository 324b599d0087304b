"""Speck: layers of a convolutional network, each on a core of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from spikemesh.contracts import Load, Use
from spikemesh.errors import Problem
from spikemesh.ids import IntArray
from spikemesh_plugins.systems.limits.speck_shapes import (
    KERNELS,
    LAYERS,
    NEURONS,
    Shape,
    cores_for,
    is_layer,
    shapes_of,
    words_of,
)

TARGETS, CHANNELS, KERNEL = 2, 1024, 16
INPUT, OUTPUT = 128, 64
REMEDY = 'mapping.partition = "speck_layers"'
STRIDES, PADDING = (1, 2, 4, 8), 7


class Layers:
    """Every population that is no input is a layer on a core of its own, with kernels that its neurons share.

    A projection ``all_to_all`` is a kernel of one pixel with a channel for each source.
    """

    name = "speck_layers"
    source = (
        "sinabs, documentation and dynapcnn.py: 9 cores of 16, 16, 16, 32, 32, 64, 64, 16, 16 Ki words of kernels and "
        "64, 64, 64, 32, 32, 16, 16, 16, 16 Ki of neurons, two targets each; input to 128 x 128, output to 64 x 64, "
        "1,024 channels, kernels to 16 x 16, strides 1, 2, 4, 8, padding to 7"
    )

    def check(self, load: Load) -> Iterator[Use | Problem]:
        """Count words of kernels and neurons of each layer, targets and sizes, and look at the core of each layer."""
        network, layer = load.network, is_layer(load.network)
        for projection in network.projections:
            if projection.rule not in LAYERS:
                found = f'rule "{projection.rule}" makes no layer'
                yield Problem(f'projection "{projection.name}"', found, f"allowed: {', '.join(LAYERS)}")
        shapes = shapes_of(network, layer)
        kernels, neurons = words_of(network, shapes)
        remedy = "fewer or smaller kernels"
        yield Use("kernel_words", "words of kernels", "population", kernels, int(KERNELS.max()), remedy)
        remedy = "fewer or smaller channels"
        yield Use("neuron_words", "words of neurons", "population", neurons, int(NEURONS.max()), remedy)
        yield self._targets(load, layer)
        yield from self._sizes(load, shapes)
        alone = layer & (kernels <= KERNELS.max()) & (neurons <= NEURONS.max())
        homeless = self._homeless(load, np.flatnonzero(alone), kernels, neurons)
        if homeless is not None:
            yield homeless
        elif np.array_equal(alone, layer):
            yield from self._cores(load, np.flatnonzero(layer), kernels, neurons)

    def _targets(self, load: Load, layer: IntArray) -> Use:
        pairs = {(p.source, p.target) for p in load.network.projections if layer[p.source]}
        sources = np.array([source for source, _ in pairs], dtype=np.int64)
        need = np.bincount(sources, minlength=len(load.network.populations))
        return Use("targets", "layers that it sends to", "population", need, TARGETS, "fewer targets")

    def _sizes(self, load: Load, shapes: dict[int, Shape]) -> Iterator[Use | Problem]:
        count = len(load.network.projections)
        figures: dict[str, tuple[str, int, Callable[[Shape], int]]] = {
            "input_size": ("pixels of input along a side", INPUT, lambda s: max(s.inputs[1:])),
            "output_size": ("pixels of output along a side", OUTPUT, lambda s: max(s.outputs[1:])),
            "channels": ("channels", CHANNELS, lambda s: max(s.inputs[0], s.outputs[0])),
            "kernel_size": ("pixels of a kernel along a side", KERNEL, lambda s: max(s.window)),
            "padding": ("pixels of padding", PADDING, lambda s: max(s.padding)),
        }
        for key, (what, limit, of) in figures.items():
            need = np.zeros(count, dtype=np.int64)
            for index, shape in shapes.items():
                need[index] = of(shape)
            yield Use(key, what, "projection", need, limit, "a smaller layer")
        for index, shape in shapes.items():
            if not {*shape.stride} <= {*STRIDES}:
                where = f'projection "{load.network.projections[index].name}"'
                yield Problem(
                    where, f"stride {list(shape.stride)}", f"allowed: {', '.join(map(str, STRIDES))}"
                )

    def _homeless(self, load: Load, layers: IntArray, kernels: IntArray, neurons: IntArray) -> Problem | None:
        """Say how many layers find no core, whatever the mapping."""
        chips = load.system.chip_count
        kernel_room, neuron_room = np.tile(KERNELS, chips), np.tile(NEURONS, chips)
        fits = (kernels[layers][:, None] <= kernel_room) & (neurons[layers][:, None] <= neuron_room)
        left = layers[cores_for(fits, np.zeros_like(fits, dtype=np.int64)) < 0]
        if not left.size:
            return None
        names = ", ".join(f'"{load.network.populations[k].name}"' for k in left)
        found = (
            f"{layers.size} layers for {kernel_room.size} cores: none with room for {kernels[left[0]]} words of "
            f"kernels and {neurons[left[0]]} of neurons is left: {left.size} too many"
        )
        return Problem(f"population {names}", found, "more chips, or fewer or smaller layers")

    def _cores(self, load: Load, layers: IntArray, kernels: IntArray, neurons: IntArray) -> Iterator[Use]:
        """Hold each layer to one core, each core to one layer, and both words to those of the core."""
        cores, chips = load.system.core_count, load.system.chip_count
        pair = np.unique(load.population_of * cores + load.core_of)
        population, core = np.divmod(pair[np.isin(pair // cores, layers)], cores)
        spread = np.bincount(population, minlength=len(load.network.populations))
        yield Use("cores_of_a_layer", "cores of a layer", "population", spread, 1, REMEDY)
        yield Use("layers", "layers", "core", np.bincount(core, minlength=cores), 1, REMEDY)
        for key, what, words, room in (
            ("kernel_words_of_core", "words of kernels", kernels, KERNELS),
            ("neuron_words_of_core", "words of neurons", neurons, NEURONS),
        ):
            held = np.zeros(cores, dtype=np.int64)
            np.add.at(held, core, words[population])
            yield Use(key, what, "core", held, np.tile(room, chips), REMEDY)
