"""Encoders and decoders."""

from __future__ import annotations

from spikemesh.contracts import Decoder, Encoder, StreamEncoder, hookimpl
from spikemesh_plugins.coding.constant_current import ConstantCurrentEncoder
from spikemesh_plugins.coding.delta import DeltaDecoder, DeltaEncoder
from spikemesh_plugins.coding.latency import LatencyEncoder
from spikemesh_plugins.coding.poisson import PoissonEncoder
from spikemesh_plugins.coding.spike_count import SpikeCountDecoder


@hookimpl
def spikemesh_encoders() -> list[type[Encoder] | type[StreamEncoder]]:
    """Return the built-in encoders."""
    return [PoissonEncoder, LatencyEncoder, ConstantCurrentEncoder, DeltaEncoder]


@hookimpl
def spikemesh_decoders() -> list[type[Decoder]]:
    """Return the built-in decoders."""
    return [SpikeCountDecoder, DeltaDecoder]
