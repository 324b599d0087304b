"""Weights of a running simulation, as they were described: by projection, source, target."""

from __future__ import annotations

import numpy as np

from spikemesh.api.mapped import Mapped
from spikemesh.ids import AnyArray, FloatArray, IntArray
from spikemesh.runtime.backend import Backend


def sorted_weights(backend: Backend, mapped: Mapped, name: str) -> tuple[IntArray, IntArray, FloatArray]:
    """Return sources, targets and present weights of a projection, by source, then target."""
    parts = [p for p in backend.weights(name) if len(p[0])]
    parts += _through_splitters(backend, mapped, name)
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    source, target, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((weight, target, source))
    return source[order], target[order], weight[order]


def _through_splitters(
    backend: Backend, mapped: Mapped, name: str
) -> list[tuple[AnyArray, AnyArray, AnyArray]]:
    """Return sources as described, targets and weights of a projection's synapses that splitters reach."""
    projections, populations = mapped.network.projections, mapped.network.populations
    return [
        (mapped.splitters.origin[source] - populations[projections[old].source].offset, target, weight)
        for new, old in mapped.splitters.via
        if projections[old].name == name
        for source, target, weight in backend.weights(projections[new].name)
        if len(source)
    ]
