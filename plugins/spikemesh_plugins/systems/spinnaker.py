"""SpiNNaker: 18 small processors a chip, multicast routers, a triangular mesh, software in ticks of real time.

Costs are in :mod:`spikemesh_plugins.systems.spinnaker_costs`, boards in
:mod:`spikemesh_plugins.systems.spinnaker_boards`.
"""

from __future__ import annotations

from typing import Any

from spikemesh.description.system import BoardSpec, ChipSpec, CoreSpec, LinkSpec, Published, System
from spikemesh.errors import DescriptionError, Problem
from spikemesh_plugins.systems.sourced import NOT_PUBLISHED, sourced
from spikemesh_plugins.systems.spinnaker_boards import BOARD_CHIPS, TRIAD, edges_of, one_board, triads
from spikemesh_plugins.systems.spinnaker_costs import (
    BOARD_MW,
    BOARD_SOURCE,
    SHARP2012,
    SPINNMACHINE,
    STROMATIAS2013,
)

DATASHEET = "SpiNNaker datasheet 2.02, 2011"
SLIDES = "SpiNNaker workshop slides, 2015"
TOOLS = "SpiNNMachine"
NEURON = "sPyNNaker, IF_curr_exp"

CORE = sourced(
    CoreSpec,
    neurons=(None, "not published as a limit: software shares out its time"),
    synapse_memory_bits=(
        None,
        f"not a core's: 123,469,792 B of SDRAM are there for all cores of a chip ({TOOLS})",
    ),
    weight_bits=(16, f"{NEURON}: a synaptic word"),
    delay_steps=(16, f"{NEURON}: 4 bits; longer ones take cores that hold packets back"),
    synapse_bits=(32, f"{NEURON}: a synaptic word of weight, delay, type and index"),
)

COSTS = {"spinnmachine": SPINNMACHINE, "sharp2012": SHARP2012, "stromatias2013": STROMATIAS2013}

PUBLISHED = (
    Published(
        what="power of a chip, at most",
        value=1.0,
        unit="W",
        source="Painkras et al. 2013, title; Stromatias et al. 2013, abstract",
        evidence="abstract",
    ),
    Published(
        what="synaptic events of a board of 48 chips",
        value=1.8,
        unit="G/s",
        source="Stromatias et al. 2013, abstract",
        evidence="abstract",
    ),
)

CHIP = sourced(
    ChipSpec,
    {
        "core": CORE,
        "costs": COSTS,
        "published": PUBLISHED,
        "models": ("spinnaker_lif",),
        "rules": ("spinnaker_memory",),
    },
    format=("spinnaker", NEURON),
    cores=((4, 4), f"{SLIDES}: 16 for applications, of 18 with 1 monitor; all are at one router"),
    tile=((1, 1), "not used: all cores are at one router"),
    network=("router", f"{DATASHEET}, section 10"),
    router=("multicast", f"{DATASHEET}, section 10.4: a vector of 6 links and 18 cores"),
    table_entries=(
        1023,
        f"{DATASHEET}, section 10.4: 1,024, of which the tools use 1,023 ({TOOLS}, version_spin1.py)",
    ),
    packet_bits=(40, f"{DATASHEET}, section 8: 8 bits of control and a key of 32; 72 with a payload"),
    clock_mhz=(200.0, f"{SLIDES}; {TOOLS}"),
)

PACKETS = f'{SLIDES}, "Packet Limits": 5 M packets/s of 40 bits, 3 M of 72'
LINE = f"derived from {PACKETS}: 240 Mbit/s with 8 bits around each packet give both"
FULL = f"{DATASHEET}, section 10.4: a router waits, tries the way round, and drops"
BETWEEN_CHIPS = sourced(
    LinkSpec,
    bandwidth=(240e6, f"{LINE}; the slides say about 250 Mbit/s"),
    bandwidth_of=("bit", LINE),
    frame_bits=(8, LINE),
    latency=(None, NOT_PUBLISHED),
    when_full=("drop", FULL),
)
BETWEEN_BOARDS = sourced(
    LinkSpec,
    bandwidth=(120e6, f"{LINE}; about half from board to board"),
    bandwidth_of=("bit", LINE),
    frame_bits=(8, LINE),
    latency=(None, NOT_PUBLISHED),
    when_full=("drop", FULL),
)

SMALL = "4, as in Sharp et al. 2012"
TRIANGLES = f"{DATASHEET}, section 10.4: links to the east, north-east, north and back, round a torus"
ALLOWED = (
    f"allowed: 1, 4 or [2, 2], {BOARD_CHIPS} (one board), [w, h] of multiples of {TRIAD} (three boards for each "
    f"{TRIAD} x {TRIAD} chips) or {TRIAD * TRIAD} (three boards)"
)


def spinnaker(chips: tuple[int, ...] | None = None) -> System:
    """Make SpiNNaker chips: 4 on a small board, 48 on a large one, or large boards by threes.

    Parameters
    ----------
    chips
        ``(1,)``; ``(4,)`` or ``(2, 2)``; ``(48,)``; ``(144,)``; or multiples of 12. None: 4.

    Raises
    ------
    DescriptionError
        For other numbers, of which no boards are made.
    """
    return System(
        name="spinnaker",
        chip=CHIP,
        regime="tick",
        emergency=True,
        links={"between_chips": BETWEEN_CHIPS, "between_boards": BETWEEN_BOARDS},
        costs="spinnmachine",
        **_boards(chips or (2, 2)),
        sources={
            "chips": SMALL,
            "topology": TRIANGLES,
            "edges": f"{TOOLS}, version_48_chips.py and version_5.py: 48 chips in a frame of 8 x 8, triads of 12 x 12",
            "positions": f"{TOOLS}, version_48_chips.py and version_5.py",
            "regime": "software timers, without a barrier between cores; unconfirmed",
            "tick": "real time: that of the software's timer",
            "packet_age": "not published in ticks: a packet two time phases old is dropped; software sets their length",
            "emergency": f"{DATASHEET}, section 10.4",
        },
    )


def _boards(chips: tuple[int, ...]) -> dict[str, Any]:
    """Topology, chips and board for a shape."""
    small = sourced(BoardSpec, static_mw=(None, NOT_PUBLISHED), chips=(None, "all chips are on one"))
    if chips in ((1,), (1, 1), (4,), (2, 2)):
        side = 1 if chips[0] == 1 else 2
        return {"topology": "triangular_torus", "chips": (side, side), "board": small}
    if chips == (BOARD_CHIPS,):
        places, wrap = one_board(), None
    elif chips == (TRIAD * TRIAD,) or (len(chips) == 2 and not chips[0] % TRIAD and not chips[1] % TRIAD):
        wrap = (TRIAD, TRIAD) if len(chips) == 1 else (chips[0], chips[1])
        places = triads(*wrap)
    else:
        raise DescriptionError(
            Problem("system.chips", f"{list(chips)} SpiNNaker chips make no boards", ALLOWED)
        )
    board = sourced(
        BoardSpec,
        chips=(BOARD_CHIPS, f"{SLIDES}: the SpiNN-5 board"),
        static_mw=(BOARD_MW, BOARD_SOURCE),
    )
    return {
        "topology": "edges",
        "chips": chips,
        "edges": edges_of(places, wrap),
        "positions": places,
        "board": board,
    }
