"""Named tuples of plain arrays that the compiled loop works on.

Legend: N neurons of this worker, M inputs, A axons, S segments, P populations, D drives, T plastic tables.
"""

from __future__ import annotations

from typing import NamedTuple

from spikemesh.ids import AnyArray


class Tables(NamedTuple):
    """Connectivity of one worker; read only.

    Axons are the sources that have synapses on this worker. A segment is the run of synapses of one
    axon with equal projection, receptor, delay and block of 65,536 inputs; its targets are 16-bit
    offsets from ``segment_base``. ``segment_weights`` is -1 if all synapses share ``segment_weight``,
    else the offset of 32-bit weights, to be shifted left by ``segment_weight`` bits.
    """

    segment_ptr: AnyArray  # int64 [A+1]
    segment_delay: AnyArray  # int64 [S]
    segment_base: AnyArray  # int64 [S]
    segment_start: AnyArray  # int64 [S]
    segment_end: AnyArray  # int64 [S]
    segment_weight: AnyArray  # int64 [S]
    segment_weights: AnyArray  # int64 [S]
    targets: AnyArray  # uint16
    weights: AnyArray  # int32
    axon_synapses: AnyArray  # int64 [A], static and plastic
    plastic_axon: AnyArray  # int64 [A], -1: none
    axon: AnyArray  # int64 [N], own axon of a neuron here, -1: none
    core: AnyArray  # int64 [N]
    recorded: AnyArray  # uint8 [N]
    fan_ptr: AnyArray  # int64 [N+1]
    fan_core: AnyArray  # int64
    fan_synapses: AnyArray  # int64
    route_ptr: AnyArray  # int64 [N+1]
    route_link: AnyArray  # int64
    route_packets: AnyArray  # int64
    out_ptr: AnyArray  # int64 [N+1]
    out_peer: AnyArray  # int64, position in peers_out
    out_axon: AnyArray  # int64, axon at the peer


class Populations(NamedTuple):
    """Neurons of one worker."""

    size: AnyArray  # int64 [P]
    first: AnyArray  # int64 [P], index of its first neuron here
    neurons: AnyArray  # uint32 [N], neuron index within its population
    kernel: AnyArray  # int64 [P], address of the update loop
    blocks: AnyArray  # int64 [P, words], see kernels.generate
    input_base: AnyArray  # int64 [P], first of its inputs
    state: AnyArray  # float64, per population: state variables x neurons
    state_as_int: AnyArray  # the same memory as int64
    initial: AnyArray  # like state
    state_start: AnyArray  # int64 [P]
    state_count: AnyArray  # int64 [P]
    current: AnyArray  # float64 [N]
    layers: AnyArray  # float64, per population: current layers x neurons
    layer_start: AnyArray  # int64 [P]
    layer_count: AnyArray  # int64 [P]
    draws: AnyArray  # uint32
    draw_start: AnyArray  # int64 [P]
    draw_count: AnyArray  # int64 [P]
    draw_key: AnyArray  # uint64 [P]
    draw_block: AnyArray  # int64 [P]
    fired: AnyArray  # uint8 [N rounded up to 8]
    spiked: AnyArray  # int64 [N]


class Plasticity(NamedTuple):
    """Plastic tables of one worker."""

    blocks: AnyArray  # int64 [T, words], see kernels.generate
    base: AnyArray  # int64 [T], first input
    arrive: AnyArray  # int64 [T], addresses
    potentiate: AnyArray
    tick: AnyArray
    decay: AnyArray
    mark_pre: AnyArray
    mark_post: AnyArray
    post_first: AnyArray  # int64 [T], neurons of the target population here
    post_last: AnyArray
    segment_ptr: AnyArray  # int64 [plastic axons, distinct delays + 1]
    segment_table: AnyArray  # int64
    segment_local: AnyArray  # int64, segment number within its table
    delays: AnyArray  # int64, distinct
    recent: AnyArray  # int32 [slots, plastic axons], who spiked, by tick
    recent_count: AnyArray  # int64 [slots]
    arrived: AnyArray  # int64, scratch
    third: AnyArray  # float64 [T]


class Drives(NamedTuple):
    """Poisson drives of one worker."""

    population: AnyArray  # int64 [D]
    base: AnyArray  # int64 [D], first input
    weight: AnyArray  # int64 [D]
    key: AnyArray  # uint64 [D]
    parts: AnyArray  # int64 [D], draws that are added up
    shared: AnyArray  # uint8 [D], one rate for all neurons
    table: AnyArray  # int64 [D], first row of edges
    edge_count: AnyArray  # int64 [D]
    edges: AnyArray  # uint32 [rows, longest]
    start: AnyArray  # int64 [D], offset of its neurons in counts and which
    which: AnyArray  # int64, row of edges per neuron
    counts: AnyArray  # uint32, 4 per neuron
    numbers: AnyArray  # uint32, scratch
    block: AnyArray  # int64 [D]


class Schedule(NamedTuple):
    """Changes to carry out, sorted by the tick at which their step ends."""

    tick: AnyArray  # int64
    kind: AnyArray  # int64
    population: AnyArray  # int64
    place: AnyArray  # int64
    value: AnyArray  # float64
    integer: AnyArray  # int64


class Probes(NamedTuple):
    """Sampled state variables."""

    every: AnyArray  # int64 [probes]
    cell_ptr: AnyArray  # int64 [probes+1]
    cell: AnyArray  # int64, into state
    integer: AnyArray  # uint8 [probes]
    position: AnyArray  # int64 [probes], where the next sample goes
    values: AnyArray  # float64


class Outputs(NamedTuple):
    """What a window leaves."""

    record_tick: AnyArray  # int64
    record_neuron: AnyArray  # int64
    packet_at: AnyArray  # int64 [peers], address of the next packet: axon and tick, two uint32
    core_spikes: AnyArray  # int64 [bins, cores]
    core_events: AnyArray  # int64 [bins, cores]
    link_packets: AnyArray  # int64 [bins, links]
    first_bin: int
    bin_steps: int
