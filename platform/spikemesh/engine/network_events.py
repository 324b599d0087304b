"""Packets through any network, event by event, from call to call: the simulator that can do everything."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.dependencies import circle
from spikemesh.engine.network import Balance, Counts, Deliveries, Drops, PacketNetwork
from spikemesh.errors import RunError
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.network_events import (
    COUNTERS,
    DELIVERED_LEAVES,
    DELIVERIES,
    DROPPED_LEAVES,
    DROPS,
    EVENTS,
    FIRST_FREE,
    FREE,
    LEAVING,
    NONE,
    NUMBER,
    RECORDS,
    SENT,
    SENT_LEAVES,
    advance,
)
from spikemesh.kernels.network_fabric import COUNTS, EXPIRE, NO_ROOM, NO_ROWS, NODE, PACKETS

FOREVER = np.int64(1) << 59
"""A horizon after everything."""
_FEWEST = 64


class EventState(NamedTuple):
    """All that happens next and what waits for it.

    Legend: C channels, R records (packets at nodes), M most children of a node.
    """

    counter: IntArray  # int64, see kernels.network_events
    heap: IntArray  # int64 [3 * events]: clock, tag, record
    tag: IntArray  # int64 [R]
    arrival: IntArray  # int64 [R], ps
    asked: IntArray  # int64 [R], clock since which it tries to go on
    gave_up: IntArray  # int64 [R], ps when it last gave up on channels, -1: never
    place: IntArray  # int64 [R], see kernels.network_events
    following: IntArray  # int64 [R], next in a channel's queue, among those that wait for one, or of the free
    preceding: IntArray  # int64 [R], the one before among those that wait for a channel
    lacking: IntArray  # int64 [R], channel in whose list it waits, -1: none
    serving: IntArray  # int64 [C], record in service or served and kept, -1: none
    head: IntArray  # int64 [C], first of the queue, -1: none
    tail: IntArray  # int64 [C]
    first_waiter: IntArray  # int64 [C], first that waits for a place, -1: none
    last_waiter: IntArray  # int64 [C]
    used: IntArray  # int64 [C], places taken, where a packet takes one when it sets out
    inside: IntArray  # int64 [C], packets that have arrived and not left
    changed: IntArray  # int64 [C], ps, when that changed
    counts: IntArray  # int64 [C, 8]
    taken: IntArray  # int64 [M], scratch
    free: IntArray  # int64 [C], ps before which no service begins
    loads: IntArray  # int64, place of each packet's first load


class EventResults(NamedTuple):
    """Rows of results of one call."""

    deliveries: IntArray  # int64 [3 * rows]: time, tag, arrival
    drops: IntArray  # int64 [2 * rows]: time, tag


_OF_RECORDS = ("tag", "arrival", "asked", "gave_up", "place", "following", "preceding", "lacking")


class Advance(NamedTuple):
    """What happened in one call."""

    deliveries: Deliveries
    drops: Drops


def _empty_state(network: PacketNetwork) -> EventState:
    channels = network.fabric.number.size
    most = int(np.diff(network.fabric.ptr).max(initial=1))
    made = EventState(
        counter=np.zeros(COUNTERS, dtype=np.int64),
        heap=np.zeros(0, dtype=np.int64),
        **{name: np.zeros(0, dtype=np.int64) for name in _OF_RECORDS},
        **{
            name: np.full(channels, NONE, dtype=np.int64)
            for name in ("serving", "head", "tail", "first_waiter", "last_waiter")
        },
        **{name: np.zeros(channels, dtype=np.int64) for name in ("used", "inside", "changed")},
        counts=np.zeros((channels, COUNTS), dtype=np.int64),
        taken=np.zeros(most, dtype=np.int64),
        free=np.zeros(channels, dtype=np.int64),
        loads=np.zeros(1, dtype=np.int64),
    )
    made.counter[FIRST_FREE] = NONE
    return _widened(made)


def _longer(values: AnyArray, size: int) -> AnyArray:
    made = np.zeros(size, dtype=values.dtype)
    made[: values.size] = values
    return made


def _widened(state: EventState) -> EventState:
    """Return the same state with twice the room for records and events."""
    old = state.tag.size
    room = max(2 * old, _FEWEST * state.taken.size)
    longer = {name: _longer(getattr(state, name), room) for name in _OF_RECORDS}
    longer["following"][old:] = np.arange(old + 1, room + 1)
    longer["following"][room - 1] = state.counter[FIRST_FREE]
    state.counter[FIRST_FREE] = old
    return state._replace(heap=_longer(state.heap, 6 * room), **longer)


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
        self._state = _empty_state(network)
        self._results = EventResults(np.zeros(3 * _FEWEST, np.int64), np.zeros(2 * _FEWEST, np.int64))

    def restart(self) -> None:
        """Empty the network and begin again at time 0 with packet 0."""
        self.horizon = -1
        for values in self._state:
            values.fill(0)
        for name in ("serving", "head", "tail", "first_waiter", "last_waiter"):
            getattr(self._state, name).fill(NONE)
        following = self._state.following
        following[:] = np.arange(1, following.size + 1)
        following[-1] = NONE

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
            elif status == NO_ROWS:
                self._results = self._wider_results()
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

    def _wider_results(self) -> EventResults:
        least = 4 * int(self._state.taken.size) * (2 + int(np.count_nonzero(self._state.lacking >= 0)))
        return EventResults(
            _longer(self._results.deliveries, 2 * self._results.deliveries.size),
            _longer(self._results.drops, max(least, 2 * self._results.drops.size)),
        )

    def rows(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return what the last call found, and all counts, as tables; views.

        Returns
        -------
        deliveries : ndarray of int64, shape (rows, 3)
            Time, tag and arrival.
        drops : ndarray of int64, shape (rows, 2)
            Time and tag.
        channels : ndarray of int64, shape (channels, 10)
            Channel, its counts, and when its last packet was through; channels that packets reached, in order.
        """
        state, fabric = self._state, self.network.fabric
        reached = np.flatnonzero(state.counts[:, PACKETS])
        through = state.changed + fabric.latency
        columns = (fabric.number[reached], state.counts[reached], through[reached])
        drops = self._results.drops[: 2 * int(state.counter[DROPS])].reshape(-1, 2)
        return (
            self._results.deliveries[: 3 * int(state.counter[DELIVERIES])].reshape(-1, 3),
            drops[np.lexsort(drops.T[::-1])],
            np.column_stack(columns),
        )

    def _found(self) -> Advance:
        sent, lost = (table.copy() for table in self.rows()[:2])
        return Advance(
            Deliveries(sent[:, 0], sent[:, 2], sent[:, 1] >> 32, sent[:, 1] & NODE),
            Drops(lost[:, 0], lost[:, 1] >> 32, lost[:, 1] & NODE),
        )

    @property
    def counts(self) -> Counts:
        """What each channel did since the beginning; areas up to the last arrival or departure there."""
        by_channel = np.empty_like(self._state.counts)
        by_channel[self.network.fabric.number] = self._state.counts
        return Counts(*by_channel.T)

    @property
    def pending(self) -> int:
        """Packets and copies that are in the network or will be sent; 0: all is done."""
        return int(self._state.counter[RECORDS])

    @property
    def idle(self) -> bool:
        """Whether nothing will happen any more; packets that are left are in a deadlock."""
        return int(self._state.counter[EVENTS]) == 0

    def balance(self) -> Balance:
        """Count ends of branches: those of packets that were sent, and what became of them."""
        state, counter = self._state, self._state.counter
        here = (state.place != FREE) & (state.place != SENT)
        nodes = state.tag[here] & NODE
        leaves = self.network.fabric.leaves[nodes]
        is_leaf = self.network.fabric.ptr[nodes] == self.network.fabric.ptr[nodes + 1]
        in_flight = int(np.where(state.place[here] == LEAVING, is_leaf, leaves).sum())
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
        state, fabric = self._state, self.network.fabric
        waits_for = np.full(fabric.number.size, NONE, dtype=np.int64)
        ranks = np.flatnonzero(state.serving != NONE)
        lacking = state.lacking[state.serving[ranks]]
        stuck = (lacking != NONE) & (fabric.rule[lacking] != EXPIRE)
        waits_for[fabric.number[ranks[stuck]]] = fabric.number[lacking[stuck]]
        return circle(waits_for)
