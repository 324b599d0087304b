"""The commit table: which rows of a live shard count.

A row holds the tick that a chunk reached, for every series the number of rows so far and the CRC-32 of
the rows added, and last the CRC-32 of the row itself. A commit counts if it and every one before it
verifies.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from spikemesh.ids import AnyArray, IntArray

COMMITS = "commits"
"""Path of the table within the shard."""


def width(series: int) -> int:
    """Columns of the table for so many series."""
    return 2 * series + 2


def checksum(rows: AnyArray) -> int:
    """CRC-32 of the bytes of contiguous rows; 0 for none."""
    return zlib.crc32(rows.data.cast("B")) if rows.size else 0


def encode(until: int, rows: list[int], checksums: list[int]) -> IntArray:
    """Return a row of the table."""
    row = np.empty(width(len(rows)), np.int64)
    row[0] = until
    row[1:-1:2] = rows
    row[2:-1:2] = checksums
    row[-1] = checksum(row[:-1])
    return row


@dataclass(frozen=True)
class Commit:
    """State of a shard after a chunk: the tick reached and the rows of each series."""

    until: int
    rows: tuple[int, ...]


class CommitTable:
    """The commits of a shard, as far as the table itself is intact.

    Parameters
    ----------
    table : ndarray of int64, shape (commits, 2 * series + 2)
        What was read.
    """

    def __init__(self, table: IntArray) -> None:
        intact = 0
        for row in np.ascontiguousarray(table):
            if checksum(row[:-1]) != row[-1]:
                break
            intact += 1
        self._table = table[:intact]
        self._series = (table.shape[1] - 2) // 2

    def __len__(self) -> int:
        return len(self._table)

    def commit(self, count: int) -> Commit:
        """Return the state after the first ``count`` commits."""
        if count == 0:
            return Commit(0, (0,) * self._series)
        row = self._table[count - 1]
        return Commit(int(row[0]), tuple(int(n) for n in row[1:-1:2]))

    def last_rows(self, series: int) -> int:
        """Rows of a series after the last commit."""
        return int(self._table[-1, 1 + 2 * series]) if len(self) else 0

    def verified(self, series: int, rows: AnyArray) -> int:
        """Return how many commits in a row have their rows of one series intact in ``rows``."""
        rows = np.ascontiguousarray(rows)
        start = 0
        for index in range(len(self)):
            stop = int(self._table[index, 1 + 2 * series])
            if stop < start or stop > len(rows):
                return index
            if stop > start and checksum(rows[start:stop]) != self._table[index, 2 + 2 * series]:
                return index
            start = stop
        return len(self)

    def reached(self, extents: list[int]) -> int:
        """Return how many commits lie within the present lengths of the series (of a growing shard)."""
        within = (self._table[:, 1:-1:2] <= np.asarray(extents, np.int64)).all(axis=1)
        return len(self) if within.all() else int(np.argmin(within))
