"""Rows of channels joined into one: every packet is as early or late as before."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh.engine.dependencies import channel_order
from spikemesh.engine.network import Channels, Forest, forest_dependencies
from spikemesh.engine.network_chains import join_chains
from spikemesh.engine.network_step import StepSimulator
from spikemesh.engine.packet_network import PacketNetwork


def line(ways, service, latency, **changes):
    """Channels in a row; each way (first, last) is a chain of nodes through some of them."""
    count = len(service)
    channel = np.concatenate([np.arange(a, b + 1) for a, b in ways]).astype(np.int32)
    ends = np.cumsum([b - a + 1 for a, b in ways])
    last = np.isin(np.arange(channel.size), ends - 1)
    ptr = np.concatenate(([0], np.cumsum(~last))).astype(np.int64)
    child = (np.flatnonzero(~last) + 1).astype(np.int32)
    trees = Forest(channel, np.zeros(channel.size, dtype=np.int64), ptr, child)
    zeros = np.zeros(count, dtype=np.int64)
    channels = Channels(
        np.array(service, dtype=np.int64), np.array(latency, dtype=np.int64), zeros - 1, zeros.astype(np.uint8),
        zeros, zeros, channel_order(*forest_dependencies(trees), count),
    )  # fmt: skip
    return channels._replace(**changes), trees, np.concatenate(([0], ends[:-1])).astype(np.int32)


def simulated(channels, trees, time, root):
    return StepSimulator(PacketNetwork(channels, trees)).simulate_step(time, root).steps


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_packet_arrives_when_it_did(data):
    count = data.draw(st.integers(1, 9))
    services = st.lists(st.integers(1, 3), min_size=count, max_size=count)
    latencies = st.lists(st.integers(0, 5), min_size=count, max_size=count)
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    ways = [tuple(sorted(p)) for p in data.draw(st.lists(pairs, min_size=1, max_size=4))]
    channels, trees, roots = line(ways, data.draw(services), data.draw(latencies))
    joinable = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    # The node at which a way ends is a place of its own, as a core's input is.
    joinable[trees.channel[np.diff(trees.child_ptr) == 0]] = False
    joined = join_chains(channels, trees, roots, joinable)
    times = data.draw(st.lists(st.tuples(st.integers(0, 12), st.integers(0, len(ways) - 1)), max_size=20))
    time = np.sort(np.array([t for t, _ in times], dtype=np.int64))
    root = roots[np.array([w for _, w in times], dtype=np.int64)]
    before = simulated(channels, trees, time, root)
    after = simulated(joined.channels, joined.forest, time, root)
    for name in before.deliveries._fields:
        assert np.array_equal(getattr(before.deliveries, name), getattr(after.deliveries, name)), name
    follows = np.isin(np.arange(count), joined.follower)
    assert joinable[follows].all()
    for name in before.totals._fields:
        ours, theirs = getattr(after.totals, name), getattr(before.totals, name)
        assert np.array_equal(ours[~follows], theirs[~follows]), name
        assert not ours[follows].any()
    leader = np.repeat(np.arange(count), np.diff(joined.follower_ptr))
    assert np.array_equal(before.totals.packets[joined.follower], before.totals.packets[leader])
    assert not before.totals.waiting[follows].any()


def test_a_row_is_one_channel():
    channels, trees, roots = line([(0, 5)], [2] * 6, [3] * 6)
    joined = join_chains(channels, trees, roots, np.array([True] * 5 + [False]))
    assert joined.follower.tolist() == [1, 2, 3, 4]
    assert joined.channels.latency.tolist()[0] == 3 + 4 * (2 + 3)
    assert joined.forest.child[joined.forest.child_ptr[0]] == 5


def test_nothing_is_joined_where_others_join_in_or_leave():
    channels, trees, roots = line([(0, 5), (2, 5), (0, 3)], [2] * 6, [3] * 6)
    joined = join_chains(channels, trees, roots, np.array([True] * 3 + [False, True, False]))
    assert joined.follower.tolist() == [1]


def test_nothing_is_joined_where_packets_can_stall():
    channels, trees, roots = line([(0, 5)], [2] * 6, [3] * 6, queue=np.array([-1, -1, -1, -1, -1, 2]))
    joined = join_chains(channels, trees, roots, np.ones(6, dtype=bool))
    assert joined.follower.size == 0
