"""Scenario files: read, overridden, checked and turned into descriptions."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from spikemesh.description.arrays import load_arrays
from spikemesh.description.entries import TopEntry, corrected_keys, read_entry
from spikemesh.description.frozen import validated
from spikemesh.description.network import NetworkDescription
from spikemesh.description.overrides import apply_overrides
from spikemesh.description.places import Places, distinct
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import quantity
from spikemesh.description.run import RunSettings
from spikemesh.description.scenario_network import LISTS, read_network
from spikemesh.description.system import MappingSettings
from spikemesh.description.toml_text import toml_text
from spikemesh.errors import DescriptionError, Problem
from spikemesh.units import whole_steps

SMALL_STEP = 1e-3
"""Time step (ms) that stands for a wrong one: nearly every time is a multiple of it."""
Adapt: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the tables of a scenario, and returns those that are run."""
MAX_BYTES = 64 * 2**20
"""Largest scenario file; data belong into .npz files beside it."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """A scenario as described: nothing is looked up in the registry yet.

    Attributes
    ----------
    name, description
        From the file; the name defaults to that of the folder or file.
    duration_ms
        Model time, a whole number of steps.
    network
        Network description.
    system
        The raw ``[system]`` table, which may name a preset.
    mapping, run
        Settings.
    folder
        Folder of the file, None for a text.
    text
        The text as it was read; if overridden or adapted to its settings, the result as TOML.
    has_code
        Whether a ``scenario.py`` stands beside the file.
    overrides
        The overrides that were applied.
    """

    name: str
    description: str
    duration_ms: float
    network: NetworkDescription
    system: Mapping[str, Any]
    mapping: MappingSettings
    run: RunSettings
    folder: Path | None
    text: str
    has_code: bool
    overrides: tuple[str, ...] = ()

    def __repr__(self) -> str:
        neurons = sum(p.size for p in self.network.populations)
        return f'<Scenario "{self.name}": {neurons} neurons, {self.duration_ms:g} ms>'


@dataclass(frozen=True, eq=False)
class Draft:
    """A scenario as far as it could be read, with its problems and the places of its keys.

    ``scenario`` holds placeholders where there are problems, so that the rest can still be checked.
    """

    scenario: Scenario | None
    problems: list[Problem]
    places: Places

    def located(self, later: Sequence[Problem] = ()) -> list[Problem]:
        """Return all problems with file and line; later ones at places already reported are left out."""
        first = [self.places.named(p) for p in self.problems]
        kept = distinct(first, [p for p in later if p.where not in self.places.quiet])
        located = [self.places.locate(p) for p in kept]
        return sorted(located, key=lambda p: p.line or 0)


@dataclass(frozen=True)
class Source:
    """Where a scenario comes from."""

    text: str
    file: str | None = None
    folder: Path | None = None
    default_name: str = "scenario"
    is_json: bool = False
    folders: tuple[Path, ...] = field(default=())


def load_scenario(path_or_text: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """Read a scenario from a folder, a TOML or JSON file, or a text.

    Parameters
    ----------
    path_or_text
        Folder with ``scenario.toml``, file, or the text itself (a ``str`` of several lines or with ``=``).
    overrides
        Such as ``population.exc.size=100``, applied before anything is checked.

    Returns
    -------
    Scenario
        The scenario; models, rules, encoders and presets are only names yet.

    Raises
    ------
    DescriptionError
        With every problem of the file's form, each with file, line and key.
    """
    draft = read_scenario(find_source(path_or_text), overrides)
    problems = draft.located()
    if problems or draft.scenario is None:
        raise DescriptionError(problems)
    return draft.scenario


def find_source(path_or_text: str | Path, also: Sequence[Path] = ()) -> Source:
    """Read the text of a scenario.

    Parameters
    ----------
    path_or_text
        As for :func:`load_scenario`.
    also
        Folders in which data files are looked for after the scenario's own.

    Raises
    ------
    DescriptionError
        If there is no such file or it is no text.
    """
    if isinstance(path_or_text, str) and _is_text(path_or_text):
        return Source(
            path_or_text, is_json=path_or_text.lstrip().startswith("{"), folders=(Path.cwd(), *also)
        )
    path = Path(path_or_text)
    file = path
    if path.is_dir():
        file = path / "scenario.json" if (path / "scenario.json").is_file() else path / "scenario.toml"
    try:
        if file.stat().st_size > MAX_BYTES:
            raise DescriptionError(
                Problem("scenario", f"{file} is too large", "data in .npz files beside it")
            )
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DescriptionError(
            Problem("scenario", f"{file} is no text in UTF-8", "a TOML or JSON file")
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        allowed = "a file, or a folder with scenario.toml"
        raise DescriptionError(Problem("scenario", f"{file} cannot be read: {reason}", allowed)) from None
    name = file.resolve().parent.name if file.stem == "scenario" else file.stem
    return Source(text, str(file), file.parent, name, file.suffix == ".json", (file.parent, *also))


def _is_text(value: str) -> bool:
    return "\n" in value or value.lstrip().startswith("{") or ("=" in value and not Path(value).exists())


def read_scenario(source: Source, overrides: Sequence[str] = (), adapt: Adapt | None = None) -> Draft:
    """Read a scenario as far as possible, without raising for what is wrong in it.

    ``adapt`` changes its tables, overrides applied, to what its settings ask for.
    """
    places = Places(source.file, source.text)
    collector = Collector()
    try:
        document = json.loads(source.text) if source.is_json else tomllib.loads(source.text)
    except RecursionError:
        collector.add("scenario", "tables or lists are nested too deeply", "fewer levels")
        return Draft(None, collector.problems, places)
    except ValueError as error:
        collector.problems.append(_syntax_problem(error, source))
        return Draft(None, collector.problems, places)
    if not isinstance(document, dict):
        collector.add("scenario", "is not a table", "keys and values")
        return Draft(None, collector.problems, places)
    try:
        scenario = _scenario(document, source, overrides, places, collector, adapt)
    except RecursionError:
        collector.add("scenario", "tables or lists are nested too deeply", "fewer levels")
        return Draft(None, collector.problems, places)
    return Draft(scenario, collector.problems, places)


def _syntax_problem(error: ValueError, source: Source) -> Problem:
    text = str(error)
    line = getattr(error, "lineno", None)
    if line is None and "(at line " in text:
        line = int(text.split("(at line ")[1].split(",")[0])
    if "(at end of document)" in text:
        line = len(source.text.splitlines())
    kind = "JSON" if source.is_json else "TOML"
    return Problem("scenario", f"is not valid {kind}: {text}", f"a {kind} file", source.file, line)


def _scenario(
    document: dict[str, Any],
    source: Source,
    overrides: Sequence[str],
    places: Places,
    collector: Collector,
    adapt: Adapt | None,
) -> Scenario:
    places.overrides = apply_overrides(document, overrides, collector)
    adapted = document if adapt is None else _adapted(document, adapt, collector)
    text = toml_text(adapted) if overrides or adapted is not document else source.text
    document = adapted
    document = corrected_keys(document, TopEntry, "", collector)
    for key in LISTS:
        if key in document:
            document[key] = load_arrays(document[key], source.folders, key, collector, key)
    top = read_entry(document, TopEntry, "", collector)
    timestep, duration = _times(top, collector)
    network = read_network(top, timestep, duration, places, collector, source.folders)
    folder = source.folder
    return Scenario(
        name=top.name or source.default_name,
        description=top.description,
        duration_ms=duration,
        network=network,
        system=top.system,
        mapping=_settings(MappingSettings, top.mapping, "mapping", collector),
        run=_settings(RunSettings, top.run, "run", collector),
        folder=folder,
        text=text,
        has_code=folder is not None
        and Path(source.file or "").stem == "scenario"
        and (folder / "scenario.py").is_file(),
        overrides=tuple(overrides),
    )


def _adapted(document: dict[str, Any], adapt: Adapt, collector: Collector) -> dict[str, Any]:
    """Return the tables as changed by ``adapt``, noted under ``settings.applied``; the same ones if it changed none.

    A text that has been adapted, as a trace keeps it, is not adapted again.
    """
    settings = document.get("settings", {})
    if settings.get("applied"):
        return document
    adapted = document
    with collector.catching():
        adapted = adapt(deepcopy(document))
    return document if adapted == document else {**adapted, "settings": {**settings, "applied": True}}


def _times(top: TopEntry, collector: Collector) -> tuple[float, float]:
    """Return time step and duration in ms, with stand-ins for wrong ones."""
    timestep, duration = SMALL_STEP, 1.0
    with collector.catching():
        step = quantity(top.timestep, "ms", "timestep")
        if step <= 0:
            raise DescriptionError(Problem("timestep", f"{step:g} ms is out of range", "a time above 0 ms"))
        timestep = step
    before = len(collector.problems)
    with collector.catching():
        duration = quantity(top.duration, "ms", "duration")
        if duration <= 0:
            raise DescriptionError(
                Problem("duration", f"{duration:g} ms is out of range", "a time above 0 ms")
            )
        whole_steps(duration, timestep, "duration")
    return timestep, duration if len(collector.problems) == before else 1.0


def _settings(model: type[Any], table: Mapping[str, Any], where: str, collector: Collector) -> Any:
    with collector.catching():
        return validated(model, table, where)
    return model()
