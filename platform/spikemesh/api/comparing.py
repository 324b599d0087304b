"""Runs the same network on several systems; simulates it once where the hardware changes no spike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spikemesh.api.comparison import ComparedSystem, Comparison, How, names_of
from spikemesh.api.folder import TemporaryFolder, make_folder
from spikemesh.api.hardware import activity_of, level_of
from spikemesh.api.inputs import steps_of
from spikemesh.api.named_systems import overridden, system_from_table, system_table, table_of
from spikemesh.api.result import RunResult
from spikemesh.api.retiming import retime
from spikemesh.api.run_figures import run_figures
from spikemesh.api.scenarios import LoadedScenario, open_scenario
from spikemesh.api.simulation import Simulation
from spikemesh.api.traces import open_trace
from spikemesh.contracts.bound import BoundNetwork
from spikemesh.description.frozen import validated
from spikemesh.description.run import RunSettings
from spikemesh.description.system import MappingSettings, System
from spikemesh.description.values import Quantity
from spikemesh.errors import InputError, MappingError, Problem, RunInterrupted, SpikemeshError
from spikemesh.registry.shared import shared_registry
from spikemesh.runtime.groups import usable_cpus
from spikemesh.runtime.session import Progress

OWN = "scenario"
"""Stands for the system that the scenario describes."""
SPIKES = "spikes"
"""Name of the trace of the single run from which systems are timed."""

Said = Callable[[str], None]


@dataclass(frozen=True)
class _Task:
    """What is run on every system: the network, how it is mapped, the settings, for how long."""

    loaded: LoadedScenario
    settings: RunSettings
    duration: Quantity
    overwrite: bool
    progress: bool | Callable[[Progress], None] | None

    @property
    def network(self) -> BoundNetwork:
        return self.loaded.network

    @property
    def recorded(self) -> list[str]:
        return [self.network.populations[k].name for k in self.network.recorded]

    def simulate(
        self,
        network: BoundNetwork,
        system: System,
        mapping: MappingSettings,
        settings: RunSettings,
        path: Path,
    ) -> Simulation:
        """Simulate the network; the trace is not closed yet."""
        simulation = Simulation(
            network, system, out=path, mapping=mapping, settings=settings, overwrite=self.overwrite,
            progress=self.progress, scenario=self.loaded.kept,
        )  # fmt: skip
        return simulation.run(self.duration)

    def settings_for(self, system: System) -> RunSettings:
        """Return the settings of a run on a system: where arrivals act, loads alone do not say when a packet comes."""
        if system.regime == "barrier" or self.settings.links != "analytic":
            return self.settings
        return self.settings.model_copy(update={"links": None})

    def needs_activity(self, system: System) -> bool:
        """Tell whether costs of a system tell idle neurons apart."""
        return activity_of(self.settings, system, level_of(self.settings, system))

    def run(self, system: System, path: Path) -> RunResult:
        """Run on a system."""
        settings, mapping = self.settings_for(system), self.loaded.scenario.mapping
        simulation = self.simulate(self.network, system, mapping, settings, path)
        return simulation.close(self.loaded.found.results)

    def spikes(self, activity: bool, path: Path) -> Path:
        """Run once on ideal chips, recording all spikes."""
        everything = replace(self.network, recorded=tuple(range(len(self.network.populations))))
        settings = self.settings.model_copy(update={"activity": activity or None, "links": None})
        chips = min(settings.workers or usable_cpus(), everything.size)
        ideal = shared_registry().systems.get("ideal").make((chips,))
        self.simulate(everything, ideal, MappingSettings(partition="linear"), settings, path).close()
        return path

    def retime(self, spikes: Path, system: System, path: Path) -> RunResult:
        """Time the single run on a system."""
        found = self.loaded
        return retime(
            spikes, system, network=self.network, mapping=found.scenario.mapping, settings=self.settings,
            out=path, overwrite=self.overwrite, results=found.found.results, recorded=self.recorded,
        )  # fmt: skip


def compare(
    scenario: str | Path | LoadedScenario,
    systems: Sequence[str],
    *,
    overrides: Sequence[str] = (),
    plugins: Sequence[str | Path] = (),
    out: str | Path | None = None,
    backend: str | None = None,
    workers: int | None = None,
    links: str | None = None,
    duration: Quantity | None = None,
    overwrite: bool = False,
    progress: bool | Callable[[Progress], None] | None = None,
    said: Said | None = None,
) -> Comparison:
    """Run a scenario's network on several systems.

    In the regime ``barrier`` the hardware changes no spike: two or more systems of that regime are timed from the
    spikes of a single run, which gives the same traces as running on each of them. On all others the network is run.
    A system that cannot hold the network does not stop the others.

    Parameters
    ----------
    scenario
        Name, file or folder; or what :func:`open_scenario` returned.
    systems
        Such as ``loihi``, ``loihi:4x2``, ``loihi:sanafe2025``, ``my_chip.toml``; ``scenario`` is the system that the
        scenario describes.
    overrides
        Such as ``run.links=packet``; those of ``system`` go to every system. Of an open scenario only these matter.
    plugins
        Single-file plugins to load first.
    out
        Folder for the traces; None: they are not kept.
    backend, workers, links, duration
        Replace what the scenario says.
    overwrite
        Replace traces.
    progress
        Of what is simulated; see :func:`spikemesh.run_scenario`.
    said
        Takes a line when a system is done.

    Returns
    -------
    Comparison
        A row for each system.

    Raises
    ------
    InputError
        If the scenario or the name of a system is wrong, or a trace would be overwritten.
    RunInterrupted
        If the user stopped it.
    """
    named = list(systems)
    if isinstance(scenario, LoadedScenario):
        loaded = scenario
    else:
        loaded = open_scenario(scenario, overrides=overrides_of_scenario(overrides, named), plugins=plugins)
    described = loaded.scenario.run.model_dump()
    # Threads by default: a Ray of its own for each of several short runs would take longer than most of them.
    given = {"backend": backend or described["backend"] or "local", "workers": workers, "links": links}
    settings = validated(
        RunSettings, {**described, **{k: v for k, v in given.items() if v is not None}}, "run"
    )
    wanted: Quantity = loaded.scenario.duration_ms if duration is None else duration
    steps_of(wanted, loaded.network.timestep_ms)
    found = _systems(named, loaded, [text for text in overrides if table_of(text) == "system"])
    temporary = TemporaryFolder() if out is None else None
    folder = Path(out) if out is not None else temporary.path  # type: ignore[union-attr]
    paths = [folder / f"{name}.h5" for name in names_of([SPIKES, *named])]
    _check_free(paths, folder, overwrite)
    make_folder(folder)
    task = _Task(loaded, settings, wanted, overwrite, progress)
    compared = _compared(task, named, found, paths, said or (lambda _line: None), keep=out is not None)
    return Comparison(loaded.scenario.name, compared)


def overrides_of_scenario(overrides: Sequence[str], systems: Sequence[str]) -> list[str]:
    """Return the overrides with which the scenario of a comparison is opened.

    Those of ``system`` are for the systems that are compared; the scenario's own may be none of them.
    """
    return [text for text in overrides if OWN in systems or table_of(text) != "system"]


def _systems(named: Sequence[str], loaded: LoadedScenario, overrides: Sequence[str]) -> list[System]:
    """Build all systems, so that a misspelt one is told before anything runs."""
    if not named:
        raise InputError(Problem("systems", "there is none", "such as loihi,truenorth,my_chip.toml"))
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(Problem("systems", f"{twice[0]} is named twice", "each system once"))
    problems: list[Problem] = []
    found = []
    for name in named:
        try:
            found.append(loaded.system if name == OWN else _built(name, overrides))
        except InputError as error:
            problems += [replace(p, where=f"{name}: {p.where}") for p in error.problems]
    if problems:
        raise InputError(problems)
    return found


def _built(name: str, overrides: Sequence[str]) -> System:
    return system_from_table(overridden({"system": system_table(name, "systems")}, overrides)["system"])


def _check_free(paths: Sequence[Path], folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(Problem("out", f"{folder} is a file", "a folder for the traces"))
    taken = [path for path in paths if path.exists()]
    if taken and not overwrite:
        raise InputError(Problem("out", f"{taken[0]} exists", "--overwrite replaces it; or another folder"))


def _compared(
    task: _Task,
    named: Sequence[str],
    systems: Sequence[System],
    paths: Sequence[Path],
    said: Said,
    keep: bool,
) -> list[ComparedSystem]:
    retimed = [k for k, system in enumerate(systems) if system.regime == "barrier"]
    spikes: Path | None = None
    if len(retimed) > 1:
        started = time.perf_counter()
        spikes = task.spikes(any(task.needs_activity(systems[k]) for k in retimed), paths[0])
        said(f"simulated once in {time.perf_counter() - started:.3g} s")
    rows = []
    for k, (name, system, path) in enumerate(zip(named, systems, paths[1:], strict=True)):
        started = time.perf_counter()
        row = _row(task, name, system, path, spikes if k in retimed else None)
        took = f" in {time.perf_counter() - started:.3g} s" if row.figures.values else ""
        said(f"{name}: {row.how}{took}")
        rows.append(row if keep else replace(row, trace=None))
    return rows


def _row(task: _Task, name: str, system: System, path: Path, spikes: Path | None) -> ComparedSystem:
    try:
        result = task.run(system, path) if spikes is None else task.retime(spikes, system, path)
    except RunInterrupted:
        raise
    except MappingError as error:
        return ComparedSystem(name, "does not fit", problem="; ".join(str(p) for p in error.problems))
    except InputError as error:
        return ComparedSystem(name, "failed", problem="; ".join(str(p) for p in error.problems))
    except SpikemeshError as error:
        return ComparedSystem(name, "failed", problem=str(error))
    with open_trace(path) as trace:
        figures = run_figures(trace)
    how: How = "run" if spikes is None else "retimed"
    return ComparedSystem(name, how, figures, trace=path, digest=result.summary["digest"])
