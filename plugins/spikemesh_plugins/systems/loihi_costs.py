"""What Loihi's operations cost, by two accounts that must not be mixed.

``davies2018`` is the designers' simulation before silicon, at 0.75 V. ``sanafe2025`` was fitted to
measurements of Nahuku boards; its file names the first as its source, but shares only the hop
latencies and the energy of an east-west hop with it.
"""

from __future__ import annotations

from spikemesh.description.system import Cost
from spikemesh_plugins.systems.sourced import account

TABLE_2 = "Davies et al., IEEE Micro 38(1):82-99, 2018, Table 2 (simulated before silicon, 0.75 V)"
SANAFE = "SANA-FE arch/loihi.yaml (fitted to Nahuku boards; Boyle et al., IEEE TCAD 2025, section VI)"
FRADY = "Frady et al. 2020 (Pohoiki Springs)"

ENERGY_ERROR, TIME_ERROR = 0.117, 0.243
"""Greatest errors of the fit in energy and in the time of a step (Boyle et al. 2025, Table IV, by public notes)."""

BARRIER_CHIP = Cost(
    latency_ns=212.0,
    latency_range_ns=(14_300 / 68, 16_200 / 76),
    source=(
        f"derived from {FRADY}, p. 5: 14.3 us on 4 x 64 chips and 16.2 us on 12 x 64, "
        "0.212 us for each chip of width plus height; energy not published"
    ),
    evidence="derived",
)


def _of_table_2(energy_pj: float, latency_ns: float, which: str) -> Cost:
    return Cost(energy_pj=energy_pj, latency_ns=latency_ns, source=f"{TABLE_2}, {which}", evidence="quoted")


def _fitted(
    energy_pj: float, latency_ns: float, which: str, others: tuple[tuple[float, float], ...] = ()
) -> Cost:
    """Make a cost that is as uncertain as the whole fit; ``others`` are those of other formats."""
    energies, times = zip((energy_pj, latency_ns), *others, strict=True)
    return Cost(
        energy_pj=energy_pj,
        latency_ns=latency_ns,
        energy_range_pj=(min(energies) * (1 - ENERGY_ERROR), max(energies) * (1 + ENERGY_ERROR)),
        latency_range_ns=(min(times) * (1 - TIME_ERROR), max(times) * (1 + TIME_ERROR)),
        source=f"{SANAFE}, {which}; range: the fit's greatest errors, 11.7 % in energy and 24.3 % in time",
        evidence="primary",
    )


DAVIES2018 = account(
    synaptic_event=_of_table_2(23.6, 3.5, "synaptic spike operation: least energy, greatest time"),
    neuron_update=_of_table_2(81.0, 8.4, "active"),
    neuron_idle=_of_table_2(52.0, 5.3, "inactive"),
    hop_tile=_of_table_2(1.7, 2.1, "within a tile"),
    hop_x=_of_table_2(3.0, 4.1, "east-west"),
    hop_y=_of_table_2(4.0, 6.5, "north-south"),
    barrier=Cost(latency_ns=113.0, source=f"{TABLE_2}, 1 tile; energy not published", evidence="quoted"),
    barrier_tile=Cost(
        latency_ns=35.2,
        source=f"derived from {TABLE_2}: 113 ns for 1 tile to 465 ns for all 32, (465 - 113) / 10 for each further "
        "tile of width plus height of 8 x 4 tiles",
        evidence="derived",
    ),
    barrier_chip=BARRIER_CHIP,
    learning_update=_of_table_2(120.0, 6.1, "pairwise STDP"),
    static_mw=104.4,
    static_source=f"{FRADY}, Table 1: 3.34 W over 32 chips, supply not stated; not in Davies et al. 2018",
    static_evidence="derived",
    supply_v=0.75,
)

SANAFE2025 = account(
    absent="not in this account",
    synaptic_event=_fitted(33.6, 4.7, "sparse (dense 35.5 pJ, 3.8 ns; convolution 24.0 pJ, 3.1 ns)",
                           ((35.5, 3.8), (24.0, 3.1))),
    neuron_update=_fitted(72.8, 9.7, "access 51.2 pJ, 6.0 ns plus update 21.6 pJ, 3.7 ns"),
    neuron_idle=_fitted(51.2, 6.0, "soma access"),
    spike=_fitted(69.3, 30.0, "spike out"),
    axon_in=_fitted(0.0, 16.0, "axon in"),
    axon_out=_fitted(111.0, 5.1, "axon out"),
    hop_x=_fitted(3.0, 4.1, "east-west"),
    hop_y=_fitted(4.2, 6.5, "north-south"),
    barrier=Cost(
        latency_ns=1800.0, source=f"{SANAFE}, 29 tiles in use; energy not published", evidence="primary"
    ),
    barrier_tile=Cost(source="none: read from the table by tiles in use"),
    barrier_tiles=((1, 600.0), (2, 1000.0), (4, 1400.0), (29, 1800.0)),
    barrier_chip=BARRIER_CHIP,
    phases="overlapped",
    static_source="not in this account, which models dynamic energy alone",
)  # fmt: skip
