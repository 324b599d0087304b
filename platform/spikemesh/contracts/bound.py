"""A network whose names are looked up and whose quantities are plain numbers in the field's units.

This is what mapping and the engine work on. Times are whole steps; weights are in the target's unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spikemesh.contracts.coding import Encoder
from spikemesh.contracts.learning import LearningRule
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.contracts.stream import StreamEncoder
from spikemesh.description.values import Distribution
from spikemesh.ids import AnyArray, IntArray


@dataclass(frozen=True, eq=False)
class BoundPopulation:
    """A population with its model, constants and initial state.

    Attributes
    ----------
    index
        Position in the network.
    offset
        Global index of its neuron 0.
    constants, initial
        Per name a float (or int), or one value per neuron.
    event_ticks, event_neurons
        Scheduled spikes of a population whose model has ``events``, sorted by tick then neuron.
    """

    index: int
    name: str
    size: int
    offset: int
    model: type[NeuronModel]
    parameters: Mapping[str, Any]
    constants: Mapping[str, Any]
    initial: Mapping[str, Any]
    positions: AnyArray | None = None
    event_ticks: IntArray | None = None
    event_neurons: IntArray | None = None


@dataclass(frozen=True)
class ThirdSpikes:
    """Spikes of a population that add to the third factor of a projection.

    Attributes
    ----------
    population
        Index in the network.
    delay
        Steps from a spike to its arrival, at least 1.
    gain
        What each adds when it arrives.
    decay
        What is left of it from step to step; 0: it counts in the step of its arrival alone.
    """

    population: int
    delay: int
    gain: float
    decay: float

    @property
    def least(self) -> float:
        """Magnitude below which what is left counts as 0."""
        return abs(self.gain) * 2.0**-52


@dataclass(frozen=True, eq=False)
class BoundLearning:
    """A learning rule with its parameters and scalar constants.

    Attributes
    ----------
    declared
        The rule that made ``rule`` for these parameters; None if it is none that makes rules.
    third_ticks, third_values
        The third factor from each tick on.
    third_spikes
        Spikes that add to it.
    dendritic
        Whether delays are on the post-synaptic side.
    weight_bits, rounding
        Bits of a weight, 0 if weights are not rounded, and how they are: ``nearest`` or ``stochastic``.
    """

    rule: type[LearningRule]
    parameters: Mapping[str, Any]
    constants: Mapping[str, float]
    third_ticks: IntArray | None = None
    third_values: AnyArray | None = None
    weight_bits: int = 0
    rounding: str = ""
    third_spikes: ThirdSpikes | None = None
    declared: type[LearningRule] | None = None
    dendritic: bool = False


@dataclass(frozen=True, eq=False)
class BoundProjection:
    """A projection with numbers in place of names.

    Attributes
    ----------
    source, target
        Population indices.
    weight
        Number, per-synapse array (explicit lists) or distribution, in the target model's unit.
    delay
        Steps: an int, a per-synapse array, or a distribution in milliseconds (rounded to steps, at least 1).
    receptor
        Receptor name, or ``auto``.
    expected
        Expected number of synapses.
    exact
        Weights before the target model's own format rounded them, in the unit of ``weight``; None where it has none.
    part_of
        The projection as described of whose synapses these are some: what is chosen for all of them is chosen for it.
    """

    index: int
    name: str
    source: int
    target: int
    rule: str
    arguments: Mapping[str, Any]
    weight: float | AnyArray | Distribution
    delay: int | IntArray | Distribution
    receptor: str
    autapses: bool
    multapses: bool
    expected: float
    learning: BoundLearning | None = None
    exact: float | AnyArray | None = None
    part_of: BoundProjection | None = None


@dataclass(frozen=True, eq=False)
class BoundPoisson:
    """An own Poisson process for every neuron of a population; ``rate`` in Hz, scalar or per neuron."""

    index: int
    population: int
    rate: float | AnyArray
    weight: float
    receptor: str


@dataclass(frozen=True, eq=False)
class BoundCurrent:
    """Currents that change at given steps: at ``ticks[k]`` all neurons take ``values[k]``.

    A value set at tick k acts from the step that starts at k. ``values`` has shape (changes,) or (changes, size).
    """

    index: int
    population: int
    ticks: IntArray
    values: AnyArray


@dataclass(frozen=True, eq=False)
class BoundInput:
    """Samples for an encoder; sample k starts at tick ``k * (present + blank)``; ``size``: neurons it is encoded in."""

    index: int
    population: int
    encoder: type[Encoder]
    parameters: Mapping[str, Any]
    data: AnyArray
    present: int
    blank: int
    reset: tuple[int, ...]
    size: int


@dataclass(frozen=True, eq=False)
class BoundStream:
    """A stream that an encoder reads along with model time.

    Attributes
    ----------
    source
        File or array.
    rank
        Its place among the streams of its population, which keys its random numbers.
    size
        Neurons it is encoded in.
    """

    population: int
    encoder: type[StreamEncoder]
    parameters: Mapping[str, Any]
    source: Path | AnyArray
    rank: int
    size: int


@dataclass(frozen=True, eq=False)
class BoundProbe:
    """What is recorded of a population; ``neurons`` are local indices, sorted."""

    population: int
    variable: str
    neurons: IntArray
    every: int


@dataclass(frozen=True, eq=False)
class BoundNetwork:
    """A network ready for mapping."""

    timestep_ms: float
    seed: int
    populations: tuple[BoundPopulation, ...]
    projections: tuple[BoundProjection, ...]
    poissons: tuple[BoundPoisson, ...] = ()
    currents: tuple[BoundCurrent, ...] = ()
    inputs: tuple[BoundInput, ...] = ()
    streams: tuple[BoundStream, ...] = ()
    probes: tuple[BoundProbe, ...] = ()
    recorded: tuple[int, ...] = ()
    """Populations whose spikes are recorded."""
    stored_weights: tuple[int, ...] = field(default=())
    """Projections whose final weights are stored."""

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(p.size for p in self.populations)
