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
from spikemesh.engine.network import PacketNetwork
from spikemesh.engine.network_events import Events
from spikemesh.engine.program import Program
from spikemesh.engine.transit_counts import TransitCounts
from spikemesh.engine.trees import Trees, expanded
from spikemesh.errors import RunError
from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.late import mark_lost


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


def _events(timing: LinkTiming) -> Events:
    return Events(PacketNetwork(timing.channels, timing.forest))


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
        self.known = 0
        self._longest = longest
        self._neuron_of_axon = program.axon_neuron
        self._network = _events(self._timing)
        self._trees = Trees(self._timing)
        self.counts = TransitCounts(self._trees.arrays, program.cores, program.links, program.bin_steps)
        nobody = np.zeros(0, dtype=np.int64)
        self._ahead = self._live = _Packets(*[nobody] * 5)
        """Packets that set out later; packets that have, by their number in the network."""
        self._left = nobody
        """Leaves that each of the latter has not reached."""
        self._first_live = 0

    @property
    def in_flight(self) -> int:
        """Packets, by target, that neither arrived nor were dropped."""
        return int(self._left.sum() + self._trees.leaf_count(self._ahead.root).sum())

    def advance(self, arrivals: Arrivals, through: int) -> None:
        """Simulate the network to the end of a tick; the spikes of all workers up to it are in ``arrivals``."""
        if through <= self.known:
            return
        fresh = self._packets(*self._spikes(arrivals, through))
        first_leaf = np.cumsum(self._trees.leaf_count(fresh.root)) - self._trees.leaf_count(fresh.root)
        self._send(fresh, through)
        live, leaf, tick = self._deliver()
        in_time = np.zeros(int(self._trees.leaf_count(fresh.root).sum()), dtype=bool)
        self._mark(in_time, first_leaf, live, leaf, tick)
        lost = self._drop(in_time, fresh, first_leaf)
        self.counts.late(fresh.stamp, fresh.root, first_leaf, ~lost)
        self._put_right(fresh, first_leaf, in_time, live, leaf, tick, through)
        self._forget()
        self.known = through

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
        before = _rank(stamp * timing.cores + core)
        time = stamp * timing.tick_ps + timing.ready_ps[neuron] + before * timing.send_ps[core]
        self.counts.sent(stamp, self._trees.leaf_count(root))
        over = time + timing.send_ps[core] > (stamp + 1) * timing.tick_ps
        self.counts.overrun(stamp[over], core[over])
        return _Packets(time, stamp, axon, root, np.arange(root.size))

    def _send(self, fresh: _Packets, through: int) -> None:
        """Send what sets out before the end of a tick, and simulate up to it; keep the rest.

        So packets are numbered by time, wherever windows end.
        """
        end = self._timing.end_ps(through)
        waiting = _joined(self._ahead, fresh)
        order = np.argsort(waiting.time, kind="stable")
        due = int(np.searchsorted(waiting.time[order], end, side="left"))
        sent, self._ahead = _taken(waiting, order[:due]), _taken(waiting, order[due:])
        self._live = _joined(self._live, sent)
        self._left = np.concatenate((self._left, self._trees.leaf_count(sent.root)))
        self._found = self._network.advance(sent.time, sent.root, end - 1)
        if self._network.pending and self._network.idle:
            self._report_deadlock(through)

    def _report_deadlock(self, through: int) -> None:
        links = self._timing.link[self._network.deadlock()]
        where = ", ".join(str(k) for k in links[links >= 0].tolist())
        raise RunError(f"packets wait for one another for ever; links (by index): {where or 'none'}", through)

    def _deliver(self) -> tuple[IntArray, IntArray, IntArray]:
        """Count what arrived; returns packets (places in ``_live``), leaves and ticks, without those too old."""
        found = self._found.deliveries
        live, tick = found.packet - self._first_live, self._timing.ticks_of(found.time)
        np.subtract.at(self._left, live, 1)
        old = self._timing.too_old(self._live.stamp[live], found.time)
        self.counts.delivered(tick[~old])
        self.counts.too_old(tick[old])
        return live[~old], found.node[~old], tick[~old]

    def _mark(
        self, in_time: AnyArray, first_leaf: IntArray, live: IntArray, leaf: IntArray, tick: IntArray
    ) -> None:
        """Mark the leaves of new packets that were reached within the tick of the spike."""
        here = tick == self._live.stamp[live]
        packets = _taken(self._live, live[here])
        in_time[first_leaf[packets.place] + self._trees.places(packets.root, leaf[here])] = True

    def _drop(self, in_time: AnyArray, fresh: _Packets, first_leaf: IntArray) -> AnyArray:
        """Count what was dropped; returns which leaves of new packets were reached or lost within their tick."""
        found = self._found.drops
        live, tick = found.packet - self._first_live, self._timing.ticks_of(found.time)
        np.subtract.at(self._left, live, self._trees.below[found.node])
        self.counts.dropped(tick, self._trees.below[found.node], self._trees.arrays.link[found.node])
        over = in_time.copy()
        here = np.flatnonzero(tick == self._live.stamp[live])
        place = self._live.place[live[here]]
        mark_lost(place, found.node[here], fresh.root, first_leaf, self._trees.arrays, over)
        return over

    def _put_right(
        self,
        fresh: _Packets,
        first_leaf: IntArray,
        in_time: AnyArray,
        live: IntArray,
        leaf: IntArray,
        tick: IntArray,
        through: int,
    ) -> None:
        """Take back what did not arrive in time, and add what came late."""
        trees, timing = self._trees.arrays, self._timing
        missed = np.flatnonzero(~in_time)
        which = np.searchsorted(first_leaf, missed, side="right") - 1
        missed_leaf = trees.leaves[trees.leaf_ptr[fresh.root[which]] + missed - first_leaf[which]]
        late = np.flatnonzero(tick > self._live.stamp[live])
        times = np.repeat(np.array([-1, 1]), [missed.size, late.size])
        entry, target = expanded(timing.target_ptr, np.concatenate((missed_leaf, leaf[late])))
        self.corrections = extended(
            self.corrections,
            through,
            self.known + 1 - self._longest,
            np.concatenate((fresh.stamp[which], tick[late]))[entry],
            np.concatenate((fresh.axon[which], self._live.axon[live[late]]))[entry],
            timing.targets[target],
            times[entry],
        )

    def _forget(self) -> None:
        """Forget packets that are done, once they are more than half of those at hand."""
        under_way = np.flatnonzero(self._left)
        done = int(under_way[0]) if under_way.size else self._left.size
        if 2 * done > self._left.size:
            self._live = _Packets(*(column[done:].copy() for column in self._live))
            self._left = self._left[done:].copy()
            self._first_live += done


def _rank(group: IntArray) -> IntArray:
    """Return how many elements of the same group come before each."""
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    rank = np.empty(group.size, dtype=np.int64)
    rank[order] = np.arange(group.size) - np.repeat(first, np.diff(first, append=group.size))
    return rank
