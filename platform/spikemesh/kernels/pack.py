"""Filling the cores of a chip one after the other, as full as the limits of a core allow."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import inlined, kernel


@inlined
def _bits(synapses: Any, rule: Any) -> Any:
    """Memory of one axon; ``rule`` is bits of a synapse, an axon and a block, synapses of a block, bits of a word."""
    if synapses == 0:
        return np.int64(0)
    whole = synapses // rule[3]
    rest = synapses - whole * rule[3]
    full = -(-(rule[3] * rule[0] + rule[2]) // rule[4]) * rule[4]
    part = -(-(rest * rule[0] + rule[2]) // rule[4]) * rule[4] if rest > 0 else 0
    return rule[1] + whole * full + part


@kernel
def fill_cores(
    order: Any, in_ptr: Any, in_source: Any, synapses: Any, out: Any, limits: Any, rule: Any, core: Any
) -> Any:
    """Put neurons on core after core in the order given; returns the number of cores.

    Parameters
    ----------
    order : ndarray of int64
        Neurons.
    in_ptr, in_source, synapses
        Distinct sources of every neuron of the network, and how many synapses come from each.
    out : ndarray of int64, shape (neurons,)
        Output axons of every neuron of the network.
    limits : ndarray of int64, shape (4,)
        Neurons, bits of synapse memory, input and output axons of a core.
    rule : ndarray of int64, shape (5,)
        How memory is counted, see :func:`_bits`.
    core : ndarray of int64
        Takes the core of each neuron of ``order``. A neuron that no core can take has one of its own.
    """
    on = np.full(in_ptr.size - 1, -1, dtype=np.int64)
    held = np.zeros(in_ptr.size - 1, dtype=np.int64)
    here = -1
    neurons = bits = axons = sent = np.int64(0)
    for at in range(order.size):
        v = order[at]
        more_bits = more_axons = np.int64(0)
        if here >= 0:
            for k in range(in_ptr[v], in_ptr[v + 1]):
                s = in_source[k]
                had = held[s] if on[s] == here else 0
                more_axons += had == 0
                more_bits += _bits(had + synapses[k], rule) - _bits(had, rule)
        full = neurons + 1 > limits[0] or bits + more_bits > limits[1] or axons + more_axons > limits[2]
        full = full or sent + out[v] > limits[3]
        if here < 0 or full:
            here += 1
            neurons = bits = axons = sent = np.int64(0)
            more_axons = in_ptr[v + 1] - in_ptr[v]
            more_bits = np.int64(0)
            for k in range(in_ptr[v], in_ptr[v + 1]):
                more_bits += _bits(np.int64(synapses[k]), rule)
        for k in range(in_ptr[v], in_ptr[v + 1]):
            s = in_source[k]
            held[s] = (held[s] if on[s] == here else 0) + synapses[k]
            on[s] = here
        neurons += 1
        bits += more_bits
        axons += more_axons
        sent += out[v]
        core[at] = here
    return here + 1
