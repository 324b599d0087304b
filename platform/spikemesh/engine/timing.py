"""The hardware time of steps, found from who spiked; it never changes who spikes in the regime ``barrier``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spikemesh.engine.hardware import BUCKETS, CLASSES, HOPS, Hardware, StepOutputs, StepScratch
from spikemesh.engine.packet_steps import PacketSteps
from spikemesh.errors import RunError
from spikemesh.ids import IntArray
from spikemesh.kernels.barrier import PACKET, estimate_steps

SERIES = ("step_time_ps", "step_core", "step_link")
BY_CORE = ("core_packets_in", "core_packets_out", "core_busy_ps")
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
    updates : ndarray of int64, shape (cores,)
        Neurons that each core updates in a step.
    """

    def __init__(self, hardware: Hardware, bin_steps: int, updates: IntArray) -> None:
        self._hardware = hardware
        self._bin_steps = bin_steps
        self._updates = updates
        self._scratch = _scratch(hardware)
        self._packets = PacketSteps(hardware, self._scratch) if hardware.level[0] == PACKET else None
        self._tick = 0

    @property
    def tick(self) -> int:
        """Last step whose time is known."""
        return self._tick

    @property
    def stalled_steps(self) -> int:
        """Steps that were simulated event by event, because packets stalled or channels form a cycle."""
        return 0 if self._packets is None else self._packets.by_events

    def advance(self, until: int, ticks: IntArray, neurons: IntArray) -> StepFigures:
        """Find the time of the steps from the last one known to ``until``.

        Parameters
        ----------
        until
            Last step.
        ticks, neurons : ndarray of int64, shape (spikes,)
            All spikes of these steps, in any order; neurons by their global index.

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
        if self._packets is not None:
            self._packets.run(first, until, ticks, neurons, outputs)
        else:
            estimate_steps(first, until, ticks, neurons, self._hardware, self._scratch, outputs)
        return self._figures(first, until, outputs)

    def _outputs(self, first: int, until: int) -> StepOutputs:
        first_bin = first // self._bin_steps
        bins = (until - 1) // self._bin_steps - first_bin + 1 if until > first else 0
        cores, links = self._hardware.base.size, int(self._hardware.links[0])
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

    def _figures(self, first: int, until: int, o: StepOutputs) -> StepFigures:
        rows = np.arange(o.core_busy_ps.shape[0]) + o.first_bin
        steps = np.minimum(until, (rows + 1) * o.bin_steps) - np.maximum(first, rows * o.bin_steps)
        counters = {name: getattr(o, name) for name in (*BY_CORE, *BY_LINK)}
        counters["core_updates"] = steps[:, None] * self._updates
        counters["core_busy_ps"] = o.core_busy_ps + steps[:, None] * self._hardware.base
        counters |= {f"chip_hops_{kind}": o.chip_hops[k] for k, kind in enumerate(HOPS)}
        counters |= {f"latency_{kind}": o.latency[k : k + 1] for k, kind in enumerate(CLASSES)}
        series = {name: getattr(o, name) for name in SERIES}
        return StepFigures(o.first_bin, counters, series)


def _scratch(hardware: Hardware) -> StepScratch:
    cores, channels = hardware.base.size, hardware.channels.service.size
    packets, nodes = hardware.root.size, hardware.forest.channel.size
    sizes = {
        "words": 3, "last": 1, "packet": packets, "time": packets, "source": packets,
        "stack_node": nodes + 1, "stack_time": nodes + 1, "stretch": 4, "records": 2 * packets,
        "spare": 2 * packets, "runs": packets + 2, "sent_at": packets, "sent_by": packets,
        **dict.fromkeys(("core_stamp", "cores", "sent", "taken", "in_packets", "out_packets"), cores),
        **dict.fromkeys(("channel_stamp", "crossed", "first", "load", "packets", "busy"), channels),
    }  # fmt: skip
    arrays = {name: np.zeros(size, dtype=np.int64) for name, size in sizes.items()}
    return StepScratch(**arrays, roots=np.zeros(packets, dtype=np.int32))
