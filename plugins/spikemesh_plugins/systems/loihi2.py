"""Intel Loihi 2: what is published of its structure; energies of operations are not.

Costs: ``brief2021`` has the one time that Intel gives; ``scaled`` are times of ``sanafe2025`` of the first Loihi,
divided by the factors that Intel gives. That is an estimate, not a measurement, and has no energies.
"""

from __future__ import annotations

from spikemesh.description.system import ChipSpec, CoreSpec, Cost, LinkSpec, Published, System
from spikemesh_plugins.systems.sourced import NOT_PUBLISHED, account, grid, sourced

BRIEF = "Intel Loihi 2 product brief, 2021, by public notes"
PRESS = "Intel, press on Hala Point, 2024"
TIMCHECK = "Timcheck et al. 2026 (arXiv 2601.10035), by public notes"
LAVA = "Lava, PyDelayDenseModelBitAcc"
NO_ENERGY = "not published: Intel gives no energies of operations"
SCALED = "estimate, not measured: SANA-FE's times of the first Loihi (sanafe2025) over Intel's factors"

BRIEF2021 = account(
    absent=NO_ENERGY,
    barrier=Cost(
        latency_ns=200.0,
        source=f"{BRIEF}: a step over the whole chip takes less than 200 ns at least; energy not published",
        evidence="secondary",
    ),
    static_source=NOT_PUBLISHED,
)

SCALED_TIMES = account(
    absent=NO_ENERGY,
    synaptic_event=Cost(latency_ns=4.7 / 5, source=f"{SCALED}: 4.7 ns / 5", evidence="secondary"),
    neuron_update=Cost(latency_ns=9.7 / 2, source=f"{SCALED}: 9.7 ns / 2", evidence="secondary"),
    neuron_idle=Cost(latency_ns=6.0 / 2, source=f"{SCALED}: 6.0 ns / 2", evidence="secondary"),
    spike=Cost(latency_ns=30.0 / 10, source=f"{SCALED}: 30 ns / 10", evidence="secondary"),
    barrier=Cost(latency_ns=200.0, source=f"{SCALED}: 1.8 us / 9, 29 tiles in use", evidence="secondary"),
    barrier_tiles=((1, 66.7), (2, 111.0), (4, 156.0), (29, 200.0)),
    phases="overlapped",
    static_source=NOT_PUBLISHED,
)

CORE = sourced(
    CoreSpec,
    neurons=(8192, f"{BRIEF}: up to 8,192"),
    synapse_memory_bits=(128 * 1024 * 8, f"{BRIEF}: at most 128 of 192 KB"),
    weight_bits=(8, BRIEF),
    delay_steps=(63, f"{LAVA}: 6 bits"),
    synapse_bits=(
        14,
        f"derived: 8 bits of weight ({BRIEF}) and 6 of delay ({LAVA}); a least figure, without index",
    ),
)

PUBLISHED = (
    Published(
        what="least time of a step over the whole chip, below",
        value=200.0,
        unit="ns",
        source=BRIEF,
        evidence="secondary",
    ),
    Published(what="power of 1,152 chips, at most", value=2.6, unit="kW", source=PRESS, evidence="abstract"),
    Published(
        what="synaptic events of 1,152 chips, at most",
        value=380.0,
        unit="T/s",
        source=PRESS,
        evidence="abstract",
    ),
)

CHIP = sourced(
    ChipSpec,
    {"core": CORE, "costs": {"brief2021": BRIEF2021, "scaled": SCALED_TIMES}, "published": PUBLISHED},
    cores=((16, 8), f"{BRIEF}: 128; {TIMCHECK}: 8 x 4 routers of 4 cores"),
    tile=((2, 2), f"{TIMCHECK}: 8 x 4 routers of 4 cores; the brief draws 8 x 16"),
    network=("mesh", f"{TIMCHECK}: along x, then y"),
    fabrics=(2, TIMCHECK),
    router=(
        "unicast",
        f"not published on a chip: as Loihi; targets on another chip share a packet ({BRIEF}; unconfirmed)",
    ),
    packet_bits=(32, "not published: as Loihi; a payload can have 32 bits more"),
)

BETWEEN_CHIPS = sourced(
    LinkSpec,
    bandwidth=(
        460e6,
        f"derived: 4 times ({BRIEF}) the 115 Mspike/s of the first Loihi, itself derived; that of a chip of Hala "
        f"Point, 4.3 GB/s over all its ports ({PRESS}), may be lower",
    ),
    latency=(None, NOT_PUBLISHED),
)


def loihi2(chips: tuple[int, ...] | None = None) -> System:
    """Make a grid of Loihi 2 chips, in two or three dimensions.

    The regime is ``barrier``: as on the first Loihi, cores wait for one another after each step.

    Parameters
    ----------
    chips
        Shape of the grid; None: one chip.
    """
    return System(
        name="loihi2",
        chip=CHIP,
        chips=grid(chips, (1, 1)),
        topology="mesh",
        regime="barrier",
        links={"between_chips": BETWEEN_CHIPS},
        costs="brief2021",
        sources={
            "chips": "Oheo Gulch: 1 chip; unconfirmed",
            "topology": f"{BRIEF}: 6 ports, tiling in three dimensions; unconfirmed",
            "regime": f"{BRIEF}; {TIMCHECK}: steps ended by a barrier",
        },
    )
