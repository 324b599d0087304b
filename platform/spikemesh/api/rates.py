"""Rates of neurons, measured in a short run on one ideal chip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.ids import FloatArray


def measured_rates(network: BoundNetwork, duration_ms: float) -> FloatArray:
    """Run a network for a short time, record all spikes and count those of every neuron.

    Parameters
    ----------
    network
        The network; what it records is left out.
    duration_ms
        Model time; rounded up to whole steps.

    Returns
    -------
    ndarray of float64, shape (neurons,)
        Spikes a second. A neuron that did not spike counts as one that spiked half a time, so that it has a place
        near its targets too.
    """
    # Imported here: a simulation asks for rates, and these for a simulation.
    from spikemesh.api.simulation import Simulation

    everything = tuple(range(len(network.populations)))
    quiet = replace(network, recorded=everything, probes=(), stored_weights=())
    steps = int(np.ceil(duration_ms / network.timestep_ms - 1e-9))
    with TemporaryDirectory() as folder:
        simulation = Simulation(quiet, None, out=Path(folder) / "rates.h5", backend="local", workers=1)
        simulation.run(steps * network.timestep_ms)
        trace = simulation.close().trace
        counts = [
            np.bincount(trace.spikes(p.name).neurons.astype(np.int64), minlength=p.size)
            for p in network.populations
        ]
    spikes = np.concatenate([np.zeros(0, dtype=np.int64), *counts])
    rates: FloatArray = np.maximum(spikes, 0.5) * (1000.0 / (steps * network.timestep_ms))
    return rates
