"""Projections bound to their populations, weights in the target's format and delays in steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spikemesh.contracts.bound import BoundLearning, BoundProjection
from spikemesh.contracts.neuron import NeuronModel
from spikemesh.description.network import RULES, LearningUse, Population, Projection
from spikemesh.description.problems import Collector
from spikemesh.description.rules import CheckedRule, check_rule, shown
from spikemesh.registry.bind_learning import bind_learning
from spikemesh.registry.bind_weights import (
    Weight,
    bind_delay,
    bind_receptor,
    bind_weight,
    extras_problems,
    in_model_format,
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
    registry: Registry,
    timestep: float,
    where: str,
) -> BoundProjection:
    """Bind one projection.

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
    weight, receptor = _bind_weight(projection, target.model, where, synapses, rule_known, collector)
    delay: Any = 1
    if rule_known or not hasattr(projection.delay, "shape"):
        with collector.catching():
            delay = bind_delay(projection.delay, timestep, f"{where}.delay", synapses)
    learning = None
    if projection.learning is not None:
        with collector.catching():
            learning = _bind_learning(
                projection.learning, weight, target.model, registry, timestep, f"{where}.learning"
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
    )


def _bind_weight(
    projection: Projection,
    model: type[NeuronModel] | None,
    where: str,
    synapses: int | None,
    rule_known: bool,
    collector: Collector,
) -> tuple[Weight | None, str]:
    """Return the weight (None if it is not known) and the receptor."""
    weight: Weight | None = None
    if rule_known or not hasattr(projection.weight, "shape"):
        with collector.catching():
            weight = bind_weight(projection.weight, model, f"{where}.weight", synapses)
    if model is None:
        return None, "auto"
    unknown = extras_problems(projection.extras, model, where, (*KEYS, *RULES.get(projection.rule, ())))
    collector.problems += unknown
    receptor: str = "auto"
    if weight is not None:
        formatted = None
        with collector.catching():
            formatted = in_model_format(weight, projection.extras, model, where)
        weight = formatted
    with collector.catching():
        receptor, bound = bind_receptor(projection.receptor, 0.0 if weight is None else weight, model, where)
        weight = None if weight is None else bound
    return weight, receptor


def _bind_learning(
    use: LearningUse,
    weight: Weight | None,
    model: type[NeuronModel] | None,
    registry: Registry,
    timestep: float,
    where: str,
) -> BoundLearning:
    rule = registry.learning_rules.get(use.rule, f"{where}.rule")
    return bind_learning(use, rule, weight, model, timestep, where)
