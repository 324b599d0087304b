"""Packets that were sent into the network, by number, until nothing of them is under way any more."""

from __future__ import annotations

import numpy as np

from spikemesh.ids import IntArray

STAMP, AXON, ROOT, PLACE, LEFT = range(5)
"""Rows: tick and axon of the spike, root, place among the packets whose spikes came with the same call, and leaves
that were neither reached nor lost."""
_FEWEST = 1 << 10
_LOOK = 1 << 12


class UnderWay:
    """A list of packets that grows at one end and shrinks at the other."""

    def __init__(self) -> None:
        self._table: IntArray = np.zeros((5, _FEWEST), dtype=np.int64)
        self._start = self._end = 0
        self._zero = 0
        """Number of the packet in the first column."""

    def append(
        self, stamp: IntArray, axon: IntArray, root: IntArray, place: IntArray, left: IntArray
    ) -> None:
        """Add packets, which have the next numbers."""
        count = stamp.size
        if self._end + count > self._table.shape[1]:
            self._make_room(count)
        for row, values in enumerate((stamp, axon, root, place, left)):
            self._table[row, self._end : self._end + count] = values
        self._end += count

    def _make_room(self, count: int) -> None:
        """Move the packets to the front of a table that they fill at most by half."""
        kept = self._table[:, self._start : self._end]
        table = np.zeros((5, max(_FEWEST, 2 * (kept.shape[1] + count))), dtype=np.int64)
        table[:, : kept.shape[1]] = kept
        self._zero += self._start
        self._table, self._start, self._end = table, 0, kept.shape[1]

    def of(self, row: int, packet: IntArray) -> IntArray:
        """Return one of the rows for some packets, by number."""
        found: IntArray = self._table[row, packet - self._zero]
        return found

    def settle(self, packet: IntArray, leaves: IntArray | int) -> None:
        """Note that leaves of packets were reached or lost; packets of which nothing is left are forgotten in turn."""
        if not packet.size:
            return
        left = self._table[LEFT]
        np.subtract.at(left, packet - self._zero, leaves)
        while self._start < self._end:
            ahead = np.flatnonzero(left[self._start : min(self._start + _LOOK, self._end)])
            if ahead.size:
                self._start += int(ahead[0])
                return
            self._start = min(self._start + _LOOK, self._end)

    @property
    def leaves(self) -> int:
        """Leaves that are neither reached nor lost."""
        return int(self._table[LEFT, self._start : self._end].sum())
