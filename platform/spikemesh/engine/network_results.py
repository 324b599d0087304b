"""Steps of packets through a network: what is sent, and what came of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.network import Counts, Deliveries, Drops
from spikemesh.engine.packet_network import PacketNetwork
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.network_fabric import COUNTS, LONGEST, NODE
from spikemesh.kernels.network_sweep import DELIVERIES, DROPS, ROWS, STEPS

_FEWEST = 256
"""Rows of each table at first."""
_RADIX = 1 << 11


class Steps(NamedTuple):
    """What steps did.

    Legend: S steps.
    """

    latest: IntArray  # int64 [S], ps, when the last packet was through
    where: IntArray  # int64 [S], channel that it came through, the first in order of several; -1: no packets
    totals: Counts  # of all channels, over all steps
    delivery_ptr: IntArray  # int64 [S+1]
    deliveries: Deliveries
    drop_ptr: IntArray  # int64 [S+1]
    drops: Drops
    channel_ptr: IntArray  # int64 [S+1]
    channel: IntArray  # int64, channels that packets reached, by step and in order of the channels; if details are kept
    counts: Counts  # of these channels
    last: IntArray  # int64, ps, when the last packet of these channels was through


class Tables(NamedTuple):
    """Room for rows of results; used again for the next steps.

    Legend: D rows of deliveries.
    """

    deliveries: IntArray  # int64 [3D+6], from the fourth on: time, tag, arrival
    drops: IntArray  # int64: time, tag
    rows: IntArray  # int64 [rows, 10]: rank, its counts, when its last packet is through
    spare: IntArray  # int64 [3D+6]
    runs: IntArray  # int64 [D+4 or more]


class Found(NamedTuple):
    """Results so far, as the kernels see them.

    Legend: S steps, C channels.
    """

    cursor: IntArray  # int64 [4], steps, deliveries, drops, rows so far
    delivery_ptr: IntArray  # int64 [S+1]
    drop_ptr: IntArray  # int64 [S+1]
    row_ptr: IntArray  # int64 [S+1]
    latest: IntArray  # int64 [S]
    where: IntArray  # int64 [S], rank
    totals: IntArray  # int64 [C, 8], by rank
    detail: IntArray  # int64 [1], whether rows of channels are kept
    deliveries: IntArray
    drops: IntArray
    rows: IntArray
    spare: IntArray
    runs: IntArray


def new_tables() -> Tables:
    """Make small tables."""
    return Tables(
        deliveries=np.zeros(3 * _FEWEST + 6, dtype=np.int64),
        drops=np.zeros(2 * _FEWEST, dtype=np.int64),
        rows=np.zeros((_FEWEST, COUNTS + 2), dtype=np.int64),
        spare=np.zeros(3 * _FEWEST + 6, dtype=np.int64),
        runs=np.zeros(_RADIX, dtype=np.int64),
    )


class StepRun:
    """Steps that are being simulated, and their results so far.

    Parameters
    ----------
    network, time, root, step_ptr, detail
        As for :meth:`spikemesh.engine.network_sweep.Sweep.run`.
    tables
        Room for results, with which nothing else must be done in the meantime.

    Raises
    ------
    ValueError
        If what is sent is not possible.
    """

    def __init__(
        self,
        network: PacketNetwork,
        time: AnyArray,
        root: AnyArray,
        step_ptr: AnyArray | None,
        tables: Tables,
        detail: bool,
    ) -> None:
        self.network = network
        self.time, self.root = network.check_sent(time, root)
        whole = np.array([0, self.time.size]) if step_ptr is None else step_ptr
        self.ptr = np.ascontiguousarray(whole, dtype=np.int64)
        _check_steps(self.time, self.ptr)
        self.found = Found(
            cursor=np.zeros(4, dtype=np.int64),
            delivery_ptr=np.zeros(self.ptr.size, dtype=np.int64),
            drop_ptr=np.zeros(self.ptr.size, dtype=np.int64),
            row_ptr=np.zeros(self.ptr.size, dtype=np.int64),
            latest=np.zeros(self.ptr.size - 1, dtype=np.int64),
            where=np.zeros(self.ptr.size - 1, dtype=np.int64),
            totals=np.zeros((network.number.size, COUNTS), dtype=np.int64),
            detail=np.array([detail], dtype=np.int64),
            **tables._asdict(),
        )

    @property
    def step(self) -> int:
        """The step that comes next."""
        return int(self.found.cursor[STEPS])

    def sent(self, step: int) -> tuple[IntArray, AnyArray]:
        """Return what is sent in a step: times and roots."""
        packets = slice(self.ptr[step], self.ptr[step + 1])
        return self.time[packets], self.root[packets]

    @property
    def tables(self) -> Tables:
        """The tables, which may have grown."""
        return Tables(*(getattr(self.found, name) for name in Tables._fields))

    def widen(self, table: str) -> None:
        """Make twice the room in a table of results."""
        changed = {table: _doubled(getattr(self.found, table))}
        if table == "deliveries":
            changed |= {name: _doubled(getattr(self.found, name)) for name in ("spare", "runs")}
        self.found = self.found._replace(**changed)

    def add(self, deliveries: IntArray, drops: IntArray, rows: IntArray) -> None:
        """Add the results of the next step, found elsewhere.

        Parameters
        ----------
        deliveries, drops : ndarray of int64, shape (rows, 3) and (rows, 2)
            Time, tag and arrival; time and tag.
        rows : ndarray of int64, shape (channels, 10)
            As in :class:`Tables`.
        """
        for kind, name, given in (
            (DELIVERIES, "deliveries", deliveries),
            (DROPS, "drops", drops),
            (ROWS, "rows", rows[: rows.shape[0] * int(self.found.detail[0])]),
        ):
            self._append(kind, name, given)
        step, found = self.step, self.found
        last = rows[:, COUNTS + 1]
        found.latest[step] = last.max(initial=0)
        found.where[step] = rows[np.argmax(last), 0] if last.size else -1
        longest = np.maximum(found.totals[rows[:, 0], LONGEST], rows[:, 1 + LONGEST])
        found.totals[rows[:, 0]] += rows[:, 1 : COUNTS + 1]
        found.totals[rows[:, 0], LONGEST] = longest
        pointers = found.delivery_ptr, found.drop_ptr, found.row_ptr
        for pointer, kind in zip(pointers, (DELIVERIES, DROPS, ROWS), strict=True):
            pointer[step + 1] = found.cursor[kind]
        found.cursor[STEPS] += 1

    def _append(self, kind: int, name: str, given: IntArray) -> None:
        first = int(self.found.cursor[kind]) + (kind == DELIVERIES)
        count, width = given.shape
        while getattr(self.found, name).size < (first + count + 1) * width:
            self.widen(name)
        getattr(self.found, name).reshape(-1, width)[first : first + count] = given
        self.found.cursor[kind] += count

    def results(self) -> Steps:
        """Return a copy of the results so far."""
        found = self.found
        steps, deliveries, _, rows = (int(k) for k in found.cursor)
        sent = found.deliveries[3 : 3 * deliveries + 3].reshape(-1, 3)
        table = found.rows[:rows].T.copy()
        totals = np.empty_like(found.totals)
        totals[self.network.number] = found.totals
        where = found.where[:steps]
        return Steps(
            latest=found.latest[:steps],
            where=np.where(where < 0, -1, self.network.number[where]),
            totals=Counts(*totals.T),
            delivery_ptr=found.delivery_ptr[: steps + 1],
            deliveries=Deliveries(sent[:, 0].copy(), sent[:, 2].copy(), sent[:, 1] >> 32, sent[:, 1] & NODE),
            drop_ptr=found.drop_ptr[: steps + 1],
            drops=self._drops(steps),
            channel_ptr=found.row_ptr[: steps + 1],
            channel=self.network.number[table[0]],
            counts=Counts(*table[1 : COUNTS + 1]),
            last=table[COUNTS + 1],
        )

    def _drops(self, steps: int) -> Drops:
        """Return drops by step, time, packet and node: a sweep finds them channel by channel."""
        ptr = self.found.drop_ptr[: steps + 1]
        lost = self.found.drops[: 2 * int(ptr[-1])].reshape(-1, 2)
        if lost.shape[0]:
            step = np.repeat(np.arange(steps), np.diff(ptr))
            lost = lost[np.lexsort((lost[:, 1], lost[:, 0], step))]
        return Drops(lost[:, 0].copy(), lost[:, 1] >> 32, lost[:, 1] & NODE)


def _doubled(values: IntArray) -> IntArray:
    made = np.zeros((2 * values.shape[0], *values.shape[1:]), dtype=np.int64)
    made[: values.shape[0]] = values
    return made


def _check_steps(time: IntArray, ptr: IntArray) -> None:
    if ptr.ndim != 1 or ptr.size < 1 or ptr[0] != 0 or ptr[-1] != time.size or np.any(np.diff(ptr) < 0):
        raise ValueError(f"step_ptr must rise from 0 to {time.size}, the packets")
    falls = np.flatnonzero(time[1:] < time[:-1]) + 1
    inside = falls[~np.isin(falls, ptr)] if falls.size else falls
    if inside.size:
        k = int(inside[0])
        raise ValueError(f"time[{k}] is {time[k]}, less than {time[k - 1]} before it in the same step")
