"""What can be checked of the parts of a network without plugins; shared by builder and binding."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np

from spikemesh.description.network import (
    Drive,
    Input,
    Population,
    Probe,
    Projection,
    StreamInput,
    selected_neurons,
)
from spikemesh.description.problems import Collector
from spikemesh.description.rules import check_rule, shown
from spikemesh.errors import Problem, UnitError, nearest
from spikemesh.units import magnitude

MAX_NEURONS = 2**31 - 1
"""Largest number of neurons of one network."""
DRIVES: Mapping[str, tuple[str, ...]] = {
    "poisson": ("rate", "weight", "receptor"),
    "steps": ("times", "currents"),
    "constant_current": ("current",),
}
"""Drives and their arguments."""
OPTIONAL = frozenset({"receptor"})


def name_problem(name: object, where: str) -> list[Problem]:
    """Check a name: it becomes part of paths in the trace, of keys, and of messages."""
    if not isinstance(name, str) or not name:
        return [Problem(where, f"{shown(name)} is not a name", "a text of at least one character")]
    if len(name) > 200 or name in (".", "..") or "/" in name or '"' in name or not name.isprintable():
        return [
            Problem(
                where, f"{shown(name)} cannot be a name", 'at most 200 printable characters without / and "'
            )
        ]
    return []


def duplicate(name: str, existing: Collection[str], kind: str, where: str) -> list[Problem]:
    """Report a name that is taken."""
    return (
        [Problem(where, f'there are two {kind}s "{name}"', "a name of its own for each")]
        if name in existing
        else []
    )


def network_problems(timestep: object, seed: object) -> list[Problem]:
    """Check time step and seed."""
    problems = time_problem(timestep, "timestep", positive=True)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        problems.append(Problem("seed", f"{shown(seed)} is not a seed", "a whole number from 0 to 2^63 - 1"))
    return problems


def time_problem(value: object, where: str, *, positive: bool = False) -> list[Problem]:
    """Check that a value is a finite time in ms, at least (or above) zero."""
    try:
        time = magnitude(value, "ms", where)  # type: ignore[arg-type]
    except UnitError as error:
        return list(error.problems)
    if not math.isfinite(time) or time < 0 or (positive and time == 0):
        least = "a finite time above 0 ms" if positive else "a finite time of at least 0 ms"
        return [Problem(where, f"{shown(value)} is out of range", least)]
    return []


def population_problems(population: Population, where: str) -> list[Problem]:
    """Check name, size, model name and positions."""
    problems = name_problem(population.name, f"{where}.name")
    size = population.size
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= MAX_NEURONS:
        problems.append(
            Problem(
                f"{where}.size", f"{shown(size)} is not a size", f"a whole number from 1 to {MAX_NEURONS}"
            )
        )
    elif population.positions is not None:
        positions = np.asarray(population.positions)
        numeric = positions.dtype.kind in "iuf" and positions.ndim == 2
        if not numeric or len(positions) != size or not np.all(np.isfinite(positions)):
            found = f"of shape {positions.shape} are not positions of {size} neurons"
            problems.append(
                Problem(f"{where}.positions", found, f"finite numbers of shape ({size}, coordinates)")
            )
    if not isinstance(population.model, str) or not population.model:
        problems.append(
            Problem(
                f"{where}.model", f"{shown(population.model)} is not a model", "the name of a neuron model"
            )
        )
    return problems


def known_name(name: object, allowed: Collection[str], kind: str, where: str) -> list[Problem]:
    """Report a reference to something that is not there."""
    if isinstance(name, str) and name in allowed:
        return []
    return [Problem(where, f"there is no {kind} {shown_name(name)}", nearest(str(name), allowed))]


def shown_name(name: object) -> str:
    """Return a name in double quotes, anything else as it prints."""
    return f'"{name}"' if isinstance(name, str) and len(name) < 60 else shown(name)


def projection_problems(
    projection: Projection, populations: Mapping[str, Population], where: str
) -> list[Problem]:
    """Check name, ends, rule and the length of per-synapse values."""
    collector = Collector(name_problem(projection.name, f"{where}.name"))
    for end, name in (("source", projection.source), ("target", projection.target)):
        collector.problems += known_name(name, populations, "population", f"{where}.{end}")
    source, target = populations.get(projection.source), populations.get(projection.target)
    if source is not None and target is not None:
        with collector.catching():
            check_rule(projection, source, target, where)
    return collector.problems


def drive_problems(drive: Drive, where: str) -> list[Problem]:
    """Check the kind of drive and the names of its arguments."""
    if drive.encoder not in DRIVES:
        found = f"there is no drive {shown_name(drive.encoder)}"
        return [Problem(f"{where}.encoder", found, nearest(str(drive.encoder), DRIVES))]
    allowed = DRIVES[drive.encoder]
    unknown = [
        Problem(f"{where}.{key}", f'drive {drive.encoder} has no argument "{key}"', nearest(key, allowed))
        for key in drive.arguments
        if key not in allowed
    ]
    hint = f"; found {', '.join(drive.arguments)}" if unknown else ""
    missing = [
        Problem(
            f"{where}.{key}", f'drive {drive.encoder} needs "{key}"', f"it takes {', '.join(allowed)}{hint}"
        )
        for key in allowed
        if key not in drive.arguments and key not in OPTIONAL and not _is_meant(key, unknown)
    ]
    return unknown + missing


def _is_meant(key: str, unknown: list[Problem]) -> bool:
    # A misspelt key is one mistake, not an unknown key and a missing one.
    return any(f'"{key}"' in problem.remedy for problem in unknown)


def source_problems(
    given: Collection[str], where: str, also: Collection[str] = ("present",)
) -> list[Problem]:
    """Check that an input has either samples or a stream, and what goes with it.

    ``also`` names what must be given with samples.
    """
    if ("data" in given) == ("stream" in given):
        found = "has both data and a stream" if "data" in given else "has neither data nor a stream"
        return [Problem(where, found, '"data" (samples) or "stream" (a file)')]
    if "data" in given:
        return [
            Problem(f"{where}.{key}", "is missing", "how long a sample is shown")
            for key in also
            if key not in given
        ]
    found = "goes with data, not with a stream"
    return [
        Problem(f"{where}.{key}", found, "leave it out")
        for key in ("present", "blank", "reset")
        if key in given
    ]


def size_problems(size: object, population: Population | None, where: str, *, needed: bool) -> list[Problem]:
    """Check the size of the population that an input makes, or finds."""
    if size is None:
        return (
            [Problem(f"{where}.size", "is missing", "neurons to make")]
            if needed and population is None
            else []
        )
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= MAX_NEURONS:
        return [Problem(f"{where}.size", f"{shown(size)} is out of range", f"1 to {MAX_NEURONS}")]
    if population is not None and population.size != size:
        return [
            Problem(
                f"{where}.size",
                f'is {size}, but population "{population.name}" has {population.size} neurons',
                "leave it out",
            )
        ]
    return []


def input_problems(
    use: Input | StreamInput, populations: Mapping[str, Population], where: str
) -> list[Problem]:
    """Check population, data and times of an input."""
    problems = known_name(use.population, populations, "population", f"{where}.population")
    if isinstance(use, StreamInput):
        return problems
    data = np.asarray(use.data)
    if data.ndim != 2 or data.dtype.kind not in "biuf" or not data.size:
        problems.append(
            Problem(
                f"{where}.data", f"of shape {data.shape} is no table of samples", "shape (samples, values)"
            )
        )
    elif not np.all(np.isfinite(data)):
        problems.append(Problem(f"{where}.data", "holds NaN or infinite values", "finite numbers"))
    problems += time_problem(use.present, f"{where}.present", positive=True)
    problems += time_problem(use.blank, f"{where}.blank")
    for name in use.reset:
        problems += known_name(name, populations, "population", f"{where}.reset")
    return problems


def probe_problems(
    probe: Probe, populations: Mapping[str, Population], projections: Collection[str], where: str
) -> list[Problem]:
    """Check target, selection and interval of a probe."""
    problems: list[Problem] = []
    if probe.target in populations:
        size = populations[probe.target].size
        if isinstance(size, int) and 0 < size <= MAX_NEURONS:
            try:
                chosen = selected_neurons(probe.neurons, size)
                empty = chosen is not None and not chosen.size
                if empty:
                    raise ValueError("no neuron is selected")
            except ValueError as error:
                problems.append(
                    Problem(f"{where}.neurons", str(error), f'such as "0:10" or a list, from 0 to {size - 1}')
                )
    elif probe.target in projections:
        for what in probe.what:
            problems += known_name(what, ("weights",), "quantity of a projection called", f"{where}.what")
    else:
        everything = [*populations, *projections]
        problems += known_name(probe.target, everything, "population or projection", f"{where}.target")
    if not probe.what:
        problems.append(
            Problem(f"{where}.what", "nothing is named", '"spikes", a state variable, or "weights"')
        )
    if probe.every is not None:
        problems += time_problem(probe.every, f"{where}.every", positive=True)
    return problems
