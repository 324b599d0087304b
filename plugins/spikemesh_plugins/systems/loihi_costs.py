"""What Loihi's operations cost, by two accounts that must not be mixed.

``davies2018`` is the designers' simulation before silicon, at 0.75 V. ``sanafe2025`` was fitted to
measurements of Nahuku boards; its file names the first as its source, but shares only the hop
latencies and the energy of an east-west hop with it.
"""

from __future__ import annotations

from spikemesh.description.system import Cost, CostSet

TABLE_2 = "Davies et al., IEEE Micro 38(1):82-99, 2018, Table 2 (simulated before silicon, 0.75 V)"
SANAFE = "SANA-FE arch/loihi.yaml (fitted to Nahuku boards; Boyle et al., IEEE TCAD 2025, section VI)"
FRADY = "Frady et al. 2020 (Pohoiki Springs)"

BARRIER_CHIP = Cost(
    latency_ns=212.0,
    source=(
        f"derived from {FRADY}, p. 5: 14.3 us on 4 x 64 chips and 16.2 us on 12 x 64, "
        "0.212 us for each chip of width plus height; energy not published"
    ),
)

DAVIES2018 = CostSet(
    synaptic_event=Cost(energy_pj=23.6, latency_ns=3.5, source=f"{TABLE_2}: least energy, greatest time"),
    neuron_update=Cost(energy_pj=81.0, latency_ns=8.4, source=f"{TABLE_2}, active"),
    neuron_idle=Cost(energy_pj=52.0, latency_ns=5.3, source=f"{TABLE_2}, inactive"),
    spike=Cost(source="not published"),
    axon_in=Cost(source="not published"),
    axon_out=Cost(source="not published"),
    hop_tile=Cost(energy_pj=1.7, latency_ns=2.1, source=f"{TABLE_2}, within a tile"),
    hop_x=Cost(energy_pj=3.0, latency_ns=4.1, source=f"{TABLE_2}, east-west"),
    hop_y=Cost(energy_pj=4.0, latency_ns=6.5, source=f"{TABLE_2}, north-south"),
    barrier=Cost(latency_ns=113.0, source=f"{TABLE_2}, 1 tile; energy not published", evidence="quoted"),
    barrier_tile=Cost(
        latency_ns=35.2,
        source=f"derived from {TABLE_2}: 113 ns for 1 tile to 465 ns for all 32, (465 - 113) / 10 for each further "
        "tile of width plus height of 8 x 4 tiles",
        evidence="derived",
    ),
    barrier_chip=BARRIER_CHIP,
    learning_update=Cost(energy_pj=120.0, latency_ns=6.1, source=f"{TABLE_2}, pairwise STDP"),
    static_mw=104.4,
    static_source=f"{FRADY}, Table 1: 3.34 W over 32 chips, supply not stated; not in Davies et al. 2018",
)

SANAFE2025 = CostSet(
    synaptic_event=Cost(
        energy_pj=33.6,
        latency_ns=4.7,
        source=f"{SANAFE}, sparse (dense 35.5 pJ, 3.8 ns; convolution 24.0 pJ, 3.1 ns)",
    ),
    neuron_update=Cost(
        energy_pj=72.8, latency_ns=9.7, source=f"{SANAFE}: access 51.2 pJ, 6.0 ns plus update 21.6 pJ, 3.7 ns"
    ),
    neuron_idle=Cost(energy_pj=51.2, latency_ns=6.0, source=f"{SANAFE}, soma access"),
    spike=Cost(energy_pj=69.3, latency_ns=30.0, source=f"{SANAFE}, spike out"),
    axon_in=Cost(energy_pj=0.0, latency_ns=16.0, source=f"{SANAFE}, axon in"),
    axon_out=Cost(energy_pj=111.0, latency_ns=5.1, source=f"{SANAFE}, axon out"),
    hop_tile=Cost(source="not in this account"),
    hop_x=Cost(energy_pj=3.0, latency_ns=4.1, source=f"{SANAFE}, east-west"),
    hop_y=Cost(energy_pj=4.2, latency_ns=6.5, source=f"{SANAFE}, north-south"),
    barrier=Cost(
        latency_ns=1800.0, source=f"{SANAFE}, 29 tiles in use; energy not published", evidence="primary"
    ),
    barrier_tiles=((1, 600.0), (2, 1000.0), (4, 1400.0), (29, 1800.0)),
    barrier_chip=BARRIER_CHIP,
    learning_update=Cost(source="not in this account"),
    phases="overlapped",
    static_mw=None,
    static_source="not in this account, which models dynamic energy alone",
)
