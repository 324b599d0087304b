"""Encoders and decoders."""

from __future__ import annotations

from spikemesh.contracts import Decoder, Encoder, hookimpl
from spikemesh_plugins.coding.constant_current import ConstantCurrentEncoder
from spikemesh_plugins.coding.latency import LatencyEncoder
from spikemesh_plugins.coding.poisson import PoissonEncoder
from spikemesh_plugins.coding.spike_count import SpikeCountDecoder


@hookimpl
def spikemesh_encoders() -> list[type[Encoder]]:
    """Return the built-in encoders."""
    return [PoissonEncoder, LatencyEncoder, ConstantCurrentEncoder]


@hookimpl
def spikemesh_decoders() -> list[type[Decoder]]:
    """Return the built-in decoders."""
    return [SpikeCountDecoder]
