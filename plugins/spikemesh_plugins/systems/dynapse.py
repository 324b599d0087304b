"""DYNAP-SE: analog neurons in real time, 64 synapses each, four cores a chip, packets offered to whole cores."""

from __future__ import annotations

from spikemesh.description.system import BoardSpec, ChipSpec, CoreSpec, Cost, LinkSpec, System
from spikemesh_plugins.systems.sourced import NOT_PUBLISHED, account, grid, sourced

MORADI = "Moradi et al., IEEE TBioCAS 12(1), 2018"
LIBCAER = "libcaer, dynapse.h"
TABLE = f"{MORADI}, table of energies (1.8 V); from memory, not confirmed"
ANALOG = "none: analog, in real time; its power is static, and not published"

MORADI2018 = account(
    {
        **dict.fromkeys(("neuron_update", "neuron_idle", "learning_update", "barrier", "cycle"), ANALOG),
        **dict.fromkeys(("hop_x", "hop_y"), "none: one router between the cores of a chip"),
    },
    spike=Cost(energy_pj=883.0, source=f"{TABLE}: a spike", evidence="unconfirmed"),
    axon_out=Cost(energy_pj=883.0, source=f"{TABLE}: encoding it and adding targets", evidence="unconfirmed"),
    axon_in=Cost(
        energy_pj=6840.0, source=f"{TABLE}: offering it to the neurons of a core", evidence="unconfirmed"
    ),
    hop_tile=Cost(energy_pj=360.0, source=f"{TABLE}: the way to another core", evidence="unconfirmed"),
    synaptic_event=Cost(
        energy_pj=324.0, source=f"{TABLE}: a pulse where a word matches", evidence="unconfirmed"
    ),
    supply_v=1.8,
)

CORE = sourced(
    CoreSpec,
    neurons=(256, LIBCAER),
    fan_in=(64, f"{LIBCAER}: 64 words of content-addressable memory a neuron"),
    synapse_bits=(12, f"{LIBCAER}: a tag of 10 bits and a type of 2"),
    weight_bits=(None, "none: a synapse has one of four types, with a weight each"),
    delay_steps=(None, NOT_PUBLISHED),
)

CHIP = sourced(
    ChipSpec,
    {"core": CORE, "costs": {"moradi2018": MORADI2018}, "rules": ("dynapse_tags",)},
    cores=((2, 2), LIBCAER),
    tile=((1, 1), "not used: all cores are at one router"),
    network=("router", f"{MORADI}, abstract: levels of routers; here one stands for those of a chip"),
    router=("broadcast", f"{MORADI}: a chip offers a packet to all neurons of its cores; unconfirmed"),
    packet_bits=(32, "not published; no link here goes by bits"),
    table_entries=(None, "none: a neuron holds its targets, at most 4"),
    clock_mhz=(None, "none: asynchronous"),
)


def dynapse(chips: tuple[int, ...] | None = None) -> System:
    """Make a grid of DYNAP-SE chips.

    Parameters
    ----------
    chips
        Shape of the grid; None: the 2 x 2 of a board.
    """
    return System(
        name="dynapse",
        chip=CHIP,
        board=sourced(BoardSpec, chips=(None, "all chips are on one")),
        chips=grid(chips, (2, 2)),
        topology="mesh",
        regime="async",
        links={"between_chips": sourced(LinkSpec)},
        costs="moradi2018",
        sources={
            "chips": f"{LIBCAER}: 2 x 2",
            "topology": f"{MORADI}, abstract: a mesh between chips; a packet goes at most 3 along x and y ({LIBCAER})",
            "regime": "continuous time, without steps; unconfirmed",
            "tick": "real time",
        },
    )
