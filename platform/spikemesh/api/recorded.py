"""What a trace keeps of its run: the scenario, opened again, its mapping and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikemesh.contracts.trace import TraceReader
from spikemesh.description.frozen import validated
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings
from spikemesh.errors import DescriptionError, InputError, Problem
from spikemesh.registry.scenarios import LoadedScenario, cache_folder, open_scenario
from spikemesh.registry.shared import shared_registry


def recorded_scenario(trace: TraceReader) -> LoadedScenario:
    """Open the scenario that was run, as it was then.

    The shipped scenario, file or folder is taken if it still says the same; else the text that the trace keeps.

    Raises
    ------
    InputError
        If the trace keeps no scenario: it was run from Python.
    DescriptionError
        If the text cannot be run here, such as for lack of a plugin or of a file beside it.
    """
    kept = trace.provenance.get("scenario") or {}
    text = kept.get("text")
    if not text:
        found = "the trace keeps no scenario, for it was run from Python"
        raise InputError(Problem("network", found, "sm.retime(..., network=...) in Python"))
    source = str(kept.get("source", ""))
    found_again = _unchanged(source, kept, text)
    if found_again is not None:
        return found_again
    name = Path(source).name
    folders = [folder for folder in (Path(source), Path(source).parent) if source and folder.is_dir()]
    return open_scenario(text, shared_registry(), (), [*folders, *([cache_folder(name)] if name else [])])


def _unchanged(source: str, kept: Mapping[str, Any], text: str) -> LoadedScenario | None:
    """Open the scenario where it came from; None if that is gone, or says something else by now."""
    registry = shared_registry()
    if not source or (source not in registry.scenarios.items and not Path(source).exists()):
        return None
    try:
        found = open_scenario(source, registry, tuple(kept.get("overrides", ())))
    except DescriptionError:
        return None
    return found if found.scenario.text == text else None


def recorded_mapping(trace: TraceReader) -> MappingSettings:
    """Return how the network was mapped."""
    kept = dict(trace.provenance.get("mapping") or {})
    kept.pop("report", None)
    return validated(MappingSettings, kept, "mapping")


def recorded_settings(trace: TraceReader) -> RunSettings:
    """Return the settings of the run that matter to its hardware."""
    kept = trace.provenance.get("run") or {}
    return RunSettings(links=kept.get("links"), bin_steps=kept.get("bin_steps") or trace.plan.bin_steps)
