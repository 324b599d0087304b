"""Weights, delays and receptors of projections and drives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikemesh.contracts.neuron import NeuronModel
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import bounds_of, floats, own_unit, plain_distribution, quantity
from spikemesh.description.rules import shown
from spikemesh.description.values import Distribution
from spikemesh.errors import DescriptionError, PluginError, Problem, nearest
from spikemesh.ids import AnyArray, IntArray
from spikemesh.registry.bind_population import call_plugin, whole_ticks
from spikemesh.units import whole_steps

Weight = float | AnyArray | Distribution
MAX_DELAY_STEPS = 2**31 - 1


def bind_weight(value: Any, model: type[NeuronModel] | None, where: str, synapses: int | None) -> Weight:
    """Convert a weight to the unit of the target's model.

    Parameters
    ----------
    value
        Number, quantity, per-synapse array or distribution.
    model
        The target's model, None if unknown.
    where
        Key path used in errors.
    synapses
        Number of synapses of an explicit list; None if arrays are not allowed.

    Returns
    -------
    float, ndarray or Distribution
        Plain numbers.

    Raises
    ------
    DescriptionError
        If the value fits neither the unit nor the number of synapses.
    """
    unit = "" if model is None else model.weight_unit
    if isinstance(value, Distribution):
        first = next((x for x in (value.a, value.b, value.low, value.high) if isinstance(x, str)), "")
        return plain_distribution(value, own_unit(first, unit), where)
    if isinstance(value, np.ndarray):
        return per_synapse(value, where, synapses)
    return quantity(value, own_unit(value, unit), where)


def per_synapse(value: AnyArray, where: str, synapses: int | None) -> AnyArray:
    """Check an array of one value per synapse."""
    if synapses is None:
        found = "an array, but the rule does not list its synapses"
        raise DescriptionError(Problem(where, found, "a number or a distribution, or rule explicit"))
    array = floats(value, where)
    if array.shape != (synapses,):
        found = f"an array of shape {array.shape} for {synapses} synapses"
        raise DescriptionError(Problem(where, found, f"{synapses} values, one a synapse"))
    return array


def extras_problems(
    extras: Mapping[str, Any], model: type[NeuronModel], where: str, allowed: tuple[str, ...]
) -> list[Problem]:
    """Report arguments of a projection that its target's weight format does not know."""
    near = [*model.weight_arguments, *allowed]
    return [
        Problem(f"{where}.{name}", f'there is no argument "{name}"', nearest(name, near))
        for name in extras
        if name not in model.weight_arguments
    ]


def in_model_format(
    weight: Weight, extras: Mapping[str, Any], model: type[NeuronModel], where: str
) -> Weight:
    """Bring weights to the target model's own format, with the arguments the projection carries for it.

    Raises
    ------
    DescriptionError
        If the format refuses a weight or an argument, or drawn weights meet a model with a format of its own.
    PluginError
        If the model's ``weights`` fails.
    """
    if not hasattr(model, "weights"):
        return weight
    if isinstance(weight, Distribution):
        found = (
            f'model "{model.name}" has a weight format of its own, which drawn weights cannot be brought to'
        )
        remedy = "a number, or one weight per synapse with rule explicit"
        raise DescriptionError(Problem(f"{where}.weight", found, remedy))
    name = f'neuron model "{model.name}", {where}'
    arguments = {k: extras.get(k, default) for k, default in model.weight_arguments.items()}
    collector = Collector()
    converted: Any = None
    with collector.catching(lambda key: f"{where}.{key}"):
        converted = call_plugin(name, "weights", model.weights, weight, arguments)
    collector.raise_if_any()
    array = np.asarray(converted)
    if array.dtype.kind not in "biuf" or array.shape != np.shape(weight) or not np.all(np.isfinite(array)):
        shapes = f"type {array.dtype} and shape {array.shape} for {np.shape(weight)}"
        raise PluginError(f"{name}: weights() returned {shapes}")
    return array.astype(np.float64) if array.ndim else float(array)


def before_rounding(
    weight: Weight, extras: Mapping[str, Any], model: type[NeuronModel], where: str
) -> float | AnyArray | None:
    """Return weights as the target model's own format would have them without rounding; None if it has none."""
    if not hasattr(model, "unrounded") or isinstance(weight, Distribution):
        return None
    name = f'neuron model "{model.name}", {where}'
    arguments = {k: extras.get(k, default) for k, default in model.weight_arguments.items()}
    array = np.asarray(call_plugin(name, "unrounded", model.unrounded, weight, arguments), dtype=np.float64)
    return array if array.ndim else float(array)


def weight_range(weight: Weight) -> tuple[float, float]:
    """Return the least and the greatest weight."""
    if isinstance(weight, Distribution):
        return bounds_of(weight)
    array = np.asarray(weight)
    return (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)


def bind_receptor(
    receptor: object, weight: Weight, model: type[NeuronModel], where: str
) -> tuple[str, Weight]:
    """Pick the receptor, and for conductances the magnitude of the weights.

    Weights of one sign have their receptor picked here. Where single synapses differ in sign the receptor
    stays ``auto`` and the weights keep their sign, so that each synapse finds its own.

    Raises
    ------
    DescriptionError
        If the model has no such receptor, or takes no synapses.
    """
    if model.source or not model.receptors:
        raise DescriptionError(Problem(where, f'model "{model.name}" takes no synapses', "another target"))
    if receptor == "auto":
        receptor = _by_sign(weight, model, where)
    elif receptor not in model.receptors:
        found = f'model "{model.name}" has no receptor {shown(receptor)}'
        raise DescriptionError(
            Problem(f"{where}.receptor", found, nearest(str(receptor), [*model.receptors, "auto"]))
        )
    if receptor != "auto" and model.receptor_kind == "conductance" and not isinstance(weight, Distribution):
        return str(receptor), np.abs(weight) if isinstance(weight, np.ndarray) else abs(weight)
    return str(receptor), weight


def _by_sign(weight: Weight, model: type[NeuronModel], where: str) -> str:
    low, high = weight_range(weight)
    if len(model.receptors) == 1:
        if model.receptor_kind == "conductance" and low < 0:
            found = f'negative weights, but model "{model.name}" has only the receptor "{model.receptors[0]}"'
            raise DescriptionError(Problem(f"{where}.weight", found, "weights of at least 0"))
        return model.receptors[0]
    if not {"exc", "inh"} <= set(model.receptors):
        found = f'model "{model.name}" has no receptors exc and inh to choose by sign'
        raise DescriptionError(Problem(f"{where}.receptor", found, f"one of {', '.join(model.receptors)}"))
    if low >= 0:
        return "exc"
    return "inh" if high <= 0 else "auto"


def bind_delay(
    value: Any, timestep: float, where: str, synapses: int | None
) -> int | IntArray | Distribution:
    """Convert a delay to whole steps; None is one step, a distribution stays in ms.

    Raises
    ------
    DescriptionError
        If the delay is no whole number of steps of at least one.
    """
    if value is None:
        return 1
    if isinstance(value, Distribution):
        plain = plain_distribution(value, "ms", where)
        if bounds_of(plain)[1] < timestep / 2:
            found = f"no delay drawn reaches one step of {timestep:g} ms"
            raise DescriptionError(Problem(where, found, "a distribution of delays of at least one step"))
        return plain
    if isinstance(value, np.ndarray):
        steps = whole_ticks(per_synapse(value, where, synapses), timestep, where, least=1)
        if steps.size and steps.max() > MAX_DELAY_STEPS:
            raise DescriptionError(Problem(where, "is too long", f"at most {MAX_DELAY_STEPS} steps"))
        return steps
    time = quantity(value, "ms", where)
    steps_one = whole_steps(time, timestep, where)
    if not 1 <= steps_one <= MAX_DELAY_STEPS:
        allowed = f"at least one step, {timestep:g} ms, and at most {MAX_DELAY_STEPS} steps"
        raise DescriptionError(Problem(where, f"a delay of {time:g} ms is out of range", allowed))
    return steps_one


def largest_magnitude(weight: Weight) -> float:
    """Return the largest magnitude of the weights, infinite for a distribution without bounds."""
    low, high = weight_range(weight)
    return max(abs(low), abs(high), 0.0) if not math.isinf(low) else math.inf
