"""Deadlocks that can be, and those that are (Dally & Seitz 1987, IEEE Trans. Comput. C-36, 547)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh.engine.dependencies import channel_order, dependency_cycle
from spikemesh.engine.network import forest_dependencies
from spikemesh.engine.network_events import Events
from spikemesh.engine.network_step import StepSimulator


def edges(first, second):
    return set(zip(first.tolist(), second.tolist(), strict=True))


def assert_a_cycle(cycle, first, second):
    found = edges(first, second)
    assert len(set(cycle.tolist())) == cycle.size > 0
    assert all(pair in found for pair in zip(cycle.tolist(), np.roll(cycle, -1).tolist(), strict=True))
    assert cycle[0] == cycle.min()


def test_routes_first_along_x_have_no_cycle(mesh):
    grid = mesh(4)
    grid.unicasts()
    pairs = forest_dependencies(grid.forest())
    order = channel_order(*pairs)
    place = np.argsort(order)
    assert np.all(place[pairs[0]] < place[pairs[1]])
    assert sorted(order.tolist()) == list(range(grid.channels))
    assert dependency_cycle(*pairs).size == 0


def test_routes_along_either_first_have_a_cycle(mesh):
    grid = mesh(4)
    for source in range(grid.nodes):
        for target in range(grid.nodes):
            links = grid.hops(source, target, y_first=(source + target) % 2 == 1)
            grid.tree([grid.into(source), *links, grid.out(target)])
    pairs = forest_dependencies(grid.forest())
    assert channel_order(*pairs).size == 0
    cycle = dependency_cycle(*pairs)
    assert_a_cycle(cycle, *pairs)
    assert cycle.size >= 4


def ring(trees, nodes, hops, *, dateline):
    """Packets go ``hops`` links on along a ring; past the dateline they use channels of their own."""
    builder = trees()
    for source in range(nodes):
        path = []
        for k in range(hops):
            passed = dateline and source + k >= nodes
            path.append((source + k) % nodes + (nodes if passed else 0))
        builder.tree(path)
    return builder


def test_a_ring_has_a_cycle_unless_there_is_a_dateline(trees):
    pairs = forest_dependencies(ring(trees, 5, 3, dateline=False).forest())
    assert dependency_cycle(*pairs).tolist() == [0, 1, 2, 3, 4]
    assert channel_order(*pairs).size == 0
    pairs = forest_dependencies(ring(trees, 5, 3, dateline=True).forest())
    assert dependency_cycle(*pairs).size == 0
    assert channel_order(*pairs, channels=10).size == 10


@pytest.mark.parametrize("dateline", [False, True])
def test_packets_on_a_ring_wait_for_one_another_for_ever_unless_there_is_a_dateline(
    trees, channels, dateline
):
    builder = ring(trees, 5, 3, dateline=dateline)
    network = builder.network(channels(10, queue=0))
    roots = np.arange(0, 15, 3)
    events = Events(network)
    found = events.advance(np.zeros(5, dtype=np.int64), roots)
    assert events.idle
    outcome = StepSimulator(network).simulate_step(np.zeros(5, dtype=np.int64), roots)
    for cycle in (events.deadlock(), outcome.deadlock):
        assert cycle.tolist() == ([] if dateline else [0, 1, 2, 3, 4])
    assert found.deliveries.time.size == outcome.steps.deliveries.time.size == (5 if dateline else 0)
    assert outcome.steps.latest.size == (1 if dateline else 0)
    assert events.balance().in_flight == (0 if dateline else 5)


def test_other_packets_go_on_beside_a_deadlock(trees, channels):
    builder = ring(trees, 3, 2, dateline=False)
    other = builder.tree([3])
    network = builder.network(channels(4, queue=0))
    events = Events(network)
    events.advance(np.zeros(3, dtype=np.int64), np.array([0, 2, 4]), horizon=50)
    assert events.deadlock().tolist() == [0, 1, 2]
    found = events.advance(np.array([60, 65]), np.array([other, other]), horizon=70)
    assert found.deliveries.time.tolist() == [70]
    assert not events.idle
    assert events.deadlock().tolist() == [0, 1, 2]


def test_a_channel_can_wait_for_itself(trees, channels):
    builder = trees()
    root = builder.tree([0, 0])
    network = builder.network(channels(1, queue=0))
    events = Events(network)
    events.advance(np.zeros(1, dtype=np.int64), np.array([root]))
    assert events.deadlock().tolist() == [0]
    assert dependency_cycle(*forest_dependencies(network.trees)).tolist() == [0]


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14))
def test_either_an_order_or_a_cycle(pairs):
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    order, cycle = channel_order(first, second, 7), dependency_cycle(first, second, 7)
    assert (order.size == 7) != (cycle.size > 0)
    if cycle.size:
        assert order.size == 0
        assert_a_cycle(cycle, first, second)
    else:
        place = np.argsort(order)
        assert np.all(place[first] < place[second])


def test_what_is_no_graph():
    with pytest.raises(ValueError, match="one length"):
        channel_order(np.array([0, 1]), np.array([1]))
    with pytest.raises(ValueError, match="not among 0 to 1"):
        dependency_cycle(np.array([0]), np.array([2]), 2)
    assert channel_order(np.zeros(0, np.int64), np.zeros(0, np.int64)).size == 0
