"""Intel Loihi, the first: structure, limits and links, each figure with its source.

What is not published is absent: latency, energy and queue length of the links between chips.
Costs are in :mod:`spikemesh_plugins.systems.loihi_costs`.
"""

from __future__ import annotations

from spikemesh.description.system import ChipSpec, CoreSpec, LinkSpec, Published, System
from spikemesh_plugins.systems.loihi_costs import DAVIES2018, FRADY, SANAFE2025
from spikemesh_plugins.systems.sourced import grid, sourced

DAVIES = "Davies et al., IEEE Micro 38(1):82-99, 2018"
PROCEEDINGS = "Davies et al., Proc. IEEE 109(5), 2021"
BLOCKS = "nengo-loihi, SynapseConfig.bits_per_axon"

INDEX_BITS = 10
"""Addresses 1,024 compartments; index widths are 0 and 6 to 12 bits (nengo-loihi, ``SynapseConfig``)."""
WEIGHT_BITS = 8
"""Widest stored weight; widths are 0 to 6 and 8 bits (nengo-loihi, ``SynapseConfig``)."""
DELAY_BITS = 6
"""Field of the delay (Davies et al. 2018, Table 1)."""

CORE = sourced(
    CoreSpec,
    neurons=(1024, f"{DAVIES}, p. 89, constraint 1 (N_cx)"),
    synapse_memory_bits=(
        16384 * 64,
        f"{DAVIES}, p. 89, constraint 2: 128 KB, 16,384 words of 64 bits",
    ),
    axons_in=(4096, f"{DAVIES}, p. 89, constraint 4 (N_axin)"),
    axons_out=(4096, f"{DAVIES}, p. 89, constraint 3 (N_axout)"),
    fan_in=(None, "none of its own: the core's memory and axons"),
    weight_bits=(9, f"{DAVIES}, p. 87 and Table 1: 1 to 9 bits"),
    delay_steps=(62, f"{DAVIES}, p. 92: up to 62 steps where fewer compartments are used"),
    synapse_bits=(
        WEIGHT_BITS + DELAY_BITS + INDEX_BITS,
        f"derived: 8 bits of weight and 10 of index (widths of {BLOCKS}) and 6 of delay "
        f"({DAVIES}, Table 1); no tag, which learning needs",
    ),
    axon_bits=(0, f"{BLOCKS}: an axon takes its blocks alone"),
    block_synapses=(64, BLOCKS),
    block_bits=(10, f"{BLOCKS}: 4 bits of index and 6 of count"),
    word_bits=(64, BLOCKS),
)

PUBLISHED = (
    Published(
        what="time of a step on 32 chips, running freely",
        value=5.8,
        unit="us",
        source=f"{FRADY}, p. 7",
        evidence="quoted",
    ),
    Published(
        what="dynamic energy of the cores for a query of 76,800 patterns on 32 chips",
        value=1.33,
        unit="mJ",
        source=f"{FRADY}, Table 2",
        evidence="quoted",
    ),
    Published(
        what="energy of an inference in keyword spotting, dynamic",
        value=0.27,
        unit="mJ",
        source="Blouw et al. 2018, table",
        evidence="abstract",
    ),
)

CHIP = sourced(
    ChipSpec,
    {
        "core": CORE,
        "costs": {"davies2018": DAVIES2018, "sanafe2025": SANAFE2025},
        "published": PUBLISHED,
    },
    cores=(
        (16, 8),
        f"{DAVIES}, p. 86: 128 cores, 4 to a tile (Table 2: up to 32 tiles); "
        "the grid of 8 x 4 tiles is SANA-FE's (arch/loihi.yaml), not published",
    ),
    tile=((2, 2), f"{DAVIES}, p. 86 and Table 2: 128 cores, up to 32 tiles"),
    network=("mesh", f"{DAVIES}, p. 86: a mesh with dimension-order routing"),
    fabrics=(2, f"{DAVIES}, p. 86: two independent meshes, between which cores alternate; unconfirmed"),
    router=("unicast", f"{DAVIES}, p. 86: the sending core loops over its destination cores"),
    packet_bits=(32, f"{PROCEEDINGS}, p. 913"),
    clock_mhz=(None, "none: asynchronous"),
    table_entries=(None, "not a chip's: the output axons of its cores"),
)

ON_CHIP = sourced(
    LinkSpec,
    bandwidth=(3.44e9, f"{DAVIES}, Table 2: spike bandwidth of a tile's cross-section"),
    latency=(None, "a hop's is among the costs"),
    energy=(None, "a hop's is among the costs"),
)

BETWEEN_CHIPS = sourced(
    LinkSpec,
    bandwidth=(
        115e6,
        f"derived: 3.44 Gspike/s of a tile ({DAVIES}, Table 2) over about 30, the ratio of on-chip to "
        "inter-chip bandwidth (Orchard & Wild 2021, slide 'Mitigating spike congestion')",
    ),
)


def loihi(chips: tuple[int, ...] | None = None) -> System:
    """Make a grid of Loihi chips.

    Parameters
    ----------
    chips
        Shape of the grid, or how many: the most nearly square one; None: the two chips of a Kapoho Bay.
    """
    usual = {} if chips else {"chips": "Kapoho Bay: 2 chips (Lava, resources.py)"}
    return System(
        name="loihi",
        chip=CHIP,
        chips=grid(chips, (2, 1)),
        topology="mesh",
        regime="barrier",
        links={"on_chip": ON_CHIP, "between_chips": BETWEEN_CHIPS},
        costs="davies2018",
        sources={
            "topology": f"{DAVIES}, p. 86: a mesh that extends off the chip in four planar directions",
            "regime": f"{DAVIES}, p. 86; {PROCEEDINGS}, p. 914: algorithmic timesteps ended by a barrier",
            **usual,
        },
    )
