"""Working arrays of the plastic tables of a worker."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spikemesh.engine.arrays import Plasticity
from spikemesh.engine.program import PlasticTable, Program
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels import rule_source as words
from spikemesh.kernels.compile import rule_kernels, visit_periods
from spikemesh.kernels.plasticity import index_by_target

_DUE = 256
"""Segments that are updated in one call."""
_HISTORY = 1 << 20
"""Entries that a history of traces may have whatever it saves."""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a table.

    Attributes
    ----------
    first : ndarray of int64, shape (rows + 1,)
        First segment of each row.
    span
        Most steps between the shortest and the longest delay of a row.
    steps
        Steps of history that traces need, a power of two.
    """

    first: IntArray
    span: int
    steps: int

    @property
    def count(self) -> int:
        return self.first.size - 1


def _rows(table: PlasticTable) -> _Rows:
    """Group segments by axon, unless a history of that many steps takes more than a trace a segment."""
    segments = table.axon.size
    first = np.append(np.flatnonzero(np.diff(table.axon, prepend=-1)), segments)
    span = int((table.delay[first[1:] - 1] - table.delay[first[:-1]]).max()) if segments else 0
    # One step is kept for the longest lag, one is written while the others are read.
    steps = 1 << int(span + 1).bit_length()
    if steps * (first.size - 1) > max(_HISTORY, 4 * segments):
        return _Rows(np.arange(segments + 1), 0, 2)
    return _Rows(first.astype(np.int64), span, steps)


def _bits(largest: int) -> int:
    return max(largest, 0).bit_length()


@dataclass(frozen=True, eq=False)
class _Layout:
    """Rows of a table and the formats that hold its synapses."""

    rows: _Rows
    row_start: IntArray
    lag_bits: int
    offset_bits: int
    width: words.Width


def _layout(table: PlasticTable) -> _Layout:
    rows = _rows(table)
    row_start = table.segment_start[rows.first].astype(np.int64)
    lag_bits = _bits(rows.span)
    offset_bits = _bits(int(np.diff(row_start).max(initial=1)) - 1)
    bits = _bits(rows.count - 1) + lag_bits + offset_bits
    high = 0 if bits <= 32 else 16 if bits <= 48 else 32
    width = words.Width(16 if table.post_size <= 1 << 16 else 32, high)
    return _Layout(rows, row_start, lag_bits, offset_bits, width)


def compile_rule(table: PlasticTable) -> dict[str, int]:
    """Compile, or load, the code that a table's rule needs; addresses by name."""
    return rule_kernels(table.rule, table.constants, _layout(table).width)


def make_plasticity(program: Program, kept: list[AnyArray]) -> Plasticity:
    """Make the working arrays of all plastic tables; weights stay in the program's own.

    Parameters
    ----------
    program
        The program.
    kept
        Takes the arrays that addresses refer to.
    """
    tables, slots = program.plastic, program.slots
    layouts = [_layout(table) for table in tables]
    third = np.zeros(len(tables))
    visits: list[tuple[int, int, int, bool]] = []
    blocks = np.zeros((len(tables), words.TABLE_WORDS), dtype=np.int64)
    addresses: dict[str, AnyArray] = {
        name: np.zeros(len(tables), dtype=np.int64) for name in ("arrive", "potentiate", "advance")
    }
    due = np.zeros(_DUE * words.DUE_WORDS, dtype=np.int64)
    scratch = np.zeros(words.SCRATCH_WORDS, dtype=np.int64)
    kept.append(scratch)
    row_first = np.cumsum([0, *(layout.rows.count for layout in layouts)])
    marked = np.zeros(max(1, int(row_first[-1])), dtype=np.int32)
    for k, (table, layout) in enumerate(zip(tables, layouts, strict=True)):
        found = rule_kernels(table.rule, table.constants, layout.width)
        for name, column in addresses.items():
            column[k] = found.get(name, 0)
        for name, every in visit_periods(table.rule, table.constants).items():
            if every:
                visit = table.rule.visits.get(name)
                visits.append((k, found[f"visit_{name}"], every, visit is not None and visit.on_third))
        _fill_block(blocks[k], table, layout, program.timestep_ms, kept)
        blocks[k, words.THIRD] = third[k:].ctypes.data
        blocks[k, words.DUE] = due.ctypes.data
        blocks[k, words.SCRATCH] = scratch.ctypes.data
        blocks[k, words.MARKED] = marked[row_first[k] :].ctypes.data
    empty = np.zeros(0, dtype=np.int32)
    first = np.concatenate([empty, *(la.rows.first[:-1] for la in layouts)]).astype(np.int32)
    last = np.concatenate([empty, *(la.rows.first[1:] for la in layouts)]).astype(np.int32)
    heads = [la.rows.first[:-1] for la in layouts]
    axon = np.concatenate([empty, *(t.axon[h] for t, h in zip(tables, heads, strict=True))])
    shortest = np.concatenate([empty, *(t.delay[h] for t, h in zip(tables, heads, strict=True))])
    longest = [t.delay[la.rows.first[1:] - 1] for t, la in zip(tables, layouts, strict=True)]
    number = np.repeat(np.arange(len(tables), dtype=np.int32), np.diff(row_first))
    order = np.argsort(axon, kind="stable")
    counts = np.bincount(axon, minlength=program.plastic_axons)
    # An axon may spike in every step.
    under_way = int(sum(int(delays.sum()) for delays in longest))
    return Plasticity(
        blocks=blocks,
        base=np.array([t.input_base for t in tables], dtype=np.int64),
        **addresses,
        visit_ptr=np.searchsorted([v[0] for v in visits], np.arange(len(tables) + 1)).astype(np.int64),
        visit=np.array([v[1] for v in visits], dtype=np.int64),
        visit_every=np.array([v[2] for v in visits], dtype=np.int64),
        visit_third=np.array([v[3] for v in visits], dtype=np.uint8),
        visit_last=np.zeros(len(visits), dtype=np.int64),
        axon_ptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        axon_table=number[order],
        axon_row=(order - row_first[number[order]]).astype(np.int32),
        axon_delay=shortest[order].astype(np.int32),
        row_first=row_first[:-1].astype(np.int64),
        row_segment=first,
        row_last=last,
        heads=np.full((len(tables), slots), -1, dtype=np.int32),
        # Untouched pages of it take no memory.
        nodes=np.empty((max(1, under_way), 3), dtype=np.int32),
        free=np.array([-1, 0], dtype=np.int32),
        marked=marked,
        marked_count=np.zeros(len(tables), dtype=np.int64),
        due=due,
        third=third,
    )


def _fill_block(
    block: AnyArray, table: PlasticTable, layout: _Layout, dt: float, kept: list[AnyArray]
) -> None:
    def keep(array: AnyArray) -> int:
        kept.append(array)
        return int(array.ctypes.data)

    rule, rows, width = table.rule, layout.rows, layout.width
    synapses, segments = table.target.size, table.axon.size
    target = np.ascontiguousarray(table.target, dtype=np.uint16 if width.target == 16 else np.int32)
    segment_start = np.ascontiguousarray(table.segment_start, dtype=np.int64)
    delay = np.ascontiguousarray(table.delay, dtype=np.int32)
    starts = np.zeros(table.post_size + 1, dtype=np.int64)
    low = np.empty(synapses, dtype=np.uint32)
    high = np.empty(synapses if width.high else 0, dtype=np.uint16 if width.high == 16 else np.uint32)
    index_by_target(
        target, layout.row_start, segment_start, delay, layout.lag_bits, layout.offset_bits, starts, low, high
    )
    block[words.SYNAPSES] = synapses
    block[words.WEIGHT] = keep(table.weight)
    block[words.VARIABLES] = keep(_variables(table))
    block[words.RULE_CONSTANTS] = keep(_numbers(table, dt))
    block[words.TARGET] = keep(target)
    block[words.ROWS] = rows.count
    block[words.ROW_START] = keep(layout.row_start)
    block[words.SEGMENTS] = segments
    block[words.SEGMENT_START] = keep(segment_start)
    block[words.SEGMENT_DELAY] = keep(delay)
    block[words.HISTORY] = keep(np.zeros((len(rule.pre), rows.steps, rows.count)))
    block[words.HISTORY_MASK] = rows.steps - 1
    block[words.POST_SIZE] = table.post_size
    block[words.POST_FIRST] = table.post_first
    block[words.POST_TRACES] = keep(np.zeros((len(rule.post), table.post_size)))
    block[words.BY_POST_START] = keep(starts)
    block[words.BY_POST] = keep(low)
    block[words.BY_POST_HIGH] = keep(high)
    block[words.OFFSET_BITS] = layout.offset_bits
    block[words.LAG_BITS] = layout.lag_bits


def _numbers(table: PlasticTable, dt: float) -> AnyArray:
    """Scale and bound of what is delivered, constants of the rule, and decays of its traces."""
    traces = [*table.rule.pre.values(), *table.rule.post.values()]
    # Not numpy's exp, which differs from machine to machine in the last bit.
    decays = [math.exp(-dt / float(table.parameters[t.tau])) for t in traces]
    most = words.OUTGROWN * float(table.parameters["w_max"]) / table.unit
    return np.array([table.sign / table.unit, most, *table.constants.values(), *decays])


def _variables(table: PlasticTable) -> AnyArray:
    """State of the synapses beside the weight."""
    variables = np.zeros((len(table.rule.state), table.target.size))
    for row, declared in zip(variables, table.rule.state.values(), strict=True):
        initial = declared.initial
        if initial == "weight":
            row[:] = table.weight
        else:
            row[:] = float(table.parameters[initial] if isinstance(initial, str) else initial)
    return variables
