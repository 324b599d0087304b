"""Packets through any network, event by event, from call to call: the simulator that can do everything."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.dependencies import circle
from spikemesh.engine.network import Balance, Counts, Deliveries, Drops
from spikemesh.engine.packet_network import PacketNetwork
from spikemesh.errors import RunError
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.network_events import advance
from spikemesh.kernels.network_fabric import (
    COUNTS,
    EXPIRE,
    LATENCY,
    LONGEST,
    NO_DELIVERIES,
    NO_DROPS,
    NO_ROOM,
    NODE,
    PACKETS,
    RULE,
)
from spikemesh.kernels.network_places import (
    CHANGED,
    COLUMNS,
    COUNTERS,
    DELIVERED_LEAVES,
    DELIVERIES,
    DROPPED_LEAVES,
    DROPS,
    EVENTS,
    FIRST_FREE,
    FIRST_WAITER,
    FOLLOWING,
    FREE,
    HEAD,
    INSIDE,
    LACKING,
    LAST_WAITER,
    LEAVING,
    NONE,
    NUMBER,
    RECORDS,
    REROUTED,
    SENT,
    SENT_LEAVES,
    SERVING,
    TAG,
    TAIL,
    WHERE,
)

FOREVER = np.int64(1) << 59
"""A horizon after everything."""
_FEWEST = 64


class EventState(NamedTuple):
    """All that happens next and what waits for it; columns are those of kernels.network_places.

    Legend: C channels, R records (packets at nodes), M most children of a node.
    """

    counter: IntArray  # int64
    heap: IntArray  # int64 [3 * events]: clock, tag, record
    records: IntArray  # int64 [R, 8]
    channels: IntArray  # int64 [C, 8]
    counts: IntArray  # int64 [C, 8]
    taken: IntArray  # int64 [M], scratch
    free: IntArray  # int64 [C], ps before which no service begins
    loads: IntArray  # int64, place of each packet's first load


class EventResults(NamedTuple):
    """Rows of results of one call."""

    deliveries: IntArray  # int64 [3 * rows]: time, tag, arrival
    drops: IntArray  # int64 [2 * rows]: time, tag


class Advance(NamedTuple):
    """What happened in one call."""

    deliveries: Deliveries
    drops: Drops


def _empty_state(network: PacketNetwork, records: int) -> EventState:
    channels = network.number.size
    most = int(np.diff(network.fabric.ptr).max(initial=1))
    room = max(records, _FEWEST * most)
    made = EventState(
        counter=np.zeros(COUNTERS, dtype=np.int64),
        heap=np.zeros(6 * room, dtype=np.int64),
        records=np.zeros((room, COLUMNS), dtype=np.int64),
        channels=np.zeros((channels, COLUMNS), dtype=np.int64),
        counts=np.zeros((channels, COUNTS), dtype=np.int64),
        taken=np.zeros(most, dtype=np.int64),
        free=np.zeros(channels, dtype=np.int64),
        loads=np.zeros(1, dtype=np.int64),
    )
    made.records[:, FOLLOWING] = np.arange(1, room + 1)
    made.channels[:, [SERVING, HEAD, TAIL, FIRST_WAITER, LAST_WAITER]] = NONE
    return made


def _longer(values: IntArray, size: int) -> IntArray:
    made = np.zeros((size, *values.shape[1:]), dtype=np.int64)
    made[: values.shape[0]] = values
    return made


def _widened(state: EventState) -> EventState:
    """Return the same state with twice the room for records and events."""
    old = state.records.shape[0]
    records = _longer(state.records, 2 * old)
    records[old:, FOLLOWING] = np.arange(old + 1, 2 * old + 1)
    records[-1, FOLLOWING] = state.counter[FIRST_FREE]
    state.counter[FIRST_FREE] = old
    return state._replace(heap=_longer(state.heap, 12 * old), records=records)


class Events:
    """Simulates packets event by event; queues last from call to call.

    Parameters
    ----------
    network
        The network.

    Attributes
    ----------
    horizon
        Last picosecond that has been simulated; -1 at first.
    """

    def __init__(self, network: PacketNetwork) -> None:
        self.network = network
        self.horizon = -1
        self._state = _empty_state(network, 0)
        self._results = EventResults(np.zeros(3 * _FEWEST, np.int64), np.zeros(2 * _FEWEST, np.int64))

    def restart(self) -> None:
        """Empty the network and begin again at time 0 with packet 0."""
        self.horizon = -1
        self._state = _empty_state(self.network, self._state.records.shape[0])

    def bring(self, loads: IntArray, rank: IntArray, free: IntArray) -> None:
        """Say what the packets to come bring with them, and before when channels serve none.

        Parameters
        ----------
        loads : ndarray of int64, shape (packets,)
            Place of each packet's first load, by packet number.
        rank, free : ndarray of int64, shape (channels,)
            Channels (ranks), and the ps before which no service begins in them.
        """
        self._state = self._state._replace(loads=np.append(loads, 0))
        self._state.free[rank] = free

    def advance(self, time: AnyArray, root: AnyArray, horizon: int = int(FOREVER)) -> Advance:
        """Send packets and simulate everything up to a time.

        Parameters
        ----------
        time : ndarray of int64, shape (packets,)
            When packets are sent, ps; rising, and after the last horizon. Times after this horizon are kept.
        root : ndarray of int32, shape (packets,)
            Node at which each begins.
        horizon
            Last picosecond to simulate.

        Returns
        -------
        Advance
            Packets that left reporting nodes, and packets that were dropped, up to the horizon.

        Raises
        ------
        ValueError
            If what is sent is not possible.
        RunError
            If more packets were sent than can be numbered.
        """
        times, roots = self._checked(time, root, horizon)
        done = np.zeros(1, dtype=np.int64)
        self._state.counter[DELIVERIES] = self._state.counter[DROPS] = 0
        while status := advance(times, roots, done, horizon, self.network.fabric, self._state, self._results):
            if status == NO_ROOM:
                self._state = _widened(self._state)
            elif status == NO_DELIVERIES:
                longer = _longer(self._results.deliveries, 2 * self._results.deliveries.size)
                self._results = self._results._replace(deliveries=longer)
            elif status == NO_DROPS:
                longer = _longer(self._results.drops, 2 * self._results.drops.size)
                self._results = self._results._replace(drops=longer)
        self.horizon = horizon
        return self._found()

    def _checked(self, time: AnyArray, root: AnyArray, horizon: int) -> tuple[IntArray, AnyArray]:
        times, roots = self.network.check_sent(time, root)
        if not self.horizon <= horizon <= FOREVER:
            raise ValueError(f"horizon {horizon} must lie in {self.horizon} to {FOREVER}")
        if times.size and (np.any(np.diff(times) < 0) or times[0] <= self.horizon):
            raise ValueError(f"times must rise and lie after {self.horizon}, which has been simulated")
        if int(self._state.counter[NUMBER]) + times.size >= 1 << 31:
            raise RunError(f"more than {1 << 31} packets were sent through one network")
        return times, roots

    def rows(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return what the last call found, and all counts, as tables; views.

        Returns
        -------
        deliveries : ndarray of int64, shape (rows, 3)
            Time, tag and arrival.
        drops : ndarray of int64, shape (rows, 2)
            Time and tag.
        channels : ndarray of int64, shape (ranks, 10)
            Rank, its counts, and when its last packet was through; ranks that packets reached, in order.
        """
        state, fabric = self._state, self.network.fabric
        reached = np.flatnonzero(state.counts[:, PACKETS])
        through = state.channels[:, CHANGED] + fabric.lines[:, LATENCY]
        columns = (reached, state.counts[reached], through[reached])
        return (*self._ends(), np.column_stack(columns))

    def _ends(self) -> tuple[IntArray, IntArray]:
        """Deliveries and drops of the last call, as views of tables."""
        counter = self._state.counter
        sent = self._results.deliveries[: 3 * int(counter[DELIVERIES])].reshape(-1, 3)
        drops = self._results.drops[: 2 * int(counter[DROPS])].reshape(-1, 2)
        return sent, drops[np.lexsort(drops.T[::-1])] if len(drops) else drops

    def _found(self) -> Advance:
        sent, lost = (table.copy() for table in self._ends())
        return Advance(
            Deliveries(sent[:, 0], sent[:, 2], sent[:, 1] >> 32, sent[:, 1] & NODE),
            Drops(lost[:, 0], lost[:, 1] >> 32, lost[:, 1] & NODE),
        )

    def begin_longest(self) -> None:
        """Find the longest queues from now on, not from the beginning."""
        self._state.counts[:, LONGEST] = np.maximum(self._state.channels[:, INSIDE] - 1, 0)

    @property
    def counts(self) -> Counts:
        """What each channel did since the beginning; areas up to the last arrival or departure there."""
        by_channel = np.empty_like(self._state.counts)
        by_channel[self.network.number] = self._state.counts
        return Counts(*by_channel.T)

    @property
    def pending(self) -> int:
        """Packets and copies that are in the network or will be sent; 0: all is done."""
        return int(self._state.counter[RECORDS])

    @property
    def next_event(self) -> int:
        """Picosecond in which the next thing happens, unless more is sent; ``FOREVER``: nothing will."""
        return int(FOREVER) if self.idle else int(self._state.heap[0]) >> 2

    @property
    def rerouted(self) -> int:
        """Packets that have taken a detour, once for each copy and detour."""
        return int(self._state.counter[REROUTED])

    @property
    def idle(self) -> bool:
        """Whether nothing will happen any more; packets that are left are in a deadlock."""
        return int(self._state.counter[EVENTS]) == 0

    def balance(self) -> Balance:
        """Count ends of branches: those of packets that were sent, and what became of them."""
        records, counter, fabric = self._state.records, self._state.counter, self.network.fabric
        here = records[(records[:, WHERE] != FREE) & (records[:, WHERE] != SENT)]
        nodes = here[:, TAG] & NODE
        is_leaf = fabric.ptr[nodes] == fabric.ptr[nodes + 1]
        in_flight = int(np.where(here[:, WHERE] == LEAVING, is_leaf, fabric.leaves[nodes]).sum())
        return Balance(
            int(counter[SENT_LEAVES]), int(counter[DELIVERED_LEAVES]), int(counter[DROPPED_LEAVES]), in_flight
        )

    def deadlock(self) -> IntArray:
        """Find channels that wait for one another for ever.

        Returns
        -------
        ndarray of int64
            Channels, the lowest first, whose packet waits for a place in the next of them, and in the last for one
            in the first; empty if there are none.
        """
        channels, records, number = self._state.channels, self._state.records, self.network.number
        waits_for = np.full(number.size, NONE, dtype=np.int64)
        ranks = np.flatnonzero(channels[:, SERVING] != NONE)
        lacking = records[channels[ranks, SERVING], LACKING]
        stuck = (lacking != NONE) & (self.network.fabric.lines[lacking, RULE] != EXPIRE)
        waits_for[number[ranks[stuck]]] = number[lacking[stuck]]
        return circle(waits_for)
