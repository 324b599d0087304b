"""Plastic synapses by the neurons whose spikes update them, and by the core they are on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundLearning, BoundNetwork, BoundProjection
from spikemesh.engine.learning_updates import LearningTables, ThirdFactor, Visits
from spikemesh.ids import IntArray
from spikemesh.kernels.rule_form import visit_periods
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.reach import Onto, synapses_from
from spikemesh.mapping.routes import fan_out_from
from spikemesh.mapping.third import spikes_of


def learns(network: BoundNetwork) -> bool:
    """Tell whether weights change."""
    return any(p.learning is not None for p in network.projections)


def learning_tables(network: BoundNetwork, placement: Placement) -> LearningTables | None:
    """Find what spikes do to plastic synapses, without building these; None if there are none.

    Parameters
    ----------
    network, placement
        What is mapped, and where every neuron is.
    """
    plastic = [p for p in network.projections if p.learning is not None]
    if not plastic:
        return None
    home = placement.core_of_neuron.astype(np.int64)
    triples: list[tuple[IntArray, IntArray, IntArray]] = []
    visits: list[Visits] = []
    for on_pre in (True, False):
        some = [p for p in plastic if (_function(p, "on_pre") is not None) == on_pre]
        part = replace(network, projections=tuple(some))
        for source in sorted({p.source for p in some}):
            counted = synapses_from(part, placement, source)
            if on_pre:
                triples.append((counted.source, counted.core, counted.synapses))
            for onto in counted.onto:
                targets = network.populations[onto.projection.target].offset + np.arange(onto.indegree.size)
                if _function(onto.projection, "on_post") is not None:
                    triples.append((targets, home[targets], onto.indegree))
                visits += _visits(network, onto, home[targets], len(placement.core_names))
    empty = np.zeros(0, dtype=np.int64)
    neuron, core, updates = (np.concatenate([empty, *(t[k] for t in triples)]) for k in range(3))
    fan = fan_out_from(network.size, neuron, core, updates)
    cores = len(placement.core_names)
    return LearningTables(placement.core_of_neuron, fan.ptr, fan.core, fan.synapses, cores, tuple(visits))


def _function(projection: BoundProjection, name: str) -> Callable[..., Any] | None:
    function: Callable[..., Any] | None = (
        getattr(projection.learning.rule, name) if projection.learning else None
    )
    return function


def _visits(network: BoundNetwork, onto: Onto, home: IntArray, cores: int) -> list[Visits]:
    learning = onto.projection.learning
    if learning is None:
        return []
    synapses = np.zeros(cores, dtype=np.int64)
    np.add.at(synapses, home, onto.indegree)
    third = _third(network, learning)
    on_third = {name for name, visit in learning.rule.visits.items() if visit.on_third}
    return [
        Visits(every, name in on_third, third, synapses)
        for name, every in visit_periods(learning.rule, learning.constants).items()
        if every
    ]


def _third(network: BoundNetwork, learning: BoundLearning) -> ThirdFactor:
    ticks, values, spikes = learning.third_ticks, learning.third_values, learning.third_spikes
    given = (
        np.zeros(0, dtype=np.int64) if ticks is None else np.asarray(ticks, dtype=np.int64),
        np.zeros(0) if values is None else np.asarray(values, dtype=np.float64),
    )
    if spikes is None:
        return ThirdFactor(*given)
    neurons = spikes_of(network, spikes)
    return ThirdFactor(*given, spikes, neurons.start, neurons.stop)
