"""Spikes that add to the third factor of a projection: a broadcast to all cores that hold synapses of it."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts.bound import BoundNetwork, ThirdSpikes
from spikemesh.ids import AnyArray, IntArray


def spikes_of(network: BoundNetwork, spikes: ThirdSpikes) -> slice:
    """Return the global indices of the neurons whose spikes they are."""
    population = network.populations[spikes.population]
    return slice(population.offset, population.offset + population.size)


def broadcast(
    network: BoundNetwork, spikes: ThirdSpikes, cores: AnyArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Return sources, cores and synaptic events of the spikes: one event on every core.

    Parameters
    ----------
    network, spikes
        Whose spikes they are.
    cores
        Cores that hold synapses of the projection; each may be there many times.
    """
    neurons = spikes_of(network, spikes)
    source, core = np.arange(neurons.start, neurons.stop, dtype=np.int64), np.unique(cores).astype(np.int64)
    count = source.size * core.size
    return np.repeat(source, core.size), np.tile(core, source.size), np.ones(count, dtype=np.int64)
