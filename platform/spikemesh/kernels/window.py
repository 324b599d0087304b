"""The compiled loop over the steps of a window.

Order within the step that ends at tick n:

1. scheduled changes: currents, resets of state, events of spike sources, third factors;
2. Poisson drives and static synapses whose spike arrives at n add to the inputs; late and lost packets are put
   right;
3. plastic synapses whose pre-synaptic spike arrives at n are updated and add to the inputs;
4. neurons take in their inputs, which are cleared, and are updated; who spiked is listed;
5. spikes are recorded, counted, handed to other workers, and kept until they arrive;
6. plastic synapses onto neurons that spiked are updated; rules with ``on_step`` run; traces take in n;
7. probes sample.

All sums are of 64-bit integers, so their order does not matter. Legend: N neurons of this worker,
M inputs (neurons times receptors), P populations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import bare, bare_inlined, inlined, inner
from spikemesh.kernels.arrivals import arrive, begin_tick, keep, room
from spikemesh.kernels.cursor import (
    DELIVERIES,
    DRIVEN,
    FAILED_POPULATION,
    FAILED_TABLE,
    FULL,
    NARROW,
    RECORDED,
    SCHEDULE_AT,
    SPIKES,
)
from spikemesh.kernels.generate import DRAWS, RAISED
from spikemesh.kernels.late import correct
from spikemesh.kernels.plasticity import learn, plastic_arrivals, remember
from spikemesh.kernels.pointers import as_uint32, call
from spikemesh.kernels.poisson import count_each, count_shared
from spikemesh.kernels.random import fill_block
from spikemesh.kernels.rule_block import TABLE_RAISED

# Kinds of scheduled changes.
EVENT, CURRENT, RESET, THIRD = 0, 1, 2, 3


@bare_inlined
def _scheduled(tick: Any, at: Any, p: Any, q: Any, h: Any, row: Any) -> Any:
    """Carry out the changes scheduled for the step that ends at ``tick``."""
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
            q.third_given[place] = h.value[at]
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
            neurons = p.neurons[p.first[population] : p.first[population] + n]
            counts[:] = 0
            for part in range(d.parts[drive]):
                key, numbers = d.key[drive], np.uint64(part)
                if d.shared[drive]:
                    edges = d.edges[d.table[drive]]
                    count_shared(key, np.uint64(block), neurons, numbers, edges, counts)
                else:
                    which = d.which[start : start + n]
                    count_each(
                        key, np.uint64(block), neurons, numbers, d.edges[d.table[drive] :], which, counts
                    )
        count = counts[tick & 3]
        inputs = row[d.base[drive] : d.base[drive] + n]
        weight = d.weight[drive]
        events = np.int64(0)
        for i in range(n):
            inputs[i] += np.int64(count[i]) * weight
            events += np.int64(count[i])
        total += events
    return total


@bare_inlined
def _update(tick: Any, p: Any) -> Any:
    """Update all populations and list who spiked; returns their number, or -1 - p if population p raised."""
    for population in range(p.size.size):
        block = p.blocks[population]
        if p.draw_count[population]:
            _random(tick, population, p)
        call(p.kernel[population], block.ctypes.data, 0)
        if block[RAISED]:
            return -1 - population
    count = 0
    # 64 neurons at a time: most are silent.
    words = p.fired.view(np.uint64)
    for line in range(0, words.size, 8):
        any_fired = np.uint64(0)
        for word in range(line, line + 8):
            any_fired |= words[word]
        if any_fired:
            for i in range(8 * line, 8 * line + 64):
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


@bare_inlined
def _emit(tick: Any, first: Any, count: Any, t: Any, q: Any, p: Any, o: Any, a: Any, cursor: Any) -> None:
    """Record, count and send the spikes of one step, and keep those that have synapses here."""
    for k in range(count):
        i = p.spiked[k]
        o.spike_counts[i] += 1
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
            keep(axon, tick, 0, a)
            cursor[DELIVERIES] += t.axon_synapses[axon]
            remember(axon, tick, t.plastic_axon, q)
    cursor[SPIKES] += count


@bare_inlined
def _note_activity(tick: Any, p: Any, o: Any) -> None:
    """Note bit by bit who spiked or changed state, eight neurons at a time."""
    row = tick - o.first_tick - 1
    words = p.changed.view(np.uint64)
    for k in range(o.activity.shape[1]):
        # Each byte is 0 or 1: the product gathers them in its highest byte.
        o.activity[row, k] = (words[k] * np.uint64(0x8040201008040201)) >> np.uint64(56)


@bare
def settle(tick: Any, t: Any, o: Any) -> None:
    """Turn the spikes counted by neuron since the last time into the counters of the bin that holds a step."""
    number = np.uint64((tick - 1) // o.bin_steps - o.first_bin)
    for i in range(o.spike_counts.size):
        spikes = np.int64(o.spike_counts[i])
        if spikes == 0:
            continue
        o.spike_counts[i] = 0
        o.core_spikes[number, np.uint64(t.core[i])] += spikes
        for entry in range(t.fan_ptr[i], t.fan_ptr[i + 1]):
            o.core_events[number, np.uint64(t.fan_core[entry])] += spikes * t.fan_synapses[entry]
        for entry in range(t.route_ptr[i], t.route_ptr[i + 1]):
            o.link_packets[number, np.uint64(t.route_link[entry])] += spikes * t.route_packets[entry]


@bare_inlined
def _sample(tick: Any, p: Any, b: Any) -> None:
    for probe in range(b.every.size):
        if tick % b.every[probe] == 0:
            at = b.position[probe]
            for k in range(b.cell_ptr[probe], b.cell_ptr[probe + 1]):
                cell = b.cell[k]
                b.values[at] = float(p.state_as_int[cell]) if b.integer[probe] else p.state[cell]
                at += 1
            b.position[probe] = at


@bare_inlined
def _full(reached: Any, p: Any, o: Any, a: Any, cursor: Any) -> Any:
    """Tell whether an output or the list of spikes still to arrive may not hold what the next step gives."""
    if cursor[RECORDED] + p.spiked.size > o.record_tick.size:
        cursor[FULL] = 1
        return True
    for origin in range(a.head.size):
        if room(reached + 1, origin, a) < a.senders[origin] * (a.ahead[0] if origin else 1):
            cursor[NARROW] = 1 + origin
            return True
    return False


@inner
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
    a: Any,
    c: Any,
    cursor: Any,
) -> Any:
    """Run the steps that end at ticks ``begin + 1 .. until`` of the window that starts at ``first``.

    Parameters
    ----------
    first, begin, until
        Ticks.
    t, p, q, d, h, b, o, a, c
        Tables, populations, plasticity, drives, schedule, probes, outputs, arrivals and corrections: the named
        tuples of :mod:`spikemesh.engine.arrays`.
    cursor : ndarray of int64
        Positions and totals.

    Returns
    -------
    int
        Last tick completed: less than ``until`` when the record of spikes is nearly full.
    """
    row = a.row
    for tick in range(begin + 1, until + 1):
        if _full(tick - 1, p, o, a, cursor):
            return tick - 1
        begin_tick(tick, 0, a)
        cursor[SCHEDULE_AT] = _scheduled(tick, cursor[SCHEDULE_AT], p, q, h, row)
        cursor[DRIVEN] += _drive(tick, p, d, row)
        arrive(tick, t, a, row)
        correct(tick, t, a, c, row)
        if q.blocks.shape[0]:
            plastic_arrivals(tick, q, row)
        count = _update(tick, p)
        if count < 0:
            cursor[FAILED_POPULATION] = -count
            return tick
        if o.activity.shape[1]:
            _note_activity(tick, p, o)
        if count:
            _emit(tick, first, count, t, q, p, o, a, cursor)
        if tick % o.bin_steps == 0:
            settle(tick, t, o)
        if q.blocks.shape[0]:
            learn(tick, p.spiked, count, q)
            for table in range(q.blocks.shape[0]):
                if q.blocks[table, TABLE_RAISED]:
                    cursor[FAILED_TABLE] = table + 1
                    return tick
        if b.every.size:
            _sample(tick, p, b)
    return until
