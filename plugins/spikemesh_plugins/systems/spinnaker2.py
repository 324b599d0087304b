"""SpiNNaker2: 152 processors a chip, one multicast router, software in ticks of real time.

Energies of synaptic events, rates of links and times of hops are not published.
"""

from __future__ import annotations

from spikemesh.description.system import ChipSpec, CoreSpec, LinkSpec, Published, System
from spikemesh_plugins.systems.sourced import account, grid, sourced

DATASHEET = "SpiNNaker2 datasheet 0.03, 2021"
TOOLS = "SpiNNMachine"
ATLAS = "open-neuromorphic.org"

NOTHING = account(
    {"hop_x": "none: one router a chip", "hop_y": "none: one router a chip"},
    static_source=f"not published apart: 2 to 5 W a chip in all ({ATLAS})",
)

CORE = sourced(
    CoreSpec,
    neurons=(None, "not published as a limit: software shares out its time"),
    synapse_memory_bits=(
        None,
        f"not published: 128 KB of a core ({DATASHEET}) are for programs and all data",
    ),
)

PUBLISHED = (
    Published(what="power of a chip, at least", value=2.0, unit="W", source=ATLAS, evidence="secondary"),
    Published(what="power of a chip, at most", value=5.0, unit="W", source=ATLAS, evidence="secondary"),
)

CHIP = sourced(
    ChipSpec,
    {"core": CORE, "costs": {"published": NOTHING}, "published": PUBLISHED},
    cores=((8, 19), f"{DATASHEET}: 152; all are at one router"),
    tile=((1, 1), "not used: all cores are at one router"),
    network=("router", f"{DATASHEET}; {TOOLS}"),
    router=("multicast", DATASHEET),
    table_entries=(16384, f"{DATASHEET}; {TOOLS}"),
    packet_bits=(40, "not published: as SpiNNaker; no link here goes by bits"),
    clock_mhz=(300.0, f"{TOOLS}: 150 or 300 MHz"),
)


def spinnaker2(chips: tuple[int, ...] | None = None) -> System:
    """Make a torus of SpiNNaker2 chips.

    Parameters
    ----------
    chips
        Shape of the torus; None: one chip.
    """
    return System(
        name="spinnaker2",
        chip=CHIP,
        chips=grid(chips, (1, 1)),
        topology="triangular_torus",
        regime="tick",
        links={"between_chips": sourced(LinkSpec)},
        costs="published",
        sources={
            "chips": "one",
            "topology": f"{DATASHEET}; {TOOLS}: six links, as SpiNNaker",
            "regime": "Hoeppner et al. 2019, abstract: a software tick",
            "tick": "real time: that of the software's timer",
        },
    )
