"""Systems: chips of cores, joined by links in a topology, keeping time by a regime."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spikemesh.errors import UnitError
from spikemesh.units import magnitude


def _in_unit(unit: str) -> BeforeValidator:
    def convert(value: Any) -> Any:
        if value is None or not isinstance(value, str):
            return value
        try:
            return magnitude(value, unit)
        except UnitError as error:
            raise ValueError(error.problems[0].found) from None

    return BeforeValidator(convert)


NS = Annotated[float, _in_unit("ns")]
PJ = Annotated[float, _in_unit("pJ")]
MW = Annotated[float, _in_unit("mW")]
BITS = Annotated[float, _in_unit("bit")]
RATE = Annotated[float, _in_unit("1/s")]


class Frozen(BaseModel):
    """Base of all described objects: immutable, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cost(Frozen):
    """What one operation costs, with the source of each figure; an unpublished figure is None."""

    energy_pj: PJ | None = None
    latency_ns: NS | None = None
    source: str = ""


class CostSet(Frozen):
    """Costs of a chip's operations under one published or fitted account."""

    synaptic_event: Cost = Cost()
    neuron_update: Cost = Cost()
    neuron_idle: Cost = Cost()
    spike: Cost = Cost()
    hop_x: Cost = Cost()
    hop_y: Cost = Cost()
    barrier: Cost = Cost()
    learning_update: Cost = Cost()
    static_mw: MW | None = None
    static_source: str = ""


class CoreSpec(Frozen):
    """Limits of one core; None is unlimited."""

    neurons: int | None = Field(None, gt=0)
    synapse_memory_bits: int | None = Field(None, gt=0)
    axons_in: int | None = Field(None, gt=0)
    axons_out: int | None = Field(None, gt=0)
    fan_in: int | None = Field(None, gt=0)
    weight_bits: int | None = Field(None, gt=0)
    delay_steps: int | None = Field(None, gt=0)
    synapse_bits: int = Field(64, gt=0)
    """Memory one synapse takes (weight, delay, index)."""
    axon_bits: int = Field(0, ge=0)
    """Memory one input axon takes besides its synapses."""
    block_synapses: int | None = Field(None, gt=0)
    """Synapses of an axon are stored in blocks of at most this many, each rounded up to ``word_bits``."""
    word_bits: int = Field(1, gt=0)
    source: str = ""


class ChipSpec(Frozen):
    """A chip: a grid of cores, a router and cost sets."""

    cores: tuple[int, int] = (2, 2)
    core: CoreSpec = CoreSpec()
    router: Literal["unicast", "multicast", "broadcast"] = "multicast"
    table_entries: int | None = Field(None, gt=0)
    packet_bits: int = Field(32, gt=0)
    costs: dict[str, CostSet] = Field(default_factory=dict)
    source: str = ""

    @property
    def core_count(self) -> int:
        """Cores on the chip."""
        return self.cores[0] * self.cores[1]


class LinkSpec(Frozen):
    """A kind of directed link between chips; None is ideal (or unpublished, see ``source``)."""

    latency: NS | None = None
    bandwidth: RATE | None = None
    """Packets per second (``"115 Mpacket/s"``) or bits per second (``"250 Mbit/s"``), see ``bandwidth_of``."""
    bandwidth_of: Literal["packet", "bit"] = "packet"
    energy: PJ | None = None
    queue: int | None = Field(None, gt=0)
    when_full: Literal["stall", "drop"] = "stall"
    source: str = ""


class System(Frozen):
    """Chips on a topology, keeping time by a regime.

    ``chips`` is the shape of the grid of chips (for ``ring``, ``star`` and ``edges`` its product counts).
    """

    name: str = "ideal"
    chip: ChipSpec = ChipSpec()
    chips: tuple[int, ...] = (1,)
    topology: Literal["mesh", "torus", "ring", "star", "full", "edges"] = "mesh"
    edges: tuple[tuple[int, int], ...] = ()
    """Undirected pairs of chips, for ``topology = "edges"``."""
    links: dict[str, LinkSpec] = Field(default_factory=lambda: {"between_chips": LinkSpec()})
    regime: Literal["barrier", "tick", "async"] = "barrier"
    numerics: Literal["as_described", "chip"] = "as_described"
    costs: str | None = None
    """Name of the cost set in use."""

    @property
    def chip_count(self) -> int:
        """Number of chips."""
        count = 1
        for n in self.chips:
            count *= n
        return count

    @property
    def core_count(self) -> int:
        """Number of cores in the whole system."""
        return self.chip_count * self.chip.core_count


class MappingSettings(Frozen):
    """How a network is mapped: names of partition, place and route plugins, and pinned populations."""

    partition: str = "traffic"
    place: str = "identity"
    route: str = "dimension_order"
    pin: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Population -> chips it must be on."""
