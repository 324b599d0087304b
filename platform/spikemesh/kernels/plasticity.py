"""Plastic synapses within a step: which are due, what the traces take in, and their index by target.

A spike of an axon visits the segments of its rows in order of delay. Between two of them it waits in the
list of the step in which the next one is due: a node of a linked list per table and slot. So a step costs
what is due in it, however many delays there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.kernels.accelerate import bare_inlined, inlined, kernel
from spikemesh.kernels.pointers import as_float64, as_int32, as_int64, call
from spikemesh.kernels.rule_block import (
    CAUGHT_UP,
    DENDRITIC,
    DUE_WORDS,
    HISTORY_MASK,
    PAST,
    PAST_STEPS,
    PAST_THIRD,
    POST_FIRST,
    POST_MASK,
    POST_SIZE,
    ROW,
    ROWS,
    SEGMENT_DELAY,
    SEGMENT_START,
    SPIKED,
    SPIKED_COUNT,
    SPIKED_THEN,
    SPIKED_THEN_COUNT,
    STEPS,
    TABLE_RAISED,
    THROUGH,
    TICK,
    UNTIL,
)


@bare_inlined
def _wait(tick: Any, table: Any, row: Any, segment: Any, node: Any, q: Any) -> None:
    """Put a node into the list of the step in which its next segment is due."""
    slot = tick & (q.heads.shape[1] - 1)
    q.nodes[node, 0] = q.heads[table, slot]
    q.nodes[node, 1] = row
    q.nodes[node, 2] = segment
    q.heads[table, slot] = node


@bare_inlined
def remember(axon: Any, stamp: Any, plastic_axon: Any, q: Any) -> None:
    """Let a spike of an axon wait for the first segment of each of its rows, and for the third factors it adds to."""
    plastic = plastic_axon[axon]
    if plastic >= 0:
        for entry in range(q.axon_ptr[plastic], q.axon_ptr[plastic + 1]):
            node = q.free[0]
            if node >= 0:
                q.free[0] = q.nodes[node, 0]
            else:
                node = q.free[1]
                q.free[1] += 1
            table, row = q.axon_table[entry], q.axon_row[entry]
            segment = q.row_segment[q.row_first[table] + row]
            _wait(stamp + q.axon_delay[entry], table, row, segment, node, q)
        for entry in range(q.third_ptr[plastic], q.third_ptr[plastic + 1]):
            table = q.third_table[entry]
            q.third_arriving[table, (stamp + q.third_delay[table]) & (q.heads.shape[1] - 1)] += 1


@bare_inlined
def _set_third(table: Any, slot: Any, q: Any) -> None:
    """Add the spikes that arrive now to the third factor."""
    count = q.third_arriving[table, slot]
    q.third_arriving[table, slot] = 0
    level = q.third_level[table] * q.third_decay[table] + count * q.third_gain[table]
    level = level if abs(level) >= q.third_least[table] else 0.0
    q.third_level[table] = level
    q.third[table] = q.third_given[table] + level


@bare_inlined
def _catch_up(table: Any, number: Any, q: Any) -> None:
    """Let a row do what it has put off, through a step that the block names."""
    block = q.blocks[table]
    if q.catch_up[table] and as_int64(block[CAUGHT_UP])[number] < block[THROUGH]:
        call(q.catch_up[table], block.ctypes.data, number)


@kernel
def catch_up_all(tick: Any, q: Any) -> Any:
    """Let all rows do what they have put off; returns 0, or 1 + the number of a table whose rule raised."""
    for table in range(q.blocks.shape[0]):
        q.blocks[table, THROUGH] = tick
        for number in range(q.blocks[table, ROWS] if q.catch_up[table] else 0):
            _catch_up(table, number, q)
        if q.blocks[table, TABLE_RAISED]:
            return table + 1
    return 0


@bare_inlined
def plastic_arrivals(tick: Any, q: Any, row: Any) -> None:
    """Update and deliver the plastic synapses whose spike arrives now."""
    for table in range(q.blocks.shape[0]):
        block = q.blocks[table]
        block[TICK] = tick
        block[ROW] = row.ctypes.data + 8 * q.base[table]
        q.marked_count[table] = 0
        slot = tick & (q.heads.shape[1] - 1)
        _set_third(table, slot, q)
        if block[DENDRITIC] and q.potentiate[table]:
            call(q.potentiate[table], block.ctypes.data, 0)
        node = np.int64(q.heads[table, slot])
        if node < 0:
            continue
        q.heads[table, slot] = -1
        start = as_int64(block[SEGMENT_START])
        delay = as_int32(block[SEGMENT_DELAY])
        mask, rows = block[HISTORY_MASK], block[ROWS]
        first_row = q.row_first[table]
        block[THROUGH] = tick - 1
        count: Any = 0
        while node >= 0:
            following, number, segment = q.nodes[node, 0], q.nodes[node, 1], q.nodes[node, 2]
            first = q.row_segment[first_row + number]
            _catch_up(table, np.int64(number), q)
            if segment == first:
                q.marked[first_row + q.marked_count[table]] = number
                q.marked_count[table] += 1
            lag = delay[segment] - delay[first]
            q.due[count * DUE_WORDS] = start[segment]
            q.due[count * DUE_WORDS + 1] = start[segment + 1]
            q.due[count * DUE_WORDS + 2] = ((tick - lag) & mask) * rows + number
            q.due[count * DUE_WORDS + 3] = number
            q.due[count * DUE_WORDS + 4] = delay[segment]
            count += 1
            if count * DUE_WORDS == q.due.size:
                call(q.arrive[table], block.ctypes.data, count)
                count = 0
            if segment + 1 < q.row_last[first_row + number]:
                later = tick + delay[segment + 1] - delay[segment]
                _wait(later, table, number, segment + 1, node, q)
            else:
                q.nodes[node, 0] = q.free[0]
                q.free[0] = node
            node = np.int64(following)
        if count:
            call(q.arrive[table], block.ctypes.data, count)


@inlined
def _visit_all(tick: Any, table: Any, q: Any) -> None:
    """Run the functions that are due for all synapses of a table."""
    block, third = q.blocks[table], q.third[table]
    visits = range(q.visit_ptr[table], q.visit_ptr[table + 1])
    if third != 0.0:
        q.third[table] = 0.0
        block[UNTIL] = tick - 1
        for visit in visits:
            block[STEPS] = tick - 1 - q.visit_last[visit]
            if q.visit_third[visit] and block[STEPS] > 0:
                call(q.visit[visit], block.ctypes.data, 0)
                q.visit_last[visit] = tick - 1
        q.third[table] = third
    block[UNTIL] = tick
    for visit in visits:
        if tick % q.visit_every[visit] == 0 or (q.visit_third[visit] and third != 0.0):
            block[STEPS] = tick - q.visit_last[visit]
            call(q.visit[visit], block.ctypes.data, 0)
            q.visit_last[visit] = tick


@inlined
def _put_off(tick: Any, table: Any, q: Any) -> None:
    """Keep what this step has to do with synapses, and let rows catch up before it is overwritten."""
    block, slot = q.blocks[table], tick & (PAST - 1)
    caught_up, at_once = as_int64(block[CAUGHT_UP]), False
    for visit in range(q.visit_ptr[table], q.visit_ptr[table + 1]):
        at_once |= q.visit_third[visit] and q.third[table] != 0.0
    if at_once:
        block[THROUGH] = tick - 1
        for number in range(block[ROWS]):
            _catch_up(table, number, q)
            caught_up[number] = tick
        if q.potentiate[table] and block[SPIKED_COUNT]:
            call(q.potentiate[table], block.ctypes.data, 0)
        _visit_all(tick, table, q)
        return
    as_float64(block[PAST_THIRD])[slot] = q.third[table]
    past_steps = as_int64(block[PAST_STEPS])
    for visit in range(q.visit_ptr[table], q.visit_ptr[table + 1]):
        due = tick % q.visit_every[visit] == 0
        past_steps[(visit - q.visit_ptr[table]) * PAST + slot] = tick - q.visit_last[visit] if due else 0
        q.visit_last[visit] = tick if due else q.visit_last[visit]
    # A row whose list is full catches up before it takes in more.
    block[THROUGH] = tick - 1
    call(q.note[table], block.ctypes.data, 0)
    block[THROUGH] = tick
    for number in range(block[ROWS]):
        if caught_up[number] + PAST <= tick:
            _catch_up(table, number, q)


@bare_inlined
def _keep_spiked(tick: Any, spiked: Any, first: Any, last: Any, block: Any) -> None:
    """Keep who spiked until that has come down the dendrites."""
    slot = tick & block[POST_MASK]
    as_int64(block[SPIKED_THEN_COUNT])[slot] = last - first
    then = as_int32(block[SPIKED_THEN] + 4 * slot * block[POST_SIZE])
    for entry in range(first, last):
        then[entry - first] = spiked[entry] - block[POST_FIRST]


@inlined
def learn(tick: Any, spiked: Any, count: Any, q: Any) -> None:
    """Update plastic synapses onto neurons that spiked, then let traces take in this step."""
    for table in range(q.blocks.shape[0]):
        block = q.blocks[table]
        low = block[POST_FIRST]
        high = low + block[POST_SIZE]
        first = 0
        while first < count and spiked[first] < low:
            first += 1
        last = first
        while last < count and spiked[last] < high:
            last += 1
        block[SPIKED] = spiked.ctypes.data + 8 * first
        block[SPIKED_COUNT] = last - first
        address = block.ctypes.data
        if block[DENDRITIC]:
            _keep_spiked(tick, spiked, first, last, block)
        elif q.catch_up[table]:
            _put_off(tick, table, q)
        elif q.potentiate[table] and last > first:
            call(q.potentiate[table], address, 0)
        if not q.catch_up[table] and q.visit_ptr[table + 1] > q.visit_ptr[table]:
            _visit_all(tick, table, q)
        if q.advance[table]:
            call(q.advance[table], address, q.marked_count[table])


@kernel
def index_by_target(
    target: Any, row_start: Any, segment_start: Any, segment_delay: Any, segment_first: Any, lag_bits: Any,
    offset_bits: Any, starts: Any, low: Any, high: Any,
) -> None:  # fmt: skip
    """List the synapses onto each neuron: row, lag and place in the row, packed into low and high parts.

    Parameters
    ----------
    target, row_start, segment_start, segment_delay
        Of the table.
    segment_first : ndarray of int64, shape (segments,)
        List of the first neuron: 0, or where synapses are listed by delay, that of the segment's delay.
    lag_bits, offset_bits
        Bits of the lag and, below it, of the place in the row.
    starts : ndarray of int64, shape (lists + 1,)
        Filled with the first entry of each list.
    low, high : ndarray
        Filled with the lower 32 bits of each entry and those above; the latter may be empty.
    """
    starts[:] = 0
    for segment in range(segment_first.size):
        for k in range(segment_start[segment], segment_start[segment + 1]):
            starts[segment_first[segment] + np.int64(target[k]) + 1] += 1
    for j in range(starts.size - 1):
        starts[j + 1] += starts[j]
    at = starts[:-1].copy()
    segment = 0
    for number in range(row_start.size - 1):
        first = segment
        while segment < segment_delay.size and segment_start[segment] < row_start[number + 1]:
            lag = np.int64(segment_delay[segment] - segment_delay[first])
            head = ((np.int64(number) << lag_bits) | lag) << offset_bits
            for k in range(segment_start[segment], segment_start[segment + 1]):
                code = head | (k - row_start[number])
                listed = segment_first[segment] + np.int64(target[k])
                entry = at[listed]
                low[entry] = np.uint32(code & 0xFFFFFFFF)
                if high.size:
                    high[entry] = code >> 32
                at[listed] += 1
            segment += 1


@kernel
def rank_in_pair(axon: Any, segment_start: Any, target: Any, seen: Any, counts: Any, ranks: Any) -> Any:
    """Rank the synapses of each pair of neurons, and return the most that one has.

    Parameters
    ----------
    axon, segment_start, target
        Of the table.
    seen : ndarray of int64, shape (neurons,)
        Scratch, filled with -1.
    counts : ndarray of int64, shape (neurons,)
        Scratch.
    ranks : ndarray of uint16
        Filled with the rank of each synapse, modulo 65,536; may be empty.
    """
    most = 0
    for segment in range(axon.size):
        for k in range(segment_start[segment], segment_start[segment + 1]):
            j = np.int64(target[k])
            if seen[j] != axon[segment]:
                seen[j], counts[j] = axon[segment], 0
            if ranks.size:
                ranks[k] = counts[j] & 0xFFFF
            counts[j] += 1
            most = max(most, counts[j])
    return most
