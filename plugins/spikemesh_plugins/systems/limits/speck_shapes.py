"""Layers of Speck: which populations are some, what their projections make of their input, and the memory they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spikemesh.contracts import neurons_of_chip
from spikemesh.contracts.bound import BoundNetwork, BoundProjection
from spikemesh.ids import AnyArray, IntArray

KI = 1024
KERNELS = np.array([16, 16, 16, 32, 32, 64, 64, 16, 16], dtype=np.int64) * KI
"""Words of kernels of each core."""
NEURONS = np.array([64, 64, 64, 32, 32, 16, 16, 16, 16], dtype=np.int64) * KI
"""Words of neurons of each core."""
LAYERS = ("conv2d", "pool2d", "all_to_all")
"""Rules of connection that make a layer."""


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


def is_layer(network: BoundNetwork) -> AnyArray:
    """Tell which populations are layers: those that have neurons and are no input."""
    own, first = neurons_of_chip(network), np.cumsum([0, *(p.size for p in network.populations)])[:-1]
    layers = [p.size > 0 and bool(own[start]) for p, start in zip(network.populations, first, strict=True)]
    return np.array(layers, dtype=bool)


def shapes_of(network: BoundNetwork, layer: AnyArray) -> dict[int, Shape]:
    """Return what each projection that makes a layer makes of its input, by index."""
    return {p.index: _shape(network, p) for p in network.projections if p.rule in LAYERS and layer[p.target]}


def words_of(network: BoundNetwork, shapes: dict[int, Shape]) -> tuple[IntArray, IntArray]:
    """Count words of kernels and of neurons by population; zero for what is no layer."""
    kernels = np.zeros(len(network.populations), dtype=np.int64)
    neurons = np.zeros_like(kernels)
    for index, shape in shapes.items():
        target = network.projections[index].target
        kernels[target] += shape.kernel_words
        neurons[target] = max(neurons[target], shape.neuron_words)
    return kernels, neurons


def cores_for(fits: AnyArray, cost: AnyArray) -> IntArray:
    """Give each layer a core of its own: as many layers as can have one, at the least cost.

    Parameters
    ----------
    fits : ndarray of bool, shape (layers, cores)
        Whether a core holds a layer.
    cost : ndarray of int64, shape (layers, cores)
        What that costs.

    Returns
    -------
    ndarray of int64, shape (layers,)
        Core of each; -1 where there is none.
    """
    # Imported late: only networks on this chip need it.
    from scipy.optimize import linear_sum_assignment

    none = 1 + int(cost.max(initial=0)) * fits.shape[0]
    row, column = linear_sum_assignment(np.where(fits, cost, none))
    core = np.full(fits.shape[0], -1, dtype=np.int64)
    core[row] = np.where(fits[row, column], column, -1)
    return core


def _shape(network: BoundNetwork, projection: BoundProjection) -> Shape:
    given = projection.arguments
    sizes = [network.populations[end].size for end in (projection.source, projection.target)]
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
