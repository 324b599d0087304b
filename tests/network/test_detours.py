"""Packets that go round a channel without room: by hand, and what no detour may be."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.engine.dependencies import channel_order
from spikemesh.engine.network import Forest, forest_dependencies
from spikemesh.engine.network_chains import join_chains
from spikemesh.engine.network_detours import with_detours
from spikemesh.engine.network_events import Events
from spikemesh.engine.network_step import StepSimulator
from spikemesh.engine.network_sweep import Sweep
from spikemesh.engine.packet_network import PacketNetwork

ENTRY, BLOCKED, FIRST, SECOND, LEFT, RIGHT = range(6)
"""Channels: packets enter, are copied behind the second one to two more, and can go round it by the next two."""


def triangle(trees, channels, around=True, **given):
    """The network, and its root; the second channel takes 100 ps, the others 10, and each has one place."""
    builder = trees()
    root = builder.tree([ENTRY, BLOCKED, LEFT], [ENTRY, BLOCKED, RIGHT])
    forest = builder.forest()
    if around:
        ways = np.full((6, 2), -1)
        ways[BLOCKED] = FIRST, SECOND
        forest = with_detours(forest, ways)
    values = {"service": [1, 100, 10, 10, 1, 1], "queue": [-1, 0, 0, 0, -1, -1], "drops": [0, 1, 1, 1, 0, 0]}
    values |= {"wait": [0, 30, 20, 25, 0, 0]} | given
    order = channel_order(*forest_dependencies(forest), 6)
    return PacketNetwork(channels(6, order, **values), forest), root


def conserved(events):
    balance, counts = events.balance(), events.counts
    assert balance.sent == balance.delivered + balance.dropped + balance.in_flight
    assert np.array_equal(counts.area, counts.waiting + counts.busy + counts.blocked)
    return balance


def sent(events, *times):
    found = events.advance(np.array(times), np.zeros(len(times), dtype=np.int32))
    drops = list(zip(*(c.tolist() for c in found.drops), strict=True))
    deliveries = found.deliveries
    return list(zip(deliveries.time.tolist(), deliveries.packet.tolist(), strict=True)), drops


def test_a_blocked_channel_is_gone_round_by_all_copies(trees, channels):
    network, _ = triangle(trees, channels)
    events = Events(network)
    # Packet 0 holds the channel from 1 to 101. Packet 1 asks at 2, turns off at 32 and is behind it at 32 + 10 + 10;
    # packet 2 is through the entry at 61, asks, and turns off at 91.
    arrived, drops = sent(events, 0, 1, 60)
    assert arrived == [(53, 1), (53, 1), (102, 0), (102, 0), (112, 2), (112, 2)]
    assert drops == []
    assert events.rerouted == 2
    assert events.counts.packets.tolist() == [3, 1, 2, 2, 3, 3]
    assert events.counts.blocked.tolist() == [30 + 30, 0, 0, 0, 0, 0]
    assert conserved(events) == (6, 6, 0, 0)


def test_without_a_detour_the_same_packets_are_dropped(trees, channels):
    network, root = triangle(trees, channels, around=False)
    events = Events(network)
    arrived, drops = sent(events, 0, 1, 60)
    assert arrived == [(102, 0), (102, 0)]
    assert drops == [(32, 1, root + 1), (91, 2, root + 1)]
    assert events.rerouted == 0
    assert conserved(events) == (6, 2, 4, 0)


def test_a_detour_without_room_is_waited_for_and_then_given_up(trees, channels):
    # The detour's first channel takes 45 ps. Packet 1 turns off at 32 and holds it to 77. Packet 2 is through the entry
    # at 33, turns to the detour at 63 and gets in at 77, if it waits so long; packet 3 is through at 78, turns at 108,
    # and gets in at 122. If they wait 10 ps there, packet 2 is lost at 73; packet 3, then through at 74, turns at 104.
    service = [1, 1000, 45, 1, 1, 1]
    for wait, times, lost in ((20, [79, 124, 169], []), (10, [79, 151], [(73, 2, 1)])):
        network, _ = triangle(trees, channels, service=service, wait=[0, 30, wait, 25, 0, 0])
        events = Events(network)
        arrived, drops = sent(events, 0, 1, 1, 1)
        assert [t for t, p in arrived if p > 0] == [t for t in times for _ in "ab"]
        assert drops == lost
        assert events.counts.dropped.tolist() == [0, len(lost), 0, 0, 0, 0]
        conserved(events)


def test_a_channel_that_frees_while_the_detour_is_waited_for_is_not_taken(trees, channels):
    # The channel is free from 101 on. Packet 2, which has asked for it since 62, turns to the detour at 92; that is
    # full until 142, and it waits to 112.
    builder = trees()
    root = builder.tree([ENTRY, BLOCKED, LEFT])
    other = builder.tree([FIRST])
    ways = np.full((6, 2), -1)
    ways[BLOCKED] = FIRST, SECOND
    forest = with_detours(builder.forest(), ways)
    made = channels(
        6,
        channel_order(*forest_dependencies(forest), 6),
        service=[1, 100, 100, 1, 1, 1],
        queue=[-1, 0, 0, 0, -1, -1],
        drops=[0, 1, 1, 1, 0, 0],
        wait=[0, 30, 20, 25, 0, 0],
    )
    events = Events(PacketNetwork(made, forest))
    found = events.advance(np.array([0, 42, 61]), np.array([root, other, root]))
    assert found.drops.time.tolist() == [112]
    assert found.drops.node.tolist() == [root + 1]
    assert events.counts.dropped[BLOCKED] == 1
    conserved(events)


def test_no_patience_at_all(trees, channels):
    network, root = triangle(trees, channels, wait=0)
    events = Events(network)
    # Packet 1 turns off as it asks, at 2; packet 2 at 3 finds the detour full until 12, and is dropped.
    arrived, drops = sent(events, 0, 1, 2)
    assert [t for t, p in arrived if p == 1] == [23, 23]
    assert drops == [(3, 2, root + 1)]
    conserved(events)


def test_a_packet_lost_on_its_detour_is_reported_where_it_turned_off(trees, channels):
    network, root = triangle(trees, channels, service=[1, 1000, 10, 500, 1, 1])
    events = Events(network)
    # Packet 1 turns off at 32 and holds the second channel from 42 to 542. Packet 2 turns off at 63, asks for that one
    # at 73, and waits 25 ps.
    arrived, drops = sent(events, 0, 1, 1)
    assert drops == [(98, 2, root + 1)]
    assert [p for _, p in arrived] == [1, 1, 0, 0]
    assert events.counts.dropped.tolist() == [0, 1, 0, 0, 0, 0]
    assert events.rerouted == 2
    assert conserved(events) == (6, 4, 2, 0)


def test_packets_that_begin_in_a_blocked_channel_go_round_it_too(trees, channels):
    builder = trees()
    root = builder.tree([0])
    forest = with_detours(builder.forest(), np.array([[1, 2], [-1, -1], [-1, -1]]))
    made = channels(3, np.arange(3), service=[100, 10, 10], queue=0, drops=1, wait=[30, 30, 30])
    events = Events(PacketNetwork(made, forest))
    found = events.advance(np.zeros(3, dtype=np.int64), np.full(3, root))
    # The third waits outside until the second has left the detour's first channel, at 40.
    assert found.deliveries.time.tolist() == [50, 60, 100]
    assert found.deliveries.packet.tolist() == [1, 2, 0]
    assert found.deliveries.node.tolist() == [root] * 3
    assert events.counts.outside.tolist() == [30 + 40, 0, 0]
    assert events.counts.packets.tolist() == [1, 2, 2]
    conserved(events)


def test_the_fast_simulator_tells_when_a_packet_might_turn_off(trees, channels):
    network, _ = triangle(trees, channels)
    alone, three = np.array([0]), np.array([0, 1, 60])
    assert Sweep(network).run(alone, np.zeros(1, dtype=np.int32)).deliveries.time.tolist() == [102, 102]
    with pytest.raises(ValueError, match="a packet had to stall"):
        Sweep(network).run(three, np.zeros(3, dtype=np.int32))
    time, root = np.concatenate([alone, three]), np.zeros(4, dtype=np.int32)
    outcome = StepSimulator(network).simulate_steps(time, root, np.array([0, 1, 4]))
    assert outcome.by_events.tolist() == [False, True]
    assert outcome.steps.deliveries.time.tolist() == [102, 102, 53, 53, 102, 102, 112, 112]


def test_detours_may_close_a_circle(trees, channels):
    # Three channels, each with a packet behind it that goes round by the other two: all go backwards at once.
    builder = trees()
    roots = [builder.tree([k]) for k in range(3)]
    forest = with_detours(builder.forest(), np.array([[1, 2], [2, 0], [0, 1]]))
    order = channel_order(*forest_dependencies(forest), 3)
    assert order.size == 3
    made = channels(3, order, service=10, queue=0, drops=1, wait=5)
    events = Events(PacketNetwork(made, forest))
    events.advance(np.zeros(9, dtype=np.int64), np.repeat(roots, 3).astype(np.int32))
    assert events.pending == 0
    assert events.deadlock().size == 0
    assert conserved(events).dropped > 0


def test_rows_are_not_joined_where_packets_can_turn_off(channels):
    nodes = np.arange(4, dtype=np.int32)
    line = Forest(nodes, np.zeros(4, np.int64), np.array([0, 1, 2, 3, 3]), np.array([1, 2, 3], np.int32))
    root, joinable = np.array([0]), np.ones(6, dtype=bool)
    made = channels(6, np.arange(6), queue=[-1, -1, 0, -1, -1, -1], drops=[0, 0, 1, 0, 0, 0])
    assert join_chains(made, line, root, joinable).follower.size > 0
    ways = np.full((6, 2), -1)
    ways[2] = 4, 5
    assert join_chains(made, with_detours(line, ways), root, joinable).follower.size == 0


@pytest.mark.parametrize(
    ("given", "changed", "message"),
    [
        ({}, {"detour": [-1]}, "detour has 1 entries for 4 nodes"),
        ({}, {"instead": [-1, -1]}, "instead has 2 entries for 4 nodes"),
        ({}, {"detour": [-1, 4, -1, -1]}, r"detour\[1\] is 4: it must lie in -1 to 3"),
        ({"drops": [0, 0, 1, 1]}, {}, "node 1 has a detour, but its channel 1 drops nothing"),
        ({"queue": [-1, -1, 0, 0]}, {}, "node 1 has a detour, but its channel 1 drops nothing"),
        ({"drops": [0, 1, 1, 0]}, {}, "node 3 is on a detour, but its channel 3 stalls"),
        ({}, {"detour": [-1, 2, 3, -1]}, "node 2 has a detour, and is on one"),
        ({}, {"detour": [2, 2, -1, -1]}, "node 0 has a detour by a node that goes round another"),
        ({}, {"child_ptr": [0, 2, 2, 3, 3], "child": [1, 3, 3]}, "node 3 is on a detour, but below a node that is not"),
        ({}, {"child_ptr": [0, 1, 1, 3, 3], "child": [1, 3, 1]}, "node 2 is on a detour that branches"),
        ({}, {"child_ptr": [0, 1, 1, 2, 3], "child": [1, 3, 0]}, "node 3 ends a detour with other children"),
        ({}, {"report": [0, 1, 0, 0]}, "node 3 ends a detour, but does not report"),
        ({}, {"report": [0, 1, 1, 1]}, "node 2 reports, but is on a detour that goes on"),
    ],
)  # fmt: skip
def test_what_is_no_detour(channels, given, changed, message):
    values = {"channel": [0, 1, 2, 3], "work": [0] * 4, "child_ptr": [0, 1, 1, 2, 2], "child": [1, 3]}
    values |= {"detour": [-1, 2, -1, -1], "instead": [-1, -1, 1, 1]} | changed
    kinds = {"work": np.int64, "child_ptr": np.int64, "report": np.uint8}
    trees = Forest(**{name: np.array(v, dtype=kinds.get(name, np.int32)) for name, v in values.items()})
    given = {"queue": [-1, 0, 0, 0], "drops": [0, 1, 1, 1]} | given
    with pytest.raises(ValueError, match=message):
        PacketNetwork(channels(4, **given), trees)


def test_nothing_begins_on_a_detour(trees, channels):
    network, _ = triangle(trees, channels)
    for simulate in (Sweep(network).run, Events(network).advance):
        with pytest.raises(ValueError, match="root 4 is on a detour"):
            simulate(np.array([0]), np.array([4]))
