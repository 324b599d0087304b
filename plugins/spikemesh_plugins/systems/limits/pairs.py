"""Counts over synapses that several rules need."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.contracts import Load, Synapses
from spikemesh.ids import AnyArray, FloatArray, IntArray


class Drawn(NamedTuple):
    """All synapses of a network, one entry each: global neurons, weight, delay in steps and projection."""

    source: IntArray
    target: IntArray
    weight: FloatArray
    delay: IntArray
    projection: IntArray


def drawn(load: Load) -> Drawn:
    """Draw all synapses."""
    none = np.zeros(0, dtype=np.int64)
    columns: list[tuple[AnyArray, ...]] = [(none, none, np.zeros(0), none, none)]
    columns += [_columns(s, p.index) for p in load.network.projections for s in load.draw(p.index)]
    return Drawn(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _columns(synapses: Synapses, projection: int) -> tuple[AnyArray, ...]:
    delay = one_each(synapses.delay, synapses).astype(np.int64)
    number = np.full(synapses.source.size, projection)
    return synapses.source, synapses.target, one_each(synapses.weight, synapses), delay, number


def one_each(value: float | AnyArray, synapses: Synapses) -> FloatArray:
    """Return a weight or a delay for each synapse."""
    given: FloatArray = np.broadcast_to(np.asarray(value, dtype=np.float64), synapses.source.shape)
    return given


def inhibits(load: Load, projection: int, synapses: Synapses) -> AnyArray:
    """Return whether each synapse of a projection is inhibitory, by its receptor or the sign of its weight."""
    receptor = load.network.projections[projection].receptor
    negative: AnyArray = one_each(synapses.weight, synapses) < 0
    return negative | (receptor == "inh")


def most_of_a_pair(load: Load) -> IntArray:
    """Return for each source neuron the largest number of synapses that it has on one target."""
    pairs = [s.source * load.network.size + s.target for s in load.all_synapses()]
    keys, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *pairs]), return_counts=True)
    most = np.zeros(load.network.size, dtype=np.int64)
    np.maximum.at(most, keys // load.network.size, counts)
    return most


def counted(*columns: AnyArray) -> tuple[list[AnyArray], IntArray]:
    """Return the distinct rows of columns, sorted by the first column, then the next, and how often each is there."""
    order = np.lexsort(columns[::-1])
    rows = [column[order] for column in columns]
    new = np.ones(order.size, dtype=bool)
    new[1:] = np.any([row[1:] != row[:-1] for row in rows], axis=0)
    times: IntArray = np.diff(np.append(np.flatnonzero(new), order.size))
    return [row[new] for row in rows], times


def distinct(*columns: AnyArray) -> list[AnyArray]:
    """Return the distinct rows of some columns, sorted by the first column, then the next."""
    return counted(*columns)[0]
