"""A recorded run timed on another system: who spikes when is known, so that no neuron is simulated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikemesh.api.folder import TemporaryFolder, make_folder
from spikemesh.api.inputs import bound_network
from spikemesh.api.named_systems import named_system, overridden, system_from_table, system_table
from spikemesh.api.recorded import recorded_mapping, recorded_scenario, recorded_settings
from spikemesh.api.recorded_hardware import Results, Retiming
from spikemesh.api.result import RunResult
from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.trace import TraceReader
from spikemesh.description.builder import Network
from spikemesh.description.frozen import validated
from spikemesh.description.network import NetworkDescription
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings, System
from spikemesh.errors import InputError, Problem
from spikemesh.registry.shared import shared_registry

FINISHED = ("complete", "interrupted", "failed")
"""States of traces that do not change any more."""


def retime(
    trace: str | Path,
    system: System | str,
    *,
    network: Network | NetworkDescription | BoundNetwork | None = None,
    mapping: MappingSettings | None = None,
    settings: RunSettings | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    results: Results | None = None,
    recorded: Sequence[str] | None = None,
) -> RunResult:
    """Find what a recorded run would have done to another system, without simulating its neurons.

    In the regime ``barrier`` the hardware changes no spike. So counters, times and energies follow from the spikes
    that were recorded, and are the same to the bit as if the network were run on that system.

    Parameters
    ----------
    trace
        A finished trace, with the spikes of all populations.
    system
        The system, or its name: ``loihi``, ``loihi:4x2``, ``my_chip.toml``.
    network
        What was run; None: the scenario that the trace keeps.
    mapping, settings
        How it is mapped and, of the settings of a run, ``links`` and ``bin_steps``; None: as it was run.
    out
        Trace to write; None: one in a temporary folder that goes with the result.
    overwrite
        Replace the trace if there is one.
    results
        Computes figures of the scenario's own from a trace; None: those of the scenario that the trace keeps.
    recorded
        Populations whose spikes the new trace keeps; None: all that the trace holds.

    Returns
    -------
    RunResult
        Summary, with the figures of the hardware, and path of the new trace.

    Raises
    ------
    InputError
        If spikes of a population were not recorded, the trace is not finished, a regime is not ``barrier``, or
        the network is not the one that was run.
    MappingError
        If it does not fit on the system.
    TraceError
        If a trace cannot be read or written.
    """
    store = shared_registry().stores.get("hdf5")
    if isinstance(system, str):
        system = named_system(system, where="system")
    temporary = TemporaryFolder() if out is None else None
    path = temporary.path / "run.h5" if temporary is not None else Path(str(out))
    source: Any = store.open(Path(trace))
    try:
        check_recorded(source, system)
        if network is None:
            scenario = recorded_scenario(source)
            network, results = scenario.network, results or scenario.results
        bound = bound_network(network, shared_registry())
        _check_network(source, bound)
        timing = Retiming(
            source,
            bound,
            system,
            mapping or recorded_mapping(source),
            settings or recorded_settings(source),
            recorded,
        )
        make_folder(path.parent)
        own = timing.write(path, overwrite, results)
        started = time.perf_counter()
        summary = _summary(store.open(path), source, timing, own)
        summary["finalise_s"] = timing.finalise_s + time.perf_counter() - started
    finally:
        source.close()
    return RunResult(summary, path, temporary)


def retiming_settings(
    trace: str | Path, system: str, overrides: Sequence[str] = ()
) -> tuple[System, MappingSettings, RunSettings]:
    """Return the system, the mapping and the settings with which a recorded run is to be timed.

    Parameters
    ----------
    trace
        The trace: it says how the network was mapped, and how the hardware was looked at.
    system
        Name of the system, as for :func:`retime`.
    overrides
        Such as ``system.costs="sanafe2025"``, ``mapping.partition="linear"`` or ``run.links="packet"``.

    Raises
    ------
    InputError
        If a name or value is not valid, or something else than these three tables is to be changed.
    """
    with shared_registry().stores.get("hdf5").open(Path(trace)) as recorded:
        mapping, settings = recorded_mapping(recorded), recorded_settings(recorded)
    tables = {
        "system": system_table(system),
        "mapping": mapping.model_dump(mode="json"),
        "run": settings.model_dump(mode="json"),
    }
    changed = overridden(tables, overrides)
    return (
        system_from_table(changed["system"]),
        validated(MappingSettings, changed["mapping"], "mapping"),
        validated(RunSettings, changed["run"], "run"),
    )


def check_recorded(recorded: Any, system: System) -> None:
    """Check that a trace can be timed on a system.

    Raises
    ------
    InputError
        With every reason why it cannot.
    """
    problems = []
    name = recorded.path.name
    if recorded.status not in FINISHED:
        found = f"{name} is {recorded.status}: {recorded.message}"
        raise InputError(Problem("trace", found, f"wait for its end, or spikemesh recover {recorded.path}"))
    silent = [population for population in recorded.sizes if population not in recorded.populations]
    if silent:
        shown = ", ".join(f'"{population}"' for population in silent)
        found = f"{name} does not hold the spikes of {shown}"
        problems.append(Problem("trace", found, 'spikes = "all" under [run], and run it again'))
    was: dict[str, Any] = recorded.provenance.get("system") or {}
    for where, regime in (("trace", was.get("regime", "barrier")), ("system.regime", system.regime)):
        if regime != "barrier":
            found = f'regime "{regime}", in which the hardware has a say in who spikes'
            problems.append(
                Problem(where, found, 'a run anew; only regime "barrier" can be timed afterwards')
            )
    numerics = was.get("numerics", "as_described")
    if numerics != system.numerics:
        found = f'numerics "{system.numerics}"; the run had "{numerics}", and other spikes'
        problems.append(Problem("system.numerics", found, f"allowed: {numerics}"))
    format_was = (was.get("chip") or {}).get("format")
    if numerics == system.numerics == "chip" and format_was != system.chip.format:
        found = f'number format "{system.chip.format}"; the run had "{format_was}", and other spikes'
        problems.append(Problem("system.chip.format", found, f"allowed: {format_was}"))
    if problems:
        raise InputError(problems)


def _check_network(recorded: TraceReader, network: BoundNetwork) -> None:
    """Check that a network is the one that was run."""
    plan, problems = recorded.plan, []
    if network.timestep_ms != plan.timestep_ms:
        found = f"{network.timestep_ms:g} ms; the run had {plan.timestep_ms:g} ms"
        problems.append(Problem("timestep", found, f"{plan.timestep_ms:g} ms"))
    seed = recorded.provenance.get("seed", network.seed)
    if network.seed != seed:
        problems.append(Problem("seed", f"{network.seed}; the run had {seed}", f"{seed}"))
    here, there = {p.name: p.size for p in network.populations}, dict(plan.populations)
    for name in dict.fromkeys((*there, *here)):
        if here.get(name) != there.get(name):
            found = f"{_neurons(here, name)} in the network; {_neurons(there, name)} in the run"
            problems.append(Problem(f'population "{name}"', found, "the network that was run"))
    if not problems and tuple(here) != tuple(there):
        problems.append(Problem("population", "in another order than in the run", "the network that was run"))
    if problems:
        raise InputError(problems)


def _neurons(sizes: dict[str, int], name: str) -> str:
    return f"{sizes[name]:,} neurons" if name in sizes else "none"


def _summary(trace: Any, recorded: Any, timing: Retiming, own: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a run that apply, and those of the hardware."""
    with trace:
        found = dict(trace.summary())
        digest = trace.stored_digest()
    found.pop("populations")
    scenario = recorded.provenance.get("scenario") or {}
    return {
        "scenario": scenario.get("name", ""),
        "retimed": str(recorded.path),
        "system": timing.mapped.system.name,
        "chips": timing.mapped.system.chip_count,
        "cores_used": int(np.unique(timing.mapped.placement.core_of_neuron).size),
        **found,
        **timing.timing,
        "digest": digest,
        "results": own,
    }
