"""Drives and inputs bound to populations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundCurrent, BoundInput, BoundPoisson
from spikemesh.contracts.coding import Encoder
from spikemesh.contracts.neuron import NeuronModel, Parameter
from spikemesh.description.network import Drive, Input
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import floats, quantity
from spikemesh.description.values import Distribution
from spikemesh.errors import DescriptionError, InputError, Problem
from spikemesh.ids import AnyArray
from spikemesh.registry.bind_population import call_plugin, whole_ticks
from spikemesh.registry.bind_values import Draws, bind_parameters, bind_value
from spikemesh.registry.bind_weights import bind_receptor, bind_weight, in_model_format
from spikemesh.units import whole_steps

_RATE = Parameter(0.0, "Hz", ge=0, lt=1e12)
_CURRENT = Parameter(0.0, "pA", gt=-1e300, lt=1e300)


def bind_poisson(
    drive: Drive, index: int, population: int, size: int, model: type[NeuronModel], draws: Draws, where: str
) -> BoundPoisson:
    """Bind a Poisson drive.

    Raises
    ------
    DescriptionError
        With every problem of rate, weight and receptor.
    """
    collector = Collector()
    rate: Any = 0.0
    with collector.catching():
        rate = bind_value(drive.arguments["rate"], _RATE, f"{where}.rate", size, draws, "rate")
    weight: Any = 0.0
    with collector.catching():
        if isinstance(drive.arguments["weight"], Distribution):
            raise DescriptionError(
                Problem(f"{where}.weight", "a distribution", "one weight for the whole drive")
            )
        raw = bind_weight(drive.arguments["weight"], model, f"{where}.weight", None)
        weight = in_model_format(raw, {}, model, where)
    receptor = ""
    with collector.catching():
        receptor, weight = bind_receptor(drive.arguments.get("receptor", "auto"), weight, model, where)
    collector.raise_if_any()
    return BoundPoisson(index, population, rate, weight, receptor)


def bind_current(
    drive: Drive,
    index: int,
    population: int,
    size: int,
    model: type[NeuronModel],
    draws: Draws,
    timestep: float,
    where: str,
) -> BoundCurrent:
    """Bind a current that is constant or changes at given times.

    Raises
    ------
    DescriptionError
        With every problem of times and currents.
    """
    if model.source:
        raise DescriptionError(Problem(where, f'model "{model.name}" takes no current', "another population"))
    if drive.encoder == "constant_current":
        value = bind_value(drive.arguments["current"], _CURRENT, f"{where}.current", size, draws, "current")
        ticks, values = np.zeros(1, dtype=np.int64), np.asarray(value, dtype=np.float64)[None]
        _check_whole(values, model, f"{where}.current")
        return BoundCurrent(index, population, ticks, values)
    collector = Collector()
    ticks, values = np.zeros(0, dtype=np.int64), np.zeros(0)
    with collector.catching():
        times = _list(drive.arguments["times"], f"{where}.times")
        ticks = whole_ticks(times, timestep, f"{where}.times", least=0)
        if np.any(np.diff(ticks) <= 0):
            raise DescriptionError(Problem(f"{where}.times", "times do not rise", "times in rising order"))
    with collector.catching():
        values = _currents(drive.arguments["currents"], f"{where}.currents")
        _check_whole(values, model, f"{where}.currents")
    if not collector.problems and values.shape not in ((len(ticks),), (len(ticks), size)):
        found = f"currents of shape {values.shape} for {len(ticks)} times and {size} neurons"
        collector.add(f"{where}.currents", found, f"shape ({len(ticks)},) or ({len(ticks)}, {size})")
    collector.raise_if_any()
    return BoundCurrent(index, population, ticks, values)


def _list(value: Any, where: str) -> Any:
    if not isinstance(value, np.ndarray) or value.ndim != 1:
        raise DescriptionError(Problem(where, "is not a list of numbers", "a list such as [0.0, 10.0]"))
    return floats(value, where)


def _currents(value: Any, where: str) -> Any:
    if isinstance(value, tuple) and len({np.shape(row) for row in value}) == 1:
        value = np.stack(value)
    if not isinstance(value, np.ndarray) or value.ndim not in (1, 2):
        raise DescriptionError(
            Problem(where, "are not lists of numbers", "one current a time, or one row of currents a time")
        )
    return floats(value, where)


def _check_whole(values: Any, model: type[NeuronModel], where: str) -> None:
    if model.arithmetic == "int64" and np.any(values % 1 != 0):
        found = f'model "{model.name}" counts in integers, the currents are not whole'
        raise DescriptionError(Problem(where, found, "whole numbers"))


def bind_input(
    use: Input,
    index: int,
    populations: dict[str, int],
    encoder: type[Encoder],
    model: type[NeuronModel] | None,
    draws: Draws,
    timestep: float,
    where: str,
) -> BoundInput:
    """Bind samples to an encoder and a population.

    Raises
    ------
    DescriptionError
        With every problem of encoder parameters, times and the pairing of encoder and model.
    """
    collector = Collector()
    data = np.ascontiguousarray(use.data, dtype=np.float64)
    owner = f'encoder "{encoder.name}"'
    parameters = bind_parameters(
        encoder.parameters, use.params, where, data.shape[1], draws, collector, owner
    )
    present, blank = 1, 0
    with collector.catching():
        present = whole_steps(quantity(use.present, "ms", f"{where}.present"), timestep, f"{where}.present")
        if present < 1:
            collector.add(
                f"{where}.present", f"{use.present} is shorter than a step", f"at least {timestep:g} ms"
            )
    with collector.catching():
        blank = whole_steps(quantity(use.blank, "ms", f"{where}.blank"), timestep, f"{where}.blank")
    if model is not None:
        collector.problems += _mismatch(encoder, model, where)
    collector.raise_if_any()
    if encoder.check is not None:
        _check_samples(encoder, data, timestep, parameters, where)
    reset = tuple(sorted({populations[name] for name in use.reset}))
    return BoundInput(index, populations[use.population], encoder, parameters, data, present, blank, reset)


def _check_samples(
    encoder: type[Encoder], data: AnyArray, timestep: float, parameters: Mapping[str, Any], where: str
) -> None:
    name, p = f'encoder "{encoder.name}"', SimpleNamespace(**parameters)
    for number, sample in enumerate(data):
        try:
            call_plugin(name, "check", encoder.check, sample, timestep, p)
        except InputError as error:
            # Other samples are mostly wrong in the same way: the first is enough.
            shown = [replace(q, where=f"{where}.{q.where}") for q in error.problems]
            shown = [
                replace(q, found=f"sample {number}: {q.found}") if "data" in q.where else q for q in shown
            ]
            raise DescriptionError(shown) from None


def _mismatch(encoder: type[Encoder], model: type[NeuronModel], where: str) -> list[Problem]:
    if encoder.emits == "spikes" and model.events is None:
        found = f'encoder "{encoder.name}" makes spikes, which model "{model.name}" cannot emit'
        return [Problem(f"{where}.encoder", found, 'a population of model "spike_source"')]
    if encoder.emits == "current" and model.source:
        found = f'encoder "{encoder.name}" makes currents, which model "{model.name}" does not take'
        return [Problem(f"{where}.encoder", found, "a population of a neuron model, not of a source")]
    return []
