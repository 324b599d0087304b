"""Steps of packets through a network without cycles, each step from empty channels: the fast simulator."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.arrays import zeros
from spikemesh.engine.network_results import StepRun, Steps, new_tables
from spikemesh.engine.packet_network import PacketNetwork
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.network_fabric import DONE, NO_DELIVERIES, NO_DROPS, NO_ROOM, NO_ROWS
from spikemesh.kernels.network_sweep import sweep_steps

_FEWEST = 4
"""Packets that a channel's list holds at first."""
_TABLES = {NO_DELIVERIES: "deliveries", NO_DROPS: "drops", NO_ROWS: "rows"}


class SweepSpace(NamedTuple):
    """Lists of the packets that reach each channel, and what is needed to sort and serve one list.

    Legend: C channels, T room of all lists, M room of the longest. A record is a time and a tag.
    """

    lists: IntArray  # int64 [C, 4], addresses, see kernels.network_sweep
    records: IntArray  # int64 [2T+4]
    spare: IntArray  # int64 [2M+4]
    runs: IntArray  # int64 [M+2]
    ends: IntArray  # int64 [M], when services end
    reached: IntArray  # int64, 32 bits an entry: lists that are not empty
    free: IntArray  # int64 [C], ps before which no service begins
    loads: IntArray  # int64, place of each packet's first load


def space_for(room: IntArray) -> SweepSpace:
    """Make lists with room for so many packets in each channel."""
    base = np.zeros(room.size + 1, dtype=np.int64)
    np.cumsum(room, out=base[1:])
    most = int(room.max(initial=1))
    # One more before and after, for merging looks at what is around.
    records = zeros(2 * int(base[-1]) + 4, np.int64)
    address = records.ctypes.data + 16 * (base + 1)
    return SweepSpace(
        lists=np.column_stack([address[:-1], address[:-1], address[1:], room]),
        records=records,
        spare=np.zeros(2 * most + 4, dtype=np.int64),
        runs=np.zeros(most + 2, dtype=np.int64),
        ends=np.zeros(most, dtype=np.int64),
        reached=np.zeros(room.size // 32 + 1, dtype=np.int64),
        free=np.zeros(room.size, dtype=np.int64),
        loads=np.zeros(1, dtype=np.int64),
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
        self._space = space_for(np.full(network.number.size, _FEWEST, dtype=np.int64))
        self._tables = new_tables()

    def run(
        self, time: AnyArray, root: AnyArray, step_ptr: AnyArray | None = None, *, detail: bool = True
    ) -> Steps:
        """Simulate steps.

        Parameters
        ----------
        time : ndarray of int64, shape (packets,)
            When packets are sent, ps from the beginning of their step; rising within a step.
        root : ndarray of int32, shape (packets,)
            Node at which each begins.
        step_ptr : ndarray of int64, shape (steps + 1,)
            First packet of each step; by default all packets are one step.
        detail
            Whether to keep what each channel did in each step; totals are kept anyway.

        Raises
        ------
        ValueError
            If what is sent is not possible, or a packet would have had to wait for room in the channel before.
        """
        steps = StepRun(self.network, time, root, step_ptr, self._tables, detail)
        exact = self.go_on(steps)
        self._tables = steps.tables
        if not exact:
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
            elif status in _TABLES:
                steps.widen(_TABLES[status])
            else:
                return bool(status == DONE)

    def _widen(self, root: AnyArray) -> None:
        """Make room for all packets of a step."""
        room = self._space.lists[:, 3]
        need = self.network.visits(root)
        doubled = 1 << np.ceil(np.log2(np.maximum(need, 1))).astype(np.int64)
        self._space = space_for(np.where(need > room, doubled, room))
