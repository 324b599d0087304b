"""What the trace of a run holds, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spikemesh.api.hardware import Level, hardware_plan
from spikemesh.api.mapped import Mapped
from spikemesh.api.provenance import provenance
from spikemesh.contracts.trace import ProbePlan, TracePlan


def trace_plan(
    mapped: Mapped, level: Level | None, activity: bool, backend: str, scenario: Mapping[str, Any]
) -> TracePlan:
    """Say what the trace of a run holds.

    Parameters
    ----------
    mapped
        What is run.
    level, activity
        How time on links is found, and whether it is kept who was active.
    backend, scenario
        For the provenance.
    """
    network, placement = mapped.network, mapped.placement
    probes = tuple(
        ProbePlan(
            network.populations[p.population].name,
            p.variable,
            network.populations[p.population].model.state[p.variable].unit,
            p.neurons,
            p.every,
        )
        for p in network.probes
    )
    return TracePlan(
        timestep_ms=network.timestep_ms,
        populations=tuple((p.name, p.size) for p in network.populations),
        recorded=tuple(network.populations[k].name for k in network.recorded),
        probes=probes,
        weights=tuple(network.projections[k].name for k in mapped.described.stored_weights),
        core_names=placement.core_names,
        link_names=placement.link_names,
        bin_steps=mapped.bin_steps,
        packet_bits=placement.system.chip.packet_bits,
        placement={p.name: placement.core_of[p.index] for p in network.populations},
        provenance=provenance(mapped, backend, scenario),
        **hardware_plan(mapped, level, activity),
    )
