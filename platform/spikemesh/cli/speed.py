"""A short measurement of speed: two balanced networks, next to the plain loop that bounds delivery."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from spikemesh.api import Network, Simulation, System, poisson, uniform
from spikemesh.kernels.limit import scatter_each, scatter_shared

STRETCH_MS = 100.0
STRETCHES = 4
"""Timed stretches of each run, after one that is not; their median is robust against other processes."""
LIMIT_SOURCES, LIMIT_TARGETS, LIMIT_SPIKES = 10_000, 1000, 10_000


@dataclass(frozen=True)
class Balanced:
    """A balanced random network: neurons (four fifths excitatory), inputs of each, weight and drive."""

    neurons: int
    indegree: int
    weight_pa: float
    drive_hz: float


NETWORKS = {
    "S": Balanced(2500, 250, 32.288741625372104, 3600.0),
    "M": Balanced(10_000, 1000, 16.144370812686052, 8500.0),
}
"""Weights make potentials of 0.2 and 0.1 mV."""


@dataclass(frozen=True)
class Limit:
    """Synaptic events per second of the plain loop, one thread."""

    shared_weight: float
    weight_per_synapse: float


@dataclass(frozen=True)
class Speed:
    """One run: seconds per second of model time, recurrent synaptic events per second, and the rest."""

    network: str
    workers: int
    realtime_factor: float
    synaptic_events_per_s: float
    build_s: float
    compile_s: float
    window_exchange_us: float | None
    spikes: int
    digest: str
    share_of_limit: float


@dataclass(frozen=True)
class Reference:
    """Figures of one machine, by network and workers: real-time factor and share of that machine's limit."""

    machine: str
    version: str
    limit: Limit
    realtime_factor: dict[tuple[str, int], float]
    share_of_limit: dict[tuple[str, int], float]


REFERENCE = Reference(
    machine="AMD EPYC (AVX-512), 2 virtual processors",
    version="0.1.0",
    limit=Limit(1.43e9, 0.97e9),
    realtime_factor={("S", 1): 0.062, ("S", 2): 0.050, ("M", 1): 0.31, ("M", 2): 0.19},
    share_of_limit={("S", 1): 0.12, ("S", 2): 0.14, ("M", 1): 0.34, ("M", 2): 0.57},
)
"""Measured with this command on an otherwise idle machine; says nothing about any other."""


def limit() -> Limit:
    """Measure the plain loops on the shape of network M."""
    random = np.random.default_rng(1)
    shape = (LIMIT_SOURCES, LIMIT_TARGETS)
    targets = np.sort(random.integers(0, LIMIT_SOURCES, shape), axis=1).astype(np.uint16)
    weights = random.integers(0, 1 << 29, shape).astype(np.int32)
    order = random.integers(0, LIMIT_SOURCES, LIMIT_SPIKES)
    row = np.zeros(LIMIT_SOURCES, np.int64)
    return Limit(
        _events_per_s(lambda: scatter_shared(targets, order, row, np.int64(3))),
        _events_per_s(lambda: scatter_each(targets, weights, order, row)),
    )


def _events_per_s(loop: Callable[[], object]) -> float:
    loop()
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        loop()
        times.append(time.perf_counter() - begun)
    return LIMIT_SPIKES * LIMIT_TARGETS / statistics.median(times)


def speeds(found: Limit) -> Iterator[Speed]:
    """Run both networks with one worker and with two, one result at a time.

    Parameters
    ----------
    found
        The limit of this machine.
    """
    for name, balanced in NETWORKS.items():
        for workers in (1, 2):
            yield _speed(name, balanced, workers, found)


def _speed(name: str, balanced: Balanced, workers: int, found: Limit) -> Speed:
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(
            _network(balanced),
            System.preset("ideal", chips=workers),
            out=Path(folder) / "run.h5",
            backend="local",
            workers=workers,
        )
        build_s = time.perf_counter() - begun
        simulation.run(STRETCH_MS)
        times = []
        for _ in range(STRETCHES):
            begun = time.perf_counter()
            simulation.run(STRETCH_MS)
            times.append(time.perf_counter() - begun)
        summary = simulation.close().summary
    seconds = statistics.median(times)
    events_per_s = summary["synaptic_events"] / (STRETCHES + 1) / seconds
    return Speed(
        network=name,
        workers=workers,
        realtime_factor=seconds / (STRETCH_MS * 1e-3),
        synaptic_events_per_s=events_per_s,
        build_s=build_s - summary["compile_s"],
        compile_s=summary["compile_s"],
        window_exchange_us=summary["window_exchange_us"],
        spikes=summary["spikes"],
        digest=summary["digest"]["function"],
        share_of_limit=events_per_s / found.shared_weight,
    )


def _network(b: Balanced) -> Network:
    net = Network(timestep="0.1 ms", seed=1)
    sizes = {"exc": b.neurons * 4 // 5, "inh": b.neurons // 5}
    for name, size in sizes.items():
        population = net.add_population(
            name, size, "lif_psc_exp", tau_m="20 ms", e_l=0.0, v_reset=0.0, v_th=15.0,
            init={"v": uniform(0.0, 15.0)},
        )  # fmt: skip
        net.drive(population, poisson(rate=b.drive_hz, weight=b.weight_pa))
        net.probe(population, "spikes")
    # Inhibition is five times as strong as excitation.
    for source, part, weight in (("exc", 4, b.weight_pa), ("inh", 1, -5.0 * b.weight_pa)):
        for target in sizes:
            indegree = b.indegree * part // 5
            net.connect(source, target, "fixed_indegree", indegree=indegree, weight=weight, delay="1.5 ms")
    return net


def disagreements(found: list[Speed]) -> list[str]:
    """Name the networks whose spikes depend on the number of workers, which must not be."""
    return [
        f"network {name}: the spikes depend on the number of workers"
        for name in NETWORKS
        if len({speed.digest for speed in found if speed.network == name}) > 1
    ]


def as_object(machine_limit: Limit, found: list[Speed]) -> dict[str, object]:
    """Put all figures, and the reference's beside them, into one object."""
    return {
        "limit": asdict(machine_limit),
        "runs": [asdict(speed) for speed in found],
        "reference": {
            "machine": REFERENCE.machine,
            "version": REFERENCE.version,
            "limit": asdict(REFERENCE.limit),
            "runs": [
                {
                    "network": network,
                    "workers": workers,
                    "realtime_factor": factor,
                    "share_of_limit": REFERENCE.share_of_limit[network, workers],
                }
                for (network, workers), factor in REFERENCE.realtime_factor.items()
            ],
        },
        "problems": disagreements(found),
    }
