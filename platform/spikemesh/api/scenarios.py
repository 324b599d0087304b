"""Scenarios: opened, mapped and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.description.scenario import Scenario
from spikemesh.description.system import System
from spikemesh.description.values import Quantity
from spikemesh.errors import MappingError
from spikemesh.mapping.numerics import in_numbers_of_chip
from spikemesh.mapping.placement import place_network
from spikemesh.registry import scenarios as _scenarios
from spikemesh.registry.shared import shared_registry

if TYPE_CHECKING:
    from spikemesh.api.result import RunResult
    from spikemesh.mapping.report import MappingReport
    from spikemesh.runtime.session import Progress


@dataclass(frozen=True, eq=False)
class LoadedScenario:
    """A scenario with its network bound and its system built."""

    found: _scenarios.LoadedScenario
    overrides: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    source: str = ""
    """Shipped name, or absolute path of the file or folder; empty for a text."""

    @property
    def scenario(self) -> Scenario:
        """The scenario as described."""
        return self.found.scenario

    @property
    def kept(self) -> dict[str, Any]:
        """What a trace keeps of it, from which it can be opened again."""
        described = self.scenario
        return {
            "name": described.name,
            "description": described.description,
            "text": described.text,
            "overrides": list(self.overrides),
            "source": self.source,
            "plugins": list(self.plugins),
        }

    @property
    def network(self) -> BoundNetwork:
        """The bound network."""
        return self.found.network

    @property
    def system(self) -> System:
        """The system."""
        return self.found.system

    @property
    def runs_code(self) -> list[str]:
        """Files whose code runs: the scenario's own and single-file plugins."""
        own = [str(self.found.module.__file__)] if self.found.module is not None else []
        return own + list(self.plugins)


def open_scenario(
    name_or_path: str | Path, *, overrides: Sequence[str] = (), plugins: Sequence[str | Path] = ()
) -> LoadedScenario:
    """Open a shipped scenario by name, or a file or folder.

    Parameters
    ----------
    name_or_path
        Name, file or folder.
    overrides
        Such as ``"run.workers=2"``.
    plugins
        Single-file plugins to load first.

    Raises
    ------
    DescriptionError
        With every problem of the scenario.
    PluginError
        If a plugin file cannot be loaded.
    """
    registry = shared_registry(plugins)
    found = _scenarios.open_scenario(name_or_path, registry, overrides)
    return LoadedScenario(
        found, tuple(overrides), tuple(str(p) for p in plugins), _source(name_or_path, found)
    )


def _source(name_or_path: str | Path, found: _scenarios.LoadedScenario) -> str:
    """Return by what a scenario can be found again from any folder."""
    if found.scenario.folder is None:
        return ""
    if name_or_path in shared_registry().scenarios.items:
        return str(name_or_path)
    return str(Path(name_or_path).resolve())


def check_fit(loaded: LoadedScenario) -> None:
    """Place a scenario's neurons, without building synapses, to see whether they fit.

    Raises
    ------
    MappingError
        If they do not; names the population, the limit and by how much. Also if the chip cannot have the network in
        its own numbers, where the system asks for that.
    """
    registry = shared_registry()
    network, numerics = in_numbers_of_chip(loaded.network, loaded.system, registry)
    if numerics is not None and numerics.problems:
        raise MappingError(numerics.problems)
    place_network(network, loaded.system, loaded.scenario.mapping, registry)


def map_scenario(loaded: LoadedScenario) -> MappingReport:
    """Map a scenario without running it.

    Raises
    ------
    MappingError
        If it cannot be partitioned; limits that are exceeded afterwards are in the report (``check``).
    """
    from spikemesh.api.mapped import Mapped

    described = loaded.scenario
    mapped = Mapped(loaded.network, loaded.system, described.mapping, described.run, shared_registry())
    return mapped.report


def run_scenario(
    loaded: LoadedScenario,
    *,
    out: str | Path | None = None,
    backend: str | None = None,
    workers: int | None = None,
    actors: str | None = None,
    links: str | None = None,
    address: str | None = None,
    duration: Quantity | None = None,
    overwrite: bool = False,
    progress: bool | Callable[[Progress], None] | None = None,
) -> RunResult:
    """Run a scenario and write its trace.

    Parameters
    ----------
    loaded
        From :func:`open_scenario`.
    out
        Trace file; None: ``<name>.h5`` in the present folder.
    backend, workers, actors, links, address, duration
        Replace what the scenario says.
    overwrite
        Replace the trace if there is one.
    progress
        True for a line on standard error, or a function that takes a :class:`Progress`.
    """
    # Imported here: whoever only opens or validates a scenario need not load the engine.
    from spikemesh.api.inputs import steps_of
    from spikemesh.api.simulation import Simulation

    described = loaded.scenario
    wanted: Quantity = described.duration_ms if duration is None else duration
    steps_of(wanted, loaded.network.timestep_ms)  # a mistake is told before anything is built or started
    simulation = Simulation(
        loaded.network,
        loaded.system,
        out=out or f"{described.name}.h5",
        backend=backend,
        workers=workers,
        actors=actors,
        links=links,
        address=address,
        mapping=described.mapping,
        settings=described.run,
        progress=progress,
        overwrite=overwrite,
        scenario=loaded.kept,
    )
    simulation.run(wanted)
    return simulation.close(loaded.found.results)
