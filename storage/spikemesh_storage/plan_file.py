"""The plan of a trace as JSON; its arrays go into the live shard."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.contracts.trace import ProbePlan, TracePlan
from spikemesh.errors import InputError, Problem, TraceError
from spikemesh.ids import AnyArray, IntArray
from spikemesh_storage import hardware_layout
from spikemesh_storage.jsonable import dumps
from spikemesh_storage.schema import FORMAT, PLAN, VERSION, check_name


def check_plan(plan: TracePlan) -> None:
    """Check that a plan can be stored.

    Raises
    ------
    InputError
        If a name cannot name an HDF5 object, or a recorded or probed population does not exist.
    """
    sizes = dict(plan.populations)
    for name in sizes:
        check_name(name, "population")
    for name in (*plan.recorded, *(p.population for p in plan.probes), *plan.placement):
        if name not in sizes:
            raise InputError(Problem("trace plan", f'there is no population "{name}"'))
    for probe in plan.probes:
        check_name(probe.variable, f"probe of {probe.population}")
        if probe.every_steps < 1:
            raise InputError(
                Problem(f"probe of {probe.population}", f"every {probe.every_steps} steps", ">= 1")
            )
    for name in plan.weights:
        check_name(name, "projection")
    for name in plan.provenance:
        check_name(name, "provenance")
    for counter in plan.counters:
        hardware_layout.axis_names(plan, counter.axis)
        check_name(counter.name, "counter")
    for series in plan.series:
        check_name(series.name, "series")
    if plan.bin_steps < 1:
        raise InputError(Problem("bin_steps", str(plan.bin_steps), ">= 1"))


def plan_text(plan: TracePlan) -> str:
    """Return a plan without its arrays as JSON."""
    return dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "timestep_ms": plan.timestep_ms,
            "populations": [list(p) for p in plan.populations],
            "recorded": list(plan.recorded),
            "probes": [[p.population, p.variable, p.unit, p.every_steps] for p in plan.probes],
            "weights": list(plan.weights),
            "core_names": list(plan.core_names),
            "link_names": list(plan.link_names),
            "bin_steps": plan.bin_steps,
            "packet_bits": plan.packet_bits,
            "placement": list(plan.placement),
            "provenance": dict(plan.provenance),
            **hardware_layout.described(plan),
        },
        indent=1,
    )


def read_description(folder: Path) -> dict[str, Any]:
    """Read the plan of a live folder, still without its arrays.

    Raises
    ------
    TraceError
        If there is none, or it is of another format or version.
    """
    try:
        described = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TraceError(
            f"{folder} holds no plan: its run ended before the first step; remove the folder"
        ) from None
    except (OSError, ValueError) as error:
        raise TraceError(f"cannot read {folder / PLAN}: {error}") from error
    if not isinstance(described, dict) or described.get("format") != FORMAT:
        raise TraceError(f"{folder / PLAN} is not the plan of a spikemesh trace")
    check_version(str(described.get("version")), folder)
    return described


def check_version(version: str, path: Path) -> None:
    """Raise a TraceError if this reader does not understand a layout version."""
    if version.partition(".")[0] != VERSION.partition(".")[0]:
        raise TraceError(f"{path} has layout version {version}; this spikemesh reads {VERSION}")


def plan_of(
    described: Mapping[str, Any], neurons: Sequence[IntArray], placement: Mapping[str, AnyArray]
) -> TracePlan:
    """Put a plan together from its JSON and its arrays."""
    probes = tuple(
        ProbePlan(population, variable, unit, np.asarray(chosen, np.int64), every)
        for (population, variable, unit, every), chosen in zip(described["probes"], neurons, strict=True)
    )
    return TracePlan(
        timestep_ms=described["timestep_ms"],
        populations=tuple((name, size) for name, size in described["populations"]),
        recorded=tuple(described["recorded"]),
        probes=probes,
        weights=tuple(described["weights"]),
        core_names=tuple(described["core_names"]),
        link_names=tuple(described["link_names"]),
        bin_steps=described["bin_steps"],
        packet_bits=described["packet_bits"],
        placement=placement,
        provenance=described["provenance"],
        **hardware_layout.planned(described),
    )
