"""Which cores every neuron reaches, counted without building the synapses that a simulation needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, BoundProjection
from spikemesh.contracts.mapping import Router
from spikemesh.description.values import Distribution
from spikemesh.ids import CORE, AnyArray, IntArray
from spikemesh.kernels.tally import count_targets
from spikemesh.mapping.build import Build, check_longest
from spikemesh.mapping.edges import edge_chunks, edge_delays
from spikemesh.mapping.placement import Placement
from spikemesh.mapping.routes import FanOut, fan_out_from, packet_routes
from spikemesh.mapping.third import broadcast

ROOM = 1 << 26
"""Pairs of a source neuron and a core that are counted at a time, at most."""
THREADS = 2
"""Source populations that are counted at a time: each has counters of its own."""


class Counted(NamedTuple):
    """Synapses of one source population, by global source neuron, then core, and what they add to their targets."""

    source: IntArray
    core: IntArray
    synapses: IntArray
    onto: tuple[Onto, ...]


class Onto:
    """What a projection adds to its targets.

    Attributes
    ----------
    indegree : ndarray of int64, shape (targets,)
        Synapses onto each.
    longest
        Longest drawn delay in steps; 0 where it is not drawn.
    """

    def __init__(self, network: BoundNetwork, projection: BoundProjection) -> None:
        self.projection = projection
        self.indegree = np.zeros(network.populations[projection.target].size, dtype=np.int64)
        self.longest = 0


def reach(network: BoundNetwork, placement: Placement, router: Router, relay: bool = False) -> Build:
    """Find what a mapping report and the timing half need of a mapped network.

    Weights are not drawn, and delays only where the chip limits them; everything found is what
    :func:`spikemesh.mapping.build.build_programs` finds.

    Parameters
    ----------
    network, placement, router
        What is mapped, where every neuron is, and how packets travel.
    relay
        Whether there is one packet for each target chip, to a core there that sends it on.

    Returns
    -------
    Build
        Without programs.

    Raises
    ------
    MappingError
        If a drawn delay is longer than the chip can keep.
    """
    sources = sorted({p.source for p in network.projections})
    with ThreadPoolExecutor(THREADS) as threads:
        counted = list(threads.map(lambda s: synapses_from(network, placement, s), sources))
    longest = {o.projection.index: o.longest for c in counted for o in c.onto}
    check_longest(network, placement, longest)
    indegree = np.zeros(network.size, dtype=np.int64)
    for onto in (o for c in counted for o in c.onto):
        offset = network.populations[onto.projection.target].offset
        indegree[offset : offset + onto.indegree.size] += onto.indegree
    fan = _with_third(network, placement, counted, _fan(network, counted))
    return Build((), fan, packet_routes(fan, placement, router, relay), indegree)


def _fan(network: BoundNetwork, counted: Sequence[Counted]) -> FanOut:
    empty = np.zeros(0, dtype=np.int64)
    source, core, synapses = (np.concatenate([empty, *(c[k] for c in counted)]) for k in range(3))
    ptr = np.zeros(network.size + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=network.size), out=ptr[1:])
    return FanOut(ptr, core.astype(CORE), synapses)


def _with_third(
    network: BoundNetwork, placement: Placement, counted: Sequence[Counted], fan: FanOut
) -> FanOut:
    """Add spikes that reach cores to add to a third factor there."""
    triples = [(fan.source, fan.core.astype(np.int64), fan.synapses)]
    for onto in (o for c in counted for o in c.onto):
        projection = onto.projection
        spikes = projection.learning.third_spikes if projection.learning else None
        if spikes is not None:
            cores = placement.core_of[projection.target][onto.indegree > 0]
            triples.append(broadcast(network, spikes, cores))
    if len(triples) == 1:
        return fan
    return fan_out_from(network.size, *(np.concatenate([t[k] for t in triples]) for k in range(3)))


def synapses_from(network: BoundNetwork, placement: Placement, source: int) -> Counted:
    """Count the synapses of a population's neurons by core, and by target."""
    population = network.populations[source]
    onto = tuple(Onto(network, p) for p in network.projections if p.source == source)
    cores = np.unique(np.concatenate([placement.core_of[o.projection.target] for o in onto]))
    pieces = []
    for some in _groups(cores, population.size):
        counts = np.zeros((population.size, some.size), dtype=np.int32)
        for one in onto:
            _count(network, placement, one, some, counts)
        neuron, column = np.nonzero(counts)
        pieces.append((neuron, some[column], counts[neuron, column]))
    neuron, core, synapses = (np.concatenate(parts).astype(np.int64) for parts in zip(*pieces, strict=True))
    if len(pieces) > 1:
        # Groups of cores follow one another; the sort keeps their order for each source.
        order = np.argsort(neuron, kind="stable")
        neuron, core, synapses = neuron[order], core[order], synapses[order]
    return Counted(neuron + population.offset, core, synapses, onto)


def _groups(cores: AnyArray, sources: int) -> Iterator[AnyArray]:
    """Cores in groups whose counters have room."""
    width = max(1, ROOM // max(1, sources))
    for first in range(0, max(1, cores.size), width):
        yield cores[first : first + width]


def _count(network: BoundNetwork, placement: Placement, onto: Onto, some: AnyArray, counts: AnyArray) -> None:
    """Add the synapses of a projection onto the neurons of some cores."""
    projection, core_of = onto.projection, placement.core_of[onto.projection.target]
    column = np.minimum(np.searchsorted(some, core_of), some.size - 1)
    targets = np.flatnonzero(some[column] == core_of)
    if not targets.size:
        return
    limited = placement.system.chip.core.delay_steps is not None and isinstance(
        projection.delay, Distribution
    )
    column, indegree = column[targets].astype(np.int32), np.zeros(targets.size, dtype=np.int64)
    for edges in edge_chunks(network, projection, targets.astype(np.uint32)):
        count_targets(edges.source, edges.position, column, counts, indegree)
        if limited and edges.source.size:
            onto.longest = max(onto.longest, int(np.max(edge_delays(network, projection, edges))))
    onto.indegree[targets] += indegree
