"""A network in which no packet meets another: the level ``analytic`` of regimes in which arrivals matter."""

from __future__ import annotations

import numpy as np

from spikemesh.engine.network import Counts, Deliveries, Drops
from spikemesh.engine.network_events import FOREVER, Advance
from spikemesh.engine.packet_network import PacketNetwork
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.late import count_leaves
from spikemesh.kernels.network_fabric import COUNTS, NODE, REPORT
from spikemesh.kernels.zero_load import follow

_NOTHING: IntArray = np.zeros(0, dtype=np.int64)
TIME, ARRIVAL, PACKET, LEFT = range(4)
"""Columns of what is found."""


class ZeroLoad:
    """Finds when packets arrive that wait for no other; called as :class:`spikemesh.engine.network_events.Events` is.

    Channels count a packet when it sets out.

    Parameters
    ----------
    network
        The network.
    """

    def __init__(self, network: PacketNetwork) -> None:
        self._network = network
        fabric = network.fabric
        self._sent = 0
        self._counts = np.zeros((network.number.size, COUNTS), dtype=np.int64)
        self._stack = np.zeros((fabric.leaves.size + 1, 2), dtype=np.int64)
        self._ahead = np.zeros((0, 4), dtype=np.int64)
        self._reports = np.zeros(fabric.leaves.size, dtype=np.int64)
        reports = np.ascontiguousarray(fabric.nodes[:, REPORT] & 1, dtype=np.uint8)
        count_leaves(fabric.ptr, fabric.child & NODE, reports, self._reports)

    def advance(self, time: AnyArray, root: AnyArray, horizon: int) -> Advance:
        """Send packets, and return what arrives up to a time (ps), which is not before the last."""
        times, roots = self._network.check_sent(time, root)
        found = np.zeros((int(self._reports[roots].sum()), 4), dtype=np.int64)
        follow(self._sent, times, roots, self._network.fabric, self._stack, self._counts, found)
        self._sent += times.size
        waiting = np.concatenate((self._ahead, found))
        due = waiting[:, TIME] <= horizon
        self._ahead, here = waiting[~due], waiting[due]
        here = here[np.lexsort((here[:, LEFT], here[:, PACKET], here[:, TIME]))]
        return Advance(
            Deliveries(here[:, TIME], here[:, ARRIVAL], here[:, PACKET], here[:, LEFT]),
            Drops(_NOTHING, _NOTHING, _NOTHING),
        )

    @property
    def next_event(self) -> int:
        """Picosecond in which the next packet arrives, unless more is sent; ``FOREVER``: none does."""
        return int(self._ahead[:, TIME].min(initial=FOREVER))

    @property
    def counts(self) -> Counts:
        """What each channel did since the beginning."""
        by_channel = np.empty_like(self._counts)
        by_channel[self._network.number] = self._counts
        return Counts(*by_channel.T)
