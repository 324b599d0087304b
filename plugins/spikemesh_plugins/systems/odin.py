"""ODIN: one crossbar of 256 neurons, with a clock, in 28 nm."""

from __future__ import annotations

from spikemesh.description.system import ChipSpec, CoreSpec, Cost, LinkSpec, Published, System
from spikemesh_plugins.systems.sourced import account, grid, sourced

FRENKEL = "Frenkel et al., IEEE TBioCAS 13(1), 2019"
RTL = "ODIN's RTL and documentation"
POWER = f"{FRENKEL}, Fig. 8b and eq. 2 (0.55 V): 27.3 uW + 1.78 uW/MHz x clock + 8.43 pJ x synaptic events"
WHOLE = f"included: the power of the whole chip ({FRENKEL}, eq. 2)"
NO_NETWORK = "none: one core, without a router"

MHZ = 75.0
CYCLE_NS = 1000.0 / MHZ

FRENKEL2019 = account(
    {
        **dict.fromkeys(
            ("neuron_update", "neuron_idle", "spike", "axon_in", "axon_out", "learning_update", "barrier"),
            WHOLE,
        ),
        **dict.fromkeys(("hop_tile", "hop_x", "hop_y"), NO_NETWORK),
    },
    synaptic_event=Cost(
        energy_pj=8.43,
        latency_ns=2 * CYCLE_NS,
        source=f"{POWER}; time derived: 2 cycles ({RTL}) of 75 MHz",
        evidence="quoted",
    ),
    neuron_update=Cost(
        latency_ns=2 * CYCLE_NS,
        source=f"derived: 512 cycles for all 256 neurons ({RTL}) of 75 MHz; energy {WHOLE}",
        evidence="derived",
    ),
    axon_in=Cost(
        latency_ns=CYCLE_NS,
        source=f"derived: the first of 1 + 512 cycles of an event ({RTL}), of 75 MHz; energy {WHOLE}",
        evidence="derived",
    ),
    cycle=Cost(energy_pj=1.78, source=POWER, evidence="quoted"),
    static_mw=0.0273,
    static_source=POWER,
    static_evidence="quoted",
    supply_v=0.55,
)

CORE = sourced(
    CoreSpec,
    neurons=(256, RTL),
    synapse_memory_bits=(8192 * 32, f"{RTL}: 8,192 words of 32 bits"),
    axons_in=(256, f"{RTL}: a row of the crossbar for each of 256 source neurons"),
    fan_in=(256, f"{RTL}: a synapse from each row of the crossbar"),
    weight_bits=(3, f"{RTL}: the sign is the source neuron's"),
    synapse_bits=(4, f"{RTL}: 3 bits of weight and 1 that lets it learn"),
    word_bits=(1024, f"derived: a row of 256 synapses of 4 bits ({RTL})"),
)

PUBLISHED = (
    Published(
        what="power of a chip at 75 MHz and 37.5 M synaptic events/s, 0.55 V",
        value=477.0,
        unit="uW",
        source=f"{FRENKEL}, section IV-A",
        evidence="quoted",
    ),
    Published(
        what="power of a chip at 1.3 MHz and 0.65 M synaptic events/s, 0.55 V",
        value=35.0,
        unit="uW",
        source=f"{FRENKEL}, section IV-A",
        evidence="quoted",
    ),
)

CHIP = sourced(
    ChipSpec,
    {
        "core": CORE,
        "costs": {"frenkel2019": FRENKEL2019},
        "published": PUBLISHED,
        "rules": ("odin_crossbar",),
        "models": ("odin_lif",),
    },
    format=("odin", RTL),
    cores=((1, 1), RTL),
    tile=((1, 1), NO_NETWORK),
    network=("router", NO_NETWORK),
    router=("unicast", f"{NO_NETWORK}; what joins chips is not published"),
    packet_bits=(17, f"{RTL}: address events of 17 bits"),
    clock_mhz=(
        MHZ,
        f"{FRENKEL}, section IV-A: 75 MHz, 37.5 M synaptic events/s; times go by it, and do not change with it",
    ),
    table_entries=(None, NO_NETWORK),
)


def odin(chips: tuple[int, ...] | None = None) -> System:
    """Make ODIN chips.

    The regime is ``barrier``: the chip's time goes on by events that tell it so, and whoever sends them can wait until
    all others are done.

    Parameters
    ----------
    chips
        Shape of the grid, by links of which nothing is published; None: one chip.
    """
    return System(
        name="odin",
        chip=CHIP,
        chips=grid(chips, (1, 1)),
        topology="mesh",
        regime="barrier",
        links={"between_chips": sourced(LinkSpec)},
        costs="frenkel2019",
        sources={
            "chips": "one",
            "topology": "not published: one chip",
            "regime": f"{RTL}: time goes on by explicit events of time reference, which can wait for all others",
        },
    )
