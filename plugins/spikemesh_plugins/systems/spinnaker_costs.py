"""What SpiNNaker takes, by three accounts that must not be mixed.

``spinnmachine`` counts chips, cores in use and packets, as the tools that come with the machine do;
``sharp2012`` counts updates of neurons and events at synapses; ``stromatias2013`` is of times alone.
"""

from __future__ import annotations

from spikemesh.description.system import Cost
from spikemesh_plugins.systems.sourced import account

TOOLS = "SpiNNMachine, version_spin1.py and version_5.py"
SHARP = "Sharp et al. 2012, abstract (measured: 4 chips, 10^4 neurons, 4 x 10^6 synapses)"

CHIP_MW = 350.0
IDLE_BOARD_MW, ACTIVE_BOARD_MW, ACTIVE_CORES = 31_880.0, 59_380.0, 806
BOARD_MW = IDLE_BOARD_MW - 48 * CHIP_MW
BOARD_SOURCE = f"derived from {TOOLS}: 31.88 W of a boxed board at rest less 48 chips of 0.35 W"
IN_CORES = f"included: the power of a core in use ({TOOLS})"

SPINNMACHINE = account(
    {
        **dict.fromkeys(
            (
                *("synaptic_event", "neuron_update", "neuron_idle", "spike", "axon_in", "axon_out"),
                *("learning_update", "cycle"),
            ),
            IN_CORES,
        ),
        **dict.fromkeys(("hop_x", "hop_y"), "none: one router a chip"),
        "idle_mw": "included: the power of a chip at rest",
    },
    hop_tile=Cost(
        energy_pj=1000.0,
        source=f"derived: 25 pJ/bit ({TOOLS}, which name Painkras et al. 2013) x 40 bits, for each router; 1.8 nJ "
        "with a payload",
        evidence="derived",
    ),
    static_mw=CHIP_MW,
    static_core_mw=(ACTIVE_BOARD_MW - IDLE_BOARD_MW) / ACTIVE_CORES,
    static_source=f"{TOOLS}: 0.35 W a chip; a core in use 0.034 W more, here (59.38 W - 31.88 W) / 806",
    static_evidence="primary",
)

SHARP2012 = account(
    {"hop_x": "none: one router a chip", "hop_y": "none: one router a chip"},
    absent="not published apart: the abstract does not say what its two figures include",
    neuron_update=Cost(
        energy_pj=100e3, source=f"{SHARP}: 100 nJ a neuron and ms, in ticks of 1 ms", evidence="abstract"
    ),
    synaptic_event=Cost(
        energy_pj=43e3, source=f"{SHARP}: 43 nJ a post-synaptic potential", evidence="abstract"
    ),
)

STROMATIAS = "Stromatias et al. 2013, abstract (measured: up to 1.8 x 10^9 synaptic events/s on 48 chips)"
CORES_OF_A_BOARD, EVENTS_PER_S = 48 * 16, 1.8e9
IN_EVENTS = f"included in the time of a synaptic event: all that cores do ({STROMATIAS})"

STROMATIAS2013 = account(
    {
        **dict.fromkeys(("neuron_update", "neuron_idle", "spike", "axon_in", "axon_out"), IN_EVENTS),
        **dict.fromkeys(("hop_x", "hop_y"), "none: one router a chip"),
    },
    absent="not published apart: less than 1 W a chip in all",
    synaptic_event=Cost(
        latency_ns=1e9 * CORES_OF_A_BOARD / EVENTS_PER_S,
        source=f"derived: 1.8 x 10^9 events/s shared out among 48 x 16 cores ({STROMATIAS}), all that they do besides "
        "included: more than an event takes by itself",
        evidence="derived",
    ),
)
