"""Contract between a run and the file it leaves: plan, chunks, writer, store, reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from spikemesh.ids import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class ProbePlan:
    """One sampled state variable of one population.

    ``neurons`` are population-local indices, sorted; a sample is taken at every tick that is a
    positive multiple of ``every_steps``.
    """

    population: str
    variable: str
    unit: str
    neurons: IntArray
    every_steps: int


@dataclass(frozen=True)
class CounterPlan:
    """One counter of the hardware, beside those that every trace has.

    Attributes
    ----------
    name
        Such as ``core_packets_in``.
    axis
        Key of ``TracePlan.axes``: what is counted along (``core``, ``link``, ``chip``, ``system``, ``latency``).
    unit
        Such as ``ps``; empty for plain counts.
    how
        Whether parts of a bin are added up, or the greatest is kept.
    binned
        Whether it is counted bin by bin, or over the whole run (one bin).
    """

    name: str
    axis: str
    unit: str = ""
    how: Literal["sum", "max"] = "sum"
    binned: bool = True


@dataclass(frozen=True)
class SeriesPlan:
    """One figure a step, such as ``step_time_ps``; whole numbers, -1 stands for none."""

    name: str
    unit: str = ""


@dataclass(frozen=True, eq=False)
class TracePlan:
    """Everything that is known of a trace before the first step.

    Attributes
    ----------
    timestep_ms
        dt.
    populations
        (name, size) of every population of the network, in order.
    recorded
        Names of populations whose spikes are recorded.
    probes
        Sampled variables.
    weights
        Names of projections whose weights are stored.
    core_names, link_names
        Names such as ``chip0.core1`` and ``chip0->chip1``, in index order.
    bin_steps
        Width of counter bins: bin b holds ticks ``b*bin_steps < tick <= (b+1)*bin_steps``.
    placement
        Per population the global core of each neuron, int32.
    provenance
        Texts and JSON-able values: scenario, mapping, seed, versions, plugins, host, backend ...
    axes
        Names along each axis of counters, beside cores and links: ``chip``, ``system``, ``latency`` ...
    counters, series
        What is counted of the hardware, beside ``core_spikes``, ``core_synaptic_events`` and ``link_packets``.
    hardware
        JSON-able description of the system: figures, sources, costs in use. A result, unlike the provenance:
        energies follow from it and the counters.
    activity
        Whether it is kept which neurons spiked or changed their state in every step.
    """

    timestep_ms: float
    populations: tuple[tuple[str, int], ...]
    recorded: tuple[str, ...]
    probes: tuple[ProbePlan, ...]
    weights: tuple[str, ...]
    core_names: tuple[str, ...]
    link_names: tuple[str, ...]
    bin_steps: int
    packet_bits: int
    placement: Mapping[str, AnyArray] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counters: tuple[CounterPlan, ...] = ()
    series: tuple[SeriesPlan, ...] = ()
    hardware: Mapping[str, Any] = field(default_factory=dict)
    activity: bool = False


@dataclass(eq=False)
class Chunk:
    """What happened in the ticks ``(first, until]``, from all agents together.

    Attributes
    ----------
    spikes
        Per recorded population ``(ticks int64, neurons int64)``, in any order; neuron indices are local.
    probes
        Per index into ``TracePlan.probes``: list of ``(ticks int64 [T], columns int64 [K], values float64 [T, K])``;
        columns index ``ProbePlan.neurons``; parts from different agents cover different columns.
    counters
        ``core_spikes``, ``core_synaptic_events`` [bins, cores], ``link_packets`` [bins, links], int64,
        for bins ``first_bin .. first_bin + bins``; values are *increments* to be added. Those of
        ``TracePlan.counters`` likewise, or, where they keep the greatest, to be compared; [1, width] if not binned.
    series
        Of each of ``TracePlan.series`` one int64 for each of the ticks.
    activity : ndarray of uint8, shape (ticks, bytes), optional
        Bit by bit, the first in the highest, which neurons of the network spiked or changed their state, if
        ``TracePlan.activity``.
    """

    first: int
    until: int
    spikes: dict[str, tuple[IntArray, IntArray]] = field(default_factory=dict)
    probes: dict[int, list[tuple[IntArray, IntArray, FloatArray]]] = field(default_factory=dict)
    first_bin: int = 0
    counters: dict[str, IntArray] = field(default_factory=dict)
    series: dict[str, IntArray] = field(default_factory=dict)
    activity: AnyArray | None = None


class TraceWriter(Protocol):
    """Streams a run into a live trace and turns it into the canonical file at the end."""

    def append(self, chunk: Chunk) -> None:
        """Write and commit one chunk; afterwards it survives a kill of the process."""
        ...

    def store_weights(
        self, projection: str, sources: IntArray, targets: IntArray, weights: FloatArray
    ) -> None:
        """Keep the final weights of a projection (neuron indices local to their populations)."""
        ...

    def finish(
        self,
        status: str,
        message: str = "",
        results: Mapping[str, Any] | None = None,
        timing: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the canonical file (``status``: complete, interrupted or failed) and remove the live folder.

        ``results`` are the scenario's own figures, ``timing`` those of the run on this machine's clock.
        """
        ...

    def abandon(self) -> None:
        """Close the live trace as it is, leaving it to ``recover``."""
        ...


class RecordedSpikes(Protocol):
    """Spikes of one population, in the order of time; see the store's own class for the rest."""

    @property
    def neurons(self) -> AnyArray:
        """Which neuron of the population spiked, for every spike."""
        ...


class TraceReader(Protocol):
    """What every reader of a trace offers; see the store's own class for the rest."""

    def __enter__(self) -> Self:
        """Return itself; leaving the block closes the file."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        ...

    @property
    def plan(self) -> TracePlan:
        """What is recorded, and of what."""
        ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Scenario text, mapping, seed, versions, plugins."""
        ...

    def spikes(self, population: str) -> RecordedSpikes:
        """Return all recorded spikes of a population."""
        ...

    def summary(self) -> dict[str, Any]:
        """Duration, spikes, packets, status."""
        ...

    def hardware_summary(self) -> dict[str, Any]:
        """Time, bottlenecks and energy of the hardware; empty if it was not looked at."""
        ...

    def digest(self) -> dict[str, str]:
        """SHA-256 of ``function`` and of ``hardware``."""
        ...


class DerivedTraceWriter(TraceWriter, Protocol):
    """Writes a trace that takes its spikes, probes and weights from another; chunks bring counters and series."""

    def view(self) -> TraceReader:
        """Return a reader of what will be written."""
        ...


class TraceStore(Protocol):
    """A kind of trace file."""

    name: str
    suffixes: Sequence[str]

    def create(self, path: Path, plan: TracePlan, *, overwrite: bool = False) -> TraceWriter:
        """Open a live trace that becomes ``path``."""
        ...

    def derive(
        self, path: Path, source: Path, plan: TracePlan, *, overwrite: bool = False
    ) -> DerivedTraceWriter:
        """Begin a trace that becomes ``path`` and takes spikes, probes and weights from a finished one."""
        ...

    def open(self, path: Path) -> TraceReader:
        """Open a finished or live trace."""
        ...

    def recover(self, path: Path) -> Path:
        """Turn what a killed run left into the canonical file."""
        ...
