"""Steps packet by packet: swept where that is exact, event by event where packets must stall."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikemesh.engine.hardware import Hardware, StepOutputs, StepScratch
from spikemesh.engine.network_events import Events
from spikemesh.engine.network_results import Found, new_tables
from spikemesh.engine.network_sweep import SweepSpace, space_for
from spikemesh.engine.packet_network import PacketNetwork
from spikemesh.errors import RunError
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.barrier import (
    LISTED,
    LISTED_CORE,
    LISTED_LOAD,
    LISTED_ROOT,
    LISTED_TIME,
    OVERLAPPED,
    STAMP,
    settle,
)
from spikemesh.kernels.barrier_packets import SPIKE_AT, TICK, UNEQUAL, begin_step, end_step, packet_steps
from spikemesh.kernels.network_fabric import COUNTS, DONE, NO_DELIVERIES, NO_DROPS, NO_ROOM, NO_ROWS

_FEWEST = 4
"""Packets that a channel's list holds at least."""
_AHEAD = 4
"""Lists get room for steps with so many times the packets of the one that found them full."""
_DELIVERIES = 2**12
"""Deliveries of a step for which there is room at first."""
_TABLES = {NO_DELIVERIES: "deliveries", NO_DROPS: "drops", NO_ROWS: "rows"}


class PacketSteps:
    """Simulates the packets of steps, each of which begins with empty channels.

    Parameters
    ----------
    hardware
        The mapped network.
    scratch
        What a step needs.
    channel_name
        Names a channel by its number, for errors.

    Attributes
    ----------
    by_events
        Steps that had to be simulated event by event, because packets stalled or channels form a cycle.
    """

    def __init__(
        self, hardware: Hardware, scratch: StepScratch, channel_name: Callable[[int], str] = str
    ) -> None:
        self._channel_name = channel_name
        self._hardware, self._scratch = hardware, scratch
        self._network = PacketNetwork(hardware.channels, hardware.forest, hardware.rank, scratch.loads)
        self._events: Events | None = None
        self._results = _results(hardware.channels.service.size)
        self._space = self._space_for(np.full(hardware.channels.service.size, _FEWEST, dtype=np.int64))
        # How often all packets reach each channel: what a step needs is about in proportion to this.
        self._visits = self._network.visits(hardware.root)
        self.by_events = 0

    def run(
        self,
        first: int,
        until: int,
        ticks: IntArray,
        neurons: IntArray,
        active: AnyArray,
        scratch: StepScratch,
        outputs: StepOutputs,
    ) -> None:
        """Find the time of steps; see :func:`spikemesh.kernels.barrier_packets.packet_steps`.

        ``scratch`` is what it was, but for what is known of these steps in advance.

        Raises
        ------
        RunError
            If packets wait for one another for ever; names the channels.
        """
        self._scratch = scratch
        stretch = self._scratch.stretch
        stretch[TICK], stretch[SPIKE_AT] = first, 0
        while True:
            status = DONE
            if self._network.acyclic:
                status = packet_steps(
                    first, until, ticks, neurons, active, self._hardware, self._scratch, outputs,
                    self._network.fabric, self._space, self._results,
                )  # fmt: skip
            if status == NO_ROOM:
                self._widen(first, ticks, neurons, active)
            elif status in _TABLES:
                self._results = _twice(self._results, _TABLES[status])
            elif stretch[TICK] < until:
                self._step_by_events(first, until, ticks, neurons, active, outputs)
            else:
                break
        if stretch[UNEQUAL]:
            raise RunError(f"{stretch[UNEQUAL]} channels lost track of their packets", first or None)

    def _step_spikes(self, ticks: IntArray) -> tuple[int, int, int]:
        """Return the next step, and its spikes: the first, and the one after the last."""
        tick, at = (int(self._scratch.stretch[k]) for k in (TICK, SPIKE_AT))
        return tick + 1, at, at + int(np.searchsorted(ticks[at:], tick + 1, side="right"))

    def _widen(self, first: int, ticks: IntArray, neurons: IntArray, active: AnyArray) -> None:
        """Make room for all packets of the next step."""
        tick, at, end = self._step_spikes(ticks)
        count, _ = begin_step(tick - first - 1, at, end, neurons, active, self._hardware, self._scratch)
        need = self._network.visits(self._scratch.listed[LISTED_ROOT : LISTED * count : LISTED])
        usual = self._visits * (_AHEAD * count / max(1, self._hardware.root.size))
        wanted = np.maximum(need, np.ceil(usual).astype(np.int64))
        self._space = self._space_for(np.maximum(wanted, self._space.lists[:, 3]))

    def _space_for(self, room: IntArray) -> SweepSpace:
        free = np.zeros(room.size, dtype=np.int64)
        loads = np.zeros(max(1, self._hardware.root.size), dtype=np.int64)
        return space_for(room)._replace(free=free, loads=loads)

    def _step_by_events(
        self,
        first: int,
        until: int,
        ticks: IntArray,
        neurons: IntArray,
        active: AnyArray,
        outputs: StepOutputs,
    ) -> None:
        hardware, scratch = self._hardware, self._scratch
        if self._events is None:
            self._events = Events(self._network)
        tick, at, end = self._step_spikes(ticks)
        count, _ = begin_step(tick - first - 1, at, end, neurons, active, hardware, scratch)
        listed = scratch.listed[: LISTED * count].reshape(count, LISTED)
        listed = listed[np.argsort(listed[:, LISTED_TIME], kind="stable")]
        scratch.sent_at[:count], scratch.sent_by[:count] = listed[:, LISTED_TIME], listed[:, LISTED_CORE]
        self._events.restart()
        self._events.bring(listed[:, LISTED_LOAD], hardware.rank_of_core, self._free_at())
        self._events.advance(scratch.sent_at[:count], listed[:, LISTED_ROOT])
        if self._events.pending:
            self._deadlocked(tick)
        deliveries, _, table = self._events.rows()
        row = (tick - 1) // outputs.bin_steps - outputs.first_bin
        table = np.ascontiguousarray(table)
        flat = np.append(np.zeros(3, dtype=np.int64), deliveries)
        end_step(
            row,
            tick - first - 1,
            0,
            len(table),
            table,
            len(deliveries),
            flat,
            active,
            hardware,
            scratch,
            outputs,
        )
        if tick % outputs.bin_steps == 0 or tick == until:
            settle(row, hardware, scratch, outputs)
        scratch.stretch[TICK], scratch.stretch[SPIKE_AT] = tick, end
        self.by_events += 1

    def _free_at(self) -> IntArray:
        """When each core begins to take packets in."""
        sent = np.where(self._scratch.core_stamp == self._scratch.words[STAMP], self._scratch.sent, 0)
        return np.zeros_like(sent) if self._hardware.costs[OVERLAPPED] else self._scratch.base + sent

    def _deadlocked(self, tick: int) -> None:
        circle = [] if self._events is None else [self._channel_name(int(c)) for c in self._events.deadlock()]
        found = f"packets wait for one another for ever: {' -> '.join([*circle, *circle[:1]])}"
        raise RunError(
            f"{found} (longer queues, queues that drop, or a router whose ways have no circle)", tick
        )


def _results(channels: int) -> Found:
    """Make room for the results of one step."""
    nothing = np.zeros(1, dtype=np.int64)
    tables = new_tables()._replace(
        deliveries=np.zeros(3 * _DELIVERIES + 6, dtype=np.int64),
        rows=np.zeros((channels, COUNTS + 2), dtype=np.int64),
    )
    return Found(
        cursor=np.zeros(4, dtype=np.int64),
        **dict.fromkeys(("delivery_ptr", "drop_ptr", "row_ptr", "latest", "where", "detail"), nothing),
        totals=np.zeros((1, COUNTS), dtype=np.int64),
        **tables._asdict(),
    )


def _twice(found: Found, table: str) -> Found:
    """Make twice the room in a table; what is in it is not needed any more."""
    return found._replace(**{table: np.concatenate([getattr(found, table)] * 2)})
