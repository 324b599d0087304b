"""Plastic synapses within a step: spikes kept until they arrive, updates on arrival and on spikes."""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import inlined
from spikemesh.kernels.generate import ROW
from spikemesh.kernels.pointers import call


@inlined
def remember(axon: Any, stamp: Any, t: Any, q: Any) -> None:
    """Keep a spike of an axon with plastic synapses until it has arrived everywhere."""
    plastic = t.plastic_axon[axon]
    if plastic >= 0:
        slot = stamp & (q.recent.shape[0] - 1)
        q.recent[slot, q.recent_count[slot]] = plastic
        q.recent_count[slot] += 1


@inlined
def plastic_arrivals(tick: Any, q: Any, row: Any) -> Any:
    """Decay traces, then update and deliver the plastic synapses whose spike arrives now."""
    for table in range(q.blocks.shape[0]):
        q.blocks[table, ROW] = row.ctypes.data + 8 * q.base[table]
        call(q.decay[table], q.blocks[table].ctypes.data, 0)
    arrived = 0
    for k in range(q.delays.size):
        delay = q.delays[k]
        slot = (tick - delay) & (q.recent.shape[0] - 1)
        for entry in range(q.recent_count[slot]):
            plastic = q.recent[slot, entry]
            for segment in range(q.segment_ptr[plastic, k], q.segment_ptr[plastic, k + 1]):
                table = q.segment_table[segment]
                call(q.arrive[table], q.blocks[table].ctypes.data, q.segment_local[segment])
                q.arrived[arrived] = segment
                arrived += 1
    return arrived


@inlined
def learn(spiked: Any, count: Any, arrived: Any, q: Any) -> None:
    """Update plastic synapses onto neurons that spiked, then let traces take in this step."""
    for table in range(q.blocks.shape[0]):
        low, high = q.post_first[table], q.post_last[table]
        block = q.blocks[table].ctypes.data
        for k in range(count):
            if low <= spiked[k] < high:
                call(q.potentiate[table], block, spiked[k] - low)
        call(q.tick[table], block, 0)
        for k in range(count):
            if low <= spiked[k] < high:
                call(q.mark_post[table], block, spiked[k] - low)
    for k in range(arrived):
        table = q.segment_table[q.arrived[k]]
        call(q.mark_pre[table], q.blocks[table].ctypes.data, q.segment_local[q.arrived[k]])
