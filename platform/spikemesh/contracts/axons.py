"""Axons of crossbars, which act at one tick and once on each neuron, and the splitters that reach several of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikemesh.ids import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Axons:
    """Axons that synapses take, sorted by source, core, delay and number.

    Attributes
    ----------
    source, core, delay : ndarray of int64, shape (axons,)
        Neuron that sends to each axon, core that has it, and steps until it acts.
    number : ndarray of int64, shape (axons,)
        Tells apart those that differ in nothing else: as many as synapses of the source on one target.
    of : ndarray of int64, shape (synapses,)
        Axon of each synapse.
    """

    source: IntArray
    core: IntArray
    delay: IntArray
    number: IntArray
    of: IntArray


def axons_of(
    source: IntArray, core: IntArray, target: IntArray, delay: IntArray, weight: FloatArray
) -> Axons:
    """Find the axons that synapses take.

    An axon acts at one tick and once on each neuron: a source that reaches a core over several delays, or one of its
    neurons by several synapses, takes so many axons there. Of several synapses of one pair and delay, those of less
    weight take the axons of lower number.

    Parameters
    ----------
    source, core, target, delay, weight : ndarray, shape (synapses,)
        Neurons, the target's core, and what the synapses are.
    """
    order = np.lexsort((weight, target, delay, core, source))
    begins = _begins(*(column[order] for column in (source, core, delay, target)))
    place = np.arange(order.size, dtype=np.int64)
    number = np.empty(order.size, dtype=np.int64)
    number[order] = place - np.maximum.accumulate(np.where(begins, place, 0))
    order = np.lexsort((number, delay, core, source))
    begins = _begins(*(column[order] for column in (source, core, delay, number)))
    of = np.empty(order.size, dtype=np.int64)
    of[order] = np.cumsum(begins) - 1
    first = order[begins]
    return Axons(source[first], core[first], delay[first], number[first], of)


def _begins(*columns: AnyArray) -> AnyArray:
    """Return which rows of sorted columns differ from the row before."""
    begins = np.ones(columns[0].size, dtype=bool)
    begins[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return begins


def splitters_for(axons: IntArray, neurons: int) -> tuple[IntArray, IntArray]:
    """Count the splitters that neurons need to reach so many axons.

    A splitter is a neuron that repeats the spikes of another. What arrives at one axon of a core is repeated by as
    many of its neurons as are to send it on, at most by all.

    Parameters
    ----------
    axons : ndarray of int64
        Axons that each neuron has to reach.
    neurons
        Neurons of a core.

    Returns
    -------
    splitters, levels : ndarray of int64
        Splitters of each neuron, and how many follow one another.
    """
    splitters, levels = np.zeros_like(axons), np.zeros_like(axons)
    left = axons.copy()
    while np.any(left > 1):
        split = left > 1
        splitters += np.where(split, left, 0)
        levels += split
        left = np.where(split, -(-left // neurons), left)
    return splitters, levels
