"""Networks: populations, projections, drives, inputs and probes, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.description.values import Quantity, Value
from spikemesh.ids import AnyArray, IntArray

RULES = {
    "one_to_one": (),
    "all_to_all": (),
    "fixed_indegree": ("indegree",),
    "fixed_outdegree": ("outdegree",),
    "fixed_total": ("total",),
    "fixed_probability": ("p",),
    "distance": ("p", "scale"),
    "conv2d": ("input_shape", "kernel", "stride", "padding"),
    "pool2d": ("input_shape", "size", "stride"),
    "explicit": ("sources", "targets"),
}
"""Connection rules and their arguments.

``one_to_one``
    Neuron k to neuron k, equal sizes.
``all_to_all``
    Every pair.
``fixed_indegree``, ``fixed_outdegree``, ``fixed_total``
    That many synapses onto each target, from each source, or in all, drawn uniformly.
``fixed_probability``
    Each pair with probability ``p``.
``distance``
    Each pair with probability ``p * exp(-d / scale)``, d the Euclidean distance of their ``positions``.
``conv2d``
    ``input_shape`` (height, width) or (channels, height, width) of the source; ``kernel`` an array
    (height, width) or (out channels, in channels, height, width) of factors of the weight, zeros
    making no synapse; ``stride`` (default 1) and ``padding`` (default 0), a number or (rows, columns).
    Neurons are numbered channel by channel, row by row. The output has
    ``(in + 2 padding - kernel) // stride + 1`` rows and columns; it is a cross-correlation, as in
    neural-network libraries.
``pool2d``
    Windows of ``size`` every ``stride`` (default: size), channel by channel; no factor.
``explicit``
    ``sources`` and ``targets``, one entry a synapse.
"""


@dataclass(frozen=True, eq=False, repr=False)
class Population:
    """Neurons of one model.

    Attributes
    ----------
    name
        Unique in the network.
    size
        Number of neurons.
    model
        Name of a neuron model plugin.
    params, init
        Parameters and initial state, each a :data:`Value` (scalar, per-neuron array or distribution).
    positions : ndarray of float64, shape (size, d), optional
        Coordinates for the ``distance`` rule.
    """

    name: str
    size: int
    model: str
    params: Mapping[str, Any] = field(default_factory=dict)
    init: Mapping[str, Any] = field(default_factory=dict)
    positions: AnyArray | None = None

    def __repr__(self) -> str:
        return f'<Population "{self.name}": {self.size} {self.model}>'


@dataclass(frozen=True)
class LearningUse:
    """A learning rule plugin by name, with its parameters."""

    rule: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Projection:
    """Synapses from one population to another.

    Attributes
    ----------
    rule, arguments
        Connection rule, one of :data:`RULES`, and its arguments.
    weight, delay
        :data:`Value`; per-synapse arrays only with explicit lists.
    receptor
        Name of a receptor of the target's model, or ``auto``: the sign of the weight picks exc or inh.
    extras
        Further arguments for the target model's weight format (``weight_exp`` ...).
    """

    name: str
    source: str
    target: str
    rule: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    weight: Value = 1.0
    delay: Value | None = None
    receptor: str = "auto"
    learning: LearningUse | None = None
    autapses: bool = True
    multapses: bool = True
    extras: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        learning = f", learning {self.learning.rule}" if self.learning else ""
        return f'<Projection "{self.name}": {self.rule}{learning}>'


@dataclass(frozen=True, eq=False)
class Drive:
    """A stimulus that belongs to a population and uses no synapses.

    ``encoder`` is ``poisson`` (an own Poisson process for every neuron: ``rate``, ``weight``,
    ``receptor``), ``steps`` (a current that changes at given times: ``times``, ``currents``) or
    ``constant_current`` (``current``).
    """

    population: str
    encoder: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Input:
    """Samples shown one after another to a population through an encoder.

    Attributes
    ----------
    data : ndarray of float64, shape (samples, values)
        One row a presentation.
    present, blank
        How long a sample is shown, and the pause after it.
    reset
        Populations whose state returns to its initial value at the start of every presentation.
    """

    population: str
    encoder: str
    data: AnyArray
    present: Quantity
    blank: Quantity = 0.0
    reset: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class StreamInput:
    """A signal or recording that an encoder reads along with model time, from the first step on.

    Attributes
    ----------
    stream : Path or ndarray
        A file, which is never read as a whole, or an array.
    """

    population: str
    encoder: str
    stream: Path | AnyArray
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Probe:
    """What to record of a population (``spikes``, state variables) or a projection (``weights``).

    Attributes
    ----------
    neurons
        Sorted neuron indices, or None for all.
    every
        Sampling interval of state variables; None means every step.
    """

    target: str
    what: tuple[str, ...]
    neurons: IntArray | None = None
    every: Quantity | None = None


@dataclass(frozen=True, eq=False)
class NetworkDescription:
    """A whole network. ``timestep`` is in ms (or a quantity)."""

    timestep: Quantity
    seed: int
    populations: tuple[Population, ...] = ()
    projections: tuple[Projection, ...] = ()
    drives: tuple[Drive, ...] = ()
    inputs: tuple[Input | StreamInput, ...] = ()
    probes: tuple[Probe, ...] = ()

    def population(self, name: str) -> Population:
        """Return the population of that name (KeyError if there is none)."""
        for population in self.populations:
            if population.name == name:
                return population
        raise KeyError(name)


def selected_neurons(selection: str | slice | Sequence[int] | AnyArray | None, size: int) -> IntArray | None:
    """Turn ``"0:10"``, a slice, a mask or a list into sorted neuron indices; None stays None.

    Raises
    ------
    ValueError
        If the text is no slice or an index is outside the population.
    """
    if selection is None:
        return None
    if isinstance(selection, str):
        selection = _slice_of(selection) if ":" in selection else [_index_of(selection)]
    if isinstance(selection, slice):
        return np.sort(np.arange(size, dtype=np.int64)[selection])
    array = _index_array(selection, size)
    if array is None:
        raise ValueError('neurons are given as a slice such as "0:10" or a list of whole numbers')
    indices = np.unique(array.astype(np.int64))
    if indices.size and (indices[0] < 0 or indices[-1] >= size):
        raise ValueError(
            f"neuron {indices[-1] if indices[-1] >= size else indices[0]} is outside 0 to {size - 1}"
        )
    return indices


def _index_array(selection: Any, size: int) -> AnyArray | None:
    try:
        array = np.atleast_1d(np.asarray(selection))
    except (TypeError, ValueError):
        return None
    if array.dtype.kind == "b" and array.shape == (size,):
        return np.flatnonzero(array)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        return None
    whole = np.all(np.isfinite(array)) and np.all(array % 1 == 0) and np.all(np.abs(array) < 2.0**62)
    return array if whole else None


def _index_of(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a slice such as "0:10" or "::100"') from None


def _slice_of(text: str) -> slice:
    try:
        parts = [int(p) if p.strip() else None for p in text.split(":")]
    except ValueError:
        parts = []
    if not 2 <= len(parts) <= 3:
        raise ValueError(f'"{text}" is not a slice such as "0:10" or "::100"')
    return slice(*parts)
