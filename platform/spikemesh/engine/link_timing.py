"""When packets set out, and what they are for: what the regimes ``tick`` and ``async`` add to a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spikemesh.engine.network import Channels, Forest
from spikemesh.ids import AnyArray, IntArray


@dataclass(frozen=True, eq=False)
class LinkTiming:
    """How the packets of a whole network travel where the time of their arrival matters; equal at every worker.

    A spike stamped s sends its packets from the hardware time ``s * tick_ps`` on. With ``ideal`` links, all
    would arrive in tick s. A packet that arrives in tick a acts on its targets as one stamped a.

    Legend: N neurons of the network, W nodes of the forest, C channels.

    Attributes
    ----------
    regime
        ``tick``: tick a is from ``a * tick_ps`` to the next one. ``async``: half a tick earlier, so that times are
        rounded to the nearest step.
    tick_ps
        Hardware time of a step.
    channels, forest
        What packets go through; see :mod:`spikemesh.engine.network`.
    root_ptr : ndarray of int64, shape (N + 1,)
        Where the roots of each neuron begin; a neuron without any sends no packets.
    roots : ndarray of int64
        Node at which a packet sets out, one for each packet of a spike.
    core : ndarray of int64, shape (N,)
        Core of each neuron.
    ready_ps : ndarray of int64, shape (N,)
        When a packet of the neuron sets out, after the beginning of its tick, if it is the core's first.
    send_ps : ndarray of int64, shape (cores,)
        Time that a core takes to send a packet: the next one waits for so long.
    target_ptr : ndarray of int64, shape (W + 1,)
        Where the target cores of each node begin; none for nodes that only pass packets on.
    targets : ndarray of int64
        Cores whose synapses get what arrives at the node.
    link : ndarray of int64, shape (C,)
        Link between chips that a channel is, -1: none.
    age_ticks
        A packet that arrives so many ticks after the beginning of its own, or later, is dropped there; None: it never
        is too old.
    queues
        Whether packets wait for one another; else each takes its way as if it were alone, and none is lost.
    """

    regime: Literal["tick", "async"]
    tick_ps: int
    channels: Channels
    forest: Forest
    root_ptr: IntArray
    roots: IntArray
    core: IntArray
    ready_ps: IntArray
    send_ps: IntArray
    target_ptr: IntArray
    targets: IntArray
    link: IntArray
    age_ticks: int | None = None
    queues: bool = True

    @property
    def routed(self) -> AnyArray:
        """Whether a neuron sends packets, by global index."""
        return np.diff(self.root_ptr) > 0

    @property
    def cores(self) -> int:
        """Cores of the system."""
        return self.send_ps.size

    @property
    def shift_ps(self) -> int:
        """By how much earlier than a step its tick begins."""
        return self.tick_ps // 2 if self.regime == "async" else 0

    def ticks_of(self, times_ps: IntArray) -> IntArray:
        """Return the ticks that hold some hardware times."""
        return (times_ps + self.shift_ps) // self.tick_ps

    def too_old(self, stamps: IntArray, times_ps: IntArray) -> AnyArray:
        """Whether packets of spikes with some stamps are dropped for their age when they arrive."""
        if self.age_ticks is None:
            return np.zeros(stamps.shape, dtype=bool)
        return np.asarray(times_ps >= (stamps + self.age_ticks) * self.tick_ps)

    def end_ps(self, tick: int) -> int:
        """Return the hardware time at which a tick ends."""
        return (tick + 1) * self.tick_ps - self.shift_ps
