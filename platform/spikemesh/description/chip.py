"""Chips and links: limits and costs, each figure with its source."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from spikemesh.description.costs import CostSet
from spikemesh.description.frozen import COUNT, MW, NS, PJ, Frozen
from spikemesh.description.published import Published
from spikemesh.errors import DescriptionError, Problem, UnitError
from spikemesh.units import magnitude

_BITS = re.compile(r"bit|byte|octet|bps|baud|B\s*/", re.IGNORECASE)
_BANDWIDTH = 'packets or bits per second, such as "115 Mpacket/s" or "250 Mbit/s"'


class CoreSpec(Frozen):
    """Limits of one core; None is unlimited.

    An input axon with n synapses takes ``axon_bits``, plus for every block of at most
    ``block_synapses`` synapses ``block_bits + synapses * synapse_bits``, rounded up to ``word_bits``.
    """

    neurons: COUNT | None = None
    synapse_memory_bits: COUNT | None = None
    axons_in: COUNT | None = None
    """Pairs of a source neuron and this core."""
    axons_out: COUNT | None = None
    """Pairs of a neuron of this core and a target core."""
    splitters: bool = False
    """Whether a neuron sends to one axon alone. Where it has to reach several, neurons that repeat its spikes, each for
    one of them, are inserted; they take places of neurons and a tick."""
    fan_in: COUNT | None = None
    """Synapses onto one neuron."""
    weight_bits: COUNT | None = None
    """Width of a stored weight; a network that runs as described is not held to it."""
    delay_steps: COUNT | None = None
    """Longest delay in steps."""
    synapse_bits: COUNT = 64
    """Memory one synapse takes (weight, delay, tag, index)."""
    axon_bits: int = Field(0, ge=0, strict=True)
    """Memory one input axon takes besides its blocks."""
    block_synapses: COUNT | None = None
    """Synapses of an axon are stored in blocks of at most this many; None: one block."""
    block_bits: int = Field(0, ge=0, strict=True)
    """Memory one block takes besides its synapses."""
    word_bits: COUNT = 1
    """Blocks are rounded up to whole words."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Where each figure comes from, by the name of its key."""


class ChipSpec(Frozen):
    """A chip: a grid of cores, the network between them, and cost sets."""

    cores: tuple[COUNT, COUNT] = (2, 2)
    core: CoreSpec = CoreSpec()
    tile: tuple[COUNT, COUNT] = (1, 1)
    """Cores that share a router: a part of the grid of so many columns and rows."""
    network: Literal["router", "mesh"] = "router"
    """How routers are joined: one router for the whole chip, or a mesh of tiles, along x first."""
    fabrics: COUNT = 1
    """Independent meshes; cores take them in turn."""
    router: Literal["unicast", "multicast", "broadcast"] = "multicast"
    """How a packet for several cores leaves: one for each core, one along a tree for all, or one for each chip,
    which offers it to all its cores."""
    table_entries: COUNT | None = None
    """Entries of keys and masks in the table of the chip's multicast router; None: it has no such table, or no end."""
    partition: str | None = None
    """Name of the partitioner that is used unless ``mapping.partition`` names one; None: ``traffic``."""
    rules: tuple[str, ...] = ()
    """Names of limit rules: what the chip counts in a way of its own (see :class:`spikemesh.contracts.LimitRule`)."""
    models: tuple[str, ...] = ()
    """Neuron models whose state is computed as the chip does, for ``numerics = "chip"``, which refuses others."""
    format: str | None = None
    """Name of the number format of weights (see :class:`spikemesh.contracts.NumberFormat`); None: not published."""
    packet_bits: COUNT = 32
    clock_mhz: float | None = Field(None, gt=0)
    costs: dict[str, CostSet] = Field(default_factory=dict)
    published: tuple[Published, ...] = ()
    """Results published of the whole chip, to compare with; nothing is computed from them."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Where each figure comes from, by the name of its key."""

    @model_validator(mode="after")
    def _tiles_fill_the_grid(self) -> ChipSpec:
        if any(n % t for n, t in zip(self.cores, self.tile, strict=True)):
            found = f"tiles of {list(self.tile)} cores do not fill a grid of {list(self.cores)}"
            raise DescriptionError(Problem("tile", found, "columns and rows that divide those of cores"))
        return self

    @property
    def tiles(self) -> tuple[int, int]:
        """Columns and rows of tiles."""
        return self.cores[0] // self.tile[0], self.cores[1] // self.tile[1]

    @property
    def core_count(self) -> int:
        """Cores on the chip."""
        return self.cores[0] * self.cores[1]


def _rate(value: Any) -> Any:
    if isinstance(value, bool):
        raise UnitError(Problem("", f"{value} is not a bandwidth", _BANDWIDTH))
    return rate_from(value)[0] if isinstance(value, str) else value


def rate_from(text: str) -> tuple[float, Literal["packet", "bit"]]:
    """Read ``"115 Mpacket/s"`` or ``"250 Mbit/s"``.

    Returns
    -------
    tuple
        Rate per second, and what is counted.

    Raises
    ------
    UnitError
        If it is neither.
    """
    try:
        return magnitude(text, "packet/s"), "packet"
    except UnitError:
        pass
    # pint takes bits for plain numbers, so that "1 kHz" would pass as a rate of bits.
    if _BITS.search(text):
        try:
            return magnitude(text, "bit/s"), "bit"
        except UnitError:
            pass
    raise UnitError(Problem("", f'"{text}" is not a bandwidth', _BANDWIDTH))


class BoardSpec(Frozen):
    """Chips on one board, and what the board takes besides them."""

    chips: COUNT | None = None
    """Chips of a board: the first so many are on board 0, and so on. None: all are on one."""
    static_mw: MW | None = Field(None, ge=0)
    """Power of the board without its chips."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Where each figure comes from, by the name of its key."""


class LinkSpec(Frozen):
    """A kind of directed link; None is ideal, or unpublished (see ``sources``)."""

    latency: NS | None = Field(None, ge=0)
    """Time from the end of a packet's transmission to its arrival."""
    bandwidth: Annotated[float, BeforeValidator(_rate)] | None = Field(None, gt=0)
    """Packets or bits per second, see ``bandwidth_of``; text carries its unit (``"250 Mbit/s"``)."""
    bandwidth_of: Literal["packet", "bit"] = "packet"
    frame_bits: int = Field(0, ge=0, strict=True)
    """Bits that the link puts around a packet."""
    clock_mhz: float | None = Field(None, gt=0)
    """The link's own clock: packets begin at its edges. None: at any time."""
    energy: PJ | None = Field(None, ge=0)
    """Energy of one packet."""
    idle_mw: MW | None = Field(None, ge=0)
    """Power of the link while it is there, used or not."""
    queue: COUNT | None = None
    """Packets that can wait."""
    when_full: Literal["stall", "drop"] = "stall"
    wait: NS = Field(0.0, ge=0)
    """How long a packet waits for room before it is dropped, or goes round, where ``when_full`` is ``drop``."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Where each figure comes from, by the name of its key."""

    @model_validator(mode="before")
    @classmethod
    def _unit_of_bandwidth(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("bandwidth"), str):
            try:
                rate, what = rate_from(data["bandwidth"])
            except UnitError:
                return data  # reported where the field itself is read
            return {**data, "bandwidth": rate, "bandwidth_of": what}
        return data
