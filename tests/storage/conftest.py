"""A small recorded run, in ground truth and in chunks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from spikemesh.contracts.trace import Chunk, ProbePlan, TracePlan
from spikemesh_storage.store import Hdf5Store

SIZES = {"exc": 30, "inh": 10, "silent": 5}
CORES, LINKS, BIN, EVERY = 3, 2, 8, 3


@dataclass
class Run:
    """Everything that happened in ``steps`` ticks; ``chunks`` cuts it up."""

    plan: TracePlan
    steps: int
    spikes: dict[str, np.ndarray]  # per population rows (tick, neuron)
    samples: list[np.ndarray]  # per probe [T, K]
    counters: dict[str, np.ndarray]  # per counter [ticks, width]

    def chunk(self, first: int, until: int, rng: np.random.Generator | None = None) -> Chunk:
        rng = rng or np.random.default_rng(0)
        spikes = {}
        for name, rows in self.spikes.items():
            rows = rows[(rows[:, 0] > first) & (rows[:, 0] <= until)]
            rows = rng.permutation(rows)
            spikes[name] = (rows[:, 0].copy(), rows[:, 1].copy())
        return Chunk(first, until, spikes, self._parts(first, until, rng), *self._bins(first, until))

    def _parts(self, first, until, rng):
        probes = {}
        for index, probe in enumerate(self.plan.probes):
            ticks = np.arange(first + 1, until + 1)
            ticks = ticks[ticks % probe.every_steps == 0]
            columns = rng.permutation(len(probe.neurons))
            cut = int(rng.integers(0, len(columns) + 1))
            values = self.samples[index][ticks // probe.every_steps - 1]
            probes[index] = [(ticks, part, values[:, part]) for part in (columns[:cut], columns[cut:])]
        return probes

    def _bins(self, first, until):
        low, high = first // BIN, (until - 1) // BIN
        found = {}
        for name, values in self.counters.items():
            bins = np.zeros((high - low + 1, values.shape[1]), np.int64)
            for tick in range(first + 1, until + 1):
                bins[(tick - 1) // BIN - low] += values[tick - 1]
            found[name] = bins
        return low, found

    def write(self, writer, cuts, seed=0) -> None:
        rng = np.random.default_rng(seed)
        first = 0
        for until in [*cuts, self.steps]:
            if until > first:
                writer.append(self.chunk(first, until, rng))
                first = until


@pytest.fixture(scope="session")
def run() -> Run:
    rng = np.random.default_rng(7)
    steps = 100
    probes = (
        ProbePlan("exc", "v", "mV", np.array([0, 3, 4, 29]), 1),
        ProbePlan("exc", "i_syn_ex", "pA", np.array([1, 2]), EVERY),
        ProbePlan("inh", "v", "mV", np.arange(10), 10),
    )
    plan = TracePlan(
        timestep_ms=0.1,
        populations=tuple(SIZES.items()),
        recorded=("inh", "exc", "silent"),
        probes=probes,
        weights=("exc->inh",),
        core_names=tuple(f"chip0.core{i}" for i in range(CORES)),
        link_names=("chip0->chip1", "chip1->chip0"),
        bin_steps=BIN,
        packet_bits=32,
        placement={name: (np.arange(size) % CORES).astype(np.int32) for name, size in SIZES.items()},
        provenance={"scenario": 'name = "klein µ"\n', "seed": 3, "memory": {"synapses_bytes": 800}},
    )
    spikes = {"silent": np.empty((0, 2), np.int64)}
    for name in ("exc", "inh"):
        fired = np.argwhere(rng.random((steps, SIZES[name])) < 0.1)
        spikes[name] = fired + np.array([1, 0])
    samples = [rng.normal(size=(steps // p.every_steps, len(p.neurons))) for p in probes]
    counters = {
        "core_spikes": rng.integers(0, 5, (steps, CORES)),
        "core_synaptic_events": rng.integers(0, 50, (steps, CORES)),
        "link_packets": rng.integers(0, 9, (steps, LINKS)),
    }
    return Run(plan, steps, spikes, samples, counters)


@pytest.fixture
def store() -> Hdf5Store:
    return Hdf5Store()


WEIGHTS = (
    np.array([2, 0, 2, 0, 2]),
    np.array([1, 1, 1, 0, 1]),
    np.array([0.5, 0.25, -1.0, 2.0, 0.75]),
)


@pytest.fixture
def finished(run: Run, store: Hdf5Store, tmp_path: Path) -> Path:
    writer = store.create(tmp_path / "run.h5", run.plan)
    run.write(writer, range(7, run.steps, 7))
    writer.store_weights("exc->inh", *WEIGHTS)
    return writer.finish("complete", results={"accuracy": 0.5})
