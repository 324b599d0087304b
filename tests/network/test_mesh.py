"""Meshes under uniform traffic with routes first along x (Dally & Towles 2004, chapters 3 and 25)."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from spikemesh.engine.network_events import Events
from spikemesh.engine.network_step import StepSimulator
from spikemesh.engine.network_sweep import Sweep

CYCLE = 1000
"""ps in which a link takes one packet."""


def bound(k):
    """Packets per node and cycle at which the busiest link is always busy."""
    return 4 * (k * k - 1) / k**3 if k % 2 == 0 else 4 / k


def others(nodes):
    """All pairs of a source and another node."""
    return np.array([(s, t) for s in range(nodes) for t in range(nodes) if s != t]).T


@pytest.mark.parametrize("k", [2, 3, 4, 5, 8])
def test_mean_hops(mesh, k):
    grid = mesh(k)
    hops = sum(len(grid.hops(s, t)) for s, t in others(grid.nodes).T.tolist())
    assert Fraction(hops, grid.nodes * (grid.nodes - 1)) == Fraction(2 * k, 3)
    assert Fraction(hops, grid.nodes**2) == Fraction(2 * (k * k - 1), 3 * k)


@pytest.mark.parametrize("k", [4, 5, 6, 8])
def test_the_busiest_link_sets_the_bound(mesh, channels, k):
    grid = mesh(k)
    roots = grid.unicasts()
    network = grid.network(channels(grid.channels, service=CYCLE))
    source, target = others(grid.nodes)
    swept = Sweep(network).run(np.zeros(source.size, dtype=np.int64), roots[source, target])
    links = swept.channel >= 2 * grid.nodes
    busiest = int(swept.counts.packets[links].max())
    # Every node has sent nodes - 1 packets: load of a link = packets / (nodes - 1) per packet and node.
    assert (grid.nodes - 1) / busiest == pytest.approx(bound(k), rel=1e-12)
    assert swept.counts.busy[links].max() == busiest * CYCLE


@pytest.mark.parametrize("latency", [0, 4100])
def test_latency_without_load_is_hops_and_serialisation(mesh, channels, latency):
    grid = mesh(4)
    roots = grid.unicasts()
    network = grid.network(channels(grid.channels, service=CYCLE, latency=latency, queue=0))
    pairs = others(grid.nodes)
    ptr = np.arange(pairs.shape[1] + 1)
    outcome = StepSimulator(network).simulate_steps(
        np.zeros(ptr.size - 1, np.int64), roots[pairs[0], pairs[1]], ptr
    )
    hops = np.array([len(grid.hops(s, t)) for s, t in pairs.T.tolist()])
    # Into the network, over the links, and out of it.
    assert outcome.steps.deliveries.time.tolist() == ((hops + 2) * (CYCLE + latency)).tolist()
    assert outcome.steps.latest.tolist() == outcome.steps.deliveries.time.tolist()
    assert not outcome.by_events.any()


def offered(grid, roots, rate, cycles, seed):
    """Packets by a chance per node and cycle, to any other node."""
    random = np.random.default_rng(seed)
    cycle, source = np.nonzero(random.random((cycles, grid.nodes)) < rate)
    target = (source + random.integers(1, grid.nodes, source.size)) % grid.nodes
    return cycle * CYCLE, roots[source, target].astype(np.int32)


def accepted(network, grid, rate, cycles, seed=1):
    """Packets per node and cycle that come out while packets are sent, after a quarter of the time."""
    time, root = offered(grid, grid.roots, rate, cycles, seed)
    events = Events(network)
    events.advance(time, root, horizon=cycles // 4 * CYCLE)
    begun = events.balance().delivered
    events.advance(time[:0], root[:0], horizon=cycles * CYCLE)
    balance = events.balance()
    assert balance.sent == balance.delivered + balance.dropped + balance.in_flight
    assert balance.dropped == 0
    return (balance.delivered - begun) / grid.nodes / (cycles - cycles // 4)


@pytest.mark.parametrize("k", [4, 5, 8])
@pytest.mark.parametrize("queue", [1, 4])
def test_saturation_with_finite_queues_stays_below_the_bound(mesh, channels, k, queue):
    grid = mesh(k)
    grid.roots = grid.unicasts()
    network = grid.network(channels(grid.channels, service=CYCLE, queue=queue))
    assert network.acyclic
    low = 0.45 * bound(k)
    assert accepted(network, grid, low, 4000) == pytest.approx(low, rel=0.02)
    for rate in (bound(k), 1.0):
        assert 0.5 * bound(k) < accepted(network, grid, rate, 1500) <= bound(k)


@pytest.mark.parametrize("k", [4, 8])
def test_without_limits_all_that_is_offered_below_the_bound_comes_out(mesh, channels, k):
    grid = mesh(k)
    grid.roots = grid.unicasts()
    network = grid.network(channels(grid.channels, service=CYCLE))
    for share in (0.45, 0.9):
        assert accepted(network, grid, share * bound(k), 4000) == pytest.approx(share * bound(k), rel=0.02)
    # Above it the busiest links never rest, and what waits for them grows with time.
    time, root = offered(grid, grid.roots, min(1.0, 1.3 * bound(k)), 4000, 2)
    swept = Sweep(network).run(time, root)
    assert swept.latest[0] > 1.1 * 4000 * CYCLE if bound(k) < 0.7 else swept.latest[0] > 4000 * CYCLE
    assert np.array_equal(swept.counts.area, swept.counts.waiting + swept.counts.busy)


@pytest.mark.parametrize("k", [4, 8])
def test_a_broadcast_from_a_corner_takes_each_link_of_its_tree_once(mesh, channels, k):
    grid = mesh(k)
    paths = [grid.path(0, t) for t in range(1, grid.nodes)]
    tree = grid.tree(*paths)
    singles = np.array([grid.tree(path) for path in paths])
    network = grid.network(channels(grid.channels, service=CYCLE))
    used = []
    for root in (np.array([tree]), singles):
        swept = Sweep(network).run(np.zeros(root.size, dtype=np.int64), root)
        links = swept.channel >= 2 * grid.nodes
        used.append(int(swept.counts.packets[links].sum()))
        # Every target exactly once.
        reached = network.trees.channel[swept.deliveries.node] - grid.nodes
        assert sorted(reached.tolist()) == list(range(1, grid.nodes))
    assert used == [k * k - 1, k * k * (k - 1)]
    assert Fraction(used[1], used[0]) == Fraction(k * k, k + 1)


def expected_saving(grid, targets):
    """Links of unicasts to links of the tree for a random source and so many other random nodes."""
    hops, links = Fraction(2 * grid.k * targets, 3), Fraction(0)
    for source in range(grid.nodes):
        behind = Counter(link for target in range(grid.nodes) for link in grid.hops(source, target))
        # A link is in the tree unless all targets are among the nodes that are not behind it.
        every = math.comb(grid.nodes - 1, targets)
        links += sum(1 - Fraction(math.comb(grid.nodes - 1 - b, targets), every) for b in behind.values())
    return float(hops * grid.nodes / links)


# Links of unicasts to links of the tree, m random targets on 8 x 8: known from simulation (to 0.03; the last, 5.37 for
# all nodes, is 16/3), and exactly.
@pytest.mark.parametrize(
    ("targets", "saving"), [(2, 1.16), (4, 1.40), (8, 1.73), (16, 2.30), (32, 3.28), (63, 5.37)]
)
def test_multicast_to_random_targets_saves(mesh, channels, targets, saving):
    grid, trials = mesh(8), 600
    expected = expected_saving(grid, targets)
    assert expected == pytest.approx(saving, abs=0.04)
    assert targets < 63 or expected == pytest.approx(16 / 3, rel=1e-12)
    random = np.random.default_rng(4)
    roots, single, furthest = [], [], []
    for _ in range(trials):
        source, *chosen = random.permutation(64)[: targets + 1].tolist()
        paths = [grid.path(source, t) for t in chosen]
        roots.append(grid.tree(*paths))
        single.append(sum(len(p) - 2 for p in paths))
        furthest.append(max(len(p) - 2 for p in paths))
    network = grid.network(channels(grid.channels, service=CYCLE))
    swept = Sweep(network).run(np.zeros(trials, dtype=np.int64), np.array(roots), np.arange(trials + 1))
    is_link = swept.channel >= 2 * grid.nodes
    step = np.repeat(np.arange(trials), np.diff(swept.channel_ptr))
    tree = np.bincount(step[is_link], swept.counts.packets[is_link], minlength=trials)
    assert np.all(np.array(furthest) <= tree)
    assert np.all(tree <= np.array(single))
    assert np.diff(swept.delivery_ptr).tolist() == [targets] * trials
    assert sum(single) / tree.sum() == pytest.approx(expected, rel=0.02)
