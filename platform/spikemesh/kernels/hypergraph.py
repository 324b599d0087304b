"""Networks as hypergraphs: a net for each source neuron, over itself and its targets.

Legend: N neurons, S synapses, P distinct pairs of a source and a target; the entries of neuron n are
``ptr[n]:ptr[n + 1]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import kernel


@kernel
def count(index: Any, counts: Any) -> None:
    """Count how often each number occurs: ``counts[index[k]] += 1``."""
    for k in range(index.size):
        counts[index[k]] += 1


@kernel
def deal(index: Any, value: Any, cursor: Any, out: Any) -> None:
    """Put every value at the next place of its index, which ``cursor`` holds."""
    for k in range(index.size):
        out[cursor[index[k]]] = value[k]
        cursor[index[k]] += 1


@kernel
def turned(ptr: Any, entry: Any, cursor: Any, out: Any) -> None:
    """List for each entry the neurons that have it, in rising order; ``cursor`` holds where each list begins."""
    for n in range(ptr.size - 1):
        for k in range(ptr[n], ptr[n + 1]):
            out[cursor[entry[k]]] = n
            cursor[entry[k]] += 1


@kernel
def distinct(ptr: Any, entry: Any, new_ptr: Any, number: Any) -> Any:
    """Leave out repetitions in sorted lists, in place; ``number`` takes how often each occurred. Returns P."""
    at = 0
    for n in range(ptr.size - 1):
        begin = at
        for k in range(ptr[n], ptr[n + 1]):
            if at > begin and entry[at - 1] == entry[k]:
                number[at - 1] += 1
            else:
                entry[at] = entry[k]
                number[at] = 1
                at += 1
        new_ptr[n + 1] = at
    return at


@kernel
def packets_between(ptr: Any, target: Any, weight: Any, part: Any, packets: Any) -> None:
    """Add every neuron's weight to ``packets[own part, q]`` for each part q that has a target of it."""
    seen = np.full(packets.shape[1], -1, dtype=np.int64)
    for n in range(ptr.size - 1):
        for k in range(ptr[n], ptr[n + 1]):
            there = part[target[k]]
            if seen[there] != n:
                seen[there] = n
                packets[part[n], there] += weight[n]


@kernel
def parts_reached(ptr: Any, target: Any, part: Any, parts: Any, number: Any) -> None:
    """Count for each neuron the parts that have a target of it."""
    seen = np.full(parts, -1, dtype=np.int64)
    for n in range(ptr.size - 1):
        for k in range(ptr[n], ptr[n + 1]):
            there = part[target[k]]
            if seen[there] != n:
                seen[there] = n
                number[n] += 1


@kernel
def neighbours(
    ptr: Any, target: Any, weight: Any, most: Any, number: Any, source: Any, reached: Any, pull: Any
) -> Any:
    """List synapses in both directions, at most ``most`` of a source, spread evenly over its targets.

    Each carries an equal part of its source's weight; ``number`` counts those of each neuron. With ``source`` of
    length 0 it only counts. Returns how many there are.
    """  # fmt: skip
    counting = source.size == 0
    at = 0
    for n in range(ptr.size - 1):
        size = ptr[n + 1] - ptr[n]
        taken = min(size, most)
        for j in range(taken):
            # A different phase for each source, so that sources with the same targets do not all take the same.
            step = (j * size + (n * 7919) % size) // taken if taken < size else j
            t = target[ptr[n] + step % size]
            if t == n:
                continue
            if counting:
                number[n] += 1
                number[t] += 1
            else:
                source[at] = n
                reached[at] = t
                source[at + 1] = t
                reached[at + 1] = n
                pull[at] = weight[n] / taken
                pull[at + 1] = pull[at]
            at += 2
    return at


@kernel
def joined(ptr: Any, other: Any, pull: Any, new_ptr: Any, place: Any) -> Any:
    """Add up what repeated neighbours pull, in place and in the order in which they first occur. Returns how many."""
    at = 0
    for n in range(ptr.size - 1):
        begin = at
        for k in range(ptr[n], ptr[n + 1]):
            there = other[k]
            if begin <= place[there] < at and other[place[there]] == there:
                pull[place[there]] += pull[k]
            else:
                other[at] = there
                pull[at] = pull[k]
                place[there] = at
                at += 1
        new_ptr[n + 1] = at
    return at


@kernel
def reached(
    in_ptr: Any,
    in_source: Any,
    synapses: Any,
    order: Any,
    core: Any,
    number: Any,
    cursor: Any,
    there: Any,
    sums: Any,
) -> None:
    """List the cores that each neuron reaches, and how many synapses it has there.

    ``order`` holds all neurons by core. With ``there`` of length 0 the cores are only counted, in ``number``; else
    ``cursor`` holds where the list of each neuron begins, and is left where it ends.
    """
    last = np.full(in_ptr.size - 1, -1, dtype=np.int64)
    for at in range(order.size):
        v = order[at]
        for k in range(in_ptr[v], in_ptr[v + 1]):
            s = in_source[k]
            new = last[s] != core[v]
            last[s] = core[v]
            if there.size == 0:
                number[s] += new
            else:
                if new:
                    there[cursor[s]] = core[v]
                    cursor[s] += 1
                sums[cursor[s] - 1] += synapses[k]
