"""BrainScaleS-2: analog neurons a thousand times faster than biology, two halves of 256 neurons a chip.

Energies, times and rates of links are not published as figures.
"""

from __future__ import annotations

from spikemesh.description.system import ChipSpec, CoreSpec, LinkSpec, Published, System
from spikemesh_plugins.systems.sourced import NOT_PUBLISHED, account, grid, sourced

PEHLE = "Pehle et al., Front. Neurosci. 16:795876, 2022"
THESIS = "Billaudelle, thesis"
HALCO = "halco"
ANALOG = "none: analog; its power is static, and not published"

PEHLE2022 = account(
    {
        **dict.fromkeys(("neuron_update", "neuron_idle", "barrier", "cycle"), ANALOG),
        **dict.fromkeys(("hop_x", "hop_y"), "none: one router for both halves"),
    },
    static_source="not published: below 200 mW in one benchmark (Cramer et al. 2022; unconfirmed)",
)

CORE = sourced(
    CoreSpec,
    neurons=(256, f"{THESIS}; {HALCO}: 512 in two rows; a core stands for a half"),
    synapse_memory_bits=(256 * 256 * 12, f"{THESIS}: 256 x 256 synapses, of 6 bits of weight and 6 of label"),
    axons_in=(None, "not a single figure: a row serves as many sources as its synapses have labels"),
    fan_in=(256, f"{THESIS}: a synapse in each of 256 rows; neurons can be joined for more"),
    weight_bits=(6, f"{THESIS}: the sign is the row's"),
    synapse_bits=(12, f"{THESIS}: 6 bits of weight and 6 of label"),
    delay_steps=(None, NOT_PUBLISHED),
)

PUBLISHED = (
    Published(
        what="power of a chip in one benchmark, below",
        value=200.0,
        unit="mW",
        source="Cramer et al. 2022",
        evidence="unconfirmed",
    ),
    Published(
        what="inferences of 16 x 16 pixels, about",
        value=85.0,
        unit="k/s",
        source="Cramer et al. 2022",
        evidence="unconfirmed",
    ),
)

CHIP = sourced(
    ChipSpec,
    {
        "core": CORE,
        "costs": {"pehle2022": PEHLE2022},
        "published": PUBLISHED,
        "rules": ("brainscales2_rows",),
    },
    cores=((1, 2), f"{THESIS}: two halves, each with its neurons, synapses and drivers"),
    tile=((1, 1), "not used: both halves are at one router"),
    network=("router", f"{THESIS}; {HALCO}: events of both halves pass one crossbar"),
    router=("multicast", f"{THESIS}: an event has a label, for which synapses listen"),
    packet_bits=(14, f"{THESIS}; {HALCO}: the label of an event"),
    clock_mhz=(None, "none for its neurons; that of links is not published"),
)


def brainscales2(chips: tuple[int, ...] | None = None) -> System:
    """Make BrainScaleS-2 chips.

    Times of a network for this system are times of the hardware. For a network in biological time set ``tick`` to a
    thousandth of its timestep.

    Parameters
    ----------
    chips
        Shape of the grid; None: one chip.
    """
    return System(
        name="brainscales2",
        chip=CHIP,
        chips=grid(chips, (1, 1)),
        topology="mesh",
        regime="async",
        links={"between_chips": sourced(LinkSpec)},
        costs="pehle2022",
        sources={
            "chips": "one",
            "topology": "not published: chips are joined by FPGAs",
            "regime": f"{THESIS}: continuous time",
            "tick": (
                f"the timestep: times are the hardware's, a thousandth of biology's ({THESIS}); for a network in "
                "biological time, the timestep over 1000"
            ),
        },
    )
