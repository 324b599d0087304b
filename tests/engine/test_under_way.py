"""Lists of packets under way and of corrections, which grow at one end and shrink at the other."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from spikemesh.description.builder import Network
from spikemesh.engine.corrections import corrections_of, extended
from spikemesh.engine.under_way import AXON, STAMP, UnderWay
from spikemesh.errors import RunError
from spikemesh.mapping.link_timing import link_timing


def test_packets_are_found_by_number_until_nothing_of_them_is_left():
    random, listed = np.random.default_rng(1), UnderWay()
    left, sent, largest = {}, 0, 0
    for tick in range(400):
        count = int(random.integers(0, 40))
        leaves = random.integers(1, 4, count)
        listed.append(np.full(count, tick), np.arange(count), leaves, leaves, leaves)
        left |= {sent + k: [tick, k, int(leaves[k])] for k in range(count)}
        sent += count
        # The oldest are done, but one in ten packets stays for longer.
        done = [p for p in list(left)[: 30 if tick > 50 else 5] if p % 10 or tick - left[p][0] > 30]
        packets = np.array([p for p in done for _ in range(left[p][2])], dtype=np.int64)
        for packet in done:
            del left[packet]
        listed.settle(random.permutation(packets), 1)
        under_way = np.array(list(left), dtype=np.int64)
        assert listed.of(STAMP, under_way).tolist() == [stamp for stamp, _, _ in left.values()]
        assert listed.of(AXON, under_way).tolist() == [axon for _, axon, _ in left.values()]
        assert listed.leaves == sum(leaves for _, _, leaves in left.values())
        largest = max(largest, listed._table.shape[1])
    # Far more were sent than there is room for.
    assert sent > 1.5 * largest


@pytest.fixture
def timed_program(engine):
    net = Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 8, "iaf")
    net.connect(a, a, "all_to_all", weight=0.1, delay="9 ms")

    def timed(network, placement, router, fan):
        return link_timing(placement, router, fan, network.timestep_ms)

    links = {"between_chips": {"latency": 1.0}}
    return engine(net, 1, 2, timed=timed, regime="tick", links=links).workers[0].program


def test_corrections_keep_what_is_still_wanted(timed_program):
    random, corrections = np.random.default_rng(1), corrections_of(timed_program)
    longest, kept = 9, deque(maxlen=9)
    for tick in range(2, 300, 2):
        count = int(random.integers(0, 250))
        when = random.integers(tick - 1, tick + 1, count)
        axon, core = random.integers(0, 8, count), random.integers(0, 8, count)
        times = random.choice([-1, 1], count)
        corrections = extended(corrections, tick, tick - 1 - longest, when, axon, core, times)
        for t in (tick - 1, tick):
            kept.append((t, sorted(zip(axon[when == t], core[when == t], times[when == t], strict=True))))
        for t, expected in kept:
            slot = t & (corrections.first.size - 1)
            entry = np.arange(corrections.first[slot], corrections.last[slot]) & corrections.wrap[0]
            found = corrections.entries[entry]
            assert np.all(np.diff(found[:, 0]) >= 0)
            assert sorted(map(tuple, found.tolist())) == expected
    # The ring went round several times.
    assert corrections.head[0] > 3 * (corrections.wrap[0] + 1)


def test_packets_that_wait_for_one_another_for_ever_end_the_run(engine):
    """A ring of chips, each of which sends many packets to the next but one through links with little room."""
    n, chips = 20, 5
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", n * chips, "spike_source", times=[[2.0]] * (n * chips))
    target = net.add_population("out", n * chips, "iaf")
    net.connect(source, target, "one_to_one", weight=1.0, delay="2 ms")
    home = np.repeat(np.arange(chips), n)

    def timed(network, placement, router, fan):
        return link_timing(placement, router, fan, network.timestep_ms)

    options = {"topology": "ring", "regime": "tick", "timed": timed}
    deal = [home, (home + 2) % chips]
    for workers in (1, 2):
        room = {"between_chips": {"bandwidth": "1 Mpacket/s", "queue": 2 * n}}
        assert engine(net, 9, chips, workers, None, deal, 1, links=room, **options).total("packets_late") == 0
        narrow = {"between_chips": {"bandwidth": "1 Mpacket/s", "queue": 1}}
        with pytest.raises(RunError, match="packets wait for one another for ever") as caught:
            engine(net, 9, chips, workers, None, deal, 1, links=narrow, **options)
        assert "links (by index)" in str(caught.value)
