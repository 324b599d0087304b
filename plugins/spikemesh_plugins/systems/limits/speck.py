"""Speck: layers of a convolutional network, each on a core of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from spikemesh.contracts import Load, Use
from spikemesh.contracts.bound import BoundProjection
from spikemesh.errors import Problem
from spikemesh.ids import IntArray

KI = 1024
KERNELS = np.array([16, 16, 16, 32, 32, 64, 64, 16, 16], dtype=np.int64) * KI
"""Words of kernels of each core."""
NEURONS = np.array([64, 64, 64, 32, 32, 16, 16, 16, 16], dtype=np.int64) * KI
"""Words of neurons of each core."""
TARGETS, CHANNELS, KERNEL = 2, 1024, 16
INPUT, OUTPUT = 128, 64
STRIDES, PADDING = (1, 2, 4, 8), 7
LAYERS = ("conv2d", "pool2d", "all_to_all")


@dataclass(frozen=True)
class Shape:
    """What a projection makes of its input: channels and their sizes, and the window that goes over them."""

    inputs: tuple[int, int, int]
    outputs: tuple[int, int, int]
    window: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)

    @property
    def kernel_words(self) -> int:
        """Words of kernel memory: so many for each input channel, window and output channel in powers of two."""
        window, features = self.window[0] * self.window[1], self.outputs[0]
        return self.inputs[0] << (_bits(window) + _bits(features))

    @property
    def neuron_words(self) -> int:
        """Words of neuron memory: so many for each output channel, rows and columns in powers of two."""
        features, height, width = self.outputs
        return features << (_bits(height) + _bits(width))


def _bits(count: int) -> int:
    """Return the binary logarithm, rounded up."""
    return (count - 1).bit_length()


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
        """Count words of kernels and neurons of each layer, targets, sizes, and find a core for each layer."""
        populations = load.network.populations
        first = np.cumsum([0, *(p.size for p in populations)])[:-1]
        layer = load.inside[first] & np.array([p.size > 0 for p in populations])
        shapes: dict[int, Shape] = {}
        for projection in load.network.projections:
            if projection.rule not in LAYERS:
                found = f'rule "{projection.rule}" makes no layer'
                yield Problem(f'projection "{projection.name}"', found, f"allowed: {', '.join(LAYERS)}")
            elif layer[projection.target]:
                shapes[projection.index] = _shape(load, projection)
        kernels, neurons = self._words(load, shapes)
        remedy = "fewer or smaller kernels"
        yield Use("kernel_words", "words of kernels", "population", kernels, int(KERNELS.max()), remedy)
        remedy = "fewer or smaller channels"
        yield Use("neuron_words", "words of neurons", "population", neurons, int(NEURONS.max()), remedy)
        yield self._targets(load, layer)
        yield from self._sizes(load, shapes)
        numbers = np.flatnonzero(layer)
        alone = (kernels <= KERNELS.max()) & (neurons <= NEURONS.max())
        yield from self._cores(load, [int(k) for k in numbers if alone[k]], kernels, neurons)

    def _words(self, load: Load, shapes: dict[int, Shape]) -> tuple[IntArray, IntArray]:
        kernels = np.zeros(len(load.network.populations), dtype=np.int64)
        neurons = np.zeros_like(kernels)
        for index, shape in shapes.items():
            target = load.network.projections[index].target
            kernels[target] += shape.kernel_words
            neurons[target] = max(neurons[target], shape.neuron_words)
        return kernels, neurons

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

    def _cores(
        self, load: Load, layers: Sequence[int], kernels: IntArray, neurons: IntArray
    ) -> Iterator[Problem]:
        """Find a core for each layer; say how many find none."""
        # Imported late: only networks on this chip need it.
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import maximum_bipartite_matching

        chips = load.system.chip_count
        kernel_room, neuron_room = np.tile(KERNELS, chips), np.tile(NEURONS, chips)
        fits = (kernels[layers][:, None] <= kernel_room) & (neurons[layers][:, None] <= neuron_room)
        core = maximum_bipartite_matching(csr_array(fits), perm_type="column") if layers else np.zeros(0)
        left = [layer for layer, found in zip(layers, core, strict=True) if found < 0]
        if left:
            names = ", ".join(f'"{load.network.populations[k].name}"' for k in left)
            found = (
                f"{len(layers)} layers for {kernel_room.size} cores: none with room for {kernels[left[0]]} words of "
                f"kernels and {neurons[left[0]]} of neurons is left: {len(left)} too many"
            )
            yield Problem(f"population {names}", found, "more chips, or fewer or smaller layers")


def _shape(load: Load, projection: BoundProjection) -> Shape:
    given = projection.arguments
    sizes = [load.network.populations[end].size for end in (projection.source, projection.target)]
    if projection.rule == "all_to_all":
        return Shape((sizes[0], 1, 1), (sizes[1], 1, 1))
    stride = _pair(given["stride"])
    inputs, outputs = _triple(given["input_shape"]), _triple(given["output_shape"])
    if projection.rule == "pool2d":
        return Shape(inputs, outputs, _pair(given["size"]), stride)
    return Shape(inputs, outputs, _pair(np.shape(given["kernel"])[2:]), stride, _pair(given["padding"]))


def _pair(values: Sequence[int]) -> tuple[int, int]:
    rows, columns = values
    return int(rows), int(columns)


def _triple(values: Sequence[int]) -> tuple[int, int, int]:
    channels, rows, columns = values
    return int(channels), int(rows), int(columns)
