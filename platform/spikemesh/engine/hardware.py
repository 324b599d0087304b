"""Named tuples of plain arrays from which the hardware time of steps is found.

Legend: V functions of learning rules that run whether or not anybody spikes; N neurons of the network, P packets that
its neurons can send, E entries of the fan-out, K nodes of the forest, C channels, L links between chips; B bins, T
steps. Times are int64 in ps.
"""

from __future__ import annotations

from typing import NamedTuple

from spikemesh.engine.network import Channels, Forest
from spikemesh.ids import AnyArray, IntArray

BUCKETS = 8 * 42
"""Buckets of latencies, to 1.7 s; see :func:`spikemesh.kernels.barrier.bucket_of`."""
CLASSES = ("on_tile", "on_chip", "between_chips", "between_boards")
"""How far packets go, in the order of their numbers."""
HOPS = ("tile", "x", "y")
"""Kinds of hops on a chip, in the order of their numbers."""


class Hardware(NamedTuple):
    """A mapped network on its system; read only."""

    level: IntArray  # int64 [1], see kernels.barrier
    links: IntArray  # int64 [1], L
    costs: IntArray  # int64 [COSTS], see kernels.barrier
    idle_apart: IntArray  # int64 [1], whether a neuron that stays as it is costs something else
    core_of: AnyArray  # int32 [N]
    core_ptr: IntArray  # int64 [cores+1]
    by_core: IntArray  # int64, neurons that are updated in every step, by core, then number
    used: IntArray  # int64, cores with such neurons
    run_ptr: IntArray  # int64 [cores+1]
    run: IntArray  # int64, first neuron of each row of consecutive ones on a core, and the one after the last
    root_ptr: IntArray  # int64 [N+1]
    root: AnyArray  # int32 [P]
    entry: IntArray  # int64 [P]
    fan_ptr: IntArray  # int64 [N+1]
    fan_core: AnyArray  # int32 [E]
    load: IntArray  # int64 [E], time that the synapses of an entry take
    learn_ptr: IntArray  # int64 [N+1]
    learn_core: AnyArray  # int32, cores with plastic synapses that a spike of the neuron changes
    learn_ps: IntArray  # int64, time that their updates take
    visit_ps: (
        IntArray  # int64 [V, cores], time in which a core goes through its synapses once, by kind of visit
    )
    spread_ptr: IntArray  # int64 [N+1], or empty
    spread: IntArray  # int64, what a spike does to channels, see kernels.spread; empty: packets are followed
    channels: Channels
    forest: Forest
    rank: AnyArray  # int32 [K]
    core: AnyArray  # int32 [K]
    follower_ptr: IntArray  # int64 [C+1]
    follower: IntArray  # int64, channels that are joined to one, see engine.network_chains
    kind: IntArray  # int64 [C], kind of hop, -1: none
    chip_of_channel: IntArray  # int64 [C]
    core_of_channel: IntArray  # int64 [C], core whose input it is; -1: of none
    channel_of_rank: IntArray  # int64 [C], order of channels; any if there is none
    rank_of_core: IntArray  # int64 [cores], place of a core's input in the order of channels
    tile: IntArray  # int64 [cores], router
    chip: IntArray  # int64 [cores]
    board: IntArray  # int64 [cores]


class StepScratch(NamedTuple):
    """What a step needs while it lasts."""

    words: IntArray  # int64 [4], see kernels.barrier
    core_stamp: IntArray  # int64 [cores], attempt at a step in which a core last did something
    cores: IntArray  # int64 [cores], those of this step
    sent: IntArray  # int64 [cores], time in spikes and packets sent
    taken: IntArray  # int64 [cores], time in packets taken in
    learned: IntArray  # int64 [cores], time in updates of plastic synapses
    visit_runs: IntArray  # int64 [T, V], how often synapses are gone through in each step
    in_packets: IntArray  # int64 [cores]
    out_packets: IntArray  # int64 [cores]
    channel_stamp: IntArray  # int64 [C]
    crossed: IntArray  # int64 [C]
    first: IntArray  # int64 [C], earliest arrival
    load: IntArray  # int64 [C], work in this step
    packets: IntArray  # int64 [C], packets since the counters were settled
    busy: IntArray  # int64 [C], work since then
    last: IntArray  # int64 [1]
    known: IntArray  # int64 [1], whether the next four are those of every step
    turn: IntArray  # int64 [N], when a neuron has been updated, spikes of the step apart
    base: IntArray  # int64 [cores], when all neurons of a core have
    active: IntArray  # int64 [cores], how many of them spiked or changed state
    longest_update: IntArray  # int64 [2], the largest of these, and its core
    began: IntArray  # int64 [N], when the core of each spike began to send its packets
    listed: IntArray  # int64 [4P], packets of this step, see kernels.barrier
    loads: IntArray  # int64 [E+1], their loads
    stack_node: IntArray  # int64 [K]
    stack_time: IntArray  # int64 [K]
    stretch: IntArray  # int64 [4], see kernels.barrier_packets
    records: IntArray  # int64 [2P+4], scratch to sort packets
    spare: IntArray  # int64 [2P+4]
    runs: IntArray  # int64 [P+2], at least 2 ** 11
    sent_at: IntArray  # int64 [P], by the number of a packet in its step
    sent_by: IntArray  # int64 [P]


class StepOutputs(NamedTuple):
    """What steps leave."""

    step_time_ps: IntArray  # int64 [T]
    step_core: IntArray  # int64 [T]
    step_link: IntArray  # int64 [T], -1: none
    core_updates: IntArray  # int64 [B, cores], neurons that spiked or changed state
    core_idle_updates: IntArray  # int64 [B, cores], the others
    core_packets_in: IntArray  # int64 [B, cores]
    core_packets_out: IntArray  # int64 [B, cores]
    core_busy_ps: IntArray  # int64 [B, cores]
    core_overruns: IntArray  # int64 [B, cores], steps whose work took longer than they last
    link_busy_ps: IntArray  # int64 [B, L]
    link_wait_ps: IntArray  # int64 [B, L]
    link_queue_max: IntArray  # int64 [B, L]
    chip_hops: IntArray  # int64 [3, B, chips]
    latency: IntArray  # int64 [classes, BUCKETS]
    first_bin: int
    bin_steps: int
