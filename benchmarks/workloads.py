"""What is compared with what: workloads, sides, the ratios that are wanted and the spikes that must come out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """A simulator and how it is run."""

    simulator: str
    threads: int = 1
    backend: str = "local"
    chips: int = 1

    @property
    def label(self) -> str:
        if self.simulator != "spikemesh":
            return self.simulator + ("" if self.threads == 1 else f", {self.threads} threads")
        workers = f"{self.threads} worker{'s' if self.threads > 1 else ''}"
        return f"spikemesh, {workers}" + (", ray" if self.backend == "ray" else "")


@dataclass(frozen=True)
class Comparison:
    """A workload on our side and on others.

    Attributes
    ----------
    others
        Sides, and how many times their speed is wanted (None: shown, no wish).
    spikes, quick_spikes
        Our own count with the fixed seed, in the full and in the quick duration.
    tolerance
        How far a peer's number of spikes may differ, relative: its random numbers are its own.
    memory
        Largest part of NEST's memory we want to need.
    """

    name: str
    workload: str
    title: str
    ours: Side
    others: tuple[tuple[Side, float | None], ...]
    duration_ms: float
    quick_ms: float
    spikes: int
    quick_spikes: int
    tolerance: float = 0.06
    memory: float | None = None
    unit: str = "s per model second"


ONE, TWO = Side("spikemesh"), Side("spikemesh", 2, chips=2)
RAY_ONE, RAY_TWO = Side("spikemesh", 1, "ray", 2), Side("spikemesh", 2, "ray", 2)
NEST, NEST_TWO = Side("nest"), Side("nest", 2)
BRIAN, BRIAN_TWO = Side("brian2"), Side("brian2", 2)

COMPARISONS = (
    Comparison(
        "brunel_s", "brunel_s", "balanced network S (2,500 neurons, 625,000 synapses), Poisson drive",
        ONE, ((NEST, None), (BRIAN, None)), 1000, 200, 41_352, 8_059,
    ),
    Comparison(
        "brunel_s_dc", "brunel_s_dc", "balanced network S, mean current", ONE, ((NEST, None), (BRIAN, 2.0)),
        1000, 200, 41_993, 8_423,
    ),
    Comparison(
        "brunel_m", "brunel_m", "balanced network M (10,000 neurons, 10 million synapses), Poisson drive",
        ONE, ((NEST, 20.0), (BRIAN, 7.0)), 1000, 200, 153_326, 30_277,
    ),
    Comparison(
        "brunel_m_two", "brunel_m", "balanced network M, two workers", TWO,
        ((NEST_TWO, 12.0), (BRIAN_TWO, None), (ONE, 1.7)), 1000, 200, 153_326, 30_277,
    ),
    Comparison(
        "brunel_m_ray", "brunel_m", "balanced network M, two Ray actors", RAY_TWO, ((RAY_ONE, 1.6),), 1000, 200,
        153_326, 30_277,
    ),
    Comparison(
        "brunel_m_dc", "brunel_m_dc", "balanced network M, mean current", ONE, ((NEST, None), (BRIAN, 6.0)),
        1000, 200, 155_422, 29_630,
    ),
    Comparison(
        "brunel_m_stdp", "brunel_m_stdp", "balanced network M, pair STDP on 6.4 million synapses", ONE,
        ((NEST, 6.0), (BRIAN, 3.0)), 1000, 100, 148_390, 14_849, memory=0.25,
    ),
    Comparison(
        "cuba", "cuba", "Vogels-Abbott, currents (4,000 neurons, 320,000 synapses)", ONE,
        ((NEST, 10.0), (BRIAN, 1.5)), 1000, 200, 21_762, 4_545, tolerance=0.12,
    ),
    Comparison(
        "coba", "coba", "Vogels-Abbott, conductances", ONE, ((NEST, 25.0), (BRIAN, 2.0)),
        # Its activity is metastable and bursts: rates of 15 to 21 Hz are seen over seeds.
        1000, 200, 68_984, 13_657, tolerance=0.25,
    ),
    Comparison(
        # Fixed point: Lava gives the very same spikes.
        "layers", "layers", "8 dense fixed-point layers of 1,024 on 8 chips", TWO,
        ((Side("lava"), 20.0),), 300, 100, 2_117_910, 667_776, tolerance=0.0,
    ),
)  # fmt: skip
