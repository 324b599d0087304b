"""Encoders and decoders."""

from __future__ import annotations

from spikemesh.contracts import Decoder, Encoder, StreamEncoder, hookimpl
from spikemesh_plugins.coding.burst import BurstDecoder, BurstEncoder
from spikemesh_plugins.coding.constant_current import ConstantCurrentEncoder
from spikemesh_plugins.coding.decisions import LinearDecoder, WinnerDecoder
from spikemesh_plugins.coding.delta import DeltaDecoder, DeltaEncoder
from spikemesh_plugins.coding.dvs import DvsEncoder
from spikemesh_plugins.coding.event_stream import EventEncoder
from spikemesh_plugins.coding.filter_bank import FilterBankEncoder
from spikemesh_plugins.coding.latency import LatencyDecoder, LatencyEncoder
from spikemesh_plugins.coding.n_of_m import NOfMDecoder, NOfMEncoder
from spikemesh_plugins.coding.phase import PhaseDecoder, PhaseEncoder
from spikemesh_plugins.coding.poisson import PoissonEncoder
from spikemesh_plugins.coding.population import (
    CentreOfMassDecoder,
    MaximumLikelihoodDecoder,
    PopulationEncoder,
)
from spikemesh_plugins.coding.rank_order import RankOrderDecoder, RankOrderEncoder
from spikemesh_plugins.coding.rate import RateDecoder, RateEncoder
from spikemesh_plugins.coding.spike_count import SpikeCountDecoder


@hookimpl
def spikemesh_encoders() -> list[type[Encoder] | type[StreamEncoder]]:
    """Return the built-in encoders."""
    return [
        PoissonEncoder,
        RateEncoder,
        LatencyEncoder,
        RankOrderEncoder,
        NOfMEncoder,
        PopulationEncoder,
        PhaseEncoder,
        BurstEncoder,
        ConstantCurrentEncoder,
        DeltaEncoder,
        DvsEncoder,
        EventEncoder,
        FilterBankEncoder,
    ]


@hookimpl
def spikemesh_decoders() -> list[type[Decoder]]:
    """Return the built-in decoders."""
    return [
        SpikeCountDecoder,
        RateDecoder,
        LatencyDecoder,
        RankOrderDecoder,
        NOfMDecoder,
        CentreOfMassDecoder,
        MaximumLikelihoodDecoder,
        PhaseDecoder,
        BurstDecoder,
        DeltaDecoder,
        LinearDecoder,
        WinnerDecoder,
    ]
