"""What a partitioner can ask about the synapses of single neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from spikemesh.description.system import CoreSpec
from spikemesh.ids import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Hypergraph:
    """A network as nets: the net of a neuron holds the neurons it has synapses on.

    Neurons are numbered over the whole network, population after population.

    Attributes
    ----------
    ptr : ndarray of int64, shape (neurons + 1,)
        Entries ``ptr[n]`` to ``ptr[n + 1]`` of ``target`` belong to neuron n.
    target : ndarray of int32, shape (pairs,)
        Targets, sorted for each neuron, none twice.
    in_ptr : ndarray of int64, shape (neurons + 1,)
        Entries ``in_ptr[n]`` to ``in_ptr[n + 1]`` of ``source`` and ``synapses`` belong to neuron n.
    source : ndarray of int32, shape (pairs,)
        Sources, sorted for each neuron, none twice.
    synapses : ndarray of int32, shape (pairs,)
        Synapses from that source.
    """

    ptr: IntArray
    target: AnyArray
    in_ptr: IntArray
    source: AnyArray
    synapses: AnyArray


@dataclass(frozen=True, eq=False)
class Neighbours:
    """An undirected graph between neurons, for graph partitioners.

    Attributes
    ----------
    ptr : ndarray of int64, shape (neurons + 1,)
        Entries of each neuron.
    other : ndarray of int32, shape (entries,)
        Neighbours.
    pull : ndarray of float64, shape (entries,)
        How strongly the two belong together: a spike counts once for all synapses of its neuron.
    """

    ptr: IntArray
    other: AnyArray
    pull: FloatArray


@dataclass(frozen=True, eq=False)
class Bounds:
    """What each part may hold.

    Attributes
    ----------
    low, high : ndarray of int64, shape (parts,)
        Fewest and most neurons.
    bits : ndarray of int64, shape (neurons,)
        Memory that each neuron takes.
    most_bits : ndarray of int64, shape (parts,)
        Most memory.
    """

    low: IntArray
    high: IntArray
    bits: IntArray
    most_bits: IntArray


class Connections(Protocol):
    """The synapses of a network neuron by neuron, drawn when first asked for.

    All methods are compiled. ``part`` gives the part (chip or core) of every neuron; packets are counted by rates.
    """

    @property
    def drawn(self) -> bool:
        """Whether they have been drawn."""
        ...

    def hypergraph(self) -> Hypergraph:
        """Return all synapses, 12 bytes for each pair of neurons that has any."""
        ...

    def neighbours(self, most: int) -> Neighbours:
        """Return a graph of synapses in both directions, of at most so many synapses of each neuron."""
        ...

    def packets(self, part: AnyArray, parts: int) -> FloatArray:
        """Return expected packets from part (row) to part (column); the diagonal is what stays."""
        ...

    def parts_reached(self, part: AnyArray, parts: int) -> IntArray:
        """Count for each neuron the parts that have a target of it."""
        ...

    def refined(self, part: AnyArray, bounds: Bounds, movable: AnyArray, seed: int) -> IntArray:
        """Move neurons between parts while that saves packets and keeps the bounds.

        A part that is out of bounds is first brought into them, as far as that is possible.

        Parameters
        ----------
        part : ndarray of int, shape (neurons,)
            Where they are.
        bounds
            What each part may hold.
        movable : ndarray of bool, shape (neurons,)
            Which neurons may move.
        seed
            Of the order in which they are looked at.

        Returns
        -------
        ndarray of int64, shape (neurons,)
            Where they are best.
        """
        ...

    def packed(self, neurons: IntArray, core: CoreSpec, axons_out: IntArray | None = None) -> IntArray:
        """Fill cores one after the other, in the order given, as full as neurons, memory and axons allow.

        Parameters
        ----------
        neurons : ndarray of int64
            Neurons in the order in which they are put on cores.
        core
            Gives the limits and how memory is counted.
        axons_out : ndarray of int64, shape (neurons of the network,), optional
            Output axons of each neuron; None: they do not count.

        Returns
        -------
        ndarray of int64, shape (neurons given,)
            Number of the core of each, from 0.
        """
        ...
