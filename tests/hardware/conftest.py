"""Placements, fan-outs and a slow reference of the hardware time of steps."""

import heapq

import numpy as np
import pytest

from spikemesh.description.chip import ChipSpec, CoreSpec, LinkSpec
from spikemesh.description.costs import Cost, CostSet
from spikemesh.description.system import System
from spikemesh.mapping.placement import placement_on
from spikemesh.mapping.routes import fan_out_from
from spikemesh.registry.shared import shared_registry

COSTS = CostSet(
    synaptic_event=Cost(latency_ns=4.7, energy_pj=33.6),
    neuron_update=Cost(latency_ns=9.7, energy_pj=72.8),
    spike=Cost(latency_ns=30.0, energy_pj=69.3),
    axon_in=Cost(latency_ns=16.0, energy_pj=0.0),
    axon_out=Cost(latency_ns=5.1, energy_pj=111.0),
    hop_tile=Cost(latency_ns=2.1),
    hop_x=Cost(latency_ns=4.1),
    hop_y=Cost(latency_ns=6.5),
    barrier=Cost(latency_ns=100.0),
    phases="overlapped",
)


def mesh_system(chips=(2, 2), router="unicast", network="mesh", fabrics=2, cores=(4, 4), **changes):
    """Chips of tiles of 2 x 2 cores; packets take 290 ps on chip and 8,696 ps between chips."""
    chip = ChipSpec(
        cores=cores, tile=(2, 2), network=network, fabrics=fabrics if network == "mesh" else 1, router=router,
        core=CoreSpec(), costs={"set": changes.pop("costs", COSTS)},
    )  # fmt: skip
    links = {
        "on_chip": LinkSpec(bandwidth=3.44e9),
        "between_chips": LinkSpec(bandwidth=115e6, latency=50.0),
        **changes.pop("links", {}),
    }
    return System(name="test", chip=chip, chips=chips, links=links, costs="set", **changes)


@pytest.fixture
def router():
    return shared_registry().routers.get("dimension_order", "mapping.route")


class Mapped:
    """Neurons on cores, and the cores each of them reaches."""

    def __init__(self, system, core_of, source, target, synapses=None):
        self.placement = placement_on(system, [np.asarray(core_of)])
        self.home = self.placement.core_of_neuron.astype(np.int64)
        targets = self.home[np.asarray(target)]
        self.fan = fan_out_from(self.home.size, np.asarray(source), targets, synapses)


def random_mapped(system, neurons=60, degree=8, seed=1):
    rng = np.random.default_rng(seed)
    source = np.repeat(np.arange(neurons), degree)
    return Mapped(
        system, rng.integers(0, system.core_count, neurons), source, rng.integers(0, neurons, source.size)
    )


def follow(forest, node):
    """Leaves below a node with the channels on the way, as a recursion."""
    channel = int(forest.channel[node])
    children = forest.child[forest.child_ptr[node] : forest.child_ptr[node + 1]]
    if children.size == 0:
        return [(int(node), [channel])]
    return [(leaf, [channel, *way]) for child in children for leaf, way in follow(forest, int(child))]


def slow_step(h, spikes):
    """Hardware time in ps of a step without its barrier, by a heap of events; spikes are sorted neurons."""
    sent = np.zeros(h.core_ptr.size - 1, dtype=np.int64)
    turn, base = np.zeros(h.core_of.size, dtype=np.int64), np.diff(h.core_ptr) * h.costs[5]
    for first, last in zip(h.core_ptr[:-1], h.core_ptr[1:], strict=True):
        turn[h.by_core[first:last]] = h.costs[5] * np.arange(1, last - first + 1)
    events = []
    listed = []
    for n in spikes:
        core = int(h.core_of[n])
        sent[core] += h.costs[0]
        for packet in range(h.root_ptr[n], h.root_ptr[n + 1]):
            sent[core] += h.costs[1]
            listed.append((int(turn[n] + sent[core]), packet))
    listed = [listed[k] for k in sorted(range(len(listed)), key=lambda k: (listed[k][0], k))]
    for number, (time, packet) in enumerate(listed):
        heapq.heappush(events, (time, number, int(h.root[packet]), packet))
    done = base + sent
    free = np.zeros(h.channels.service.size, dtype=np.int64)
    if not h.costs[4]:
        free[np.where(h.core_of_channel >= 0)] = done[h.core_of_channel[h.core_of_channel >= 0]]
    last = int(done.max())
    while events:
        time, number, node, packet = heapq.heappop(events)
        channel = h.forest.channel[node]
        work = h.channels.service[channel] + h.forest.work[node]
        if h.rank[node] >= 0:
            work += h.load[h.entry[packet] + h.rank[node]]
        free[channel] = max(free[channel], time) + work
        after = int(free[channel] + h.channels.latency[channel])
        last = max(last, after)
        for child in h.forest.child[h.forest.child_ptr[node] : h.forest.child_ptr[node + 1]]:
            heapq.heappush(events, (after, number, int(child), packet))
    return last
