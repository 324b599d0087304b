"""IBM TrueNorth: 4,096 cores on a mesh, in ticks of 1 ms.

The latency of a hop is not published: packets carry the tick in which they act, which hides it.
"""

from __future__ import annotations

from spikemesh.description.system import ChipSpec, CoreSpec, Cost, LinkSpec, Published, System
from spikemesh_plugins.systems.sourced import NOT_PUBLISHED, account, grid, sourced

MEROLLA = "Merolla et al., Science 345:668-673, 2014, and its supplement"
AKOPYAN = "Akopyan et al., IEEE TCAD 34(10), 2015"
WHOLE = f"included: {AKOPYAN}, Fig. 17 is the power of the whole chip over its rate of synaptic events"

SWEEP = account(
    dict.fromkeys(
        (
            *("neuron_update", "neuron_idle", "spike", "axon_in", "axon_out"),
            *("hop_tile", "hop_x", "hop_y", "barrier", "cycle"),
        ),
        WHOLE,
    ),
    synaptic_event=Cost(
        energy_pj=2.297,
        source=f"derived from {AKOPYAN}, Fig. 17 (0.8 V, 128 active synapses): 68 mW at 11.58 Hz, 94 mW at 95.93 Hz",
        evidence="derived",
    ),
    learning_update=Cost(source="none: the chip does not learn"),
    static_mw=64.43,
    static_source=f"derived from {AKOPYAN}, Fig. 17 (0.8 V), the same line at 0 Hz",
    static_evidence="derived",
    supply_v=0.8,
)
"""Power of the whole chip at 0.8 V as a straight line: at rest, and for each synaptic event."""

PARTS = account(
    hop_x=Cost(
        energy_pj=2.3,
        source=f"{MEROLLA}; {AKOPYAN}: 72 fJ/bit x 32 bits over one core of 240 um along x (0.775 V)",
        evidence="quoted",
    ),
    learning_update=Cost(source="none: the chip does not learn"),
    supply_v=0.775,
)
"""What is published of single operations; most are not."""

CORE = sourced(
    CoreSpec,
    neurons=(256, f"{MEROLLA}, section S1"),
    synapse_memory_bits=(256 * 256, f"{MEROLLA}, section S1: a binary crossbar of 256 x 256"),
    axons_in=(256, f"{MEROLLA}, section S1"),
    axons_out=(None, f"{MEROLLA}, section S4: as many as neurons, for each has one target axon"),
    splitters=(True, f"{MEROLLA}, section S4: one target axon for each neuron, splitters for more"),
    fan_in=(256, f"{MEROLLA}, section S1: one synapse for each of 256 axons"),
    weight_bits=(9, f"{MEROLLA}, sections S1 and S8: signed, one of four for each neuron"),
    delay_steps=(15, f"{MEROLLA}, p. 5; {AKOPYAN}, section V-D"),
    synapse_bits=(1, f"{MEROLLA}, section S1: a crossing that is closed or open"),
    word_bits=(256, f"{MEROLLA}, section S1: an axon takes its row, closed or open"),
)

PUBLISHED = (
    Published(
        what="least power of a chip, at 0.70 V, 0 Hz, no synapses",
        value=42.0,
        unit="mW",
        source=f"{AKOPYAN}, p. 1551",
        evidence="quoted",
    ),
    Published(
        what="greatest power of a chip, at 1.05 V, 200 Hz, 256 synapses of each neuron",
        value=323.0,
        unit="mW",
        source=f"{AKOPYAN}, p. 1551",
        evidence="quoted",
    ),
    Published(
        what="power of a chip at 0.775 V, 20 Hz, 128 synapses of each neuron",
        value=72.0,
        unit="mW",
        source=f"{MEROLLA}; {AKOPYAN}",
        evidence="quoted",
    ),
    Published(
        what="power of a chip at 0.75 V, 20 Hz, 128 synapses of each neuron",
        value=65.0,
        unit="mW",
        source=f"{MEROLLA}; {AKOPYAN}",
        evidence="quoted",
    ),
    Published(
        what="power of 3,406 cores that find objects in video of 30 frames/s, voltage not stated",
        value=63.0,
        unit="mW",
        source=f"{MEROLLA}, section S11",
        evidence="quoted",
    ),
)

CHIP = sourced(
    ChipSpec,
    {
        "core": CORE,
        "models": ("truenorth", "truenorth_stochastic"),
        "costs": {"akopyan2015": SWEEP, "parts": PARTS},
        "published": PUBLISHED,
        "rules": ("truenorth_crossbar",),
    },
    format=("truenorth", f"{MEROLLA}, sections S1 and S8"),
    cores=((64, 64), f"{MEROLLA}, p. 5 and section S1"),
    tile=((1, 1), f"{MEROLLA}, p. 5: a router for each core"),
    network=("mesh", f"{MEROLLA}, p. 5 and section S1: along x, then y"),
    router=("unicast", f"{MEROLLA}, section S4: one target axon for each neuron"),
    packet_bits=(32, f"{MEROLLA}, Fig. S4; {AKOPYAN}, section V: those to the north and south take 24 bits"),
    clock_mhz=(None, "none: cores and routers are not clocked"),
    table_entries=(None, "none: a neuron holds its target"),
)

BETWEEN_CHIPS = sourced(
    LinkSpec,
    bandwidth=(
        40e6,
        f"derived: 160 Mspike/s over all ports ({MEROLLA}, section S6: more than that) over 4, as if they were equal",
    ),
    energy=(832.0, f"derived: 26 pJ/bit at 1.8 V ({MEROLLA}; {AKOPYAN}) x 32 bits"),
    latency=(None, NOT_PUBLISHED),
)


def truenorth(chips: tuple[int, ...] | None = None) -> System:
    """Make a grid of TrueNorth chips.

    Parameters
    ----------
    chips
        Shape of the grid; None: one chip.
    """
    return System(
        name="truenorth",
        chip=CHIP,
        chips=grid(chips, (1, 1)),
        topology="mesh",
        regime="tick",
        tick=1e6,
        links={"between_chips": BETWEEN_CHIPS},
        costs="akopyan2015",
        sources={
            "chips": "one: the NS1e board",
            "topology": f"{MEROLLA}, section S1: the mesh goes on from chip to chip, as far as 255 cores",
            "regime": f"{AKOPYAN}, p. 1538: a global synchronisation of 1 kHz",
            "tick": f"{AKOPYAN}, p. 1538: 1 ms; 200 us was verified to give the same spikes",
        },
    )
