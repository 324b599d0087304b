"""What synapses remember: theory of their forgetting, and measures of what was stored.

>>> from spikemesh import memory
>>> chain = memory.Chain(beakers=8)
>>> memory.lifetime(chain.signal, memory.signal_to_noise(1.0, chain.variance(), 10_000))
1140

Functions of numbers and arrays alone. :func:`spikemesh.measure_memory` measures a learning rule the same way.
"""

from __future__ import annotations

from spikemesh.memory.chain import Chain
from spikemesh.memory.correlation_matrix import CorrelationMatrix
from spikemesh.memory.forgetting import (
    Forgetting,
    assimilated_after,
    average_forgetting,
    backward_transfer,
    distortion,
    excess_forgetting,
    half_assimilated,
    presentations,
)
from spikemesh.memory.markov import MarkovSynapse, binary, cascade, serial
from spikemesh.memory.observer import (
    bits_per_synapse,
    error_of_choice,
    error_of_recognition,
    lifetime,
    signal_to_noise,
    within_bounds,
)

__all__ = [
    "Chain",
    "CorrelationMatrix",
    "Forgetting",
    "MarkovSynapse",
    "assimilated_after",
    "average_forgetting",
    "backward_transfer",
    "binary",
    "bits_per_synapse",
    "cascade",
    "distortion",
    "error_of_choice",
    "error_of_recognition",
    "excess_forgetting",
    "half_assimilated",
    "lifetime",
    "presentations",
    "serial",
    "signal_to_noise",
    "within_bounds",
]
