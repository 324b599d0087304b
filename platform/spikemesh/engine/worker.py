"""One worker: runs its program window by window and exchanges packets with its peers.

The windows run in compiled code, which comes back when a stretch is done, the record of spikes is full,
a plugin raised or a peer kept it waiting; see :mod:`spikemesh.kernels.run`.
"""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np

from spikemesh.engine.arrays import Outputs, Probes
from spikemesh.engine.corrections import corrections_of
from spikemesh.engine.exchange import Alone, Exchange
from spikemesh.engine.numbers import NumberCheck
from spikemesh.engine.program import Program
from spikemesh.engine.raised import last_raised, listen
from spikemesh.engine.report import WorkerReport
from spikemesh.engine.schedule import Feed
from spikemesh.engine.setup import WorkingSet
from spikemesh.engine.transit import Transit
from spikemesh.errors import PluginError, RunError
from spikemesh.ids import FloatArray, IntArray
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
from spikemesh.kernels.plasticity import catch_up_all
from spikemesh.kernels.run import (
    BUSY_NS,
    DAMAGED,
    DONE,
    ENDS,
    EXCHANGES,
    FAILED,
    KNOWN,
    PAUSED,
    QUIET,
    TICK,
    WAITING,
    WAITS_FOR,
    run_windows,
)
from spikemesh.kernels.turns import compiling_in_turn

_RECORDS = 1 << 18
"""Spikes that fit into the record of one call; more are taken out in several calls."""
_NEVER = 1 << 60


class Worker:
    """Runs one program.

    Parameters
    ----------
    program
        What to run.
    exchange
        Mailboxes to the peers; None if there are none.
    """

    def __init__(self, program: Program, exchange: Exchange | None = None) -> None:
        self.program = program
        self._exchange = exchange or Alone()
        self._post = self._exchange.post
        with compiling_in_turn():
            self._prepare(program)

    def _prepare(self, program: Program) -> None:
        self._work = WorkingSet(program)
        self._feed = Feed(program)
        self._numbers = NumberCheck(program, self._work.populations)
        self._spikes: dict[str, list[tuple[IntArray, IntArray]]] = {}
        self._cursor = np.zeros(CURSOR_WORDS, dtype=np.int64)
        n = max(1, program.neurons)
        self._capacity = max(_RECORDS, 2 * n)
        self._record_tick = np.zeros(self._capacity, dtype=np.int64)
        self._record_neuron = np.zeros(self._capacity, dtype=np.int64)
        self._spike_counts = np.zeros(program.neurons, dtype=np.int32)
        self._packet_at = np.zeros(len(program.peers_out), dtype=np.int64)
        self._ideal = corrections_of(program)
        self._transit = self._make_transit(program)
        self._warm_up()
        self._compile_s = compile_seconds()

    def _make_transit(self, program: Program) -> Transit | None:
        """Make the simulation of the network, if packets can be late or lost."""
        if program.link_timing is None:
            return None
        self._post.words[KNOWN] = self._post.words[QUIET] = 0
        return Transit(program, int(self._work.tables.delays.max(initial=0)))

    def _simulate_network(self, through: int) -> None:
        if self._transit is not None:
            started, words = time.perf_counter(), self._post.words
            # Compiled code has passed what was quiet.
            self._transit.known = int(words[KNOWN])
            self._transit.advance(self._work.arrivals, through)
            words[KNOWN], words[QUIET] = self._transit.known, self._transit.quiet_through()
            words[BUSY_NS] += int(1e9 * (time.perf_counter() - started))

    @property
    def tick(self) -> int:
        """Last completed step; gets on while compiled code runs."""
        return int(self._post.words[TICK])

    def _warm_up(self) -> None:
        """Run no steps, so that the loops are compiled or loaded before the clock of the run starts."""
        started = time.perf_counter()
        self._run(
            0, self._feed.between(0, 0), self._probe_buffers(0, 0), self._outputs(WorkerReport(0, 0), 1)
        )
        self._catch_up(0)
        add_compile_seconds(time.perf_counter() - started)

    def _run(self, until: int, schedule: Any, probes: Probes, outputs: Outputs) -> int:
        work = self._work
        corrections = self._ideal if self._transit is None else self._transit.corrections
        delay, window = self.program.window or _NEVER, self.program.exchange_steps or _NEVER
        return int(
            run_windows(
                until, window, delay, self._post, work.tables, work.populations, work.plasticity,
                work.drives, schedule, probes, outputs, work.arrivals, corrections, self._cursor,
            )
        )  # fmt: skip

    def advance(self, until: int) -> WorkerReport:
        """Run to tick ``until`` and report what happened on the way.

        Raises
        ------
        PluginError
            If a plugin's function raised, or its state is no number any more.
        RunError
            If a peer is gone or the run is being aborted.
        """
        first, words = self.tick, self._post.words
        report = WorkerReport(first, until, first_bin=first // self.program.bin_steps)
        schedule = self._feed.between(first, until)
        self._cursor[:] = 0
        words[BUSY_NS] = words[EXCHANGES] = 0
        probes = self._probe_buffers(first, until)
        outputs = self._outputs(report, until)
        if self._transit is not None:
            self._transit.counts.begin(first, until)
        listen()
        while (stopped := self._run(until, schedule, probes, outputs)) != DONE:
            if stopped == WAITING:
                self._exchange.check()
            elif stopped == PAUSED:
                self._simulate_network(int(words[ENDS]) - (self.program.window or _NEVER))
            elif stopped == FAILED:
                self._fail(self.tick)
            elif stopped == DAMAGED:
                peer = self.program.peers_in[int(words[WAITS_FOR]) - 1]
                raise RunError(f"what worker {peer} sent is damaged: packets were lost or repeated", first)
            elif self._cursor[NARROW]:
                self._work.widen(int(self._cursor[NARROW]) - 1)
                self._cursor[NARROW] = 0
            else:
                self._take_spikes()
        self._catch_up(until)
        self._simulate_network(until)
        self._numbers.check(first, until)
        self._finish(report, probes, outputs)
        return report

    def _catch_up(self, until: int) -> None:
        """Let synapses do what they have put off, so that they can be looked at."""
        if self._work.plasticity.catch_up.any():
            self._cursor[FAILED_TABLE] = catch_up_all(until, self._work.plasticity)
            if self._cursor[FAILED_TABLE]:
                self._fail(until)

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
            self._packet_at,
            self._spike_counts,
            np.zeros((bins, program.cores), dtype=np.int64),
            np.zeros((bins, program.cores), dtype=np.int64),
            np.zeros((bins, max(1, program.links)), dtype=np.int64),
            np.zeros((until - report.first, -(-program.neurons // 8) * program.activity), dtype=np.uint8),
            report.first,
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
            joined = (
                [np.concatenate(column) for column in zip(*parts, strict=True)] if parts[1:] else parts[0]
            )
            report.spikes[name] = (joined[0], joined[1])
        self._spikes = {}
        at = 0
        for number, probe in enumerate(self.program.probes):
            end = int(probes.position[number])
            values = probes.values[at:end].reshape(-1, max(1, probe.positions.size))
            every = probe.every
            ticks = np.arange(report.first // every + 1, report.until // every + 1, dtype=np.int64) * every
            report.probes[probe.probe] = (ticks, probe.columns, values)
            at = end
        report.activity = outputs.activity if self.program.activity else None
        report.counters = {
            "core_spikes": outputs.core_spikes,
            "core_synaptic_events": outputs.core_events,
            "link_packets": outputs.link_packets[:, : self.program.links],
        }
        if self._transit is not None:
            self._transit.count_channels()
            # What links did is known at every worker; one of them tells.
            del report.counters["link_packets"]
            report.counters["core_synaptic_events"] += self._transit.counts.core_events
            if self.program.index == 0:
                report.counters |= self._transit.counts.counters
        words, times = self._post.words, self._post.times
        report.busy_s = 1e-9 * float(words[BUSY_NS])
        report.exchange_us = (1e-3 * times[: words[EXCHANGES]]).tolist()
        report.compile_s, self._compile_s = self._compile_s, 0.0
        report.peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report.spike_count = int(self._cursor[SPIKES])
        report.synaptic_events = int(self._cursor[DELIVERIES])
        if self._transit is not None:
            report.synaptic_events += int(self._transit.counts.core_events.sum())
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
