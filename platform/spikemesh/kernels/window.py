"""The compiled loop over the steps of a window.

Order within the step that ends at tick n, with slot ``n mod slots`` of the input ring:

1. scheduled changes: currents, resets of state, events of spike sources, third factors;
2. Poisson drives add to the slot;
3. plastic synapses whose pre-synaptic spike arrives at n are updated and add to the slot;
4. neurons take in the slot, are updated and the slot is cleared; who spiked is listed;
5. spikes are recorded, counted, handed to other workers, and delivered to later slots;
6. plastic synapses onto neurons that spiked are updated; rules with ``on_step`` run; traces take in n;
7. probes sample.

All sums are of 64-bit integers, so their order does not matter. Legend: N neurons of this worker,
M inputs (neurons times receptors), A axons (source neurons that have synapses here), S segments
(synapses of one axon with equal projection, receptor and delay), H slots, P populations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import inlined, kernel
from spikemesh.kernels.generate import DRAWS, INPUT, RAISED, ROW, TABLE_RAISED
from spikemesh.kernels.pointers import as_uint32, call
from spikemesh.kernels.poisson import count_each, count_shared
from spikemesh.kernels.random import fill_block

# Kinds of scheduled changes.
EVENT, CURRENT, RESET, THIRD = 0, 1, 2, 3

# Words of the cursor, which carries positions and totals from call to call.
(
    SCHEDULE_AT,
    RECORDED,
    SPIKES,
    DELIVERIES,
    DRIVEN,
    FULL,
    FAILED_POPULATION,
    FAILED_TABLE,
) = range(8)
CURSOR_WORDS = 8


@inlined
def _deliver(axon: Any, stamp: Any, t: Any, ring: Any) -> Any:
    """Add the weights of one axon's static synapses to the slots at which they arrive."""
    mask = ring.shape[0] - 1
    for segment in range(t.segment_ptr[axon], t.segment_ptr[axon + 1]):
        row = ring[(stamp + t.segment_delay[segment]) & mask, t.segment_base[segment] :]
        first, last = t.segment_start[segment], t.segment_end[segment]
        targets = t.targets[first:last]
        offset = t.segment_weights[segment]
        if offset < 0:
            weight = t.segment_weight[segment]
            for k in range(targets.size):
                row[targets[k]] += weight
        else:
            weights = t.weights[offset : offset + last - first]
            shift = t.segment_weight[segment]
            for k in range(targets.size):
                row[targets[k]] += np.int64(weights[k]) << shift
    return t.axon_synapses[axon]


@kernel
def deliver_packets(packets: Any, first: Any, t: Any, q: Any, ring: Any, cursor: Any) -> None:
    """Deliver packets of another worker: rows (axon, tick - first)."""
    for k in range(packets.shape[0]):
        axon = np.int64(packets[k, 0])
        stamp = first + np.int64(packets[k, 1])
        cursor[DELIVERIES] += _deliver(axon, stamp, t, ring)
        _remember(axon, stamp, t, q)


@inlined
def _remember(axon: Any, stamp: Any, t: Any, q: Any) -> None:
    """Keep a spike of an axon with plastic synapses until it has arrived everywhere."""
    plastic = t.plastic_axon[axon]
    if plastic >= 0:
        slot = stamp & (q.recent.shape[0] - 1)
        q.recent[slot, q.recent_count[slot]] = plastic
        q.recent_count[slot] += 1


@inlined
def _scheduled(tick: Any, at: Any, p: Any, q: Any, h: Any, ring: Any) -> Any:
    """Carry out the changes scheduled for the step that ends at ``tick``."""
    row = ring[tick & (ring.shape[0] - 1)]
    while at < h.tick.size and h.tick[at] == tick:
        kind, place = h.kind[at], h.place[at]
        if kind == EVENT:
            row[place] += h.integer[at]
        elif kind == CURRENT:
            population = h.population[at]
            n = p.size[population]
            p.layers[p.layer_start[population] + place] = h.value[at]
            neuron = place % n
            total = 0.0
            for layer in range(p.layer_count[population]):
                total += p.layers[p.layer_start[population] + layer * n + neuron]
            p.current[p.first[population] + neuron] = total
        elif kind == RESET:
            start = p.state_start[place]
            for k in range(p.state_count[place] * p.size[place]):
                p.state[start + k] = p.initial[start + k]
        else:
            q.third[place] = h.value[at]
        at += 1
    return at


@inlined
def _drive(tick: Any, p: Any, d: Any, row: Any) -> Any:
    """Add the Poisson drives of one step; returns the number of events."""
    total: Any = 0
    block = tick >> 2
    for drive in range(d.population.size):
        population = d.population[drive]
        n = p.size[population]
        start = d.start[drive]
        counts = d.counts[4 * start : 4 * (start + n)].reshape(4, n)
        if d.block[drive] != block:
            d.block[drive] = block
            numbers = d.numbers[: 4 * n].reshape(4, n)
            neurons = p.neurons[p.first[population] : p.first[population] + n]
            counts[:] = 0
            for part in range(d.parts[drive]):
                fill_block(d.key[drive], np.uint64(block), neurons, np.uint64(part), numbers)
                if d.shared[drive]:
                    count_shared(numbers, d.edges[d.table[drive], : d.edge_count[drive]], counts)
                else:
                    count_each(numbers, d.edges[d.table[drive] :], d.which[start : start + n], counts)
        count = counts[tick & 3]
        inputs = row[d.base[drive] : d.base[drive] + n]
        weight = d.weight[drive]
        events = np.int64(0)
        for i in range(n):
            inputs[i] += np.int64(count[i]) * weight
            events += np.int64(count[i])
        total += events
    return total


@inlined
def _arrivals(tick: Any, q: Any, row: Any) -> Any:
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
def _learn(spiked: Any, count: Any, arrived: Any, q: Any) -> None:
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


@inlined
def _update(tick: Any, p: Any, ring: Any) -> Any:
    """Update all populations and list who spiked; returns their number, or -1 - p if population p raised."""
    row = ring[tick & (ring.shape[0] - 1)]
    for population in range(p.size.size):
        block = p.blocks[population]
        block[INPUT] = row.ctypes.data + 8 * p.input_base[population]
        if p.draw_count[population]:
            _random(tick, population, p)
        call(p.kernel[population], block.ctypes.data, 0)
        if block[RAISED]:
            return -1 - population
    count = 0
    # Eight neurons at a time: most are silent.
    words = p.fired.view(np.uint64)
    for word in range(words.size):
        if words[word]:
            for i in range(8 * word, 8 * word + 8):
                if p.fired[i]:
                    p.spiked[count] = i
                    count += 1
    return count


@inlined
def _random(tick: Any, population: Any, p: Any) -> None:
    """Point the population at its uniform numbers of this step."""
    n = p.size[population]
    start = p.draw_start[population]
    block = tick >> 2
    if p.draw_block[population] != block:
        p.draw_block[population] = block
        for which in range(p.draw_count[population]):
            numbers = p.draws[start + 4 * n * which : start + 4 * n * (which + 1)].reshape(4, n)
            neurons = p.neurons[p.first[population] : p.first[population] + n]
            fill_block(p.draw_key[population], np.uint64(block), neurons, np.uint64(which), numbers)
            # As int32 shifted by half the range: conversion from signed numbers is a vector instruction.
            for step in range(4):
                for i in range(n):
                    numbers[step, i] ^= np.uint32(0x80000000)
    p.blocks[population, DRAWS] = p.draws.ctypes.data + 4 * (start + n * (tick & 3))


@inlined
def _emit(tick: Any, first: Any, count: Any, t: Any, q: Any, p: Any, o: Any, ring: Any, cursor: Any) -> None:
    """Record, count, send and deliver the spikes of one step."""
    spikes_per_core = o.core_spikes[(tick - 1) // o.bin_steps - o.first_bin]
    events_per_core = o.core_events[(tick - 1) // o.bin_steps - o.first_bin]
    packets_per_link = o.link_packets[(tick - 1) // o.bin_steps - o.first_bin]
    for k in range(count):
        i = p.spiked[k]
        spikes_per_core[t.core[i]] += 1
        for entry in range(t.fan_ptr[i], t.fan_ptr[i + 1]):
            events_per_core[t.fan_core[entry]] += t.fan_synapses[entry]
        for entry in range(t.route_ptr[i], t.route_ptr[i + 1]):
            packets_per_link[t.route_link[entry]] += t.route_packets[entry]
        if t.recorded[i]:
            o.record_tick[cursor[RECORDED]] = tick
            o.record_neuron[cursor[RECORDED]] = i
            cursor[RECORDED] += 1
        for entry in range(t.out_ptr[i], t.out_ptr[i + 1]):
            at = o.packet_at[t.out_peer[entry]]
            packet = as_uint32(at)
            packet[0], packet[1] = t.out_axon[entry], tick - first
            o.packet_at[t.out_peer[entry]] = at + 8
        axon = t.axon[i]
        if axon >= 0:
            cursor[DELIVERIES] += _deliver(axon, tick, t, ring)
            _remember(axon, tick, t, q)
    cursor[SPIKES] += count


@inlined
def _sample(tick: Any, p: Any, b: Any) -> None:
    for probe in range(b.every.size):
        if tick % b.every[probe] == 0:
            at = b.position[probe]
            for k in range(b.cell_ptr[probe], b.cell_ptr[probe + 1]):
                cell = b.cell[k]
                b.values[at] = float(p.state_as_int[cell]) if b.integer[probe] else p.state[cell]
                at += 1
            b.position[probe] = at


@kernel
def run_window(
    first: Any,
    begin: Any,
    until: Any,
    t: Any,
    p: Any,
    q: Any,
    d: Any,
    h: Any,
    b: Any,
    o: Any,
    ring: Any,
    cursor: Any,
) -> Any:
    """Run the steps that end at ticks ``begin + 1 .. until`` of the window that starts at ``first``.

    Parameters
    ----------
    first, begin, until
        Ticks.
    t, p, q, d, h, b, o
        Tables, populations, plasticity, drives, schedule, probes and outputs: the named tuples of
        :mod:`spikemesh.engine.arrays`.
    ring : ndarray of int64, shape (H, M)
        Input that is still to arrive.
    cursor : ndarray of int64
        Positions and totals.

    Returns
    -------
    int
        Last tick completed: less than ``until`` when the record of spikes is nearly full.
    """
    slots = ring.shape[0] - 1
    for tick in range(begin + 1, until + 1):
        if cursor[RECORDED] + p.spiked.size > o.record_tick.size:
            cursor[FULL] = 1
            return tick - 1
        row = ring[tick & slots]
        cursor[SCHEDULE_AT] = _scheduled(tick, cursor[SCHEDULE_AT], p, q, h, ring)
        cursor[DRIVEN] += _drive(tick, p, d, row)
        arrived = 0
        if q.blocks.shape[0]:
            q.recent_count[tick & (q.recent.shape[0] - 1)] = 0
            arrived = _arrivals(tick, q, row)
        count = _update(tick, p, ring)
        if count < 0:
            cursor[FAILED_POPULATION] = -count
            return tick
        if count:
            _emit(tick, first, count, t, q, p, o, ring, cursor)
        if q.blocks.shape[0]:
            _learn(p.spiked, count, arrived, q)
            for table in range(q.blocks.shape[0]):
                if q.blocks[table, TABLE_RAISED]:
                    cursor[FAILED_TABLE] = table + 1
                    return tick
        if b.every.size:
            _sample(tick, p, b)
    return until
