"""Projections bound to their populations, weights in the target's format and delays in steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundLearning, BoundProjection
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.description.network import RULES, LearningUse, Population, Projection
from spikemesh.description.problems import Collector
from spikemesh.description.rules import CheckedRule, check_rule, shown
from spikemesh.ids import AnyArray
from spikemesh.registry.bind_learning import bind_learning
from spikemesh.registry.bind_weights import (
    Weight,
    before_rounding,
    bind_delay,
    bind_receptor,
    bind_weight,
    extras_problems,
    in_model_format,
    weight_range,
)
from spikemesh.registry.discovery import Registry

KEYS = (
    "name",
    "source",
    "target",
    "connect",
    "weight",
    "delay",
    "receptor",
    "learning",
    "autapses",
    "multapses",
)
"""What may be written for any projection."""


@dataclass(frozen=True, eq=False)
class Side:
    """One end of a projection: index, description and model (None if unknown)."""

    index: int
    population: Population
    model: type[NeuronModel] | None


def bind_projection(
    projection: Projection,
    index: int,
    source: Side,
    target: Side,
    populations: Mapping[str, int],
    registry: Registry,
    timestep: float,
    where: str,
) -> BoundProjection:
    """Bind one projection; ``populations`` are the indices of all by name.

    Raises
    ------
    DescriptionError
        With every problem of rule, weight, delay, receptor and learning.
    PluginError
        If a plugin's function fails.
    """
    collector = Collector()
    checked = CheckedRule({}, 0.0)
    rule_known = False
    with collector.catching():
        checked = check_rule(projection, source.population, target.population, where)
        rule_known = True
    synapses = len(checked.arguments["sources"]) if rule_known and projection.rule == "explicit" else None
    kernel = checked.arguments.get("kernel")
    weight, exact, receptor = _bind_weight(
        projection, target.model, where, synapses, rule_known, kernel, collector
    )
    delay: Any = 1
    if rule_known or not hasattr(projection.delay, "shape"):
        with collector.catching():
            delay = bind_delay(projection.delay, timestep, f"{where}.delay", synapses)
    learning = None
    if projection.learning is not None:
        with collector.catching():
            learning = _bind_learning(
                projection.learning,
                weight if weight is None or kernel is None else _with_kernel(weight, kernel),
                target.model,
                populations,
                registry,
                timestep,
                f"{where}.learning",
            )
    for key in ("autapses", "multapses"):
        if not isinstance(getattr(projection, key), bool):
            collector.add(
                f"{where}.{key}",
                f"{shown(getattr(projection, key))} is neither true nor false",
                "true or false",
            )
    collector.raise_if_any()
    return BoundProjection(
        index=index,
        name=projection.name,
        source=source.index,
        target=target.index,
        rule=projection.rule,
        arguments=checked.arguments,
        weight=0.0 if weight is None else weight,
        delay=delay,
        receptor=receptor,
        autapses=projection.autapses,
        multapses=projection.multapses,
        expected=checked.expected,
        learning=learning,
        exact=exact,
    )


def _with_kernel(weight: Weight, kernel: AnyArray) -> AnyArray:
    """Return the extreme weights of synapses that are a weight times an entry of the kernel."""
    extremes = np.multiply.outer(np.asarray(weight_range(weight)), kernel[kernel != 0].ravel())
    found: AnyArray = extremes.ravel()
    return found


def _bind_weight(
    projection: Projection,
    model: type[NeuronModel] | None,
    where: str,
    synapses: int | None,
    rule_known: bool,
    kernel: AnyArray | None,
    collector: Collector,
) -> tuple[Weight | None, float | AnyArray | None, str]:
    """Return the weight (None if it is not known), what it was before rounding, and the receptor."""
    weight: Weight | None = None
    exact: float | AnyArray | None = None
    if rule_known or not hasattr(projection.weight, "shape"):
        with collector.catching():
            weight = bind_weight(projection.weight, model, f"{where}.weight", synapses)
    if model is None:
        return None, None, "auto"
    unknown = extras_problems(projection.extras, model, where, (*KEYS, *RULES.get(projection.rule, ())))
    collector.problems += unknown
    receptor: str = "auto"
    if weight is not None:
        formatted = None
        with collector.catching():
            formatted = in_model_format(weight, projection.extras, model, where)
            exact = before_rounding(weight, projection.extras, model, where)
        weight = formatted
    with collector.catching():
        known = 0.0 if weight is None else weight
        if kernel is None:
            receptor, bound = bind_receptor(projection.receptor, known, model, where)
            weight = None if weight is None else bound
        else:
            # The sign of a synapse is that of its weight times its entry of the kernel.
            receptor, _ = bind_receptor(projection.receptor, _with_kernel(known, kernel), model, where)
    return weight, exact, receptor


def _bind_learning(
    use: LearningUse,
    weight: Weight | None,
    model: type[NeuronModel] | None,
    populations: Mapping[str, int],
    registry: Registry,
    timestep: float,
    where: str,
) -> BoundLearning:
    rule = registry.learning_rules.get(use.rule, f"{where}.rule")
    return bind_learning(use, rule, weight, model, populations, timestep, where)
