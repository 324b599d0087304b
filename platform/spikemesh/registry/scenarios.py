"""Scenarios looked up by name, prepared, bound and given a system, with all problems at once."""

from __future__ import annotations

import fcntl
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.system import SystemPreset
from spikemesh.description.arrays import find_file
from spikemesh.description.problems import Collector
from spikemesh.description.rules import shown
from spikemesh.description.scenario import Draft, Scenario, find_source, read_scenario
from spikemesh.description.system import MappingSettings, System, system_from
from spikemesh.errors import DescriptionError, PluginError, Problem, SpikemeshError, nearest
from spikemesh.registry.bind import attempt_bind
from spikemesh.registry.discovery import Registry, import_file

MAX_CHIPS = 1_000_000
MAX_FILES = 8
"""How many system files may name one another."""


@dataclass(frozen=True, eq=False)
class LoadedScenario:
    """A scenario ready for mapping.

    Attributes
    ----------
    scenario
        As described.
    network
        Bound network.
    system
        The system, presets applied.
    module
        The scenario's own ``scenario.py``, if it has one.
    """

    scenario: Scenario
    network: BoundNetwork
    system: System
    module: ModuleType | None = None

    def __repr__(self) -> str:
        return f"<LoadedScenario {self.scenario!r} on {self.system.chip_count} chips of {self.system.name}>"

    def results(self, trace: Any) -> dict[str, Any]:
        """Return the scenario's own figures from a trace; empty if it has none.

        Raises
        ------
        PluginError
            If its ``results`` fails.
        """
        function = getattr(self.module, "results", None)
        if function is None:
            return {}
        found = _call_scenario(self.scenario.name, "results", function, trace)
        if not isinstance(found, Mapping):
            raise PluginError(
                f'scenario "{self.scenario.name}": results() returned {type(found).__name__}, not a mapping'
            )
        return dict(found)


def open_scenario(
    name_or_path: str | Path, registry: Registry, overrides: Sequence[str] = (), folders: Sequence[Path] = ()
) -> LoadedScenario:
    """Find a scenario, prepare its data, and bind its network and system.

    Parameters
    ----------
    name_or_path
        Name of a shipped scenario, folder, file, or the text of a scenario.
    registry
        Loaded plugins.
    overrides
        Such as ``population.exc.size=100``.
    folders
        Where else its files are looked for.

    Returns
    -------
    LoadedScenario
        Scenario, bound network and system.

    Raises
    ------
    DescriptionError
        With every problem of the file, the network, the system and the settings, each with its place.
    PluginError
        If ``scenario.py`` or a plugin's function fails.
    """
    place = _place(name_or_path, registry)
    cache = cache_folder(_name_of(place))
    also = (cache, *folders)
    with _alone(place, cache):
        module = _prepared(place, cache)
        source = find_source(place, also)
        draft = read_scenario(source, overrides)
        adapt = getattr(module, "adapt", None)
        # Only what is right as it is written can be adapted.
        if adapt is not None and not draft.problems:
            name = _name_of(place)
            draft = read_scenario(source, overrides, lambda tables: _adapted(name, adapt, tables))
    if draft.scenario is None:
        raise DescriptionError(draft.located())
    return _bound(draft, draft.scenario, registry, module, also)


def cache_folder(name: str) -> Path:
    """Return where a scenario's ``prepare`` keeps its data (``XDG_CACHE_HOME`` is honoured)."""
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "spikemesh" / "scenarios" / name


def _place(name_or_path: str | Path, registry: Registry) -> str | Path:
    if isinstance(name_or_path, Path):
        return name_or_path
    shipped = registry.scenarios.items
    if name_or_path in shipped:
        return Path(shipped[name_or_path].path)
    is_name = not any(c in name_or_path for c in "\n={") and not _exists(name_or_path)
    if is_name and Path(name_or_path).suffix not in (".toml", ".json"):
        found = f'there is no scenario "{name_or_path}", nor a file or folder of that name'
        raise DescriptionError(Problem("scenario", found, nearest(name_or_path, shipped)))
    return name_or_path


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _name_of(place: str | Path) -> str:
    if isinstance(place, str) and not _exists(place):
        return "text"
    path = Path(place).resolve()
    return path.name if path.is_dir() else path.parent.name if path.stem == "scenario" else path.stem


@contextmanager
def _alone(place: str | Path, cache: Path) -> Iterator[None]:
    """Let one process at a time make the data of a scenario and read them: another might see them half written."""
    descriptor = -1
    if _code(place) is not None:
        # Where nothing can be written, whoever makes data says so.
        with suppress(OSError):
            cache.parent.mkdir(parents=True, exist_ok=True)
            lock = cache.with_name(f"{cache.name}.lock")
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _code(place: str | Path) -> Path | None:
    """Return the ``scenario.py`` beside a scenario, if there is one."""
    if isinstance(place, str) and not _exists(place):
        return None
    path = Path(place)
    code = (path if path.is_dir() else path.parent) / "scenario.py"
    return None if not code.is_file() or (path.is_file() and path.stem != "scenario") else code


def _prepared(place: str | Path, cache: Path) -> ModuleType | None:
    """Import ``scenario.py`` beside a scenario and let it make its data."""
    code = _code(place)
    if code is None:
        return None
    module = import_file(code)
    function = getattr(module, "prepare", None)
    if function is not None:
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            found = f"folder {cache} cannot be made: {error.strerror}"
            raise DescriptionError(
                Problem("scenario", found, "XDG_CACHE_HOME = a folder that can be written")
            ) from None
        _call_scenario(code.parent.name, "prepare", function, cache)
    return module


def _adapted(name: str, adapt: Any, tables: dict[str, Any]) -> dict[str, Any]:
    found = _call_scenario(name, "adapt", adapt, tables)
    if not isinstance(found, dict):
        raise PluginError(f'scenario "{name}": adapt() returned {type(found).__name__}, not a dictionary')
    return found


def _call_scenario(name: str, function_name: str, function: Any, argument: Any) -> Any:
    try:
        return function(argument)
    except SpikemeshError:
        raise
    except Exception as error:
        text = f'scenario "{name}": {function_name}() raised {type(error).__name__}: {error}'
        raise PluginError(text) from error


def _bound(
    draft: Draft, scenario: Scenario, registry: Registry, module: ModuleType | None, also: tuple[Path, ...]
) -> LoadedScenario:
    attempt = attempt_bind(scenario.network, registry)
    collector = Collector(list(attempt.problems))
    system = _system(scenario, registry, collector, also)
    _check_mapping(scenario, system, registry, collector)
    problems = draft.located(collector.problems)
    if problems:
        raise DescriptionError(problems)
    if attempt.plugin_errors:
        raise attempt.plugin_errors[0]
    if attempt.network is None or system is None:
        raise DescriptionError(Problem("population", "there is none", "at least one population"))
    return LoadedScenario(scenario, attempt.network, system, module)


def _system(
    scenario: Scenario, registry: Registry, collector: Collector, also: tuple[Path, ...]
) -> System | None:
    folders = (scenario.folder or Path.cwd(), *also)
    return resolve_system(scenario.system, registry, collector, folders)


def resolve_system(
    table: Mapping[str, Any],
    registry: Registry,
    collector: Collector,
    folders: Sequence[Path] = (),
    where: str = "system",
    depth: int = 0,
) -> System | None:
    """Build a system from its table, the preset or file it extends included.

    Parameters
    ----------
    table
        The ``[system]`` table; empty for one ideal chip.
    registry
        For presets.
    collector
        Takes the problems.
    folders
        Where ``file`` is looked for.
    where
        Key path used in errors.
    depth
        How many files led here.

    Returns
    -------
    System or None
        None if there were problems.
    """
    before = len(collector.problems)
    named = [key for key in ("preset", "extends", "file") if key in table]
    if len(named) > 1:
        found = f"{' and '.join(named)} are given together"
        collector.add(f"{where}.{named[1]}", found, "one of preset, extends, file")
    collector.problems += _chips_problems(table.get("chips"), f"{where}.chips")
    base: System | None = None
    with collector.catching():
        base = _base(table, named[0] if named else None, registry, collector, folders, where, depth)
    base_failed = len(collector.problems) > before
    system: System | None = None
    rest = {k: v for k, v in table.items() if k != "chips"} if base_failed else table
    found_here = Collector()
    with found_here.catching():
        system = system_from(rest, base or System(), where)
    if base_failed:
        # Without its base the chip has no cost sets; a name of one can be right.
        found_here.problems = [p for p in found_here.problems if p.where != f"{where}.costs"]
    collector.problems += found_here.problems
    return system if len(collector.problems) == before else None


def _base(
    table: Mapping[str, Any],
    key: str | None,
    registry: Registry,
    collector: Collector,
    folders: Sequence[Path],
    where: str,
    depth: int,
) -> System | None:
    if key is None:
        ideal = registry.systems.items.get("ideal") if not table or set(table) <= {"chips"} else None
        return _made(ideal, table.get("chips"), where) if ideal else None
    name = table[key]
    if not isinstance(name, str):
        raise DescriptionError(Problem(f"{where}.{key}", f"{shown(name)} is not a name", "a text"))
    if key == "file":
        return _from_file(name, registry, collector, folders, f"{where}.file", depth)
    return _made(registry.systems.get(name, f"{where}.{key}"), table.get("chips"), where)


def _made(preset: SystemPreset, chips: Any, where: str) -> System:
    shape = None
    if chips is not None and not _chips_problems(chips, where):
        shape = tuple(chips) if isinstance(chips, list | tuple) else (chips,)
    try:
        return preset.make(shape)
    except SpikemeshError:
        raise
    except Exception as error:
        raise PluginError(f'system preset "{preset.name}" raised {type(error).__name__}: {error}') from error


def _chips_problems(chips: Any, where: str) -> list[Problem]:
    """Check the number of chips before anything is multiplied or built with it."""
    if chips is None:
        return []
    numbers = chips if isinstance(chips, list | tuple) else [chips]
    count = 1
    for n in numbers:
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            return [Problem(where, f"{shown(chips)} is no number of chips", "such as 4 or [2, 2]")]
        count *= min(n, MAX_CHIPS + 1)
        if count > MAX_CHIPS:
            return [Problem(where, f"{shown(chips)} is too large", f"at most {MAX_CHIPS} chips")]
    return [] if numbers else [Problem(where, "is empty", "such as 4 or [2, 2]")]


def _from_file(
    name: str, registry: Registry, collector: Collector, folders: Sequence[Path], where: str, depth: int
) -> System | None:
    if depth >= MAX_FILES:
        raise DescriptionError(
            Problem(where, "system files name one another in a circle", "a file that ends it")
        )
    path = find_file(name, folders, where)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DescriptionError(Problem(where, f"{path} cannot be read: {error}", "a TOML file")) from None
    inner = Collector()
    body = table.get("system", table)
    system = resolve_system(
        body if isinstance(body, dict) else {}, registry, inner, (path.parent, *folders), "system", depth + 1
    )
    collector.problems += [replace(p, file=p.file or str(path)) for p in inner.problems]
    return system


def _check_mapping(
    scenario: Scenario, system: System | None, registry: Registry, collector: Collector
) -> None:
    settings: MappingSettings = scenario.mapping
    with collector.catching():
        registry.partitioners.get(settings.partition_on(system or System()), "mapping.partition")
    with collector.catching():
        registry.placers.get(settings.place, "mapping.place")
    with collector.catching():
        registry.routers.get(settings.route, "mapping.route")
    names = [p.name for p in scenario.network.populations]
    for population, chips in settings.pin.items():
        where = f"mapping.pin.{population}"
        if population not in names:
            collector.add(where, f'there is no population "{population}"', nearest(population, names))
        if system is not None:
            outside = [c for c in chips if not 0 <= c < system.chip_count]
            if outside:
                collector.add(where, f"there is no chip {outside[0]}", f"0 to {system.chip_count - 1}")
