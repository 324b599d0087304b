"""Steps of packets through a network without cycles, each step from empty channels: the fast simulator."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.network import Counts, Deliveries, Drops, PacketNetwork
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.network_fabric import COUNTS, DONE, NO_ROOM, NO_ROWS, NODE
from spikemesh.kernels.network_sweep import DELIVERIES, DROPS, ROWS, STEPS, sweep_steps

_FEWEST = 4
"""Packets that a channel's list holds at first."""


class SweepSpace(NamedTuple):
    """Lists of the packets that reach each channel, and what is needed to sort and serve one list.

    Legend: C channels, T room of all lists, M room of the longest. A record is a time and a tag.
    """

    base: IntArray  # int64 [C+1], first record of a list
    fill: IntArray  # int64 [C], where the next record of a list goes
    records: IntArray  # int64 [2T]
    spare: IntArray  # int64 [2M]
    runs: IntArray  # int64 [M+2]
    ends: IntArray  # int64 [M], when services end
    reached: IntArray  # int64, 32 bits an entry: lists that are not empty
    free: IntArray  # int64 [C], ps before which no service begins
    loads: IntArray  # int64, place of each packet's first load


class SweepResults(NamedTuple):
    """Results of steps, one after the other.

    Legend: S steps, R rows of deliveries.
    """

    cursor: IntArray  # int64 [4], steps, deliveries, drops, rows so far
    delivery_ptr: IntArray  # int64 [S+1]
    drop_ptr: IntArray  # int64 [S+1]
    row_ptr: IntArray  # int64 [S+1]
    latest: IntArray  # int64 [S]
    deliveries: IntArray  # int64 [3R]: time, tag, arrival
    drops: IntArray  # int64: time, tag
    rows: IntArray  # int64 [rows, 10]: channel, its counts, when its last packet is through
    spare: IntArray  # int64 [3R]
    runs: IntArray  # int64 [R+2]


class Steps(NamedTuple):
    """What steps did.

    Legend: S steps.
    """

    latest: IntArray  # int64 [S], ps, when the last packet was through
    delivery_ptr: IntArray  # int64 [S+1]
    deliveries: Deliveries
    drop_ptr: IntArray  # int64 [S+1]
    drops: Drops
    channel_ptr: IntArray  # int64 [S+1]
    channel: IntArray  # int64, channels that packets reached, by step and in order of the channels
    counts: Counts  # of these channels
    last: IntArray  # int64, ps, when the last packet of these channels was through


def space_for(room: IntArray) -> SweepSpace:
    """Make lists with room for so many packets in each channel."""
    base = np.zeros(room.size + 1, dtype=np.int64)
    np.cumsum(room, out=base[1:])
    most = int(room.max(initial=1))
    return SweepSpace(
        base=base,
        fill=base[:-1].copy(),
        records=np.zeros(2 * int(base[-1]), dtype=np.int64),
        spare=np.zeros(2 * most, dtype=np.int64),
        runs=np.zeros(most + 2, dtype=np.int64),
        ends=np.zeros(most, dtype=np.int64),
        reached=np.zeros(room.size // 32 + 1, dtype=np.int64),
        free=np.zeros(room.size, dtype=np.int64),
        loads=np.zeros(1, dtype=np.int64),
    )


def results_for(steps: int, deliveries: int, drops: int, rows: int) -> SweepResults:
    """Make room for the results of steps."""
    return SweepResults(
        cursor=np.zeros(4, dtype=np.int64),
        delivery_ptr=np.zeros(steps + 1, dtype=np.int64),
        drop_ptr=np.zeros(steps + 1, dtype=np.int64),
        row_ptr=np.zeros(steps + 1, dtype=np.int64),
        latest=np.zeros(steps, dtype=np.int64),
        deliveries=np.zeros(3 * deliveries, dtype=np.int64),
        drops=np.zeros(2 * drops, dtype=np.int64),
        rows=np.zeros((rows, COUNTS + 2), dtype=np.int64),
        spare=np.zeros(3 * deliveries, dtype=np.int64),
        runs=np.zeros(deliveries + 2, dtype=np.int64),
    )


class Sweep:
    """Simulates steps channel by channel.

    Parameters
    ----------
    network
        The network; its channels must have an order.

    Raises
    ------
    ValueError
        If the channels have no order.
    """

    def __init__(self, network: PacketNetwork) -> None:
        if not network.acyclic:
            raise ValueError("channels have no order: only events can simulate them")
        self.network = network
        self._space = space_for(np.full(network.fabric.number.size, _FEWEST, dtype=np.int64))

    def run(self, time: AnyArray, root: AnyArray, step_ptr: AnyArray | None = None) -> Steps:
        """Simulate steps.

        Parameters
        ----------
        time : ndarray of int64, shape (packets,)
            When packets are sent, ps from the beginning of their step; rising within a step.
        root : ndarray of int32, shape (packets,)
            Node at which each begins.
        step_ptr : ndarray of int64, shape (steps + 1,)
            First packet of each step; by default all packets are one step.

        Raises
        ------
        ValueError
            If what is sent is not possible, or a packet would have had to wait for room in the channel before.
        """
        steps = StepRun(self.network, time, root, step_ptr)
        if not self.go_on(steps):
            raise ValueError(f"step {steps.step}: a packet had to stall, which only events can simulate")
        return steps.results()

    def go_on(self, steps: StepRun) -> bool:
        """Simulate up to the end, or up to a step in which a packet might have had to stall; tell which."""
        while True:
            last = steps.ptr.size - 1
            status = sweep_steps(
                steps.time, steps.root, steps.ptr, last, self.network.fabric, self._space, steps.found
            )
            if status == NO_ROOM:
                self._widen(steps.sent(steps.step)[1])
            elif status == NO_ROWS:
                steps.widen()
            else:
                return bool(status == DONE)

    def _widen(self, root: AnyArray) -> None:
        """Make room for all packets of a step."""
        room = np.diff(self._space.base)
        need = self.network.visits(root)
        doubled = 1 << np.ceil(np.log2(np.maximum(need, 1))).astype(np.int64)
        self._space = space_for(np.where(need > room, doubled, room))


class StepRun:
    """Steps that are being simulated, and their results so far.

    Parameters
    ----------
    network, time, root, step_ptr
        As for :meth:`Sweep.run`.

    Raises
    ------
    ValueError
        If what is sent is not possible.
    """

    def __init__(
        self, network: PacketNetwork, time: AnyArray, root: AnyArray, step_ptr: AnyArray | None
    ) -> None:
        self.time, self.root = network.check_sent(time, root)
        whole = np.array([0, self.time.size]) if step_ptr is None else step_ptr
        self.ptr = np.ascontiguousarray(whole, dtype=np.int64)
        _check_steps(self.time, self.ptr)
        steps = self.ptr.size - 1
        self.found = results_for(steps, max(16, self.time.size), 16, 16 + 64 * steps)

    @property
    def step(self) -> int:
        """The step that comes next."""
        return int(self.found.cursor[STEPS])

    def sent(self, step: int) -> tuple[IntArray, AnyArray]:
        """What is sent in a step: times and roots."""
        packets = slice(self.ptr[step], self.ptr[step + 1])
        return self.time[packets], self.root[packets]

    def widen(self) -> None:
        """Make twice the room for results."""
        old = self.found
        self.found = results_for(
            old.latest.size, old.deliveries.size // 3 * 2, old.drops.size // 2 * 2, old.rows.shape[0] * 2
        )
        for before, after in zip(old, self.found, strict=True):
            after[: before.shape[0]] = before

    def add(self, deliveries: IntArray, drops: IntArray, rows: IntArray) -> None:
        """Add the results of the next step, found elsewhere.

        Parameters
        ----------
        deliveries, drops : ndarray of int64, shape (rows, 3) and (rows, 2)
            Time, tag and arrival; time and tag.
        rows : ndarray of int64, shape (channels, 10)
            As in :class:`SweepResults`.
        """
        step = self.step
        for kind, given, name in (
            (DELIVERIES, deliveries, "deliveries"),
            (DROPS, drops, "drops"),
            (ROWS, rows, "rows"),
        ):
            first = int(self.found.cursor[kind])
            while getattr(self.found, name).size < (first + given.shape[0]) * given.shape[1]:
                self.widen()
            table = getattr(self.found, name).reshape(-1, given.shape[1])
            table[first : first + given.shape[0]] = given
            self.found.cursor[kind] += given.shape[0]
        self.found.latest[step] = rows[:, COUNTS + 1].max(initial=0)
        self.found.delivery_ptr[step + 1] = self.found.cursor[DELIVERIES]
        self.found.drop_ptr[step + 1] = self.found.cursor[DROPS]
        self.found.row_ptr[step + 1] = self.found.cursor[ROWS]
        self.found.cursor[STEPS] += 1

    def results(self) -> Steps:
        """Return the results so far."""
        found = self.found
        steps, deliveries, drops, rows = (int(k) for k in found.cursor)
        sent = found.deliveries[: 3 * deliveries].reshape(-1, 3)
        lost = found.drops[: 2 * drops].reshape(-1, 2)
        step_of = np.repeat(np.arange(steps), np.diff(found.drop_ptr[: steps + 1]))
        lost = lost[np.lexsort((lost[:, 1], lost[:, 0], step_of))]
        table = found.rows[:rows]
        return Steps(
            latest=found.latest[:steps],
            delivery_ptr=found.delivery_ptr[: steps + 1],
            deliveries=Deliveries(sent[:, 0], sent[:, 2], sent[:, 1] >> 32, sent[:, 1] & NODE),
            drop_ptr=found.drop_ptr[: steps + 1],
            drops=Drops(lost[:, 0], lost[:, 1] >> 32, lost[:, 1] & NODE),
            channel_ptr=found.row_ptr[: steps + 1],
            channel=table[:, 0],
            counts=Counts(*table[:, 1 : COUNTS + 1].T),
            last=table[:, COUNTS + 1],
        )


def _check_steps(time: IntArray, ptr: IntArray) -> None:
    if ptr.ndim != 1 or ptr.size < 1 or ptr[0] != 0 or ptr[-1] != time.size or np.any(np.diff(ptr) < 0):
        raise ValueError(f"step_ptr must rise from 0 to {time.size}, the packets")
    falls = np.flatnonzero(np.diff(time) < 0) + 1
    inside = falls[~np.isin(falls, ptr)]
    if inside.size:
        k = int(inside[0])
        raise ValueError(f"time[{k}] is {time[k]}, less than {time[k - 1]} before it in the same step")
