"""Rows of a plastic table: the synapses of an axon, whose spikes they share a trace of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spikemesh.engine.program import PlasticTable
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.plasticity import rank_in_pair
from spikemesh.kernels.rule_block import PAST, PLACE_BITS
from spikemesh.kernels.rule_form import Width, numbers_drawn, visit_periods

_FREQUENT = 4
"""Steps from visit to visit that are worth putting off."""
_CACHED = 1 << 18
"""Bytes of synapses that stay in a cache from step to step."""
_ABREAST = 64
"""Synapses of a segment, on average, that make up for the beginning of a loop over them."""
_HISTORY = 1 << 20
"""Entries that a history of traces may have whatever it saves."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table.

    Attributes
    ----------
    first : ndarray of int64, shape (rows + 1,)
        First segment of each row.
    span
        Most steps between the shortest and the longest delay of a row.
    steps
        Steps of history that traces need, a power of two.
    deferred
        Whether visits of all synapses are put off until a row needs them.
    """

    first: IntArray
    span: int
    steps: int
    deferred: bool = False

    @property
    def count(self) -> int:
        """Rows of the table."""
        return self.first.size - 1


def _rows(table: PlasticTable) -> Rows:
    """Group segments by axon, unless a history of that many steps takes more than a trace a segment."""
    segments = table.axon.size
    first = np.append(np.flatnonzero(np.diff(table.axon, prepend=-1)), segments)
    span = int((table.delay[first[1:] - 1] - table.delay[first[:-1]]).max()) if segments else 0
    # One step is kept for the longest lag, one is written while the others are read.
    steps = 1 << int(span + 1).bit_length()
    if steps * (first.size - 1) > max(_HISTORY, 4 * segments):
        return Rows(np.arange(segments + 1), 0, 2)
    rows = Rows(first.astype(np.int64), span, steps)
    if not _can_wait(table, rows):
        return rows
    return replace(rows, steps=1 << int(span + 1 + PAST).bit_length(), deferred=True)


def _can_wait(table: PlasticTable, rows: Rows) -> bool:
    """Tell whether visits of all synapses had better wait: they are frequent, and synapses many and side by side."""
    periods = [every for every in visit_periods(table.rule, table.constants).values() if every]
    synapses, segments = table.target.size, table.axon.size
    return (
        not table.dendritic
        and min(periods, default=PAST) <= _FREQUENT
        and 8 * synapses * (1 + len(table.rule.state)) >= _CACHED
        and synapses >= _ABREAST * segments
        and int(np.diff(table.segment_start[rows.first]).max(initial=0)) < 1 << PLACE_BITS
    )


def _bits(largest: int) -> int:
    return max(largest, 0).bit_length()


@dataclass(frozen=True, eq=False)
class Layout:
    """Rows of a table and the formats that hold its synapses.

    ``rank`` numbers the synapses of each pair of neurons; empty if no pair has two, or nothing is drawn.
    """

    rows: Rows
    row_start: IntArray
    lag_bits: int
    offset_bits: int
    width: Width
    rank: AnyArray


def layout(table: PlasticTable) -> Layout:
    """Lay out the synapses of a table."""
    rows = _rows(table)
    row_start = table.segment_start[rows.first].astype(np.int64)
    lag_bits = _bits(rows.span)
    offset_bits = _bits(int(np.diff(row_start).max(initial=1)) - 1)
    bits = _bits(rows.count - 1) + lag_bits + offset_bits
    high = 0 if bits <= 32 else 16 if bits <= 48 else 32
    width = Width(16 if table.post_size <= 1 << 16 else 32, high)
    return Layout(rows, row_start, lag_bits, offset_bits, width, _rank(table))


def _rank(table: PlasticTable) -> AnyArray:
    ranks = np.zeros(0, dtype=np.uint16)
    if numbers_drawn(table.rule.draws, table.rounding) and _ranked(table, ranks) > 1:
        ranks = np.empty(table.target.size, dtype=np.uint16)
        _ranked(table, ranks)
    return ranks


def _ranked(table: PlasticTable, ranks: AnyArray) -> int:
    seen, counts = np.full(table.post_size, -1), np.zeros(table.post_size, dtype=np.int64)
    return int(rank_in_pair(table.axon, table.segment_start, table.target, seen, counts, ranks))
