"""Systems: chips of cores, joined by links in a topology, keeping time by a regime."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from spikemesh.description.chip import BoardSpec, ChipSpec, CoreSpec, LinkSpec
from spikemesh.description.costs import Cost, CostSet
from spikemesh.description.frozen import COUNT, MS, NS, Frozen, Rates, validated
from spikemesh.description.published import Published
from spikemesh.description.topology import GRIDS, Link, Topology, directed_links, grid_shape, reachable
from spikemesh.errors import DescriptionError, Problem, nearest

__all__ = [
    "BoardSpec",
    "ChipSpec",
    "CoreSpec",
    "Cost",
    "CostSet",
    "Frozen",
    "LinkSpec",
    "MappingSettings",
    "Published",
    "System",
    "system_from",
]

LINK_KINDS = ("on_chip", "between_chips", "between_boards")
"""Kinds of links a system has; without one between boards those between chips stand for it."""
BASE_KEYS = ("preset", "extends", "file")
"""Keys of a ``[system]`` table that name what it is based on; resolved before :func:`system_from`."""
RANGES = {
    "energy_pj": "energy_range_pj",
    "latency_ns": "latency_range_ns",
}
"""Keys that give the uncertainty of others."""
GIVEN = "given in the description of the system"
"""Source of a figure that the user put in place of a preset's."""


class System(Frozen):
    """Chips on a topology, keeping time by a regime.

    ``chips`` is the shape of the grid of chips (for ``ring``, ``star``, ``full`` and ``edges`` its
    product counts). A plain number becomes the most nearly square grid on ``mesh`` and ``torus``.
    """

    name: str = "ideal"
    chip: ChipSpec = ChipSpec()
    board: BoardSpec = BoardSpec()
    topology: Topology = "mesh"
    chips: tuple[COUNT, ...] = Field((1,), min_length=1)
    edges: tuple[Link, ...] = Field((), validate_default=True)
    """Undirected pairs of chips, for ``topology = "edges"``."""
    positions: tuple[tuple[int, int], ...] = ()
    """Place of each chip in the plane, for ``topology = "edges"``: routers and pictures go by it."""
    regime: Literal["barrier", "tick", "async"] = "barrier"
    tick: NS | None = Field(None, gt=0)
    """Hardware time of one step in the regimes ``tick`` and ``async``. None: the timestep, in real time."""
    packet_age: COUNT | None = None
    """Ticks after which a packet that is still under way is dropped."""
    emergency: bool = False
    """Whether a packet that has waited in vain for a link takes the two other sides of the triangle."""
    numerics: Literal["as_described", "chip"] = "as_described"
    """Whether models run as given, or with weights and state in the chip's own numbers."""
    links: dict[str, LinkSpec] = Field(default_factory=lambda: {"between_chips": LinkSpec()})
    costs: str | None = None
    """Name of the cost set in use."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Where each figure comes from, by the name of its key."""

    @property
    def chip_count(self) -> int:
        """Number of chips."""
        return math.prod(self.chips)

    @property
    def core_count(self) -> int:
        """Number of cores in the whole system."""
        return self.chip_count * self.chip.core_count

    @property
    def cost_set(self) -> CostSet:
        """The cost set in use; without one, a set in which nothing is known."""
        return self.chip.costs[self.costs] if self.costs is not None else CostSet()

    def board_of(self, chip: int) -> int:
        """Return the board that a chip is on."""
        return chip // self.board.chips if self.board.chips else 0

    def link_kind(self, ends: Link) -> LinkSpec:
        """Return the description of the link from one chip to another."""
        apart = self.board_of(ends[0]) != self.board_of(ends[1])
        return self.links["between_boards" if apart and "between_boards" in self.links else "between_chips"]

    @property
    def directed_links(self) -> tuple[Link, ...]:
        """Directed links as (from chip, to chip), sorted."""
        return directed_links(self.topology, self.chips, self.edges)

    @model_validator(mode="before")
    @classmethod
    def _shape_of_a_number(cls, data: Any) -> Any:
        chips = data.get("chips") if isinstance(data, dict) else None
        if not isinstance(chips, int) or isinstance(chips, bool):
            return data
        grid = data.get("topology", "mesh") in GRIDS and chips > 0
        return {**data, "chips": grid_shape(chips) if grid else (chips,)}

    @field_validator("edges")
    @classmethod
    def _edges_join_all(cls, edges: tuple[Link, ...], info: ValidationInfo) -> tuple[Link, ...]:
        topology, chips = info.data.get("topology"), info.data.get("chips")
        if topology is None or chips is None:
            return edges
        found = _edge_problem(topology, math.prod(chips), edges)
        if found:
            raise DescriptionError(found)
        return edges

    @field_validator("positions")
    @classmethod
    def _a_position_each(
        cls, positions: tuple[tuple[int, int], ...], info: ValidationInfo
    ) -> tuple[tuple[int, int], ...]:
        chips = info.data.get("chips")
        if positions and chips is not None and len(positions) != math.prod(chips):
            raise DescriptionError(
                Problem("", f"{len(positions)} positions", f"one for each of {math.prod(chips)} chips")
            )
        return positions

    @field_validator("links")
    @classmethod
    def _links_suit_the_regime(cls, links: dict[str, LinkSpec], info: ValidationInfo) -> dict[str, LinkSpec]:
        problems = [
            Problem(kind, f'there is no kind of link "{kind}"', nearest(kind, LINK_KINDS))
            for kind in links
            if kind not in LINK_KINDS
        ]
        if info.data.get("regime") == "barrier":
            found = 'a link that drops packets is an error in regime "barrier", where no packet may be lost'
            problems += [
                Problem(f"{k}.when_full", found, "allowed: stall")
                for k, v in links.items()
                if v.when_full == "drop"
            ]
        if problems:
            raise DescriptionError(problems)
        return links if "between_chips" in links else {**links, "between_chips": LinkSpec()}

    @field_validator("costs")
    @classmethod
    def _costs_exist(cls, costs: str | None, info: ValidationInfo) -> str | None:
        chip = info.data.get("chip")
        if costs is not None and chip is not None and costs not in chip.costs:
            remedy = nearest(costs, chip.costs) or "this chip has no cost sets"
            raise DescriptionError(Problem("", f'there is no cost set "{costs}"', remedy))
        return costs


def _edge_problem(topology: Topology, count: int, edges: tuple[Link, ...]) -> Problem | None:
    if topology != "edges":
        return (
            Problem("", f'edges are given, but the topology is "{topology}"', 'topology = "edges"')
            if edges
            else None
        )
    for a, b in edges:
        if not (0 <= a < count and 0 <= b < count) or a == b:
            return Problem("", f"[{a}, {b}] does not join two of the chips 0 to {count - 1}")
    missing = sorted(set(range(count)) - reachable(0, directed_links(topology, (count,), edges)))
    return (
        Problem("", f"chip {missing[0]} cannot be reached from chip 0", "join every chip")
        if missing
        else None
    )


def system_from(table: Mapping[str, Any], base: System | None = None, where: str = "system") -> System:
    """Read a ``[system]`` table over a base.

    Parameters
    ----------
    table
        Raw keys and values; tables are merged into those of the base, key by key, and text
        with a unit is converted. ``preset``, ``extends`` and ``file`` are skipped: they name the base.
    base
        What the table changes, such as a preset; None: the table says everything.
    where
        Key path put before every problem's place.

    Returns
    -------
    System
        Figures that replace one of the base carry :data:`GIVEN` as their source.

    Raises
    ------
    DescriptionError
        With all problems: key path, what was found, what is allowed, the nearest name.
    """
    raw = {key: value for key, value in table.items() if key not in BASE_KEYS}
    start: dict[str, Any] = {"name": "described"} if base is None else base.model_dump()
    if "topology" in raw and raw["topology"] != "edges":
        start.pop("edges", None)
    return validated(System, _merged(start, raw), where, also=BASE_KEYS)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        below = base.get(key)
        nested = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = _merged(below, value) if nested else value  # type: ignore[arg-type]
    changed = [key for key, value in over.items() if not isinstance(value, Mapping)]
    if isinstance(base.get("sources"), Mapping):
        result["sources"] = {
            **result["sources"],
            **{k: GIVEN for k in changed if k in base},
            **over.get("sources", {}),
        }
    elif "source" in base and changed:
        # What was known of the figure that is replaced is not known of the new one.
        stale = {RANGES[key]: None for key in changed if key in RANGES}
        result |= {"source": GIVEN, "evidence": "given", **stale, **over}
    elif "static_source" in base and {"static_mw", "static_core_mw"} & {*changed}:
        stale = {"static_range_mw": None} if "static_mw" in changed else {}
        result |= {"static_source": GIVEN, "static_evidence": "given", **stale, **over}
    return result


class MappingSettings(Frozen):
    """How a network is mapped: names of partition, place and route plugins, and pinned populations."""

    relay: bool = False
    """Whether a chip that sends one packet for each core sends one for each chip instead, to a core there that sends
    it on."""

    partition: str | None = None
    """None: the one that the chip names (:attr:`ChipSpec.partition`), else ``traffic``."""
    place: str = "identity"
    route: str = "dimension_order"
    pin: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Population -> chips it must be on."""
    cores: Literal["fewest", "all"] | None = None
    """Cores of a chip that are used: as few as its limits allow, or all. None: as few where a core has a limit of
    neurons or memory, else all."""
    seed: int = Field(0, ge=0, strict=True)
    """Of what is tried at random; the same seed gives the same mapping."""
    rates: Literal["measured"] | dict[str, Rates] = Field(default_factory=dict)
    """Population -> spikes a second, one number or one for each neuron, or ``measured`` in a short run; where none is
    given, all spike alike."""
    measured_over: MS = Field(100.0, gt=0)
    """Model time of the run in which rates are measured."""

    def partition_on(self, system: System) -> str:
        """Return the name of the partitioner for a system."""
        return self.partition or system.chip.partition or "traffic"
