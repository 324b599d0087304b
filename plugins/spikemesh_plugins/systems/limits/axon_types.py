"""Types of the axons of a core: a neuron has one weight for all axons of a type.

Two axons that reach one neuron with different weights have different types; if no two of a type are such a pair, each
neuron has a weight for the type. So types are colours of a graph of axons with an edge for each such pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.ids import AnyArray, FloatArray, IntArray

TRIES = 100_000
"""Axons that are given a type, the same axon counted anew, before a search ends without an answer."""


@dataclass(frozen=True, eq=False)
class Conflict:
    """Axons for which types do not suffice: without any one of them they would.

    Attributes
    ----------
    axons
        Their numbers.
    neurons
        Neurons that two of them reach with different weights.
    proved
        Whether it is known that there is no assignment; else none was found.
    """

    axons: IntArray
    neurons: IntArray
    proved: bool


class AxonTypes:
    """An assignment of types to axons, or why there is none.

    Parameters
    ----------
    axon, neuron, weight : ndarray, shape (synapses,)
        The synapses of a core; no axon reaches a neuron twice, and no weight is zero.
    types
        Number of types. No neuron has more different weights.

    Attributes
    ----------
    axons : ndarray of int64
        The axons, sorted.
    of : ndarray of int64, shape (axons,)
        Type of each; -1 where there is no assignment.
    conflict
        Axons that cannot be given types; None if all are.
    """

    def __init__(self, axon: IntArray, neuron: IntArray, weight: FloatArray, types: int) -> None:
        self.axons, row = np.unique(axon, return_inverse=True)
        neurons, column = np.unique(neuron, return_inverse=True)
        number = np.zeros((self.axons.size, neurons.size), dtype=np.int8)
        number[row, column] = _weight_numbers(column, weight)
        self.conflict: Conflict | None = None
        apart = _apart(number)
        self.of = np.full(self.axons.size, -1, dtype=np.int64)
        found, proved = coloured(apart, types)
        if found is not None:
            self.of[:] = found
            return
        some = _smallest(apart, types)
        differ = number[some].max(axis=0) > np.where(number[some] == 0, 127, number[some]).min(axis=0)
        self.conflict = Conflict(self.axons[some], neurons[differ], proved)


def _weight_numbers(neuron: IntArray, weight: FloatArray) -> IntArray:
    """Give numbers to the different weights of each neuron from 1."""
    order = np.lexsort((weight, neuron))
    new = np.zeros(order.size, dtype=np.int64)
    new[1:] = (np.diff(weight[order]) != 0) & (np.diff(neuron[order]) == 0)
    begins = np.ones(order.size, dtype=bool)
    begins[1:] = np.diff(neuron[order]) != 0
    total = np.cumsum(new)
    numbers = np.empty(order.size, dtype=np.int64)
    numbers[order] = 1 + total - np.maximum.accumulate(np.where(begins, total, 0))
    return numbers


def _apart(number: AnyArray) -> AnyArray:
    """Return which two axons reach one neuron with different weights."""
    reaches = (number > 0).astype(np.float32)
    alike = np.zeros((number.shape[0], number.shape[0]), dtype=np.float32)
    for k in range(1, int(number.max(initial=0)) + 1):
        same = (number == k).astype(np.float32)
        alike += same @ same.T
    result: AnyArray = reaches @ reaches.T > alike
    return result


def coloured(apart: AnyArray, colours: int) -> tuple[IntArray | None, bool]:
    """Colour a graph with so many colours.

    Vertices with fewer neighbours than colours are left for the end, for they can always be coloured. Of the others the
    one whose neighbours have most colours is next, of equals the one with most neighbours (Brelaz, Communications of
    the ACM 22:251-256, 1979), and colours are tried in turn.

    Parameters
    ----------
    apart : ndarray of bool, shape (n, n)
        Which vertices may not have the same colour; symmetric.
    colours
        Number of colours.

    Returns
    -------
    tuple
        The colours, or None; and whether that is certain: False if the search was ended.
    """
    left = np.ones(apart.shape[0], dtype=bool)
    easy: list[int] = []
    while True:
        few = np.flatnonzero(left & ((apart & left).sum(axis=1) < colours))
        if not few.size:
            break
        easy.append(int(few[0]))
        left[few[0]] = False
    colour = np.full(left.size, -1, dtype=np.int64)
    certain = _search(apart, colours, np.flatnonzero(left), colour)
    if certain is not True:
        return None, certain is False
    for vertex in reversed(easy):
        taken = colour[apart[vertex] & (colour >= 0)]
        colour[vertex] = np.setdiff1d(np.arange(colours), taken)[0]
    return colour, True


def _search(apart: AnyArray, colours: int, vertices: IntArray, colour: IntArray) -> bool | None:
    """Colour some vertices, or find that it cannot be done (False), or give up (None)."""
    # Neighbours of each colour that a vertex has.
    near = np.zeros((apart.shape[0], colours), dtype=np.int64)
    degree = apart[:, vertices].sum(axis=1)
    stack: list[tuple[int, list[int]]] = []
    tries = used = 0

    def next_vertex() -> tuple[int, list[int]]:
        open_ones = vertices[colour[vertices] < 0]
        most = (near[open_ones] > 0).sum(axis=1) * (apart.shape[0] + 1) + degree[open_ones]
        vertex = int(open_ones[np.argmax(most)])
        # Colours that no vertex has yet are all alike: one of them is enough.
        free = [c for c in range(min(used + 1, colours)) if near[vertex, c] == 0]
        return vertex, free[::-1]

    while np.any(colour[vertices] < 0) or stack:
        if not np.any(colour[vertices] < 0):
            return True
        stack.append(next_vertex())
        while stack:
            vertex, free = stack[-1]
            if colour[vertex] >= 0:
                near[apart[vertex], colour[vertex]] -= 1
                colour[vertex] = -1
            if free:
                tries += 1
                colour[vertex] = free.pop()
                near[apart[vertex], colour[vertex]] += 1
                used = 1 + int(colour[vertices].max())
                break
            stack.pop()
            used = 1 + int(colour[vertices].max(initial=-1))
        else:
            return False
        if tries > TRIES:
            return None
    return True


def _smallest(apart: AnyArray, colours: int) -> IntArray:
    """Leave out vertices without which a graph cannot be coloured either, one after the other."""
    kept = np.arange(apart.shape[0])
    while True:
        # Those with few neighbours among the kept have no part in it.
        few = apart[np.ix_(kept, kept)].sum(axis=1) < colours
        if not few.any():
            break
        kept = kept[~few]
    for vertex in kept.tolist():
        without = kept[kept != vertex]
        if coloured(apart[np.ix_(without, without)], colours)[0] is None:
            kept = without
    return kept
