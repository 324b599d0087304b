"""Counters of packets by bin, for the whole network and by link."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts.trace import CounterPlan
from spikemesh.engine.link_timing import LinkTiming
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
    timing
        Says for which cores.
    program
        The program.

    Attributes
    ----------
    core_events : ndarray of int64, shape (bins, cores)
        Synapses of this worker that were reached by packets.
    counters : dict
        Increments by name, int64, shape (bins, width); ``link_packets`` among them, of packets that links took in.
    """

    def __init__(self, trees: TreeArrays, timing: LinkTiming, program: Program) -> None:
        self._trees, self._program, self._bin_steps = trees, program, program.bin_steps
        self._targets = (timing.target_ptr, timing.targets)
        self._row = 0
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

    def in_tick(self, tick: int) -> None:
        """Say in which bin everything is counted until this is called again: that of a tick."""
        self._row = (tick - 1) // self._bin_steps - self._first_bin

    def _add(self, name: str, times: int) -> None:
        self.counters[name][self._row, 0] += times

    def sent(self, leaves: int) -> None:
        """Count packets that set out."""
        self._add("packets_sent", leaves)

    def delivered(self, axon: IntArray, node: IntArray) -> None:
        """Count packets of some axons that arrived at some nodes, and the synapses here that they reach."""
        self._add("packets_delivered", axon.size)
        program = self._program
        count_events(
            axon, node, *self._targets, program.carried_ptr, program.carried_core, program.carried_synapses,
            self.core_events[self._row],
        )  # fmt: skip

    def dropped(self, leaves: int, link: IntArray) -> None:
        """Count packets that were dropped, and the links (-1: none) without room for those that still had their way."""
        self._add("packets_dropped", leaves)
        np.add.at(self.counters["link_dropped"][self._row], link[link >= 0], 1)

    def channels(self, counts: Counts, link: IntArray) -> None:
        """Count what channels did since the last call; ``link`` is theirs, and ``counts.longest`` of the whole bin."""
        between = np.flatnonzero(link >= 0)
        self.counters[LONGEST][self._row, link[between]] = counts.longest[between]
        for name, values in (
            ("link_packets", counts.packets),
            ("link_busy_ps", counts.busy),
            ("link_wait_ps", counts.waiting),
        ):
            np.add.at(self.counters[name][self._row], link[between], values[between])

    def rerouted(self, packets: int) -> None:
        """Count packets that turned off to go round a link."""
        self._add("packets_rerouted", packets)

    def late(self, root: IntArray, first_leaf: IntArray, late: AnyArray) -> None:
        """Count packets that were under way when the tick of their spike ended.

        Parameters
        ----------
        root, first_leaf : ndarray of int64, shape (packets,)
            Root of each packet, and place of its first leaf in ``late``.
        late : ndarray of bool
            One for each leaf of each packet.
        """
        leaf = np.flatnonzero(late)
        if not leaf.size:
            return
        self._add("packets_late", leaf.size)
        which = np.unique(np.searchsorted(first_leaf, leaf, side="right") - 1)
        row = np.full(root.size, self._row)
        count_on_way(which, root, first_leaf, row, self._trees, late, self.counters["link_late"])
