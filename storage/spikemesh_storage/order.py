"""Canonical orders: what makes a trace independent of the order in which rows arrived."""

from __future__ import annotations

import numpy as np

from spikemesh.ids import AnyArray, FloatArray, IntArray

_LARGEST = np.iinfo(np.int64).max


def _sort_pairs(major: IntArray, minor: IntArray) -> tuple[IntArray, IntArray]:
    """Sort by ``major``, then ``minor``; both are not negative."""
    if not len(major):
        return major, minor
    bits = int(minor.max()).bit_length()
    if int(major.max()) > _LARGEST >> bits:
        rank = np.lexsort((minor, major))
        return major[rank], minor[rank]
    # One packed key sorts several times faster than an index sort over two arrays.
    key = (major << bits) | minor
    key.sort()
    return key >> bits, key & ((1 << bits) - 1)


def by_time(ticks: AnyArray, neurons: AnyArray) -> tuple[IntArray, IntArray]:
    """Sort spikes by tick, then neuron.

    Returns
    -------
    ticks, neurons : ndarray of int64
    """
    return _sort_pairs(ticks.astype(np.int64, copy=False), neurons.astype(np.int64, copy=False))


def by_neuron(ticks: IntArray, neurons: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Sort spikes by neuron, then tick.

    Returns
    -------
    pointers : ndarray of int64, shape (size + 1,)
        The train of neuron i is ``ticks[pointers[i]:pointers[i + 1]]``.
    ticks : ndarray of int64
    """
    pointers = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(neurons, minlength=size), out=pointers[1:])
    return pointers, _sort_pairs(neurons, ticks)[1]


def by_synapse(
    sources: AnyArray, targets: AnyArray, weights: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Sort synapses by source, then target, then weight (several may join one pair of neurons)."""
    source = sources.astype(np.int64, copy=False)
    target = targets.astype(np.int64, copy=False)
    bits = int(target.max(initial=0)).bit_length()
    key = (source << bits) | target
    rank = np.argsort(key, kind="stable")
    key, weight = key[rank], weights[rank]
    equal = np.zeros(len(key) + 1, bool)
    equal[1:-1] = key[1:] == key[:-1]
    shared = np.flatnonzero(equal[1:] | equal[:-1])
    # Keys are sorted already, so every group of equal ones keeps its places.
    weight[shared] = weight[shared[np.lexsort((weight[shared], key[shared]))]]
    return key >> bits, key & ((1 << bits) - 1), weight
