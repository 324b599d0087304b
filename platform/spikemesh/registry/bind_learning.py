"""Learning rules bound to a projection."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundLearning
from spikemesh.contracts.learning import LearningRule, specialised_rule
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.description.network import LearningUse
from spikemesh.description.problems import Collector
from spikemesh.description.quantities import own_unit, quantity
from spikemesh.description.rules import shown
from spikemesh.errors import DescriptionError, PluginError, Problem, nearest
from spikemesh.registry.bind_population import call_plugin, check_constant_names
from spikemesh.registry.bind_third import OF_SPIKES, OF_TIMES, third_spikes, third_times
from spikemesh.registry.bind_values import Draws, bind_parameters
from spikemesh.registry.bind_weights import Weight, largest_magnitude

SIDES = ("axonal", "dendritic")
ROUNDINGS = ("nearest", "stochastic")
OWN = ("w_max", "weight_bits", "rounding", "delay_side", *OF_TIMES, *OF_SPIKES)
"""Parameters every learning rule takes besides its own."""
MOST_BITS = 16


def bind_learning(
    use: LearningUse,
    rule: type[LearningRule],
    weight: Weight | None,
    model: type[NeuronModel] | None,
    populations: Mapping[str, int],
    timestep: float,
    where: str,
) -> BoundLearning:
    """Bind a learning rule.

    Parameters
    ----------
    use
        Rule and parameters.
    rule
        The plugin.
    weight
        Initial weights in the model's format, None if they are not known.
    model
        The target's model, None if unknown.
    populations
        Indices of all populations by name.
    timestep
        In ms.
    where
        Key path used in errors.

    Returns
    -------
    BoundLearning
        Parameters, constants and third factor.

    Raises
    ------
    DescriptionError
        With every problem of the parameters.
    PluginError
        If the rule's ``constants`` fails.
    """
    collector = Collector()
    owner = f'learning rule "{rule.name}"'
    draws = Draws(0, "learning", rule.name)
    # A rule's own parameter of such a name is the rule's; only w_max is both.
    shared = tuple(name for name in OWN if name == "w_max" or name not in rule.parameters)
    parameters = bind_parameters(rule.parameters, use.params, where, 0, draws, collector, owner, shared)
    for name, value in use.params.items():
        if name in rule.parameters and name not in shared and isinstance(parameters.get(name), np.ndarray):
            collector.add(
                f"{where}.{name}", f"{type(value).__name__} of several values", "one number for all synapses"
            )
    if rule.specialised is None:
        collector.problems += _state_problems(rule, model, where)
    with collector.catching():
        parameters["w_max"] = _w_max(use.params.get("w_max"), weight, model, f"{where}.w_max")
    bits, rounding = 0, ""
    with collector.catching():
        bits, rounding = _rounding({k: v for k, v in use.params.items() if k in shared}, where)
    third_ticks, third_values, spikes = None, None, None
    with collector.catching():
        third_ticks, third_values = third_times(use.params, timestep, where)
    with collector.catching():
        spikes = third_spikes(use.params, populations, timestep, where)
    collector.raise_if_any()
    declared = None if rule.specialised is None else rule
    with collector.catching(lambda key: f"{where}.{key}"):
        if rule.specialised is not None:
            rule = call_plugin(owner, "specialised", specialised_rule, rule, parameters)
            collector.problems += _state_problems(rule, model, where)
        dendritic = _dendritic(use.params.get("delay_side"), rule, f"{where}.delay_side")
        constants = _constants(rule, parameters, timestep, where)
    collector.raise_if_any()
    return BoundLearning(
        rule, parameters, constants, third_ticks, third_values, bits, rounding, spikes, declared, dendritic
    )


def _state_problems(rule: type[LearningRule], model: type[NeuronModel] | None, where: str) -> list[Problem]:
    """Report state of the post-synaptic neuron that the rule sees and the model does not have."""
    if model is None:
        return []
    seen = [(name, f'reads "{name}"') for name in rule.reads]
    means = [trace.of for trace in rule.post.values() if trace.of is not None]
    seen += [(name, f'needs the mean of "{name}"') for name in means]
    has = ", ".join(model.state) or "no state"
    return [
        Problem(
            where,
            f'learning rule "{rule.name}" {what}, which model "{model.name}" does not have',
            f"it has {has}",
        )
        for name, what in seen
        if name not in model.state
    ]


def _dendritic(given: object, rule: type[LearningRule], where: str) -> bool:
    """Tell whether delays are on the post-synaptic side."""
    if given not in (None, *SIDES):
        found = f"{shown(given)} is no side of a synapse"
        raise DescriptionError(Problem(where, found, nearest(str(given), SIDES)))
    if given != SIDES[1]:
        return False
    if rule.reads or any(trace.of is not None for trace in rule.post.values()):
        found = f'learning rule "{rule.name}" sees the state of the neuron, which no dendrite delays'
        raise DescriptionError(Problem(where, found, f'"{SIDES[0]}"'))
    return True


def _rounding(params: Mapping[str, Any], where: str) -> tuple[int, str]:
    """Return the bits of a weight, 0 if it is not rounded, and how it is rounded."""
    bits, rounding = params.get("weight_bits"), params.get("rounding", ROUNDINGS[0])
    if rounding not in ROUNDINGS:
        found = f"{shown(rounding)} is no way of rounding"
        raise DescriptionError(Problem(f"{where}.rounding", found, nearest(str(rounding), ROUNDINGS)))
    if bits is None:
        if "rounding" in params:
            found = "is given, but weights are not rounded"
            raise DescriptionError(Problem(f"{where}.rounding", found, "weight_bits as well"))
        return 0, ""
    if isinstance(bits, bool) or not isinstance(bits, int | np.integer):
        raise DescriptionError(
            Problem(f"{where}.weight_bits", f"{shown(bits)} is no whole number", f"1 to {MOST_BITS}")
        )
    if not 1 <= bits <= MOST_BITS:
        raise DescriptionError(
            Problem(f"{where}.weight_bits", f"{bits:g} bits are out of range", f"1 to {MOST_BITS}")
        )
    return int(bits), rounding


def _w_max(given: Any, weight: Weight | None, model: type[NeuronModel] | None, where: str) -> float:
    if weight is None:
        return 1.0
    largest = largest_magnitude(weight)
    if given is None:
        if not 0 < largest < math.inf:
            reason = "are drawn without a bound" if largest else "are all 0"
            raise DescriptionError(
                Problem(where, f"initial weights {reason}, so w_max must be given", "w_max = a weight")
            )
        return 2.0 * largest
    w_max = quantity(given, own_unit(given, model.weight_unit if model else ""), where)
    if w_max <= 0:
        raise DescriptionError(Problem(where, f"{w_max:g} is out of range", "a number > 0"))
    if math.isfinite(largest) and largest > w_max:
        raise DescriptionError(
            Problem(where, f"{w_max:g} is below the initial weight {largest:g}", f"at least {largest:g}")
        )
    return w_max


def _constants(
    rule: type[LearningRule], parameters: Mapping[str, Any], timestep: float, where: str
) -> dict[str, float]:
    name = f'learning rule "{rule.name}", {where}'
    raw = call_plugin(name, "constants", rule.constants, SimpleNamespace(**parameters), timestep)
    if not isinstance(raw, Mapping):
        raise PluginError(
            f"{name}: constants() returned {type(raw).__name__}, not a mapping of names to numbers"
        )
    check_constant_names(name, raw)
    for key, value in raw.items():
        if (
            np.ndim(value)
            or not isinstance(value, int | float | np.number | np.bool_)
            or math.isnan(float(value))
        ):
            raise PluginError(f"{name}: constant {key} is {shown(value)}; it must be a single number")
    return {key: float(value) for key, value in raw.items()}
