"""Packets under way: simulates the network, and puts right what late and lost packets did not do.

Every worker simulates all packets of all workers, and comes to the same times. Before a window that ends at
tick E, all spikes up to E - D are known everywhere, where D is at most the shortest delay of any synapse whose
spikes travel as packets. So the network can be simulated up to the end of tick E - D, and what is late there
matters in the steps after E only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikemesh.engine.arrays import Arrivals, Corrections
from spikemesh.engine.corrections import corrections_of, extended
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.network import Counts, Deliveries, Drops
from spikemesh.engine.network_events import FOREVER, Advance, Events
from spikemesh.engine.packet_network import PacketNetwork
from spikemesh.engine.program import Program
from spikemesh.engine.transit_counts import TransitCounts
from spikemesh.engine.trees import Trees, expanded
from spikemesh.engine.under_way import AXON, PLACE, ROOT, STAMP, UnderWay
from spikemesh.engine.zero_load import ZeroLoad
from spikemesh.errors import RunError
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.late import mark_lost, mark_reached

_NOTHING: IntArray = np.zeros(0, dtype=np.int64)


class _Packets(NamedTuple):
    """Packets, each with its place among those whose spikes are new to this call."""

    time: IntArray
    stamp: IntArray
    axon: IntArray
    root: IntArray
    place: IntArray


def _joined(first: _Packets, second: _Packets) -> _Packets:
    return _Packets(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))


def _taken(packets: _Packets, which: IntArray | slice) -> _Packets:
    return _Packets(*(column[which] for column in packets))


def _events(timing: LinkTiming) -> Events | ZeroLoad:
    network = PacketNetwork(timing.channels, timing.forest)
    return Events(network) if timing.queues else ZeroLoad(network)


class Transit:
    """One worker's copy of the network, and the corrections that follow.

    Parameters
    ----------
    program
        The program; has a ``link_timing``.
    longest
        Longest delay of a static synapse of this worker.

    Attributes
    ----------
    corrections
        What the loop reads.
    known
        Tick to whose end the network is simulated.
    counts
        What happened to packets.
    """

    def __init__(self, program: Program, longest: int) -> None:
        assert program.link_timing is not None  # noqa: S101  the caller checked
        self._timing: LinkTiming = program.link_timing
        self.corrections: Corrections = corrections_of(program)
        self.known = self._counted = 0
        self._longest = longest
        self._neuron_of_axon = program.axon_neuron
        self._bin_steps = program.bin_steps
        self._network = _events(self._timing)
        self._sends = bool(self._timing.send_ps.any())
        self._before = np.zeros((len(Counts._fields), self._timing.link.size), dtype=np.int64)
        self._rerouted = 0
        self._trees = Trees(self._timing)
        self.counts = TransitCounts(self._trees.arrays, self._timing, program)
        self._ahead = _Packets(*[np.zeros(0, dtype=np.int64)] * 5)
        """Packets that set out later."""
        self._under_way = UnderWay()

    @property
    def in_flight(self) -> int:
        """Packets, by target, that neither arrived nor were dropped."""
        return self._under_way.leaves + int(self._trees.leaf_count(self._ahead.root).sum())

    def advance(self, arrivals: Arrivals, through: int) -> None:
        """Simulate the network to the end of a tick; the spikes of all workers up to it are in ``arrivals``.

        No call of the simulator goes beyond the end of a bin, so that what channels did is known by bin.
        """
        while self.known < through:
            bin_end = (self.known // self._bin_steps + 1) * self._bin_steps
            self._advance(arrivals, min(through, bin_end))

    def quiet_through(self) -> int:
        """Return the last tick through which nothing happens to packets unless a spike sends new ones.

        It lies before the end of the bin, at which what channels did is counted.
        """
        last = (self.known // self._bin_steps + 1) * self._bin_steps - 1
        ahead = int(self._ahead.time[0]) if self._ahead.time.size else int(FOREVER)
        happens = np.array([min(ahead, self._network.next_event)], dtype=np.int64)
        return min(last, int(self._timing.ticks_of(happens)[0]) - 1)

    def _advance(self, arrivals: Arrivals, through: int) -> None:
        """Do so within one bin."""
        self.counts.in_tick(through)
        fresh = self._packets(*self._spikes(arrivals, through))
        leaves = self._trees.leaf_count(fresh.root)
        self.counts.sent(int(leaves.sum()))
        first_leaf = np.cumsum(leaves) - leaves
        found = self._send(fresh, through)
        packet, leaf, tick = self._deliver(found.deliveries)
        in_time = np.zeros(int(leaves.sum()), dtype=bool)
        late = self._mark(in_time, first_leaf, packet, leaf, tick)
        over = self._drop(found.drops, in_time, fresh.root, first_leaf)
        self.counts.late(fresh.root, first_leaf, ~over)
        self._put_right(fresh, first_leaf, in_time, (packet[late], leaf[late], tick[late]), through)
        self._under_way.settle(found.deliveries.packet, 1)
        self._under_way.settle(found.drops.packet, self._trees.below[found.drops.node])
        self.known = through
        if through % self._bin_steps == 0:
            self.count_channels()

    def count_channels(self) -> None:
        """Count what each channel did since this was last done: at the end of every bin, and before a report."""
        if self._counted == self.known:
            return
        self._counted = self.known
        now = np.stack(self._network.counts)
        since = Counts(*(now - self._before))._replace(longest=self._network.counts.longest)
        self.counts.channels(since, self._timing.link)
        self._before = now
        if isinstance(self._network, Events):
            self.counts.rerouted(self._network.rerouted - self._rerouted)
            self._rerouted = self._network.rerouted
            if self.known % self._bin_steps == 0:
                self._network.begin_longest()

    def _spikes(self, arrivals: Arrivals, through: int) -> tuple[IntArray, IntArray]:
        """Stamps and axons of the spikes of all workers after ``known``, by stamp and neuron."""
        ticks = np.arange(self.known + 1, through + 1)
        slot = ticks & (arrivals.first.shape[1] - 1)
        stamps, axons = [], []
        for origin in range(arrivals.head.size):
            first, last = arrivals.first[origin, slot], arrivals.last[origin, slot]
            entry = np.arange(first[0], last[-1])
            axons.append(arrivals.axons[arrivals.base[origin] + (entry & arrivals.wrap[origin])])
            stamps.append(np.repeat(ticks, last - first))
        stamp, axon = np.concatenate(stamps), np.concatenate(axons).astype(np.int64)
        order = np.lexsort((axon, stamp))
        return stamp[order], axon[order]

    def _packets(self, stamp: IntArray, axon: IntArray) -> _Packets:
        """Packets of spikes: one for each root of the neuron, sent one after another by its core."""
        timing = self._timing
        neuron = self._neuron_of_axon[axon]
        spike, entry = expanded(timing.root_ptr, neuron)
        stamp, axon, neuron = stamp[spike], axon[spike], neuron[spike]
        core, root = timing.core[neuron], timing.roots[entry].astype(np.int64)
        time = stamp * timing.tick_ps + timing.ready_ps[neuron]
        if self._sends:
            time += _rank(stamp * timing.cores + core) * timing.send_ps[core]
        return _Packets(time, stamp, axon, root, np.arange(root.size))

    def _send(self, fresh: _Packets, through: int) -> Advance:
        """Send what sets out before the end of a tick, and simulate up to it; keep the rest.

        So packets are numbered by time, wherever windows end.
        """
        end = self._timing.end_ps(through)
        waiting = _joined(self._ahead, fresh) if self._ahead.time.size else fresh
        if np.any(np.diff(waiting.time) < 0):
            waiting = _taken(waiting, np.argsort(waiting.time, kind="stable"))
        due = int(np.searchsorted(waiting.time, end, side="left"))
        sent, self._ahead = _taken(waiting, slice(due)), _taken(waiting, slice(due, None))
        self._under_way.append(*sent[1:], self._trees.leaf_count(sent.root))
        found = self._network.advance(sent.time, sent.root, end - 1)
        if isinstance(self._network, Events) and self._network.pending and self._network.idle:
            self._report_deadlock(self._network.deadlock(), through)
        return found

    def _report_deadlock(self, channels: IntArray, through: int) -> None:
        links = self._timing.link[channels]
        where = ", ".join(str(k) for k in links[links >= 0].tolist())
        raise RunError(f"packets wait for one another for ever; links (by index): {where or 'none'}", through)

    def _deliver(self, found: Deliveries) -> tuple[IntArray, IntArray, IntArray]:
        """Count what arrived; returns packets, leaves and ticks, without those too old."""
        packet, node, tick = found.packet, found.node, self._timing.ticks_of(found.time)
        if self._timing.age_ticks is not None:
            young = ~self._timing.too_old(self._under_way.of(STAMP, packet), found.time)
            self.counts.dropped(int(np.count_nonzero(~young)), _NOTHING)
            packet, node, tick = packet[young], node[young], tick[young]
        self.counts.delivered(self._under_way.of(AXON, packet), node)
        return packet, node, tick

    def _mark(
        self, in_time: AnyArray, first_leaf: IntArray, packet: IntArray, leaf: IntArray, tick: IntArray
    ) -> IntArray:
        """Mark the leaves of new packets that were reached within the tick of the spike; return the other arrivals."""
        early = tick == self._under_way.of(STAMP, packet)
        here = packet[early]
        place, root = self._under_way.of(PLACE, here), self._under_way.of(ROOT, here)
        mark_reached(place, root, leaf[early], first_leaf, self._trees.arrays, in_time)
        return np.flatnonzero(~early)

    def _drop(self, found: Drops, in_time: AnyArray, root: IntArray, first_leaf: IntArray) -> AnyArray:
        """Count what was dropped; returns which leaves of new packets were reached or lost within their tick."""
        if not found.packet.size:
            return in_time
        tick, trees = self._timing.ticks_of(found.time), self._trees
        self.counts.dropped(int(trees.below[found.node].sum()), trees.arrays.link[found.node])
        over = in_time.copy()
        early = tick == self._under_way.of(STAMP, found.packet)
        place = self._under_way.of(PLACE, found.packet[early])
        mark_lost(place, found.node[early], root, first_leaf, trees.arrays, over)
        return over

    def _put_right(
        self,
        fresh: _Packets,
        first_leaf: IntArray,
        in_time: AnyArray,
        late: tuple[IntArray, IntArray, IntArray],
        through: int,
    ) -> None:
        """Take back what did not arrive in time, and add what came late (packets, leaves and ticks)."""
        trees, timing = self._trees.arrays, self._timing
        missed = np.flatnonzero(~in_time)
        if not missed.size and not late[0].size:
            self.corrections = extended(self.corrections, through, 0, *[_NOTHING] * 4)
            return
        which = np.searchsorted(first_leaf, missed, side="right") - 1
        missed_leaf = trees.leaves[trees.leaf_ptr[fresh.root[which]] + missed - first_leaf[which]]
        times = np.repeat(np.array([-1, 1]), [missed.size, late[0].size])
        entry, target = expanded(timing.target_ptr, np.concatenate((missed_leaf, late[1])))
        self.corrections = extended(
            self.corrections,
            through,
            self.known + 1 - self._longest,
            np.concatenate((fresh.stamp[which], late[2]))[entry],
            np.concatenate((fresh.axon[which], self._under_way.of(AXON, late[0])))[entry],
            timing.targets[target],
            times[entry],
        )


def _rank(group: IntArray) -> IntArray:
    """Return how many elements of the same group come before each."""
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    rank = np.empty(group.size, dtype=np.int64)
    rank[order] = np.arange(group.size) - np.repeat(first, np.diff(first, append=group.size))
    return rank
