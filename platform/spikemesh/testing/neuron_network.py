"""A small network of one neuron model, which must give the same on any chips, workers and pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.description.builder import Network
from spikemesh.errors import InputError
from spikemesh.testing.checks import Skipped
from spikemesh.testing.memory_run import bound, run_in_memory
from spikemesh.testing.subjects import Subject

SIZE, SOURCES, STEPS = 18, 10, 120
PLACES: tuple[dict[str, Any], ...] = (
    {"chips": 3, "workers": 1},
    {"chips": 3, "workers": 2, "pieces": (7, 8, 61)},
)
"""Where the network is run beside one chip, one worker and one piece."""
ON_RAY: dict[str, Any] = {"chips": 2, "workers": 2, "ray": True}


def places_for(subject: Subject) -> tuple[dict[str, Any], ...]:
    """List where networks of a plugin are run beside one chip."""
    return (*PLACES, ON_RAY) if subject.ray else PLACES


def check_placement(subject: Subject, start: tuple[dict[str, Any], float, float]) -> str:
    """Run a network of the model on one chip and on several, and compare all spikes and states.

    Parameters
    ----------
    subject
        The model.
    start
        Parameters, time step and weight under which it spikes.
    """
    network = _network(subject, start)
    one = run_in_memory(network, subject.registry, STEPS)
    for place in places_for(subject):
        other = run_in_memory(network, subject.registry, STEPS, **place)
        differs = one.differs(other)
        assert not differs, f"on {place} other than on one chip: {differs}"
    return f"{1 + len(places_for(subject))} placements, {len(one.spikes['tried'])} spikes"


def _network(subject: Subject, start: tuple[dict[str, Any], float, float]) -> BoundNetwork:
    """Build the network with the largest weights that the model takes."""
    values, dt, amplitude = start
    problem: InputError | None = None
    for scale in (amplitude, 64.0, 1.0):
        try:
            return bound(_described(subject.item, values, dt, scale), subject.registry)
        except InputError as error:
            problem = error
    raise Skipped(f"no network of usual parameters can be described: {problem}")


def _described(model: type[NeuronModel], values: dict[str, Any], dt: float, amplitude: float) -> Network:
    random = np.random.default_rng(11)
    net = Network(timestep=dt, seed=3)
    # What stands in for a default has to be given; the rest is left to the model.
    given = {
        name: values[name]
        for name, p in model.parameters.items()
        if name in values and values[name] != p.default and not isinstance(p.default, str)
    }
    if model.events is not None:
        given[model.events] = _trains(random, SIZE, dt)
    tried = net.add_population("tried", SIZE, model.name, **given)
    net.probe(tried, "spikes")
    if model.state:
        net.probe(tried, *model.state)
    if model.source or model.events is not None or not model.receptors:
        return net
    source = net.add_population("in", SOURCES, "spike_source", times=_trains(random, SOURCES, dt))
    for name in model.receptors:
        sign = -0.5 if model.receptor_kind == "current" and "in" in name else 1.0
        _connect(net, source, tried, model, name, sign * amplitude, random, 4 * SIZE)
    _connect(net, tried, tried, model, model.receptors[0], 0.5 * amplitude, random, 3 * SIZE)
    return net


def _trains(random: np.random.Generator, size: int, dt: float) -> list[Any]:
    """Draw spike times in ms of each source."""
    return [dt * (1 + np.flatnonzero(random.random(STEPS - 1) < 0.2)) for _ in range(size)]


def _connect(
    net: Network,
    source: Any,
    target: Any,
    model: type[NeuronModel],
    receptor: str,
    amplitude: float,
    random: np.random.Generator,
    synapses: int,
) -> None:
    weights = amplitude * random.random(synapses)
    if model.arithmetic == "int64":
        weights = np.sign(amplitude) * np.maximum(1, np.rint(np.abs(weights)))
    dt = float(net.describe().timestep)
    net.connect(
        source,
        target,
        sources=random.integers(0, SOURCES if source is not target else SIZE, synapses),
        targets=random.integers(0, SIZE, synapses),
        weight=weights,
        delay=dt * random.integers(1, 6, synapses),
        receptor=receptor,
        name=f"{'in' if source is not target else 'tried'}->{receptor}",
    )
