"""The synapses of a network neuron by neuron, for partitioners."""

from __future__ import annotations

from functools import cached_property

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.contracts.connections import Bounds, Hypergraph, Neighbours
from spikemesh.description.system import CoreSpec
from spikemesh.ids import AnyArray, FloatArray, IntArray

SYNAPSES_MAX = 40_000_000
"""Networks of more synapses are partitioned by populations alone: they take 20 bytes each while they are read."""


class DrawnConnections:
    """Synapses that are drawn when they are first asked for; see :class:`spikemesh.contracts.Connections`.

    Parameters
    ----------
    network
        The network.
    rates : ndarray of float64, shape (neurons,)
        Spikes of every neuron, in any unit.
    """

    # Compiled code is imported where it is needed: commands that draw no synapses start without a compiler.

    def __init__(self, network: BoundNetwork, rates: FloatArray) -> None:
        self._network = network
        self._rates = rates
        self.drawn = False
        """Whether synapses have been drawn."""

    @cached_property
    def _graph(self) -> Hypergraph:
        from spikemesh.mapping.netlists import read

        self.drawn = True
        return read(self._network)

    def hypergraph(self) -> Hypergraph:
        """Return all synapses."""
        return self._graph

    def neighbours(self, most: int) -> Neighbours:
        """Return a graph of synapses in both directions, of at most so many synapses of each neuron."""
        from spikemesh.mapping.netlists import neighbours

        return neighbours(self._graph, self._rates, most)

    def packets(self, part: AnyArray, parts: int) -> FloatArray:
        """Return expected packets from part (row) to part (column); the diagonal is what stays."""
        from spikemesh.mapping.netlists import packets

        return packets(self._graph, self._rates, part, parts)

    def parts_reached(self, part: AnyArray, parts: int) -> IntArray:
        """Count for each neuron the parts that have a target of it."""
        from spikemesh.mapping.netlists import parts_reached

        return parts_reached(self._graph, part, parts)

    def refined(self, part: AnyArray, bounds: Bounds, movable: AnyArray, seed: int) -> IntArray:
        """Move neurons between parts while that saves packets and keeps the bounds."""
        from spikemesh.mapping.netlists import refined

        return refined(self._graph, self._rates, part, bounds, movable, seed)

    def packed(self, neurons: IntArray, core: CoreSpec, axons_out: IntArray | None = None) -> IntArray:
        """Fill cores one after the other, in the order given, as full as neurons, memory and axons allow."""
        from spikemesh.mapping.netlists import packed

        return packed(self._graph, neurons, core, axons_out)
