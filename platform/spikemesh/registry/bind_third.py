"""The third factor of a learning rule: values at given times, and spikes of a population."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikemesh.contracts.bound import ThirdSpikes
from spikemesh.description.quantities import floats, quantity
from spikemesh.description.rules import shown
from spikemesh.errors import DescriptionError, Problem, nearest
from spikemesh.ids import AnyArray, IntArray
from spikemesh.registry.bind_population import whole_ticks
from spikemesh.registry.bind_weights import bind_delay

OF_TIMES = ("third_times", "third_values")
OF_SPIKES = ("third_population", "third_tau", "third_delay", "third_gain")


def third_times(
    params: Mapping[str, Any], timestep: float, where: str
) -> tuple[IntArray | None, AnyArray | None]:
    """Return the ticks at which the third factor takes new values, and these; None if there are none.

    Raises
    ------
    DescriptionError
        If they are no lists of equal length, or the times do not rise.
    """
    if all(params.get(name) is None for name in OF_TIMES):
        return None, None
    arrays = {}
    for name in OF_TIMES:
        value = params.get(name)
        if not isinstance(value, np.ndarray) or value.ndim != 1:
            found = "is missing" if value is None else "is not a list of numbers"
            raise DescriptionError(
                Problem(f"{where}.{name}", found, "third_times (ms) and third_values, lists of equal length")
            )
        arrays[name] = floats(value, f"{where}.{name}")
    if len(arrays["third_times"]) != len(arrays["third_values"]):
        found = f"{len(arrays['third_values'])} values for {len(arrays['third_times'])} times"
        raise DescriptionError(Problem(f"{where}.third_values", found, "one value a time"))
    ticks = whole_ticks(arrays["third_times"], timestep, f"{where}.third_times", least=0)
    if np.any(np.diff(ticks) <= 0):
        raise DescriptionError(Problem(f"{where}.third_times", "times do not rise", "times in rising order"))
    return ticks, arrays["third_values"]


def third_spikes(
    params: Mapping[str, Any], populations: Mapping[str, int], timestep: float, where: str
) -> ThirdSpikes | None:
    """Return which spikes add to the third factor, and how; None if there are none.

    Raises
    ------
    DescriptionError
        If there is no such population, or a number is out of range.
    """
    name = params.get("third_population")
    if name is None:
        lone = [key for key in OF_SPIKES if params.get(key) is not None]
        if lone:
            found = "is given, but no spikes add to the third factor"
            raise DescriptionError(Problem(f"{where}.{lone[0]}", found, "third_population as well"))
        return None
    if name not in populations:
        found = f"there is no population {shown(name)}"
        raise DescriptionError(
            Problem(f"{where}.third_population", found, nearest(str(name), list(populations)))
        )
    delay = bind_delay(params.get("third_delay"), timestep, f"{where}.third_delay", None)
    if not isinstance(delay, int):
        raise DescriptionError(
            Problem(f"{where}.third_delay", "is drawn", "one delay for all spikes: it is a broadcast")
        )
    gain = quantity(params.get("third_gain", 1.0), "", f"{where}.third_gain")
    decay = 0.0
    if params.get("third_tau") is not None:
        tau = quantity(params["third_tau"], "ms", f"{where}.third_tau")
        if tau <= 0:
            found = f"{tau:g} is out of range"
            remedy = "a number > 0 (in ms), or leave it out: the spikes of a step count in it alone"
            raise DescriptionError(Problem(f"{where}.third_tau", found, remedy))
        decay = math.exp(-timestep / tau)
    return ThirdSpikes(populations[name], delay, gain, decay)
