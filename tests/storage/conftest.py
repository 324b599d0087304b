"""A small recorded run, in ground truth and in chunks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from spikemesh.contracts.trace import Chunk, CounterPlan, ProbePlan, SeriesPlan, TracePlan
from spikemesh.description.system import ChipSpec, Cost, CostSet, LinkSpec, System
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
    series: dict[str, np.ndarray] = field(default_factory=dict)  # per figure of a step [ticks]

    def chunk(self, first: int, until: int, rng: np.random.Generator | None = None) -> Chunk:
        rng = rng or np.random.default_rng(0)
        spikes = {}
        for name, rows in self.spikes.items():
            rows = rows[(rows[:, 0] > first) & (rows[:, 0] <= until)]
            rows = rng.permutation(rows)
            spikes[name] = (rows[:, 0].copy(), rows[:, 1].copy())
        series = {name: values[first:until] for name, values in self.series.items()}
        return Chunk(first, until, spikes, self._parts(first, until, rng), *self._bins(first, until), series)

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
        plans, found = {c.name: c for c in self.plan.counters}, {}
        for name, values in self.counters.items():
            plan = plans.get(name, CounterPlan(name, ""))
            bins = np.zeros((high - low + 1 if plan.binned else 1, values.shape[1]), np.int64)
            put_together = np.add if plan.how == "sum" else np.maximum
            for tick in range(first + 1, until + 1):
                row = bins[(tick - 1) // BIN - low if plan.binned else 0]
                put_together(row, values[tick - 1], out=row)
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


EDGES_PS = (0, 1000, 1125, 1250, 2000)
"""Lower edges of the buckets of latencies."""
COSTS = CostSet(
    neuron_update=Cost(energy_pj=10.0, energy_range_pj=(8.0, 15.0), source="a table", evidence="primary"),
    synaptic_event=Cost(energy_pj=2.0),
    spike=Cost(),
    axon_in=Cost(),
    axon_out=Cost(energy_pj=0.0),
    hop_tile=Cost(energy_pj=1.0),
    hop_x=Cost(energy_pj=1.0),
    hop_y=Cost(energy_pj=1.0),
    barrier_chip=Cost(energy_pj=4.0),
    static_mw=5.0,
    excluded=("axon_in",),
)
SYSTEM = System(
    name="pair",
    chips=(2, 1),
    chip=ChipSpec(cores=(2, 1), costs={"table": COSTS}),
    costs="table",
    links={"between_chips": LinkSpec(bandwidth=1e8, energy=30.0, idle_mw=0.5)},
)
COUNTERS = (
    *(CounterPlan(f"core_{name}", "core") for name in ("updates", "packets_in", "packets_out")),
    CounterPlan("core_busy_ps", "core", "ps"),
    CounterPlan("link_busy_ps", "link", "ps"),
    CounterPlan("link_wait_ps", "link", "ps"),
    CounterPlan("link_queue_max", "link", how="max"),
    *(CounterPlan(f"chip_hops_{kind}", "chip") for kind in ("tile", "x", "y")),
    *(CounterPlan(name, "system") for name in ("packets_sent", "packets_delivered")),
    *(CounterPlan(f"latency_{kind}", "latency", binned=False) for kind in ("on_tile", "on_chip")),
)
SERIES = (SeriesPlan("step_time_ps", "ps"), SeriesPlan("step_core"), SeriesPlan("step_link"))


@pytest.fixture(scope="session")
def hardware_run(run: Run) -> Run:
    """The same run on hardware that was looked at."""
    rng, steps = np.random.default_rng(8), run.steps
    axes = {"chip": ("chip0", "chip1"), "system": ("system",), "latency": tuple(map(str, EDGES_PS))}
    width = {"core": CORES, "link": LINKS, **{name: len(names) for name, names in axes.items()}}
    plan = replace(
        run.plan,
        axes=axes,
        counters=COUNTERS,
        series=SERIES,
        hardware={"system": SYSTEM.model_dump(mode="json"), "links_level": "packet", "cores_used": CORES},
    )
    counters = {c.name: rng.integers(0, 7, (steps, width[c.axis])) for c in COUNTERS}
    series = {
        "step_time_ps": rng.integers(1000, 5000, steps),
        "step_core": rng.integers(0, CORES, steps),
        "step_link": rng.integers(-1, LINKS, steps),
    }
    return replace(run, plan=plan, counters={**run.counters, **counters}, series=series)


@pytest.fixture
def looked_at(hardware_run: Run, store: Hdf5Store, tmp_path: Path) -> Path:
    """The finished trace of a run on hardware that was looked at."""
    writer = store.create(tmp_path / "hardware.h5", hardware_run.plan)
    hardware_run.write(writer, range(7, hardware_run.steps, 7))
    return writer.finish("complete", results={"accuracy": 0.5})


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
