"""DYNAP-SE2: analog neurons in real time, 64 synapses each with tag and weight, four cores a chip.

Energies of events and times of routers are not published.
"""

from __future__ import annotations

from spikemesh.description.system import BoardSpec, ChipSpec, CoreSpec, LinkSpec, Published, System
from spikemesh_plugins.systems.sourced import NOT_PUBLISHED, account, grid, sourced

RICHTER = "Richter et al., Neuromorph. Comput. Eng. 4, 014003, 2024"
ROCKPOOL = "rockpool, samna_alias"
ATLAS = "open-neuromorphic.org"
ANALOG = "none: analog, in real time; its power is static, and not published"

RICHTER2024 = account(
    {
        **dict.fromkeys(("neuron_update", "neuron_idle", "learning_update", "barrier", "cycle"), ANALOG),
        **dict.fromkeys(("hop_x", "hop_y"), "none: one router between the cores of a chip"),
    },
    static_source=f"not published apart: a total of about 5 mW ({ATLAS})",
)

CORE = sourced(
    CoreSpec,
    neurons=(256, f"{ROCKPOOL}; {RICHTER}"),
    fan_in=(64, f"{ROCKPOOL}: 65,536 synapses of 1,024 neurons"),
    weight_bits=(4, f"{ROCKPOOL}: which of the core's four currents add up"),
    synapse_bits=(22, f"derived: tag 11, weight 4, dendrite 4 and three flags ({ROCKPOOL})"),
    delay_steps=(None, NOT_PUBLISHED),
)

PUBLISHED = (
    Published(what="power of a chip, about", value=5.0, unit="mW", source=ATLAS, evidence="secondary"),
)

CHIP = sourced(
    ChipSpec,
    {
        "core": CORE,
        "costs": {"richter2024": RICHTER2024},
        "published": PUBLISHED,
        "rules": ("dynapse2_tags",),
        "models": ("dynapse2",),
    },
    format=("dynapse2", ROCKPOOL),
    cores=((2, 2), f"{ROCKPOOL}; {RICHTER}"),
    tile=((1, 1), "not used: all cores are at one router"),
    network=("router", f"product brief; {ATLAS}: levels of routers; here one stands for those of a chip"),
    router=("broadcast", f"{ROCKPOOL}: a packet has a tag and a mask of the cores of its target chip"),
    packet_bits=(40, f"product brief; {ATLAS}: the input bus"),
    table_entries=(None, "none: a neuron holds its targets, at most 4"),
    clock_mhz=(None, "none: asynchronous"),
)


def dynapse2(chips: tuple[int, ...] | None = None) -> System:
    """Make a grid of DYNAP-SE2 chips.

    Parameters
    ----------
    chips
        Shape of the grid; None: the row of four of a board.
    """
    return System(
        name="dynapse2",
        chip=CHIP,
        board=sourced(BoardSpec, chips=(None, "all chips are on one")),
        chips=grid(chips, (4, 1)),
        topology="mesh",
        regime="async",
        links={"between_chips": sourced(LinkSpec)},
        costs="richter2024",
        sources={
            "chips": f"{ROCKPOOL}; {ATLAS}: up to 4 in a row",
            "topology": f"{ROCKPOOL}: packets go -7 to +7 chips along x and y",
            "regime": f"{RICHTER}; {ATLAS}: asynchronous, without steps",
            "tick": "real time",
        },
    )
