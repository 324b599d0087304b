"""Chips and links: limits and costs, each figure with its source."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from spikemesh.description.frozen import COUNT, MW, NS, PJ, Frozen
from spikemesh.errors import Problem, UnitError
from spikemesh.units import magnitude

_BITS = re.compile(r"bit|byte|octet|bps|baud|B\s*/", re.IGNORECASE)
_BANDWIDTH = 'packets or bits per second, such as "115 Mpacket/s" or "250 Mbit/s"'


class Cost(Frozen):
    """What one operation costs, with the source of each figure; an unpublished figure is None."""

    energy_pj: PJ | None = Field(None, ge=0)
    latency_ns: NS | None = Field(None, ge=0)
    source: str = ""


class CostSet(Frozen):
    """Costs of a chip's operations under one published or fitted account."""

    synaptic_event: Cost = Cost()
    neuron_update: Cost = Cost()
    """Update of a neuron whose state changes, everything included."""
    neuron_idle: Cost = Cost()
    """Update of a neuron that stays at rest."""
    spike: Cost = Cost()
    """Generation of a spike, beside the neuron's update."""
    axon_in: Cost = Cost()
    """Receiving a packet at a core."""
    axon_out: Cost = Cost()
    """Sending a packet from a core."""
    hop_tile: Cost = Cost()
    """A packet that stays at its router."""
    hop_x: Cost = Cost()
    hop_y: Cost = Cost()
    barrier: Cost = Cost()
    """Barrier over one whole chip."""
    barrier_chip: Cost = Cost()
    """Barrier over several chips, for each chip of the grid's width plus height."""
    learning_update: Cost = Cost()
    static_mw: MW | None = Field(None, ge=0)
    """Static power of one chip."""
    static_source: str = ""


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
    """A chip: a grid of cores, a router and cost sets."""

    cores: tuple[COUNT, COUNT] = (2, 2)
    core: CoreSpec = CoreSpec()
    router: Literal["unicast", "multicast", "broadcast"] = "multicast"
    """How a packet for several cores on other chips leaves: one for each core, or one for all."""
    table_entries: COUNT | None = None
    """Source neurons whose packets the chip's router can send, pass on or deliver."""
    packet_bits: COUNT = 32
    costs: dict[str, CostSet] = Field(default_factory=dict)
    sources: dict[str, str] = Field(default_factory=dict)
    """Where each figure comes from, by the name of its key."""

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


class LinkSpec(Frozen):
    """A kind of directed link between chips; None is ideal, or unpublished (see ``sources``)."""

    latency: NS | None = Field(None, ge=0)
    bandwidth: Annotated[float, BeforeValidator(_rate)] | None = Field(None, gt=0)
    """Packets or bits per second, see ``bandwidth_of``; text carries its unit (``"250 Mbit/s"``)."""
    bandwidth_of: Literal["packet", "bit"] = "packet"
    energy: PJ | None = Field(None, ge=0)
    """Energy of one packet."""
    queue: COUNT | None = None
    """Packets that can wait."""
    when_full: Literal["stall", "drop"] = "stall"
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
