"""Counters of packets by bin, for the whole network and by link."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts.trace import CounterPlan
from spikemesh.engine.network import Counts
from spikemesh.engine.program import Program
from spikemesh.engine.trees import TreeArrays
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.late import count_events, count_on_way

OF_SYSTEM = ("packets_sent", "packets_delivered", "packets_dropped", "packets_late", "packets_rerouted")
"""One column. A packet counts once for every place that it goes to (where it branches, its copies are packets):
sent in the tick of its spike, delivered or dropped in the tick in which that happens, late in the tick of its spike,
if it was still under way when that ended. Late ones may be delivered or dropped later. Rerouted are packets that went
round a link, one for each link: counted by copies under way, in the tick in which they turn off."""
OF_LINKS = ("link_late", "link_dropped", "link_busy_ps", "link_wait_ps")
LONGEST = "link_queue_max"
"""By link between chips: packets on whose way it is to a place that they reach late, once for each packet; those for
which it had no room; time of service, and time from arrivals to the beginning of service. Times are counted when a
service begins."""
PLANS = (
    *(CounterPlan(name, "system") for name in OF_SYSTEM),
    *(CounterPlan(name, "link", "ps" if name.endswith("_ps") else "") for name in OF_LINKS),
)
"""What a trace's plan says of these counters."""


class TransitCounts:
    """Counts what happens to packets, from report to report.

    Parameters
    ----------
    trees
        Where packets go.
    program
        The program.

    Attributes
    ----------
    core_events : ndarray of int64, shape (bins, cores)
        Synapses of this worker that were reached by packets.
    counters : dict
        Increments by name, int64, shape (bins, width); ``link_packets`` among them, of packets that links took in.
    """

    def __init__(self, trees: TreeArrays, program: Program) -> None:
        self._trees, self._program, self._bin_steps = trees, program, program.bin_steps
        self._width = dict.fromkeys(OF_SYSTEM, 1)
        self._width |= dict.fromkeys((*OF_LINKS, "link_packets", LONGEST), program.links)
        self.begin(0, 0)

    def begin(self, first: int, until: int) -> None:
        """Begin to count for a report on the ticks ``(first, until]``."""
        self._first_bin = first // self._bin_steps
        rows = max(0, (until - 1) // self._bin_steps - self._first_bin + 1)
        self.counters: dict[str, IntArray] = {
            name: np.zeros((rows, width), dtype=np.int64) for name, width in self._width.items()
        }
        self.core_events: IntArray = np.zeros((rows, self._program.cores), dtype=np.int64)

    def _rows(self, tick: IntArray) -> IntArray:
        return (tick - 1) // self._bin_steps - self._first_bin

    def _add(self, name: str, tick: IntArray, times: IntArray | int = 1) -> None:
        np.add.at(self.counters[name][:, 0], self._rows(tick), times)

    def sent(self, stamp: IntArray, leaves: IntArray) -> None:
        """Count packets that set out for so many leaves."""
        self._add("packets_sent", stamp, leaves)

    def delivered(self, tick: IntArray) -> None:
        """Count packets that arrived."""
        self._add("packets_delivered", tick)

    def events(self, tick: IntArray, axon: IntArray, core: IntArray) -> None:
        """Count the synapses here of packets of some axons that arrived for some cores."""
        program = self._program
        count_events(
            self._rows(tick), axon, core, program.carried_ptr, program.carried_core, program.carried_synapses,
            self.core_events,
        )  # fmt: skip

    def too_old(self, tick: IntArray) -> None:
        """Count packets that were dropped for their age where they arrived."""
        self._add("packets_dropped", tick)

    def dropped(self, tick: IntArray, leaves: IntArray, link: IntArray) -> None:
        """Count packets that were dropped, each for so many leaves, for lack of room in a link (-1: elsewhere)."""
        self._add("packets_dropped", tick, leaves)
        between = np.flatnonzero(link >= 0)
        np.add.at(self.counters["link_dropped"], (self._rows(tick[between]), link[between]), 1)

    def channels(self, tick: int, counts: Counts, link: IntArray) -> None:
        """Count what channels did up to a tick and since the last call, both in one bin; ``link`` is theirs.

        ``counts.longest`` is of the whole bin up to the tick.
        """
        between = np.flatnonzero(link >= 0)
        row = self._rows(np.array(tick))
        self.counters[LONGEST][row, link[between]] = counts.longest[between]
        for name, values in (
            ("link_packets", counts.packets),
            ("link_busy_ps", counts.busy),
            ("link_wait_ps", counts.waiting),
        ):
            np.add.at(self.counters[name][row], link[between], values[between])

    def rerouted(self, tick: int, packets: int) -> None:
        """Count packets that turned off to go round a link, in one bin up to a tick."""
        self._add("packets_rerouted", np.array([tick]), packets)

    def late(self, stamp: IntArray, root: IntArray, first_leaf: IntArray, late: AnyArray) -> None:
        """Count packets that were under way when the tick of their spike ended.

        Parameters
        ----------
        stamp, root, first_leaf : ndarray of int64, shape (packets,)
            Tick and root of each packet, and place of its first leaf in ``late``.
        late : ndarray of bool
            One for each leaf of each packet.
        """
        leaf = np.flatnonzero(late)
        packet = np.searchsorted(first_leaf, leaf, side="right") - 1
        self._add("packets_late", stamp[packet])
        which, row = np.unique(packet), self._rows(stamp)
        count_on_way(which, root, first_leaf, row, self._trees, late, self.counters["link_late"])
