"""Named tuples of plain arrays that the compiled loop works on.

Legend: N neurons of this worker, M inputs (neurons times receptors), P populations; A axons, G groups, K
parts, C columns, D distinct delays, O origins of spikes; T plastic tables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from spikemesh.ids import AnyArray

_LINE = 64
"""Bytes of a cache line, and of the widest vector."""


def zeros(size: int, dtype: DTypeLike = np.float64) -> AnyArray:
    """Return zeros that start with a cache line: vectors across two lines take twice as long to load."""
    count = size * np.dtype(dtype).itemsize
    memory = np.zeros(count + _LINE, dtype=np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + count].view(dtype)


class Tables(NamedTuple):
    """Connectivity of one worker; read only.

    Axons are the sources that have synapses on this worker; a group is a run of axons of one population. A
    part holds synapses of one group that are stored in one way. Its columns are the combinations of delay,
    block of inputs and weight (or shift of weights) that occur; the synapses of axon a and column c of the part
    start at the uint32 at ``part_starts + a * part_stride + 4 * c`` and end at the next one. Targets are
    16-bit offsets from ``column_base``; a run part has no targets, for they are neighbours.
    """

    delays: AnyArray  # int64 [D], distinct, ascending
    group: AnyArray  # int32 [A]
    group_parts: AnyArray  # int64 [G+1]
    part_column: AnyArray  # int64 [K], first of its columns
    part_columns: AnyArray  # int64 [K, D+1], columns by delay, counted from its first
    part_starts: AnyArray  # int64 [K], address at which the starts of axon 0 would be, were it of this part
    part_stride: AnyArray  # int64 [K], bytes from the starts of an axon to those of the next
    part_targets: AnyArray  # int64 [K], address of uint16
    part_weights: AnyArray  # int64 [K], address
    part_bytes: AnyArray  # int64 [K], of a weight; 0 if shared
    column_kind: AnyArray  # int64 [C], see kernels.arrivals
    column_base: AnyArray  # int64 [C], first input
    column_other: AnyArray  # int64 [C], first input for negative weights of a run; -1: the same
    column_weight: AnyArray  # int64 [C], shared weight, or bits to shift weights by
    widest: AnyArray  # int64 [1], most columns an axon has of one delay
    axon_synapses: AnyArray  # int64 [A], static and plastic
    plastic_axon: AnyArray  # int64 [A], -1: none
    axon: AnyArray  # int64 [N], own axon of a neuron here, -1: none
    core: AnyArray  # int64 [N]
    recorded: AnyArray  # uint8 [N]
    fan_ptr: AnyArray  # int64 [N+1]
    fan_core: AnyArray  # int32
    fan_synapses: AnyArray  # int32
    route_ptr: AnyArray  # int64 [N+1]
    route_link: AnyArray  # int32
    route_packets: AnyArray  # int32
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
    fired: AnyArray  # uint8 [N rounded up to 64]
    changed: AnyArray  # uint8 [N rounded up to 64], who spiked or changed state, if watched
    spiked: AnyArray  # int64 [N]


class Arrivals(NamedTuple):
    """Inputs of the step, and the spikes that are still to arrive, by origin: this worker, then its peers.

    Spikes of an origin lie in a ring of ``wrap + 1`` entries (a power of two) of ``axons``, from ``base``;
    those of a tick are entries ``first`` to ``last`` of its slot, counted from the start of the run.
    """

    row: AnyArray  # int64 [M]
    axons: AnyArray  # int32
    base: AnyArray  # int64 [O]
    wrap: AnyArray  # int64 [O]
    head: AnyArray  # int64 [O]
    senders: AnyArray  # int64 [O], axons that the origin can send
    until: AnyArray  # int64 [O], last tick whose spikes are here
    first: AnyArray  # int64 [O, slots]
    last: AnyArray  # int64 [O, slots]
    longest: AnyArray  # int64 [1], longest delay
    ahead: AnyArray  # int64 [1], most steps of a peer that are taken in before the next step of this worker
    items: AnyArray  # int64 [runs, 4], scratch: address of targets and of weights, synapses, column


class Corrections(NamedTuple):
    """Deliveries to take back, or to make up for, because packets were late or lost; see kernels.late.

    Entries lie in a ring of ``wrap + 1`` rows (a power of two); those of a tick are ``first`` to ``last`` of its slot,
    counted from the start of the run, and sorted by axon.
    """

    entries: AnyArray  # int32 [S, 3]: axon, core, how often to add its synapses
    wrap: AnyArray  # int64 [1]
    head: AnyArray  # int64 [1], entries made
    until: AnyArray  # int64 [1], last tick whose entries are here
    first: AnyArray  # int64 [slots]
    last: AnyArray  # int64 [slots]
    input_core: AnyArray  # int32 [M], core of the neuron that an input belongs to
    times: AnyArray  # int64 [cores], scratch, zeros


class Plasticity(NamedTuple):
    """Plastic tables of one worker, and the spikes that have not arrived everywhere.

    A row holds the synapses of one axon in one table, or, where a history of its trace would be large,
    those of equal delay.
    """

    blocks: AnyArray  # int64 [T, words], see kernels.rule_block
    base: AnyArray  # int64 [T], first input
    arrive: AnyArray  # int64 [T], addresses; 0: the rule needs no such function
    potentiate: AnyArray
    advance: AnyArray
    note: AnyArray
    catch_up: AnyArray
    visit_ptr: AnyArray  # int64 [T+1]
    visit: AnyArray  # int64 [visits], address
    visit_every: AnyArray  # int64 [visits], steps from visit to visit
    visit_third: AnyArray  # uint8 [visits], also in steps with a third factor
    visit_last: AnyArray  # int64 [visits], tick of the last one
    axon_ptr: AnyArray  # int64 [plastic axons + 1]
    axon_table: AnyArray  # int32, table and row of each row of an axon, and its shortest delay
    axon_row: AnyArray  # int32
    axon_delay: AnyArray  # int32
    row_first: AnyArray  # int64 [T], first row of a table among all rows
    row_segment: AnyArray  # int32 [rows], first segment, and the one after the last
    row_last: AnyArray  # int32 [rows]
    heads: AnyArray  # int32 [T, slots], first node that is due in a slot, -1: none
    nodes: AnyArray  # int32 [most spikes under way, 3]: next node, row, segment
    free: AnyArray  # int32 [2]: first free node, -1: none; first one never used
    marked: AnyArray  # int32 [rows], rows of each table whose trace takes in this step
    marked_count: AnyArray  # int64 [T]
    due: AnyArray  # int64, scratch
    third: AnyArray  # float64 [T], third factor: the sum of the next two
    third_given: AnyArray  # float64 [T], as it was set
    third_level: AnyArray  # float64 [T], what spikes have left
    third_decay: AnyArray  # float64 [T]
    third_gain: AnyArray  # float64 [T]
    third_least: AnyArray  # float64 [T], magnitude below which a level is 0
    third_delay: AnyArray  # int64 [T]
    third_ptr: AnyArray  # int64 [plastic axons + 1]
    third_table: AnyArray  # int32, tables to whose third factor a spike of an axon adds
    third_arriving: AnyArray  # int32 [T, slots], spikes that will add to it


class Drives(NamedTuple):
    """Poisson drives of one worker."""

    population: AnyArray  # int64 [drives]
    base: AnyArray  # int64 [drives], first input
    weight: AnyArray  # int64 [D]
    key: AnyArray  # uint64 [D]
    parts: AnyArray  # int64 [D], draws that are added up
    shared: AnyArray  # uint8 [D], one rate for all neurons
    table: AnyArray  # int64 [D], first row of edges
    edges: AnyArray  # uint32 [rows, longest]
    start: AnyArray  # int64 [D], offset of its neurons in counts and which
    which: AnyArray  # int64, row of edges per neuron
    counts: AnyArray  # uint16, 4 per neuron
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
    spike_counts: AnyArray  # int32 [N], not yet in the counters below
    core_spikes: AnyArray  # int64 [bins, cores]
    core_events: AnyArray  # int64 [bins, cores]
    link_packets: AnyArray  # int64 [bins, links]
    activity: (
        AnyArray  # uint8 [steps, bytes], bit by bit who spiked or changed state; no bytes if not watched
    )
    first_tick: int
    first_bin: int
    bin_steps: int
