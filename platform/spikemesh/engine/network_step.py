"""Steps of packets through any network, each from empty channels, by whichever simulator is exact and fast."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.network import PacketNetwork
from spikemesh.engine.network_events import Events
from spikemesh.engine.network_sweep import StepRun, Steps, Sweep
from spikemesh.ids import AnyArray, IntArray

_NO_CHANNELS: IntArray = np.zeros(0, dtype=np.int64)


class Outcome(NamedTuple):
    """Steps, and how they were found.

    Legend: S steps that came to an end.
    """

    steps: Steps
    by_events: AnyArray  # bool [S], whether packets had to stall (or the channels have no order)
    deadlock: IntArray  # int64, channels that wait for one another in step S; empty: all steps came to an end


class StepSimulator:
    """Simulates steps that begin with empty channels.

    Channels are swept as if every queue had room. If no packet would have had to stall, that is exact; else the
    step is simulated again, event by event.

    Parameters
    ----------
    network
        The network.
    """

    def __init__(self, network: PacketNetwork) -> None:
        self.network = network
        self._sweep = Sweep(network) if network.acyclic else None
        self._events = Events(network)

    def simulate_step(self, time: AnyArray, root: AnyArray) -> Outcome:
        """Simulate one step; see :meth:`simulate_steps`."""
        return self.simulate_steps(time, root, None)

    def simulate_steps(self, time: AnyArray, root: AnyArray, step_ptr: AnyArray | None) -> Outcome:
        """Simulate steps until the last one, or until packets of one wait for one another for ever.

        Parameters
        ----------
        time : ndarray of int64, shape (packets,)
            When packets are sent, ps from the beginning of their step; rising within a step. A packet's number
            is its place in this list, over all steps.
        root : ndarray of int32, shape (packets,)
            Node at which each begins.
        step_ptr : ndarray of int64, shape (steps + 1,)
            First packet of each step; None: all packets are one step.

        Returns
        -------
        Outcome
            The results.

        Raises
        ------
        ValueError
            If what is sent is not possible.
        """
        run = StepRun(self.network, time, root, step_ptr)
        by_events = np.zeros(run.ptr.size - 1, dtype=np.bool_)
        deadlock = _NO_CHANNELS
        while run.step < by_events.size and not (self._sweep is not None and self._sweep.go_on(run)):
            by_events[run.step] = True
            deadlock = self._by_events(run)
            if deadlock.size:
                break
        return Outcome(run.results(), by_events[: run.step], deadlock)

    def _by_events(self, run: StepRun) -> IntArray:
        """Simulate the next step event by event; return a deadlock if it ends in one."""
        self._events.restart()
        self._events.advance(*run.sent(run.step))
        if self._events.pending:
            return self._events.deadlock()
        deliveries, drops, channels = self._events.rows()
        number = np.array([[0, int(run.ptr[run.step]) << 32, 0]])
        run.add(deliveries + number, drops + number[:, :2], channels)
        return _NO_CHANNELS
