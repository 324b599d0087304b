"""Packets that wait for no other: times of arrival are sums along their ways."""

from __future__ import annotations

import numpy as np

from spikemesh.engine.network import Channels, Forest
from spikemesh.engine.network_events import Events
from spikemesh.engine.packet_network import PacketNetwork
from spikemesh.engine.zero_load import ZeroLoad

# 0 -> {1, 2}, 2 -> 3; node 2 reports and goes on. Channel 3 has a clock of 50 ps.
NETWORK = {"service": [10, 20, 30, 5], "latency": [1, 2, 3, 4], "period": [0, 0, 0, 50]}


def network(queue=-1):
    given = {name: np.array(values, dtype=np.int64) for name, values in NETWORK.items()}
    none = np.zeros(4, dtype=np.int64)
    channels = Channels(
        queue=np.full(4, queue), drops=np.ones(4, dtype=np.uint8), wait=none, order=np.arange(4), **given
    )
    forest = Forest(
        np.arange(4, dtype=np.int32), np.array([0, 7, 0, 0]), np.array([0, 2, 2, 3, 3]),
        np.array([1, 2, 3], dtype=np.int32), np.array([0, 1, 1, 1], dtype=np.uint8),
    )  # fmt: skip
    return PacketNetwork(channels, forest)


def test_arrivals_are_sums_of_service_and_latency():
    free = ZeroLoad(network())
    found = free.advance([100, 100], [0, 0], 143)
    # Node 1: 100 + 11 + 20 + 7 + 2. Node 2: 100 + 11 + 33 = 144; then the edge at 150 + 9. Packets do not wait.
    assert found.deliveries.time.tolist() == [140, 140]
    assert found.deliveries.node.tolist() == [1, 1]
    found = free.advance(np.array([145]), np.array([2]), 1000)
    rows = zip(found.deliveries.time, found.deliveries.packet, found.deliveries.node, strict=True)
    assert [tuple(map(int, row)) for row in rows] == [
        (144, 0, 2), (144, 1, 2), (159, 0, 3), (159, 1, 3), (145 + 33, 2, 2), (200 + 9, 2, 3),
    ]  # fmt: skip
    assert found.drops.time.size == 0
    assert free.counts.packets.tolist() == [2, 2, 3, 3]
    assert free.counts.busy.tolist() == [20, 54, 90, 15]
    # Until the next edge of the clock: 144 to 150, twice, and 178 to 200.
    assert free.counts.waiting.tolist() == [0, 0, 0, 6 + 6 + 22]


def test_packets_far_apart_arrive_as_they_do_with_queues():
    time, root = np.arange(0, 5000, 500), np.zeros(10, dtype=np.int32)
    queued = Events(network(queue=0)).advance(time, root)
    free = ZeroLoad(network(queue=0)).advance(time, root, 10_000)
    for name in ("time", "arrival", "packet", "node"):
        assert np.array_equal(getattr(queued.deliveries, name), getattr(free.deliveries, name))


def test_order_of_arrivals_does_not_depend_on_calls():
    time, root = np.arange(0, 400, 7), np.tile([0, 2], 29)
    once = ZeroLoad(network()).advance(time, root, 10_000).deliveries
    pieces, split = ZeroLoad(network()), []
    for end in range(50, 10_050, 50):
        here = (time >= end - 50) & (time < end)
        split.append(pieces.advance(time[here], root[here], end - 1).deliveries)
    for name in ("time", "packet", "node"):
        assert np.array_equal(np.concatenate([getattr(d, name) for d in split]), getattr(once, name))
