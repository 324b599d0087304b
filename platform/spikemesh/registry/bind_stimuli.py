"""Drives bound to populations."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundCurrent, BoundPoisson
from spikemesh.contracts.neuron import NeuronModel, Parameter
from spikemesh.description.network import Drive
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import floats
from spikemesh.description.values import Distribution
from spikemesh.errors import DescriptionError, Problem
from spikemesh.registry.bind_population import whole_ticks
from spikemesh.registry.bind_values import Draws, bind_value
from spikemesh.registry.bind_weights import bind_receptor, bind_weight, in_model_format

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
