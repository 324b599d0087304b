"""Speck (DYNAP-CNN): nine convolutional cores around one router, without a clock or steps."""

from __future__ import annotations

from spikemesh.description.system import ChipSpec, CoreSpec, Cost, LinkSpec, Published, System
from spikemesh_plugins.systems.sourced import NOT_PUBLISHED, account, grid, sourced

YAO = "Yao et al., Nat. Commun. 15:4464, 2024"
SINABS = "sinabs, documentation and dynapcnn.py"

YAO2024 = account(
    {
        **dict.fromkeys(
            ("neuron_idle", "barrier", "cycle"), "none: neurons act on events alone, without steps"
        ),
        **dict.fromkeys(("hop_x", "hop_y"), "none: one router for all cores"),
        "learning_update": "none: the chip does not learn",
    },
    neuron_update=Cost(source=NOT_PUBLISHED),
    synaptic_event=Cost(
        latency_ns=1000.0 / 30.0,
        latency_range_ns=(10.0, 1000.0 / 30.0),
        source="derived from public notes: 30 M synaptic events/s of a core, 100 M of core 0; papers disagree; energy "
        "not published",
        evidence="secondary",
    ),
    static_mw=0.42,
    static_source=f"{YAO}, abstract: at rest",
    static_evidence="abstract",
)

CORE = sourced(
    CoreSpec,
    neurons=(
        64 * 1024,
        f"{SINABS}: the most of a core; they hold 64, 64, 64, 32, 32, 16, 16, 16 and 16 Ki neurons (see its rule)",
    ),
    synapse_memory_bits=(None, f"not a count of synapses: neurons of a layer share kernels ({SINABS})"),
    weight_bits=(8, SINABS),
    synapse_bits=(8, f"{SINABS}: a word of kernel memory"),
    delay_steps=(None, NOT_PUBLISHED),
)

PUBLISHED = (
    Published(
        what="latency from sensor to output through 9 layers",
        value=3.36,
        unit="us",
        source="Richter et al. 2024, abstract",
        evidence="abstract",
    ),
    Published(
        what="latency of one layer of 3 x 3 kernels",
        value=1.58,
        unit="us",
        source="public notes on Richter et al. 2024",
        evidence="secondary",
    ),
    Published(
        what="power of a chip at rest", value=0.42, unit="mW", source=f"{YAO}, abstract", evidence="abstract"
    ),
    Published(
        what="least power of a chip at work in real time",
        value=0.7,
        unit="mW",
        source=f"{YAO}, abstract",
        evidence="abstract",
    ),
)

CHIP = sourced(
    ChipSpec,
    {"core": CORE, "costs": {"yao2024": YAO2024}, "published": PUBLISHED, "rules": ("speck_layers",)},
    format=("speck", SINABS),
    cores=((3, 3), f"{SINABS}: nine; all are at one router"),
    tile=((1, 1), "not used: all cores are at one router"),
    network=("router", f"{SINABS}: a star"),
    router=("unicast", f"{SINABS}: a core has two targets"),
    packet_bits=(32, "not published; no link here goes by bits"),
    partition=("speck_layers", f"{SINABS}: a layer on each core"),
    table_entries=(None, "none: a core holds its targets, at most 2"),
    clock_mhz=(None, "none: asynchronous"),
)


def speck(chips: tuple[int, ...] | None = None) -> System:
    """Make Speck chips.

    Parameters
    ----------
    chips
        Shape of the grid, by links of which nothing is published; None: one chip.
    """
    return System(
        name="speck",
        chip=CHIP,
        chips=grid(chips, (1, 1)),
        topology="mesh",
        regime="async",
        links={"between_chips": sourced(LinkSpec)},
        costs="yao2024",
        sources={
            "chips": "one",
            "topology": "not published: one chip",
            "regime": f"{YAO}; {SINABS}: events without steps",
            "tick": "real time",
        },
    )
