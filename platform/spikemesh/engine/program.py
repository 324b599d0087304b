"""The program of one worker: everything it needs to run, as plain arrays and classes of plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundCurrent, BoundInput, BoundStream, ThirdSpikes
from spikemesh.contracts.learning import LearningRule, specialised_rule
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.ids import AnyArray, FloatArray, IntArray


def nothing() -> IntArray:
    """Return an empty array."""
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class PopulationSlice:
    """The neurons of one population that live on this worker.

    Attributes
    ----------
    population
        Index in the network.
    neurons : ndarray of uint32, shape (n,)
        Their indices within the population, sorted.
    first
        Index of the first neuron on this worker.
    inputs : tuple of int
        Per receptor its first input on this worker; that of neuron k comes k inputs later.
    scales : tuple of float
        Per receptor, the weight of one unit of the integer accumulator.
    constants, initial
        Per name a number, or one value per neuron.
    layers
        Number of current layers.
    event_ticks, event_positions
        Scheduled input of a spike source.
    """

    population: int
    name: str
    model: type[NeuronModel]
    neurons: AnyArray
    first: int
    inputs: tuple[int, ...]
    scales: tuple[float, ...]
    constants: Mapping[str, Any]
    initial: Mapping[str, Any]
    layers: int
    recorded: bool
    event_ticks: IntArray
    event_positions: IntArray

    @property
    def size(self) -> int:
        """Neurons on this worker."""
        return int(self.neurons.size)


@dataclass(frozen=True, eq=False)
class StaticPart:
    """Synapses of one group of axons that are stored in one way; see :class:`spikemesh.engine.arrays.Tables`.

    Attributes
    ----------
    kind
        One of the kinds of :mod:`spikemesh.kernels.arrivals`.
    axon
        First axon of the group.
    delay, base, weight : ndarray of int64, shape (columns,)
        Delay in steps (ascending), first input, and shared weight or shift.
    other : ndarray of int64, shape (columns,)
        First input for negative weights, -1 if all weights go to the same; only of runs.
    starts : ndarray of uint32, shape (axons * columns + 1,)
        First synapse of each axon and column.
    targets : ndarray of uint16, shape (synapses,)
        Offsets from the column's first input; empty for runs.
    weights : ndarray of int32, int16 or int8, shape (synapses,)
        Empty if all synapses of a column share its weight.
    """

    kind: int
    axon: int
    delay: IntArray
    base: IntArray
    other: IntArray
    weight: IntArray
    starts: AnyArray
    targets: AnyArray
    weights: AnyArray

    @property
    def synapses(self) -> int:
        """How many there are."""
        return int(self.starts[-1])


@dataclass(frozen=True, eq=False)
class Wiring:
    """Who on a worker sends what where; arrays as in :class:`spikemesh.engine.arrays.Tables`.

    Attributes
    ----------
    parts
        Static synapses, ordered by their first axon.
    group : ndarray of int32, shape (axons,)
        Group of each axon; groups are numbered in the order of their axons.
    senders : ndarray of int64, shape (1 + peers_in,)
        Axons of this worker's own neurons, and of each peer's.
    """

    parts: tuple[StaticPart, ...]
    group: AnyArray
    senders: IntArray
    axon_synapses: IntArray
    plastic_axon: IntArray
    axon: IntArray
    core: IntArray
    recorded: AnyArray
    fan_ptr: IntArray
    fan_core: AnyArray
    fan_synapses: AnyArray
    route_ptr: IntArray
    route_link: AnyArray
    route_packets: AnyArray
    out_ptr: IntArray
    out_peer: IntArray
    out_axon: IntArray


@dataclass(frozen=True, eq=False)
class PlasticTable:
    """Plastic synapses of one projection onto this worker, in segments sorted by axon and delay.

    The worker changes the weights in place, so that a program runs once.

    Attributes
    ----------
    model
        Model of the target population.
    declared
        The rule that made ``rule`` for these parameters; None if it is none that makes rules.
    input_base, sign, unit
        First input of the receptor; sign of the projection; weight of one unit of the accumulator.
    post_first, post_size
        The target slice.
    axon, delay, source : ndarray of int32, shape (segments,)
        Plastic axon, delay in steps, and source neuron within its population.
    segment_start : ndarray of int64, shape (segments + 1,)
        Synapses of each segment.
    target : ndarray of uint16, shape (synapses,)
        Position in the target slice; int32 if it has more than 65,536 neurons.
    weight : ndarray of float64, shape (synapses,)
        Magnitudes.
    weight_bits, rounding
        Bits of a weight, 0 if they are not rounded, and how they are: ``nearest`` or ``stochastic``.
    dendritic
        Whether delays are on the post-synaptic side.
    third_spikes
        Which spikes add to the third factor, and how.
    third_axon : ndarray of int32
        Plastic axons of their population.
    """

    name: str
    rule: type[LearningRule]
    constants: Mapping[str, float]
    parameters: Mapping[str, Any]
    model: type[NeuronModel]
    target_population: int
    input_base: int
    sign: int
    unit: float
    post_first: int
    post_size: int
    axon: AnyArray
    delay: AnyArray
    source: AnyArray
    segment_start: IntArray
    target: AnyArray
    weight: FloatArray
    third_ticks: IntArray
    third_values: FloatArray
    weight_bits: int = 0
    rounding: str = ""
    dendritic: bool = False
    third_spikes: ThirdSpikes | None = None
    third_axon: AnyArray = field(default_factory=nothing)
    declared: type[LearningRule] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out a rule that was made for parameters: it has no name by which another process could find it."""
        return {k: v for k, v in vars(self).items() if k != "rule" or self.declared is None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make such a rule again."""
        vars(self).update(state)
        if self.declared is not None:
            vars(self)["rule"] = specialised_rule(self.declared, self.parameters)


@dataclass(frozen=True, eq=False)
class StaticTable:
    """Where the weights of a static projection can be read back from (for ``weights``)."""

    name: str
    source: IntArray
    target: IntArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class DriveSlice:
    """A Poisson drive of one slice; ``mean`` events per step, a number or one per neuron.

    Counts are sums of ``parts`` draws of ``mean / parts``; ``parts`` is the same for the whole population.
    """

    index: int
    slice: int
    receptor: int
    mean: float | FloatArray
    parts: int
    weight: int


@dataclass(frozen=True, eq=False)
class InputSlice:
    """An input, current or stream of one slice and the current layer it writes to (-1: spikes)."""

    slice: int
    layer: int
    input: BoundInput | None = None
    current: BoundCurrent | None = None
    stream: BoundStream | None = None


@dataclass(frozen=True, eq=False)
class ProbeSlice:
    """A probe of one slice: probe index, state variable, positions in the slice and columns of the probe."""

    probe: int
    slice: int
    variable: str
    positions: IntArray
    columns: IntArray
    every: int


@dataclass(frozen=True, eq=False)
class Program:
    """The program of one worker.

    Attributes
    ----------
    index, agents
        Number of the worker and names of the agents it runs.
    peers_out, peers_in
        Workers it sends to and receives from in every window.
    window
        At most the shortest delay between workers, the steps that can pass before a packet matters elsewhere;
        less where a block for all they can send would be large. None if there are no peers.
    slots
        Ticks for which spikes can be kept until they arrive, a power of two.
    link_timing
        How packets travel, where the time of their arrival matters; None: all arrive in the tick of their spike.
        With it, every neuron that sends packets is an axon of every worker, and ``window`` is at most the
        shortest delay of any synapse whose spikes are packets, with or without peers.
    axon_neuron : ndarray of int64, shape (axons,)
        Global index of each axon's neuron, rising; empty without ``link_timing``.
    carried_ptr, carried_core, carried_synapses : ndarray of int64
        By axon, cores of this worker that its packets are for, and its synapses there; ``wiring`` counts the others.
    """

    index: int
    agents: tuple[str, ...]
    peers_out: tuple[int, ...]
    peers_in: tuple[int, ...]
    window: int | None
    timestep_ms: float
    seed: int
    slots: int
    inputs: int
    cores: int
    links: int
    bin_steps: int
    slices: tuple[PopulationSlice, ...]
    wiring: Wiring
    plastic: tuple[PlasticTable, ...]
    plastic_axons: int
    drives: tuple[DriveSlice, ...]
    feeds: tuple[InputSlice, ...]
    probes: tuple[ProbeSlice, ...]
    static_weights: tuple[StaticTable, ...] = ()
    plugin_files: tuple[str, ...] = ()
    activity: bool = False
    """Whether it reports which neurons spiked or changed their state."""
    link_timing: LinkTiming | None = None
    axon_neuron: IntArray = field(default_factory=nothing)
    carried_ptr: IntArray = field(default_factory=nothing)
    carried_core: IntArray = field(default_factory=nothing)
    carried_synapses: IntArray = field(default_factory=nothing)

    @property
    def neurons(self) -> int:
        """Neurons on this worker."""
        return sum(s.size for s in self.slices)

    @property
    def synapse_bytes(self) -> int:
        """Memory of the tables of synapses, without what their learning rules add."""
        static = sum(a.nbytes for p in self.wiring.parts for a in (p.starts, p.targets, p.weights))
        return static + sum(t.target.nbytes + t.weight.nbytes for t in self.plastic)

    @property
    def exchange_steps(self) -> int | None:
        """Steps between two exchanges: at most half a window, so that packets travel while others run."""
        if self.window is None or not (self.peers_out or self.peers_in):
            return self.window
        return max(1, self.window // 2)

    @property
    def packets_out(self) -> tuple[int, ...]:
        """Most packets between two exchanges for each of ``peers_out``."""
        steps = self.exchange_steps or 1
        counts = np.bincount(self.wiring.out_peer, minlength=len(self.peers_out))
        return tuple(int(count) * steps for count in counts)


def reporting_all(program: Program, activity: bool = False) -> Program:
    """Return a program that reports the spikes of all populations, not only of those that are recorded.

    Parameters
    ----------
    program
        The program.
    activity
        Whether it reports also which neurons spiked or changed their state in every step.
    """
    wiring = replace(program.wiring, recorded=np.ones_like(program.wiring.recorded))
    return replace(
        program,
        slices=tuple(replace(s, recorded=True) for s in program.slices),
        wiring=wiring,
        activity=activity,
    )
