"""The network of a scenario file: tables to populations, projections, drives, inputs and probes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from spikemesh.description.arrays import find_file
from spikemesh.description.builder import default_name
from spikemesh.description.checks import MAX_NEURONS, size_problems, source_problems
from spikemesh.description.entries import (
    ConnectEntry,
    DriveEntry,
    Entry,
    InputEntry,
    LearningEntry,
    PopulationEntry,
    ProbeEntry,
    ProjectionEntry,
    TopEntry,
    corrected_keys,
    read_entry,
)
from spikemesh.description.network import (
    RULES,
    Drive,
    Input,
    LearningUse,
    NetworkDescription,
    Population,
    Probe,
    Projection,
    StreamInput,
    selected_neurons,
)
from spikemesh.description.places import Places
from spikemesh.description.problems import Collector, labels
from spikemesh.description.quantities import quantity
from spikemesh.description.rules import shown
from spikemesh.description.values import value_from
from spikemesh.errors import DescriptionError, Problem
from spikemesh.ids import AnyArray

LISTS = ("population", "projection", "input", "probe")
"""Keys of a scenario file that hold lists of tables."""
E_ = TypeVar("E_", bound=Entry)


def read_network(
    top: TopEntry,
    timestep: float,
    duration: float,
    places: Places,
    collector: Collector,
    folders: Sequence[Path] = (),
) -> NetworkDescription:
    """Read all tables of the network.

    Parameters
    ----------
    top
        The scenario's top-level keys.
    timestep, duration
        In ms.
    places
        Takes the labels of the entries.
    collector
        Takes the problems.
    folders
        Where files of streams are looked for, in order.

    Returns
    -------
    NetworkDescription
        Every entry, with placeholders for what is wrong.
    """
    reader = _Reader(timestep, duration, places, collector, folders)
    populations = reader.populations(top.population)
    inputs = reader.inputs(top.input, populations)
    return NetworkDescription(
        timestep=timestep,
        seed=top.seed,
        populations=tuple(populations),
        projections=tuple(reader.projections(top.projection)),
        drives=tuple(reader.drives),
        inputs=tuple(inputs),
        probes=tuple(reader.probes(top.probe, populations)),
    )


class _Reader:
    def __init__(
        self,
        timestep: float,
        duration: float,
        places: Places,
        collector: Collector,
        folders: Sequence[Path],
    ) -> None:
        self.folders = folders
        self.timestep = timestep
        self.duration = duration
        self.places = places
        self.collector = collector
        self.drives: list[Drive] = []

    def tables(self, raw: list[Any], kind: str, model: type[Entry]) -> list[dict[str, Any]]:
        """Return the entries as tables with corrected keys; one that is no table becomes empty."""
        tables = []
        for index, entry in enumerate(raw):
            where = f"{kind}[{index}]"
            if not isinstance(entry, dict):
                self.collector.add(
                    where, f"{shown(entry)} is not a table", f"[[{kind}]] with keys and values"
                )
                entry = {}
            tables.append(corrected_keys(entry, model, where, self.collector))
        return tables

    def label(self, kind: str, names: list[Any]) -> list[str]:
        """Name the entries and note where each stands."""
        found = labels(kind, names)
        for index, label in enumerate(found):
            self.places.labels[label] = (kind, index)
        return found

    def populations(self, raw: list[Any]) -> list[Population]:
        tables = self.tables(raw, "population", PopulationEntry)
        result = []
        for table, where in zip(
            tables, self.label("population", [t.get("name") for t in tables]), strict=True
        ):
            entry = read_entry(table, PopulationEntry, where, self.collector)
            positions = None
            if entry.positions is not None:
                with self.collector.catching():
                    positions = rows(entry.positions, f"{where}.positions")
            result.append(
                Population(entry.name, entry.size, entry.model, entry.params, entry.init, positions)
            )
            for order, drive in enumerate(entry.drive):
                self.drive(entry.name, drive, f"{where}.drive[{order}]")
        return result

    def drive(self, population: str, raw: Any, where: str) -> None:
        if not isinstance(raw, dict):
            self.collector.add(
                where, f"{shown(raw)} is not a table", '{ encoder = "poisson", rate = ..., weight = ... }'
            )
            raw = {}
        table = corrected_keys(raw, DriveEntry, where, self.collector)
        entry = read_entry(table, DriveEntry, where, self.collector)
        self.drives.append(Drive(population, entry.encoder, self.values(entry.arguments, where)))

    def values(self, raw: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Read the values of a table; a wrong one is reported and left out."""
        result = {}
        for key, value in raw.items():
            with self.collector.catching():
                result[key] = value_from(value, f"{where}.{key}")
        return result

    def inputs(self, raw: list[Any], populations: list[Population]) -> list[Input | StreamInput]:
        tables = self.tables(raw, "input", InputEntry)
        result: list[Input | StreamInput] = []
        known = {p.name: p for p in reversed(populations)}
        for table, where in zip(
            tables, self.label("input", [t.get("population") for t in tables]), strict=True
        ):
            entry = read_entry(table, InputEntry, where, self.collector)
            problems = source_problems(set(table), where, ())
            self.collector.problems += problems
            is_stream = entry.stream is not None and not problems
            use = self.stream(entry, where) if is_stream else self.samples(entry, where, bool(problems))
            columns = use.data.shape[1] if isinstance(use, Input) and use.data.ndim == 2 else 0
            sizes = size_problems(entry.size, known.get(entry.population), where, needed=is_stream)
            self.collector.problems += sizes
            if entry.population and entry.population not in known:
                size = columns if entry.size is None or sizes else entry.size
                populations.append(Population(entry.population, size, "spike_source"))
                if not size:
                    self.places.quiet.add(f'population "{entry.population}".size')
                known[entry.population] = populations[-1]
                self.places.labels.setdefault(f'population "{entry.population}"', self.places.path(where))
            result.append(use)
        return result

    def stream(self, entry: InputEntry, where: str) -> StreamInput:
        file = Path()
        with self.collector.catching():
            file = find_file(str(entry.stream), self.folders, f"{where}.stream").resolve()
        return StreamInput(entry.population, entry.encoder, file, self.values(entry.arguments, where))

    def samples(self, entry: InputEntry, where: str, refused: bool) -> Input:
        data = np.zeros((0, 0))
        if not refused:
            with self.collector.catching():
                data = rows(entry.data, f"{where}.data")
        elif entry.population:
            self.places.quiet.add(f"{where}.data")
        present = entry.present
        if present is None:
            present = self.share_of_duration(len(data), entry.blank)
        return Input(
            entry.population,
            entry.encoder,
            data,
            present,
            entry.blank,
            tuple(entry.reset),
            self.values(entry.arguments, where),
        )

    def share_of_duration(self, samples: int, blank: Any) -> float:
        """Return the longest presentation with which all samples fit into the run, in whole steps."""
        try:
            pause = quantity(blank, "ms", "blank")
        except DescriptionError:
            pause = 0.0
        steps = math.floor((self.duration / max(samples, 1) - pause) / self.timestep + 1e-9)
        return max(steps, 1) * self.timestep

    def projections(self, raw: list[Any]) -> list[Projection]:
        tables = self.tables(raw, "projection", ProjectionEntry)
        taken: dict[str, Any] = {t["name"]: t for t in tables if isinstance(t.get("name"), str)}
        for table in tables:
            if table.get("name") is None:
                table["name"] = default_name(table.get("source"), table.get("target"), taken)
                taken[table["name"]] = table
        places = self.label("projection", [t.get("name") for t in tables])
        return [self.projection(table, where) for table, where in zip(tables, places, strict=True)]

    def projection(self, table: dict[str, Any], where: str) -> Projection:
        entry = read_entry(table, ProjectionEntry, where, self.collector)
        connect = self.named(entry.connect, ConnectEntry, f"{where}.connect")
        learning = None
        if entry.learning is not None:
            used = self.named(entry.learning, LearningEntry, f"{where}.learning")
            learning = LearningUse(used.rule, self.values(used.arguments, f"{where}.learning"))
        own = RULES.get(connect.rule, ())
        return Projection(
            name=entry.name or "",
            source=entry.source,
            target=entry.target,
            rule=connect.rule,
            arguments={k: v for k, v in connect.arguments.items() if k in own or connect.rule in RULES},
            weight=entry.weight,
            delay=entry.delay,
            receptor=entry.receptor,
            learning=learning,
            autapses=entry.autapses,
            multapses=entry.multapses,
            extras=entry.arguments,
        )

    def named(self, raw: Any, model: type[E_], where: str) -> E_:
        """Read a table that names a rule; a text alone is the name."""
        table = {"rule": raw} if isinstance(raw, str) else raw
        if not isinstance(table, dict):
            self.collector.add(where, f"{shown(raw)} is not a table", '{ rule = "...", ... }')
            table = {}
        return read_entry(corrected_keys(table, model, where, self.collector), model, where, self.collector)

    def probes(self, raw: list[Any], populations: list[Population]) -> list[Probe]:
        tables = self.tables(raw, "probe", ProbeEntry)
        sizes = {p.name: p.size for p in reversed(populations)}
        result = []
        for index, table in enumerate(tables):
            where = f"probe[{index}]"
            if isinstance(table.get("what"), str):
                table["what"] = [table["what"]]
            entry = read_entry(table, ProbeEntry, where, self.collector)
            neurons = entry.neurons
            size = sizes.get(entry.target, 0)
            if neurons is not None and 0 < size <= MAX_NEURONS:
                try:
                    neurons = selected_neurons(neurons, size)
                except ValueError as error:
                    neurons = None
                    allowed = f'such as "0:10" or a list, from 0 to {size - 1}'
                    self.collector.add(f"{where}.neurons", str(error), allowed)
            result.append(
                Probe(
                    entry.target, tuple(entry.what), neurons if 0 < size <= MAX_NEURONS else None, entry.every
                )
            )
        return result


def rows(raw: Any, where: str) -> AnyArray:
    """Read a table of numbers, one row a sample or neuron.

    Raises
    ------
    DescriptionError
        If it is none.
    """
    try:
        array = np.array(raw, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.zeros(0)
    if array.ndim != 2:
        found = "is not a table of numbers"
        raise DescriptionError(
            Problem(where, found, 'rows of equal length, or "file.npz:name" with two dimensions')
        )
    array.flags.writeable = False
    return array
