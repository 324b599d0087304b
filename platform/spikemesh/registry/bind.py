"""Binding: a described network looked up in the registry and turned into plain numbers.

Every part is bound on its own, so that all problems of a network are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from spikemesh.contracts.bound import (
    BoundCurrent,
    BoundInput,
    BoundNetwork,
    BoundPoisson,
    BoundPopulation,
    BoundProjection,
    BoundStream,
)
from spikemesh.contracts.coding import Encoder
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.contracts.stream import StreamEncoder
from spikemesh.description import checks
from spikemesh.description.network import Input, NetworkDescription, Population, StreamInput
from spikemesh.description.problems import Collector, labels
from spikemesh.description.quantities import quantity
from spikemesh.errors import DescriptionError, PluginError, Problem
from spikemesh.registry.bind_inputs import bind_input, bind_stream, samples_encoder, stream_encoder
from spikemesh.registry.bind_population import bind_population
from spikemesh.registry.bind_probes import Recording, bind_probe
from spikemesh.registry.bind_projection import Side, bind_projection
from spikemesh.registry.bind_stimuli import bind_current, bind_poisson
from spikemesh.registry.bind_values import Draws
from spikemesh.registry.discovery import Registry

SMALL_STEP = 1e-3
"""Time step (ms) that stands for a wrong one: nearly every time is a multiple of it."""


def bind(description: NetworkDescription, registry: Registry) -> BoundNetwork:
    """Look up everything a network names and turn its quantities into plain numbers.

    Parameters
    ----------
    description
        The network.
    registry
        Loaded plugins.

    Returns
    -------
    BoundNetwork
        Ready for mapping.

    Raises
    ------
    DescriptionError
        With every problem of the network.
    PluginError
        If a plugin's function fails; names plugin and population.
    """
    attempt = attempt_bind(description, registry)
    if attempt.problems:
        raise DescriptionError(attempt.problems)
    if attempt.plugin_errors:
        raise attempt.plugin_errors[0]
    if attempt.network is None:
        raise DescriptionError(Problem("population", "there is none", "at least one population"))
    return attempt.network


@dataclass(frozen=True)
class Attempt:
    """What came of binding: the network, or problems and errors of plugins."""

    network: BoundNetwork | None
    problems: list[Problem] = field(default_factory=list)
    plugin_errors: list[PluginError] = field(default_factory=list)


def attempt_bind(description: NetworkDescription, registry: Registry) -> Attempt:
    """Bind as far as possible and return problems instead of raising them."""
    binder = _Binder(description, registry)
    network = binder.network()
    healthy = not binder.collector.problems and not binder.plugin_errors
    return Attempt(network if healthy else None, binder.collector.problems, binder.plugin_errors)


class _Binder:
    """State of one binding: the parts bound so far and the problems met."""

    def __init__(self, description: NetworkDescription, registry: Registry) -> None:
        self.description = description
        self.registry = registry
        self.collector = Collector(checks.network_problems(description.timestep, description.seed))
        self.plugin_errors: list[PluginError] = []
        self.timestep = SMALL_STEP
        with self.collector.catching(lambda _: ""):
            step = quantity(description.timestep, "ms", "timestep")
            self.timestep = step if step > 0 else SMALL_STEP
        self.collector.problems[:] = [p for p in self.collector.problems if p.where]
        self.seed = description.seed if isinstance(description.seed, int) and description.seed >= 0 else 0
        self.sides: dict[str, Side] = {}
        self.populations: dict[str, Population] = {}

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Note problems and errors of plugins, and go on."""
        try:
            with self.collector.catching():
                yield
        except PluginError as error:
            self.plugin_errors.append(error)

    def network(self) -> BoundNetwork | None:
        """Bind everything; meaningful only if no problem was noted."""
        populations = self._populations()
        projections = self._projections()
        poissons, currents = self._drives()
        inputs, streams = self._inputs()
        recording = self._probes()
        if not self.description.populations:
            self.collector.add("population", "there is none", "at least one population")
        return BoundNetwork(
            timestep_ms=self.timestep,
            seed=self.seed,
            populations=tuple(populations),
            projections=tuple(projections),
            poissons=tuple(poissons),
            currents=tuple(currents),
            inputs=tuple(inputs),
            streams=tuple(streams),
            probes=tuple(recording.probes.values()),
            recorded=tuple(sorted(recording.spikes)),
            stored_weights=tuple(sorted(recording.weights)),
        )

    def _populations(self) -> list[BoundPopulation]:
        described = self.description.populations
        places = labels("population", [p.name for p in described])
        bound, offset = [], 0
        for index, (population, where) in enumerate(zip(described, places, strict=True)):
            self.collector.problems += checks.population_problems(population, where)
            self.collector.problems += checks.duplicate(
                population.name, self.populations, "population", f"{where}.name"
            )
            usable = _usable(population)
            model = self._model(population, where)
            self.populations.setdefault(population.name, usable)
            self.sides.setdefault(population.name, Side(index, usable, model))
            if model is not None:
                with self.catching():
                    bound.append(
                        bind_population(usable, model, index, offset, self.timestep, self.seed, where)
                    )
            offset += usable.size
        if offset > checks.MAX_NEURONS:
            self.collector.add("population", f"{offset} neurons in all", f"at most {checks.MAX_NEURONS}")
        return bound

    def _model(self, population: Population, where: str) -> type[NeuronModel] | None:
        if not isinstance(population.model, str) or not population.model:
            return None
        with self.catching():
            return self.registry.neuron_models.get(population.model, f"{where}.model")
        return None

    def _projections(self) -> list[BoundProjection]:
        described = self.description.projections
        places = labels("projection", [p.name for p in described])
        bound: list[BoundProjection] = []
        seen: set[str] = set()
        indices = {name: side.index for name, side in self.sides.items()}
        for index, (projection, where) in enumerate(zip(described, places, strict=True)):
            problems = checks.name_problem(projection.name, f"{where}.name")
            problems += checks.duplicate(projection.name, seen, "projection", f"{where}.name")
            for end, name in (("source", projection.source), ("target", projection.target)):
                problems += checks.known_name(name, self.populations, "population", f"{where}.{end}")
            self.collector.problems += problems
            seen.add(projection.name)
            source, target = (
                self.sides.get(n) or _nowhere(n) for n in (projection.source, projection.target)
            )
            with self.catching():
                bound.append(
                    bind_projection(
                        projection, index, source, target, indices, self.registry, self.timestep, where
                    )
                )
        return bound

    def _drives(self) -> tuple[list[BoundPoisson], list[BoundCurrent]]:
        poissons: list[BoundPoisson] = []
        currents: list[BoundCurrent] = []
        count: dict[str, int] = {}
        for drive in self.description.drives:
            order = count.get(drive.population, 0)
            count[drive.population] = order + 1
            where = f'population "{drive.population}".drive[{order}]'
            problems = checks.known_name(drive.population, self.populations, "population", where)
            problems += checks.drive_problems(drive, where)
            self.collector.problems += problems
            side = self.sides.get(drive.population)
            if problems or side is None or side.model is None:
                continue
            draws = Draws(self.seed, f"drive {order}", drive.population)
            size, model = side.population.size, side.model
            with self.catching():
                if drive.encoder == "poisson":
                    poissons.append(bind_poisson(drive, len(poissons), side.index, size, model, draws, where))
                else:
                    currents.append(
                        bind_current(
                            drive, len(currents), side.index, size, model, draws, self.timestep, where
                        )
                    )
        return poissons, currents

    def _inputs(self) -> tuple[list[BoundInput], list[BoundStream]]:
        described = self.description.inputs
        places = labels("input", [i.population for i in described])
        inputs: list[BoundInput] = []
        streams: list[BoundStream] = []
        for index, (use, where) in enumerate(zip(described, places, strict=True)):
            problems = checks.input_problems(use, self.populations, where)
            with self.catching():
                encoder = self.registry.encoders.get(use.encoder, f"{where}.encoder")
                if isinstance(use, StreamInput):
                    reading = stream_encoder(encoder, where)
                    if not problems:
                        rank = sum(s.population == self.sides[use.population].index for s in streams)
                        streams.append(self._stream(use, index, rank, reading, where))
                else:
                    showing = samples_encoder(encoder, where)
                    if not problems:
                        inputs.append(self._samples(use, index, showing, where))
            self.collector.problems += problems
        return inputs, streams

    def _samples(self, use: Input, index: int, encoder: type[Encoder], where: str) -> BoundInput:
        side, draws = self.sides[use.population], Draws(self.seed, f"input {index}", use.population)
        indices = {name: side.index for name, side in self.sides.items()}
        return bind_input(
            use, index, indices, side.population.size, encoder, side.model, draws, self.timestep, where
        )

    def _stream(
        self, use: StreamInput, index: int, rank: int, encoder: type[StreamEncoder], where: str
    ) -> BoundStream:
        side, draws = self.sides[use.population], Draws(self.seed, f"input {index}", use.population)
        return bind_stream(
            use, rank, side.index, side.population.size, encoder, side.model, draws, self.timestep, where
        )

    def _probes(self) -> Recording:
        recording = Recording()
        projections = {p.name: k for k, p in enumerate(self.description.projections)}
        populations = {n: (s.index, s.population, s.model) for n, s in self.sides.items()}
        for index, probe in enumerate(self.description.probes):
            where = f"probe[{index}]"
            problems = checks.probe_problems(probe, self.populations, projections, where)
            self.collector.problems += problems
            known = probe.target in populations or probe.target in projections
            if known and not any(p.where == f"{where}.neurons" for p in problems):
                with self.catching():
                    bind_probe(probe, populations, projections, self.timestep, recording, where)
        return recording


def _usable(population: Population) -> Population:
    """Return the population with size 0 in place of a size that was refused."""
    size: Any = population.size
    if isinstance(size, int) and not isinstance(size, bool) and 0 < size <= checks.MAX_NEURONS:
        return population
    return Population(
        population.name, 0, population.model, population.params, population.init, population.positions
    )


def _nowhere(name: object) -> Side:
    return Side(-1, Population(str(name), 0, ""), None)
