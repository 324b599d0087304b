"""Puts the reports of all workers for one stretch of steps together."""

from __future__ import annotations

import statistics
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spikemesh.contracts.trace import Chunk
from spikemesh.engine.report import WorkerReport
from spikemesh.engine.transit_counts import OF_SYSTEM
from spikemesh.errors import RunError
from spikemesh.ids import FloatArray, IntArray


def merge(reports: Sequence[WorkerReport]) -> Chunk:
    """Make one chunk of the reports of all workers.

    Raises
    ------
    RunError
        If they do not cover the same steps.
    """
    first, until = reports[0].first, reports[0].until
    for number, report in enumerate(reports):
        if (report.first, report.until) != (first, until):
            found = f"steps {report.first} to {report.until}"
            raise RunError(
                f"worker {number} reports {found} where {first} to {until} were due", first or None
            )
    start, counters = _add_counters(reports)
    return Chunk(first, until, _join_spikes(reports), _join_probes(reports), start, counters)


def _join_spikes(reports: Sequence[WorkerReport]) -> dict[str, tuple[IntArray, IntArray]]:
    parts: dict[str, list[tuple[IntArray, IntArray]]] = {}
    for report in reports:
        for population, spikes in report.spikes.items():
            parts.setdefault(population, []).append(spikes)
    return {population: _concatenate(found) for population, found in parts.items()}


def _concatenate(parts: list[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([ticks for ticks, _ in parts]), np.concatenate([neurons for _, neurons in parts])


def _join_probes(reports: Sequence[WorkerReport]) -> dict[int, list[tuple[IntArray, IntArray, FloatArray]]]:
    parts: dict[int, list[tuple[IntArray, IntArray, FloatArray]]] = {}
    for report in reports:
        for probe, samples in report.probes.items():
            parts.setdefault(probe, []).append(samples)
    return parts


def _add_counters(reports: Sequence[WorkerReport]) -> tuple[int, dict[str, IntArray]]:
    """Add the counters bin by bin; workers may start at different bins."""
    shown: list[tuple[int, Mapping[str, IntArray]]] = [
        (r.first_bin, r.counters) for r in reports if r.counters
    ]
    if not shown:
        return reports[0].first_bin, {}
    start = min(first for first, _ in shown)
    sums: dict[str, IntArray] = {}
    for name in sorted({name for _, counters in shown for name in counters}):
        parts = [(first - start, counters[name]) for first, counters in shown if name in counters]
        rows = max(offset + len(values) for offset, values in parts)
        total = np.zeros((rows, *parts[0][1].shape[1:]), dtype=np.int64)
        for offset, values in parts:
            total[offset : offset + len(values)] += values
        sums[name] = total
    return start, sums


@dataclass
class Totals:
    """Sums over a whole run.

    Attributes
    ----------
    spikes, synaptic_events, drive_events
        Spikes of all populations, recurrent deliveries, deliveries by drives.
    packets
        Packets carried by links, counted once per link.
    network
        Where packets can be late: how many were sent, delivered, dropped and late, by name of the counter.
    overruns
        Ticks of cores that were too short for their work, where that is counted.
    run_s
        Wall-clock seconds of the loop alone.
    compile_s
        Seconds spent in compiling or loading kernels: the longest of any process.
    peak_rss_mb
        Largest resident memory of the process of each worker.
    busy_s
        Seconds in compiled code, by worker.
    exchange_us
        Duration of every exchange of every worker, in microseconds.
    """

    spikes: int = 0
    synaptic_events: int = 0
    drive_events: int = 0
    packets: int = 0
    network: dict[str, int] = field(default_factory=dict)
    overruns: int = 0
    run_s: float = 0.0
    compile_s: float = 0.0
    peak_rss_mb: dict[int, float] = field(default_factory=dict)
    busy_s: list[float] = field(default_factory=list)
    exchange_us: array[float] = field(default_factory=lambda: array("d"))

    def add(self, reports: Sequence[WorkerReport], chunk: Chunk) -> None:
        """Count one stretch of steps."""
        self.busy_s += [0.0] * (len(reports) - len(self.busy_s))
        for number, report in enumerate(reports):
            self.spikes += report.spike_count
            self.synaptic_events += report.synaptic_events
            self.compile_s = max(self.compile_s, report.compile_s)
            self.drive_events += report.drive_events
            self.busy_s[number] += report.busy_s
            self.peak_rss_mb[number] = max(self.peak_rss_mb.get(number, 0.0), report.peak_rss_mb)
            self.exchange_us.extend(report.exchange_us)
        links = chunk.counters.get("link_packets")
        self.packets += 0 if links is None else int(links.sum())
        overruns = chunk.counters.get("core_overruns")
        self.overruns += 0 if overruns is None else int(overruns.sum())
        for name in OF_SYSTEM:
            if name in chunk.counters:
                self.network[name] = self.network.get(name, 0) + int(chunk.counters[name].sum())

    @property
    def median_exchange_us(self) -> float | None:
        """Median duration of an exchange, None if there was none."""
        return statistics.median(self.exchange_us) if self.exchange_us else None
