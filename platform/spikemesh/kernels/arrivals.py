"""Static synapses: spikes are kept until they arrive, then their synapses are added to the input of the step.

A spike that was sent at tick s arrives through its synapses of delay d in the step that ends at s + d. So
every step adds to one row of inputs, which stays in the cache whatever the delays are. A step first lists
the runs of synapses that its arriving spikes have (``list_runs``), then adds them (``_add``), asking for
memory some runs ahead.

Legend: A axons (source neurons that have synapses here), G groups of axons, K parts (synapses of one group,
all stored one way), D distinct delays, O origins of spikes (this worker, then its peers), H slots by tick.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import bare, bare_inlined, bare_inner
from spikemesh.kernels.cursor import DELIVERIES
from spikemesh.kernels.plasticity import remember
from spikemesh.kernels.pointers import (
    as_int8,
    as_int16,
    as_int32,
    as_int64,
    as_uint16,
    as_uint32,
    prefetch,
    uint32_at,
)

# How the synapses of a part are stored: targets or a run of neighbours, weights shared or of 32, 16, 8 bits.
SHARED, WIDE, HALF_WIDE, BYTE, RUN_SHARED, RUN_WIDE, RUN_HALF, RUN_BYTE = range(8)

AHEAD = 6
"""Runs of synapses between asking for memory and using it."""


@bare_inlined
def keep(axon: Any, stamp: Any, origin: Any, a: Any) -> None:
    """Keep the spike of an axon; stamps of one origin never decrease."""
    slot = stamp & (a.first.shape[1] - 1)
    a.axons[a.base[origin] + (a.head[origin] & a.wrap[origin])] = axon
    a.head[origin] += 1
    a.last[origin, slot] = a.head[origin]


@bare_inlined
def begin_tick(stamp: Any, origin: Any, a: Any) -> None:
    """Open the list of the spikes of a tick."""
    slot = stamp & (a.first.shape[1] - 1)
    a.first[origin, slot] = a.head[origin]
    a.last[origin, slot] = a.head[origin]
    a.until[origin] = stamp


@bare_inlined
def room(tick: Any, origin: Any, a: Any) -> Any:
    """Return how many more spikes of an origin can be kept in the step that ends at ``tick``."""
    stamp = tick - a.longest[0]
    if stamp > a.until[origin]:
        return a.wrap[origin] + 1
    oldest = a.first[origin, max(0, stamp) & (a.first.shape[1] - 1)]
    return a.wrap[origin] + 1 - (a.head[origin] - oldest)


@bare
def deliver_packets(
    address: Any, count: Any, origin: Any, first: Any, last: Any, t: Any, q: Any, a: Any, cursor: Any
) -> Any:
    """Keep the packets of another worker's window (first, last]; return whether they are in order.

    Packets are pairs of uint32 (axon, tick - first) at an address, sorted by tick.
    """
    packets = as_uint32(address)
    k = 0
    for stamp in range(first + 1, last + 1):
        begin_tick(stamp, origin, a)
        while k < count and first + np.int64(packets[2 * k + 1]) == stamp:
            axon = np.int64(packets[2 * k])
            if axon >= t.axon_synapses.size:
                return False
            keep(axon, stamp, origin, a)
            cursor[DELIVERIES] += t.axon_synapses[axon]
            remember(axon, stamp, t.plastic_axon, q)
            k += 1
    return k == count


@bare_inlined
def list_runs(k: Any, axon: Any, items: Any, t: Any, a: Any) -> Any:
    """List the runs of synapses of delay number k of one axon; returns how many are listed now."""
    group = t.group[axon]
    for part in range(t.group_parts[group], t.group_parts[group + 1]):
        low, high = t.part_columns[part, k], t.part_columns[part, k + 1]
        row = t.part_starts[part] + axon * t.part_stride[part]
        for column in range(low, high):
            first, last = uint32_at(row + 4 * column), uint32_at(row + 4 * column + 4)
            if first != last:
                a.items[items, 0] = t.part_targets[part] + 2 * first
                a.items[items, 1] = t.part_weights[part] + t.part_bytes[part] * first
                a.items[items, 2] = last - first
                a.items[items, 3] = t.part_column[part] + column
                items += 1
    return items


@bare_inlined
def _ask(item: Any, a: Any) -> None:
    """Ask for the memory of a run of synapses."""
    targets, weights = a.items[item, 0], a.items[item, 1]
    prefetch(targets)
    prefetch(targets + 64)
    prefetch(weights)
    prefetch(weights + 64)
    prefetch(weights + 128)


# Pointers, not arrays: numba counts references to the arrays it makes.
@bare_inlined
def _add_shared(inputs: Any, targets: Any, count: Any, weight: Any) -> None:
    for k in range(count):
        inputs[targets[k]] += weight


@bare_inlined
def _add_each(inputs: Any, targets: Any, count: Any, weights: Any, shift: Any) -> None:
    for k in range(count):
        inputs[targets[k]] += np.int64(weights[k]) << shift


@bare_inlined
def _add_run(inputs: Any, others: Any, split: Any, count: Any, weights: Any, shift: Any) -> None:
    """Add weights to neighbouring inputs; if ``split``, negative weights to ``others``."""
    if split:
        for k in range(count):
            weight = np.int64(weights[k]) << shift
            inputs[k] += max(weight, 0)
            others[k] += min(weight, 0)
    else:
        for k in range(count):
            inputs[k] += np.int64(weights[k]) << shift


@bare_inlined
def _add(item: Any, t: Any, a: Any, row: Any) -> None:
    """Add one run of synapses to the inputs, which start at address ``row``."""
    weights, count, column = a.items[item, 1], a.items[item, 2], a.items[item, 3]
    kind, weight = t.column_kind[column], t.column_weight[column]
    inputs = as_int64(row + 8 * t.column_base[column])
    if kind < RUN_SHARED:
        targets = as_uint16(a.items[item, 0])
        if kind == SHARED:
            _add_shared(inputs, targets, count, weight)
        elif kind == WIDE:
            _add_each(inputs, targets, count, as_int32(weights), weight)
        elif kind == HALF_WIDE:
            _add_each(inputs, targets, count, as_int16(weights), weight)
        else:
            _add_each(inputs, targets, count, as_int8(weights), weight)
        return
    other = t.column_other[column]
    others = as_int64(row + 8 * max(0, other))
    if kind == RUN_SHARED:
        for k in range(count):
            inputs[k] += weight
    elif kind == RUN_WIDE:
        _add_run(inputs, others, other >= 0, count, as_int32(weights), weight)
    elif kind == RUN_HALF:
        _add_run(inputs, others, other >= 0, count, as_int16(weights), weight)
    else:
        _add_run(inputs, others, other >= 0, count, as_int8(weights), weight)


@bare_inlined
def _add_runs(
    inputs: Any, others: Any, split: Any, count: Any, w0: Any, w1: Any, w2: Any, w3: Any, shift: Any
) -> None:
    """Add four runs onto the same inputs at once, which reads and writes the inputs but once."""
    if split:
        for k in range(count):
            a: Any = np.int64(w0[k])
            b: Any = np.int64(w1[k])
            c: Any = np.int64(w2[k])
            d: Any = np.int64(w3[k])
            inputs[k] += (max(a, 0) + max(b, 0) + max(c, 0) + max(d, 0)) << shift
            others[k] += (min(a, 0) + min(b, 0) + min(c, 0) + min(d, 0)) << shift
    else:
        for k in range(count):
            inputs[k] += (np.int64(w0[k]) + np.int64(w1[k]) + np.int64(w2[k]) + np.int64(w3[k])) << shift


@bare_inlined
def _add_four(item: Any, t: Any, a: Any, row: Any) -> None:
    """Add four runs of one column and length."""
    count, column = a.items[item, 2], a.items[item, 3]
    kind, shift, other = t.column_kind[column], t.column_weight[column], t.column_other[column]
    inputs = as_int64(row + 8 * t.column_base[column])
    others = as_int64(row + 8 * max(0, other))
    split = other >= 0
    w0, w1, w2, w3 = a.items[item, 1], a.items[item + 1, 1], a.items[item + 2, 1], a.items[item + 3, 1]
    if kind == RUN_WIDE:
        _add_runs(inputs, others, split, count, as_int32(w0), as_int32(w1), as_int32(w2), as_int32(w3), shift)
    elif kind == RUN_HALF:
        _add_runs(inputs, others, split, count, as_int16(w0), as_int16(w1), as_int16(w2), as_int16(w3), shift)
    else:
        _add_runs(inputs, others, split, count, as_int8(w0), as_int8(w1), as_int8(w2), as_int8(w3), shift)


@bare_inlined
def _alike(item: Any, items: Any, t: Any, a: Any) -> Any:
    """Tell whether this run and the three after it can be added at once."""
    column, count = a.items[item, 3], a.items[item, 2]
    if t.column_kind[column] <= RUN_SHARED or item + 4 > items:
        return False
    for k in range(item + 1, item + 4):  # noqa: SIM110 - all() of a generator does not compile
        if a.items[k, 3] != column or a.items[k, 2] != count:
            return False
    return True


@bare_inner
def _flush(items: Any, t: Any, a: Any, row: Any) -> None:
    for item in range(min(AHEAD, items)):
        _ask(item, a)
    item = 0
    while item < items:
        taken = 4 if _alike(item, items, t, a) else 1
        for k in range(item + AHEAD, min(item + AHEAD + taken, items)):
            _ask(k, a)
        if taken == 4:
            _add_four(item, t, a, row)
        else:
            _add(item, t, a, row)
        item += taken


@bare_inner
def arrive(tick: Any, t: Any, a: Any, row: Any) -> None:
    """Add the static synapses of every spike that arrives in the step that ends at ``tick``."""
    items = 0
    most = a.items.shape[0] - t.widest[0]
    inputs = row.ctypes.data
    mask = a.first.shape[1] - 1
    for k in range(t.delays.size):
        stamp = tick - t.delays[k]
        for origin in range(a.head.size):
            if stamp > a.until[origin]:
                continue
            slot = stamp & mask
            for entry in range(a.first[origin, slot], a.last[origin, slot]):
                axon = np.int64(a.axons[a.base[origin] + (entry & a.wrap[origin])])
                items = list_runs(k, axon, items, t, a)
                if items > most:
                    _flush(items, t, a, inputs)
                    items = 0
    _flush(items, t, a, inputs)
