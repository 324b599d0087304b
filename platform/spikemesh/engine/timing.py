"""The hardware time of steps, found from who spiked; it never changes who spikes in the regime ``barrier``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from spikemesh.engine.hardware import BUCKETS, CLASSES, HOPS, Hardware, StepOutputs, StepScratch
from spikemesh.engine.learning_updates import Visits
from spikemesh.engine.packet_steps import PacketSteps
from spikemesh.errors import RunError
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.barrier import LISTED, NONE, PACKET, TICK, WORDS, estimate_steps
from spikemesh.kernels.compile import add_compile_seconds

SERIES = ("step_time_ps", "step_core", "step_link")
OVERRUNS = "core_overruns"
BY_CORE = (
    *("core_updates", "core_idle_updates", "core_packets_in", "core_packets_out", "core_busy_ps"),
    OVERRUNS,
)
BY_LINK = ("link_busy_ps", "link_wait_ps", "link_queue_max")
"""Fields of :class:`spikemesh.engine.hardware.StepOutputs` of one shape."""


@dataclass(frozen=True, eq=False)
class StepFigures:
    """What the hardware did in the ticks ``(first, until]``.

    Attributes
    ----------
    first_bin
        Bin of the first row of the counters.
    counters
        Increments by name, shape (bins, cores, links or chips); histograms of latencies have one row.
    series
        One number a step, by name.
    """

    first_bin: int
    counters: dict[str, IntArray] = field(default_factory=dict)
    series: dict[str, IntArray] = field(default_factory=dict)


class StepClock:
    """Tells how long steps take on the hardware.

    Parameters
    ----------
    hardware
        The mapped network.
    bin_steps
        Width of bins in steps.
    channel_name
        Names a channel by its number, for errors.
    visits
        When plastic synapses are gone through, whether or not anybody spikes: one for each row of ``visit_ps``.
    """

    def __init__(
        self,
        hardware: Hardware,
        bin_steps: int,
        channel_name: Callable[[int], str] = str,
        visits: Sequence[Visits] = (),
    ) -> None:
        self._hardware = hardware
        self._bin_steps = bin_steps
        self._tells_idle_apart = bool(hardware.idle_apart[0])
        self._visits = tuple(visits)
        self._scratch = _scratch(hardware)
        self._packets: PacketSteps | None = None
        if hardware.level[0] == PACKET:
            self._packets = PacketSteps(hardware, self._scratch, channel_name)
        self._tick = 0
        started = time.perf_counter()
        # No steps, so that the loops are compiled or loaded before the clock of the run starts.
        nobody = np.zeros(0, dtype=np.int64)
        self.advance(0, nobody, nobody)
        add_compile_seconds(time.perf_counter() - started)

    @property
    def bin_steps(self) -> int:
        """Width of bins in steps."""
        return self._bin_steps

    @property
    def tick(self) -> int:
        """Last step whose time is known."""
        return self._tick

    @property
    def stalled_steps(self) -> int:
        """Steps that were simulated event by event, because packets stalled or channels form a cycle."""
        return 0 if self._packets is None else self._packets.by_events

    def advance(
        self, until: int, ticks: IntArray, neurons: IntArray, active: AnyArray | None = None
    ) -> StepFigures:
        """Find the time of the steps from the last one known to ``until``.

        Parameters
        ----------
        until
            Last step.
        ticks, neurons : ndarray of int64, shape (spikes,)
            All spikes of these steps, in any order; neurons by their global index.
        active : ndarray of uint8, shape (steps, bytes), optional
            Bit by bit who spiked or changed state in each of these steps; None: everybody.

        Raises
        ------
        RunError
            If a spike lies outside these steps.
        """
        first, self._tick = self._tick, until
        if ticks.size and not (first < int(ticks.min()) and int(ticks.max()) <= until):
            raise RunError(f"spikes of other steps than {first + 1} to {until}", first or None)
        order = np.lexsort((neurons, ticks))
        outputs = self._outputs(first, until)
        ticks, neurons = ticks[order], neurons[order]
        if active is None or not self._tells_idle_apart:
            active = np.zeros((0, 0), dtype=np.uint8)
        self._scratch.known[0] = 0
        self._scratch = self._scratch._replace(visit_runs=self._runs(first, until, ticks, neurons))
        if self._packets is not None:
            self._packets.run(first, until, ticks, neurons, active, self._scratch, outputs)
        else:
            estimate_steps(first, until, ticks, neurons, active, self._hardware, self._scratch, outputs)
        figures = _figures(outputs)
        if not self._hardware.costs[TICK]:
            del figures.counters[OVERRUNS]
        if self._hardware.level[0] != NONE:
            figures.counters.update(_ways(outputs))
        return figures

    def _runs(self, first: int, until: int, ticks: IntArray, neurons: IntArray) -> IntArray:
        """Return how often plastic synapses are gone through in each step, by kind of visit."""
        if not self._visits:
            return np.zeros((until - first, 0), dtype=np.int64)
        third = {v.third: v.third.between(first, until, ticks, neurons) for v in self._visits}
        return np.stack([v.runs(first, until, third[v.third]) for v in self._visits], axis=1)

    def _outputs(self, first: int, until: int) -> StepOutputs:
        first_bin = first // self._bin_steps
        bins = (until - 1) // self._bin_steps - first_bin + 1 if until > first else 0
        cores, links = self._hardware.core_ptr.size - 1, int(self._hardware.links[0])
        chips = int(self._hardware.chip[-1]) + 1
        series = {name: np.zeros(until - first, np.int64) for name in SERIES}
        by_core = {name: np.zeros((bins, cores), np.int64) for name in BY_CORE}
        by_link = {name: np.zeros((bins, links), np.int64) for name in BY_LINK}
        return StepOutputs(
            **series,
            **by_core,
            **by_link,
            chip_hops=np.zeros((len(HOPS), bins, chips), dtype=np.int64),
            latency=np.zeros((len(CLASSES), BUCKETS), dtype=np.int64),
            first_bin=first_bin,
            bin_steps=self._bin_steps,
        )


def _figures(o: StepOutputs) -> StepFigures:
    counters = {name: getattr(o, name) for name in (*BY_CORE, *BY_LINK)}
    return StepFigures(o.first_bin, counters, {name: getattr(o, name) for name in SERIES})


def _ways(o: StepOutputs) -> dict[str, IntArray]:
    """Counters of the ways of packets."""
    hops = {f"chip_hops_{kind}": o.chip_hops[k] for k, kind in enumerate(HOPS)}
    return hops | {f"latency_{kind}": o.latency[k : k + 1] for k, kind in enumerate(CLASSES)}


def _scratch(hardware: Hardware) -> StepScratch:
    cores, channels = hardware.core_ptr.size - 1, hardware.channels.service.size
    packets, nodes = hardware.root.size, hardware.forest.channel.size
    sizes = {
        "words": WORDS, "last": 1, "known": 1, "longest_update": 2,
        **dict.fromkeys(("turn", "began"), hardware.core_of.size),
        "listed": LISTED * packets, "loads": hardware.load.size + 1,
        "stack_node": nodes + 1, "stack_time": nodes + 1, "stretch": 4, "records": 2 * packets + 4,
        "spare": 2 * packets + 4, "runs": max(packets + 2, 2**11), "sent_at": packets, "sent_by": packets,
        **dict.fromkeys(("core_stamp", "cores", "sent", "taken", "learned"), cores),
        **dict.fromkeys(("in_packets", "out_packets", "base", "active"), cores),
        **dict.fromkeys(("channel_stamp", "crossed", "first", "load", "packets", "busy"), channels),
    }  # fmt: skip
    arrays = {name: np.zeros(size, dtype=np.int64) for name, size in sizes.items()}
    return StepScratch(**arrays, visit_runs=np.zeros((0, len(hardware.visit_ps)), dtype=np.int64))
