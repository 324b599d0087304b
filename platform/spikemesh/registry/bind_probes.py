"""Probes bound to populations, state variables and projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from spikemesh.contracts.bound import BoundProbe
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.description.network import Population, Probe, selected_neurons
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import quantity
from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.units import whole_steps


@dataclass
class Recording:
    """What is recorded: sampled states, populations whose spikes are kept, projections whose weights are."""

    probes: dict[tuple[int, str], BoundProbe] = field(default_factory=dict)
    spikes: set[int] = field(default_factory=set)
    weights: set[int] = field(default_factory=set)


def bind_probe(
    probe: Probe,
    populations: Mapping[str, tuple[int, Population, type[NeuronModel] | None]],
    projections: Mapping[str, int],
    timestep: float,
    recording: Recording,
    where: str,
) -> None:
    """Add one probe to ``recording``.

    Parameters
    ----------
    probe
        The probe; its target is known to exist.
    populations
        Index, description and model (None if unknown) by name.
    projections
        Index by name.
    timestep
        In ms.
    recording
        Takes the result.
    where
        Key path used in errors.

    Raises
    ------
    DescriptionError
        If a variable is unknown, or sampled twice in different ways.
    """
    if probe.target not in populations:
        recording.weights.add(projections[probe.target])
        return
    index, population, model = populations[probe.target]
    collector = Collector()
    every = 1
    with collector.catching():
        every = _every(probe, timestep, f"{where}.every")
    size = max(0, population.size)
    for variable in dict.fromkeys(probe.what):
        if variable == "spikes":
            recording.spikes.add(index)
        elif model is not None and variable not in model.state:
            found = f'model "{model.name}" of population "{population.name}" has no state "{variable}"'
            collector.add(f"{where}.what", found, nearest(variable, ["spikes", *model.state]))
        elif not collector.problems:
            chosen = selected_neurons(probe.neurons, size)
            neurons = np.arange(size, dtype=np.int64) if chosen is None else chosen
            with collector.catching():
                _add(recording, BoundProbe(index, variable, neurons, every), population.name, where)
    collector.raise_if_any()


def _every(probe: Probe, timestep: float, where: str) -> int:
    if probe.every is None:
        return 1
    steps = whole_steps(quantity(probe.every, "ms", where), timestep, where)
    if steps < 1:
        raise DescriptionError(
            Problem(where, f"{probe.every} is shorter than a step", f"at least {timestep:g} ms")
        )
    return steps


def _add(recording: Recording, probe: BoundProbe, name: str, where: str) -> None:
    key = (probe.population, probe.variable)
    known = recording.probes.setdefault(key, probe)
    if known.every != probe.every or not np.array_equal(known.neurons, probe.neurons):
        found = f'"{probe.variable}" of population "{name}" is sampled twice, with other neurons or intervals'
        raise DescriptionError(Problem(where, found, "one probe for each variable of a population"))
