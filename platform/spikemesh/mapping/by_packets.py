"""Synapses that spikes reach by packets, where packets can be late or lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikemesh.contracts.bound import BoundNetwork
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.trees import Trees
from spikemesh.errors import InputError, Problem
from spikemesh.ids import AnyArray, IntArray
from spikemesh.mapping.routes import FanOut, fan_out_from


def split(fan: FanOut, timing: LinkTiming | None) -> tuple[FanOut, FanOut]:
    """Split synapses into those that spikes reach at once, and those that packets reach when they arrive."""
    neurons, none = fan.ptr.size - 1, np.zeros(0, dtype=np.int64)
    if timing is None:
        return fan, fan_out_from(neurons, none, none)
    source, core = fan.source, fan.core.astype(np.int64)
    by_packet = np.isin(source * timing.cores + core, Trees(timing).reached())
    return (
        fan_out_from(neurons, source[~by_packet], core[~by_packet], fan.synapses[~by_packet]),
        fan_out_from(neurons, source[by_packet], core[by_packet], fan.synapses[by_packet]),
    )


def check_learning(
    network: BoundNetwork,
    plastic: Sequence[dict[int, tuple[IntArray, IntArray, IntArray]]],
    timing: LinkTiming,
) -> None:
    """Refuse plastic synapses whose packets can be late: they are updated as if all came in time.

    Parameters
    ----------
    network
        The network.
    plastic
        Of every worker, sources, cores and numbers of synapses of plastic projections, by index.
    timing
        Says where packets go.

    Raises
    ------
    InputError
        Names the projections and how many synapses it is.
    """
    problems: list[Problem] = []
    if not any(plastic):
        return
    reached = Trees(timing).reached()
    for projection in network.projections:
        triples = [found[projection.index] for found in plastic if projection.index in found]
        late = sum(
            int(n[np.isin(source * timing.cores + core, reached)].sum()) for source, core, n in triples
        )
        if late:
            found = f'{late:,} synapses that learn wait for packets, which can be late in regime "{timing.regime}"'
            remedy = 'both populations on one core, run.links = "none", or regime barrier'
            problems.append(Problem(f'projection "{projection.name}".learning', found, remedy))
    if problems:
        raise InputError(problems)


def timed_fields(
    timing: LinkTiming | None, axons: IntArray, source: IntArray, by_packets: FanOut, mine: AnyArray
) -> dict[str, Any]:
    """Return what a program has besides, where packets can be late; ``mine`` are the synapses it is reached by."""
    if timing is None:
        return {}
    return {
        "link_timing": timing,
        "axon_neuron": axons,
        "carried_ptr": np.append(np.searchsorted(source[mine], axons), np.count_nonzero(mine)),
        "carried_core": by_packets.core[mine].astype(np.int64),
        "carried_synapses": by_packets.synapses[mine],
    }
