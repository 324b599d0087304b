"""One worker: runs its program window by window and exchanges packets with its peers.

Protocol of one window (first, last]: packets of the previous window are delivered before the window
starts; every step of the window runs; then one block goes to every peer and one is taken from every
peer. A packet sent inside a window arrives after its end, because no delay between workers is
shorter than a window.
"""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np

from spikemesh.engine.arrays import Outputs, Probes
from spikemesh.engine.exchange import Exchange
from spikemesh.engine.program import Program
from spikemesh.engine.raised import last_raised, listen
from spikemesh.engine.report import WorkerReport
from spikemesh.engine.schedule import Feed
from spikemesh.engine.setup import WorkingSet
from spikemesh.errors import PluginError
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.kernels.arrivals import deliver_packets
from spikemesh.kernels.compile import add_compile_seconds, compile_seconds
from spikemesh.kernels.cursor import (
    CURSOR_WORDS,
    DELIVERIES,
    DRIVEN,
    FAILED_POPULATION,
    FAILED_TABLE,
    FULL,
    NARROW,
    RECORDED,
    SPIKES,
)
from spikemesh.kernels.turns import compiling_in_turn
from spikemesh.kernels.window import run_window

_RECORDS = 1 << 18
"""Spikes that fit into the record of one call; more are taken out in several calls."""


class Worker:
    """Runs one program.

    Parameters
    ----------
    program
        What to run.
    exchange
        Mailboxes to the peers; None if there are none.

    Attributes
    ----------
    tick
        Last completed step.
    """

    def __init__(self, program: Program, exchange: Exchange | None = None) -> None:
        self.program = program
        self.tick = 0
        self._exchange = exchange
        with compiling_in_turn():
            self._prepare(program)

    def _prepare(self, program: Program) -> None:
        self._work = WorkingSet(program)
        self._feed = Feed(program)
        self._sequence = 0
        self._spikes: dict[str, list[tuple[IntArray, IntArray]]] = {}
        self._cursor = np.zeros(CURSOR_WORDS, dtype=np.int64)
        n = max(1, program.neurons)
        peers = len(program.peers_out)
        self._capacity = max(_RECORDS, 2 * n)
        self._record_tick = np.zeros(self._capacity, dtype=np.int64)
        self._record_neuron = np.zeros(self._capacity, dtype=np.int64)
        self._packets = np.zeros((peers, max(1 << 14, 2 * n), 2), dtype=np.uint32)
        self._packet_count = np.zeros(peers, dtype=np.int64)
        self._warm_up()
        self._compile_s = compile_seconds()

    def _warm_up(self) -> None:
        """Run no steps, so that the loops are compiled or loaded before the clock of the run starts."""
        started = time.perf_counter()
        report = WorkerReport(0, 0)
        self._step(0, 0, self._feed.between(0, 0), self._probe_buffers(0, 0), self._outputs(report, 1))
        empty = np.zeros((0, 2), dtype=np.uint32)
        work = self._work
        deliver_packets(empty, 0, 0, 0, work.tables, work.plasticity, work.arrivals, self._cursor)
        add_compile_seconds(time.perf_counter() - started)

    def _step(self, begin: int, until: int, schedule: Any, probes: Probes, outputs: Outputs) -> int:
        work = self._work
        return int(
            run_window(
                self.tick, begin, until, work.tables, work.populations, work.plasticity, work.drives,
                schedule, probes, outputs, work.arrivals, self._cursor,
            )
        )  # fmt: skip

    def advance(self, until: int) -> WorkerReport:
        """Run to tick ``until`` and report what happened on the way.

        Raises
        ------
        PluginError
            If a plugin's function raised.
        RunError
            If a peer is gone or the run is being aborted.
        """
        first = self.tick
        report = WorkerReport(first, until, first_bin=first // self.program.bin_steps)
        schedule = self._feed.between(first, until)
        self._cursor[:] = 0
        probes = self._probe_buffers(first, until)
        outputs = self._outputs(report, until)
        listen()
        while self.tick < until:
            last = until if self.program.window is None else min(until, self.tick + self.program.window)
            blocks = self._window(last, schedule, probes, outputs, report)
            self._swap(self.tick, last, blocks, report)
            self.tick = last
        self._finish(report, probes, outputs)
        return report

    def _window(
        self, last: int, schedule: Any, probes: Probes, outputs: Outputs, report: WorkerReport
    ) -> list[AnyArray]:
        reached = self.tick
        sent: list[list[AnyArray]] = [[] for _ in self.program.peers_out]
        while reached < last:
            started = time.perf_counter()
            reached = self._step(reached, last, schedule, probes, outputs)
            report.busy_s += time.perf_counter() - started
            if self._cursor[FAILED_POPULATION] or self._cursor[FAILED_TABLE]:
                self._fail(reached)
            if self._cursor[NARROW]:
                origin = int(self._cursor[NARROW]) - 1
                self._work.widen(origin, last - self.tick if origin else 1)
                self._cursor[NARROW] = 0
            if self._cursor[FULL] or self._cursor[RECORDED] > self._capacity // 2:
                self._take_spikes()
            for peer, blocks in enumerate(sent):
                blocks.append(self._packets[peer, : self._packet_count[peer]].copy())
            self._packet_count[:] = 0
        return [blocks[0] if len(blocks) == 1 else np.concatenate(blocks) for blocks in sent]

    def _swap(self, first: int, last: int, blocks: list[AnyArray], report: WorkerReport) -> None:
        exchange = self._exchange
        if exchange is None or not (self.program.peers_out or self.program.peers_in):
            return
        started = time.perf_counter()
        for peer, block in zip(self.program.peers_out, blocks, strict=True):
            exchange.send(peer, self._sequence, block)
        work = self._work
        for origin, peer in enumerate(self.program.peers_in, start=1):
            packets = exchange.receive(peer, self._sequence)
            deliver_packets(
                packets, origin, first, last, work.tables, work.plasticity, work.arrivals, self._cursor
            )
        self._sequence += 1
        report.exchange_us.append(1e6 * (time.perf_counter() - started))

    def _fail(self, step: int) -> None:
        message = last_raised()
        number = int(self._cursor[FAILED_POPULATION]) - 1
        if number >= 0:
            part = self.program.slices[number]
            raise PluginError(
                f'neuron model {part.model.name} of population "{part.name}" raised {message} in step {step}'
            )
        table = self.program.plastic[int(self._cursor[FAILED_TABLE]) - 1]
        raise PluginError(
            f'learning rule {table.rule.name} of projection "{table.name}" raised {message} in step {step}'
        )

    def _probe_buffers(self, first: int, until: int) -> Probes:
        probes = self._work.probes
        samples = until // np.maximum(probes.every, 1) - first // np.maximum(probes.every, 1)
        sizes = samples * np.diff(probes.cell_ptr)
        starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        probes.position[:] = starts[:-1]
        return probes._replace(values=np.zeros(int(starts[-1])))

    def _outputs(self, report: WorkerReport, until: int) -> Outputs:
        program = self.program
        bins = (until - 1) // program.bin_steps - report.first_bin + 1
        return Outputs(
            self._record_tick,
            self._record_neuron,
            self._packets,
            self._packet_count,
            np.zeros((bins, program.cores), dtype=np.int64),
            np.zeros((bins, program.cores), dtype=np.int64),
            np.zeros((bins, max(1, program.links)), dtype=np.int64),
            report.first_bin,
            program.bin_steps,
        )

    def _take_spikes(self) -> None:
        count = int(self._cursor[RECORDED])
        ticks, indices = self._record_tick[:count], self._record_neuron[:count]
        for part in self.program.slices:
            if part.recorded:
                here = (indices >= part.first) & (indices < part.first + part.size)
                found = (ticks[here], part.neurons[indices[here] - part.first].astype(np.int64))
                self._spikes.setdefault(part.name, []).append(found)
        self._cursor[RECORDED] = 0
        self._cursor[FULL] = 0

    def _finish(self, report: WorkerReport, probes: Probes, outputs: Outputs) -> None:
        self._take_spikes()
        for name, parts in self._spikes.items():
            ticks, neurons = (np.concatenate(column) for column in zip(*parts, strict=True))
            report.spikes[name] = (ticks, neurons)
        self._spikes = {}
        at = 0
        for number, probe in enumerate(self.program.probes):
            end = int(probes.position[number])
            values = probes.values[at:end].reshape(-1, max(1, probe.positions.size))
            every = probe.every
            ticks = np.arange(report.first // every + 1, report.until // every + 1, dtype=np.int64) * every
            report.probes[probe.probe] = (ticks, probe.columns, values)
            at = end
        report.counters = {
            "core_spikes": outputs.core_spikes,
            "core_synaptic_events": outputs.core_events,
            "link_packets": outputs.link_packets[:, : self.program.links],
        }
        report.compile_s, self._compile_s = self._compile_s, 0.0
        report.peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report.spike_count = int(self._cursor[SPIKES])
        report.synaptic_events = int(self._cursor[DELIVERIES])
        report.drive_events = int(self._cursor[DRIVEN])

    def weights(self, projection: str) -> tuple[IntArray, IntArray, FloatArray]:
        """Return sources, targets (indices within their populations) and signed weights of a projection.

        Only of plastic projections and of those whose weights are stored.
        """
        found: list[tuple[IntArray, IntArray, FloatArray]] = []
        for table in self.program.plastic:
            if table.name == projection:
                part = next(s for s in self.program.slices if s.population == table.target_population)
                source = np.repeat(table.source, np.diff(table.segment_start))
                found.append((source, part.neurons[table.target].astype(np.int64), table.sign * table.weight))
        kept = (s for s in self.program.static_weights if s.name == projection)
        found += [(s.source, s.target, s.weight) for s in kept]
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        sources, targets, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return sources, targets, weights
