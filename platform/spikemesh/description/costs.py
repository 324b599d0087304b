"""What a chip's operations cost: every figure with its unit, source, evidence and, where known, range."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from spikemesh.description.frozen import COUNT, MW, NS, PJ, Frozen
from spikemesh.errors import DescriptionError, Problem

Evidence: TypeAlias = Literal[
    "", "primary", "abstract", "quoted", "secondary", "derived", "unconfirmed", "given"
]
"""How sure a figure is.

``primary``: read in the primary artefact (paper's table, datasheet, source code). ``abstract``: read in the
paper's abstract or the vendor's text. ``quoted``: read as a quotation with its page. ``secondary``: read in a
secondary text. ``derived``: arithmetic on published figures, shown in the source. ``unconfirmed``: known, but
not confirmed in a text. ``given``: the user's own. Empty: not said.
"""


class Cost(Frozen):
    """What one operation costs, with the source of each figure; an unpublished figure is None."""

    energy_pj: PJ | None = Field(None, ge=0)
    latency_ns: NS | None = Field(None, ge=0)
    energy_range_pj: tuple[PJ, PJ] | None = None
    """Least and greatest energy, where known: carried into every result that uses the figure."""
    latency_range_ns: tuple[NS, NS] | None = None
    """Least and greatest time, where known."""
    source: str = ""
    evidence: Evidence = ""

    @model_validator(mode="after")
    def _within_range(self) -> Cost:
        for name, value, bounds in (
            ("energy_range_pj", self.energy_pj, self.energy_range_pj),
            ("latency_range_ns", self.latency_ns, self.latency_range_ns),
        ):
            if bounds is not None and (value is None or not 0 <= bounds[0] <= value <= bounds[1]):
                found = f"{list(bounds)} does not hold {value}"
                raise DescriptionError(Problem(name, found, "[least, greatest] around the figure itself"))
        return self


class CostSet(Frozen):
    """Costs of a chip's operations under one published or fitted account."""

    synaptic_event: Cost = Cost()
    neuron_update: Cost = Cost()
    """Update of a neuron whose state changes, everything included."""
    neuron_idle: Cost = Cost()
    """Update of a neuron that stays at rest; not published: the same as ``neuron_update``."""
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
    """Barrier over one whole chip, or over one tile where ``barrier_tile`` is given."""
    barrier_tile: Cost = Cost()
    """Barrier, for each further tile of width plus height of the tiles in use."""
    barrier_tiles: tuple[tuple[COUNT, NS], ...] = ()
    """Barrier in ns by tiles in use, instead of the two above: of the entries the last that is not above."""
    barrier_chip: Cost = Cost()
    """Barrier over several chips, for each chip of the grid's width plus height."""
    learning_update: Cost = Cost()
    """Change of one plastic synapse by a pre- or post-synaptic spike."""
    cycle: Cost = Cost()
    """Energy of one cycle of the chip's clock (see ``clock_mhz`` of the chip)."""
    static_mw: MW | None = Field(None, ge=0)
    """Static power of one chip."""
    static_range_mw: tuple[MW, MW] | None = None
    static_core_mw: MW | None = Field(None, ge=0)
    """Power of a core in use, beside the chip's."""
    static_source: str = ""
    static_evidence: Evidence = ""
    supply_v: float | None = Field(None, gt=0)
    """Supply voltage at which the energies and powers hold; None: not stated."""
    phases: Literal["overlapped", "sequential"] = "sequential"
    """Whether a core takes in packets while it updates neurons, or after it."""
    excluded: tuple[str, ...] = ()
    """Names of costs that other figures of this account include already: absent, but not missing."""
