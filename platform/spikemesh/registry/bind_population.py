"""Populations: model, parameters, constants, initial state and scheduled events."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundPopulation
from spikemesh.contracts.declared import is_field
from spikemesh.contracts.neuron import NeuronModel, Parameter
from spikemesh.description.network import Population
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import floats
from spikemesh.description.rules import shown
from spikemesh.description.values import Distribution, EventList
from spikemesh.errors import DescriptionError, PluginError, Problem, SpikemeshError, nearest
from spikemesh.ids import FloatArray, IntArray
from spikemesh.registry.bind_values import Draws, bind_parameters, bind_value


def bind_population(
    population: Population,
    model: type[NeuronModel],
    index: int,
    offset: int,
    timestep: float,
    seed: int,
    where: str,
) -> BoundPopulation:
    """Bind one population to its model.

    Raises
    ------
    DescriptionError
        With every problem of its parameters and initial state.
    PluginError
        If the model's ``constants`` fails or returns something unfit.
    """
    collector = Collector()
    owner = f'model "{model.name}"'
    events = model.events
    also = () if events is None else (events,)
    draws = Draws(seed, "parameter", population.name)
    place = f"{where}.params"
    size = population.size
    parameters = bind_parameters(
        model.parameters, population.params, place, size, draws, collector, owner, also
    )
    healthy = not collector.problems
    initial = _initial_state(
        population, model, parameters, Draws(seed, "initial", population.name), where, collector
    )
    ticks, neurons = None, None
    if events is not None:
        with collector.catching():
            ticks, neurons = bind_events(population.params.get(events), size, timestep, f"{place}.{events}")
    constants: Mapping[str, Any] = {}
    if healthy and size > 0:
        with collector.catching(
            lambda key: f"{place}.{key}" if key.split("[")[0] in model.parameters else f"{where}: {key}"
        ):
            deviating = {**parameters, **_mismatched(model, parameters, population.name, size)}
            constants = model_constants(model, deviating, timestep, population, where)
    collector.raise_if_any()
    return BoundPopulation(
        index=index,
        name=population.name,
        size=size,
        offset=offset,
        model=model,
        parameters=parameters,
        constants=constants,
        initial=initial,
        positions=population.positions,
        event_ticks=ticks,
        event_neurons=neurons,
    )


def _mismatched(
    model: type[NeuronModel], parameters: Mapping[str, Any], name: str, size: int
) -> dict[str, FloatArray]:
    """Return the parameters of each neuron that are not as they were meant to be."""
    if not model.mismatched or not np.any(parameters["mismatch"]):
        return {}
    if np.ndim(parameters["device"]):
        raise DescriptionError(Problem("device", "is a list", "one whole number"))
    spread = np.sqrt(np.log1p(np.square(parameters["mismatch"])))
    draws = Draws(int(parameters["device"]), "mismatch", name)
    normal = Distribution("normal", 0.0, 1.0)
    return {
        what: parameters[what] * np.exp(spread * draws.draw(what, normal, size) - spread**2 / 2)
        for what in model.mismatched
    }


def model_constants(
    model: type[NeuronModel],
    parameters: Mapping[str, Any],
    timestep: float,
    population: Population,
    where: str,
) -> dict[str, Any]:
    """Call a model's ``constants`` and check what it returns."""
    name = f'neuron model "{model.name}", population "{population.name}"'
    raw = call_plugin(name, "constants", model.constants, SimpleNamespace(**parameters), timestep)
    if not isinstance(raw, Mapping):
        raise PluginError(
            f"{name}: constants() returned {type(raw).__name__}, not a mapping of names to numbers"
        )
    check_constant_names(name, raw)
    return {key: _constant(value, key, model, population, name, where) for key, value in raw.items()}


def check_constant_names(name: str, constants: Mapping[str, Any]) -> None:
    """Refuse constants that a plugin's functions could not see.

    Raises
    ------
    PluginError
        Naming the first.
    """
    for key in constants:
        if not is_field(key):
            raise PluginError(
                f"{name}: constants() returned a constant {key!r}, which is no name for c.<name>"
            )


def call_plugin(name: str, function_name: str, function: Any, *arguments: Any) -> Any:
    """Call a plugin's function; an exception not of spikemesh becomes a PluginError that names the plugin."""
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except SpikemeshError:
        raise
    except Exception as error:
        raise PluginError(f"{name}: {function_name}() raised {type(error).__name__}: {error}") from error


def _constant(
    raw: Any, key: str, model: type[NeuronModel], population: Population, name: str, where: str
) -> Any:
    array = np.asarray(raw)
    if array.dtype.kind not in "biuf" or array.shape not in ((), (population.size,)):
        raise PluginError(
            f"{name}: constant {key} has type {array.dtype} and shape {array.shape}; "
            f"it must be a number or an array of shape ({population.size},)"
        )
    if np.isnan(array).any():
        raise DescriptionError(
            Problem(
                where,
                f'model "{model.name}" gives no number for its constant "{key}" (NaN)',
                "other parameters",
            )
        )
    whole = array.dtype.kind in "biu"
    if model.arithmetic == "int64":
        if not np.all(array % 1 == 0):
            raise PluginError(f"{name}: constant {key} is not whole, and the model counts in integers")
        whole = True
    if array.ndim == 0:
        return int(array) if whole else float(array)
    return np.ascontiguousarray(array, dtype=np.int64 if whole else np.float64)


def _initial_state(
    population: Population,
    model: type[NeuronModel],
    parameters: Mapping[str, Any],
    draws: Draws,
    where: str,
    collector: Collector,
) -> dict[str, Any]:
    for name in population.init:
        if name not in model.state:
            found = f'model "{model.name}" has no state "{name}"'
            collector.add(f"{where}.init.{name}", found, nearest(name, model.state) or "it has none")
    initial: dict[str, Any] = {}
    whole = model.arithmetic == "int64"
    for name, state in model.state.items():
        if name in population.init:
            declared = Parameter(0, state.unit, integer=whole)
            with collector.catching():
                value = bind_value(
                    population.init[name], declared, f"{where}.init.{name}", population.size, draws, name
                )
                if not np.all(np.isfinite(value)):
                    raise DescriptionError(Problem(f"{where}.init.{name}", "is not finite", "finite numbers"))
                initial[name] = value
        elif isinstance(state.initial, str):
            initial[name] = parameters.get(state.initial, 0.0)
        else:
            initial[name] = state.initial
    return initial


def bind_events(value: Any, size: int, timestep: float, where: str) -> tuple[IntArray, IntArray]:
    """Turn spike times in ms into ticks and neurons, sorted by tick, then neuron.

    Parameters
    ----------
    value
        None, one array for all neurons, a tuple of one array per neuron, an array of one row per neuron,
        or an :class:`EventList`.
    size
        Neurons.
    timestep
        In ms.
    where
        Key path used in errors.

    Returns
    -------
    ticks, neurons : ndarray of int64
        One entry a spike.

    Raises
    ------
    DescriptionError
        If a time is no positive multiple of the time step, a neuron is unknown, or one spikes twice in a
        step.
    """
    times, neurons = _flat_events(value, size, where)
    ticks = whole_ticks(times, timestep, where, least=1)
    order = np.lexsort((neurons, ticks))
    ticks, neurons = ticks[order], neurons[order]
    twice = np.flatnonzero((np.diff(ticks) == 0) & (np.diff(neurons) == 0))
    if twice.size:
        found = f"neuron {neurons[twice[0]]} spikes twice at {ticks[twice[0]] * timestep:.12g} ms"
        raise DescriptionError(Problem(where, found, "at most one spike of a neuron in a step"))
    return ticks, neurons


def _flat_events(value: Any, size: int, where: str) -> tuple[FloatArray, IntArray]:
    size = max(size, 0)
    if isinstance(value, np.ndarray) and value.ndim == 2:
        value = tuple(value)
    if isinstance(value, EventList):
        return _listed_events(value, size, where)
    if isinstance(value, tuple):
        if size and len(value) != size:
            raise DescriptionError(
                Problem(where, f"{len(value)} lists for {size} neurons", "one list per neuron")
            )
        rows = [floats(np.asarray(row), f"{where}[{k}]") for k, row in enumerate(value)]
        if any(row.ndim != 1 for row in rows):
            raise DescriptionError(Problem(where, "lists of lists of lists", "one list of times per neuron"))
        counts = [len(row) for row in rows]
        joined = np.concatenate(rows) if rows else np.zeros(0)
        return joined, np.repeat(np.arange(len(rows), dtype=np.int64), counts)
    if value is None:
        value = np.zeros(0)
    if isinstance(value, Distribution | bool | str) or np.ndim(value) > 1:
        allowed = "a list of times in ms for all neurons, or one list per neuron"
        raise DescriptionError(Problem(where, f"{shown(value)} is no list of spike times", allowed))
    common = np.atleast_1d(floats(np.asarray(value), where))
    return np.tile(common, size), np.repeat(np.arange(size, dtype=np.int64), len(common))


def _listed_events(value: EventList, size: int, where: str) -> tuple[FloatArray, IntArray]:
    times = floats(np.asarray(value.times), f"{where}.times")
    neurons = floats(np.asarray(value.neurons), f"{where}.neurons")
    if times.ndim != 1 or times.shape != neurons.shape:
        found = f"{times.shape} times but {neurons.shape} neurons"
        raise DescriptionError(Problem(where, found, "two lists of equal length, one entry a spike"))
    bad = (neurons % 1 != 0) | (neurons < 0) | ((neurons >= size) if size else False)
    if np.any(bad):
        first = neurons[np.argmax(bad)]
        raise DescriptionError(
            Problem(f"{where}.neurons", f"there is no neuron {first:g}", f"0 to {size - 1}")
        )
    return times, neurons.astype(np.int64)


def whole_ticks(times: FloatArray, timestep: float, where: str, *, least: int) -> IntArray:
    """Express times in ms as whole steps.

    Raises
    ------
    DescriptionError
        If one is no multiple of the time step within one part in 10^6 of a step, or below ``least`` steps.
    """
    ratio = times / timestep
    ticks = np.rint(ratio)
    tolerance = 1e-6 * np.maximum(1.0, np.abs(ratio) * 1e-3)
    bad = (np.abs(ratio - ticks) > tolerance) | (ticks < least) | (np.abs(ratio) > 2.0**53)
    if bad.any():
        first = times[int(np.argmax(bad))]
        kind = "positive" if least > 0 else "non-negative"
        found = f"{first:.12g} ms is not a {kind} multiple of the timestep {timestep:g} ms"
        raise DescriptionError(Problem(where, found, f"{kind} multiples of {timestep:g} ms"))
    return ticks.astype(np.int64)
