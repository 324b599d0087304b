"""Packets that go round a blocked link between chips, and act when they arrive."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.description.builder import Network
from spikemesh.engine.transit_counts import OF_LINKS, OF_SYSTEM
from spikemesh.mapping.link_timing import link_timing

MS = 10**9
"""Picoseconds."""
# Chips 0 and 1 in a row, 2 and 3 north of them, and a link to the north-east from 0 to 3.
CORNERS = {
    "topology": "edges",
    "edges": ((0, 1), (0, 2), (0, 3), (1, 3), (2, 3)),
    "positions": ((0, 0), (1, 0), (0, 1), (1, 1)),
}
COUNTERS = (*OF_SYSTEM, *OF_LINKS, "link_packets")


def timed(network, placement, router, fan):
    return link_timing(placement, router, fan, network.timestep_ms)


def volley(n, times):
    """``n`` sources that fire together, each with a target of its own on the chip to the north-east."""
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", n, "spike_source", times=[np.array(times)] * n)
    target = net.add_population("out", n, "iaf")
    net.connect(source, target, "one_to_one", weight=1.0, delay="2 ms")
    net.probe(target, "spikes")
    return net


@pytest.fixture
def across(engine):
    def run(net, workers=2, emergency=True, regime="tick", pieces=None, **spec):
        spec = {"bandwidth": "4 kpacket/s", "queue": 2, "when_full": "drop", "wait": 600_000.0, **spec}
        return engine(
            net, 20, 4, workers, pieces, deal="apart", cores=1, timed=timed, regime=regime, emergency=emergency,
            links={"between_chips": spec}, **CORNERS,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("workers", [1, 2])
def test_a_blocked_link_is_gone_round(across, workers):
    """Links take 250 us a packet and hold three; a packet waits 0.6 ms for room, and as long again on its way round."""
    run = across(volley(12, [3.0]), workers)
    # Straight on: 0 to 2 at once, 3 and 4 when places are freed at 250 and 500 us; the last is there after 1.25 ms.
    # At 600 us the others turn to the link to chip 1: 5, 6, 7 set out, 8 and 9 follow at 850 us and 1.1 ms, when places
    # are freed, and 10 and 11 are lost at 1.2 ms. Those that went round are there from 1.1 ms on, 250 us apart.
    late = {**dict.fromkeys((0, 1, 2), 0), **dict.fromkeys((3, 4, 5, 6, 7, 8), 1), 9: 2}
    assert [(600 + 250 * (k - 4) + 250) // 1000 for k in (5, 6, 7, 8, 9)] == [
        late[k] for k in (5, 6, 7, 8, 9)
    ]
    assert run.spikes("out") == sorted((3 + 2 + tick, k) for k, tick in late.items())
    assert {name: int(run.total(name)) for name in OF_SYSTEM} == {
        "packets_sent": 12, "packets_delivered": 10, "packets_dropped": 2, "packets_late": 9, "packets_rerouted": 5,
    }  # fmt: skip
    links = run.placement.links
    by_link = {
        name: dict(zip(links, run.bins(name, 20).sum(axis=0).tolist(), strict=True)) for name in COUNTERS[5:]
    }
    taken = {ends: n for ends, n in by_link["link_packets"].items() if n}
    assert taken == {(0, 3): 5, (0, 1): 5, (1, 3): 5}
    assert by_link["link_busy_ps"][1, 3] == 5 * MS // 4
    # Losses are those of the link that was gone round.
    assert {ends: n for ends, n in by_link["link_dropped"].items() if n} == {(0, 3): 2}


def test_the_router_at_the_corner_takes_its_time_too(engine):
    """As before, with 400 us at the router of every chip: on the own one, on the last, and on the one in between."""
    spec = {"bandwidth": "4 kpacket/s", "queue": 2, "when_full": "drop", "wait": 600_000.0}
    hop = {"hop_tile": {"latency_ns": 400_000.0, "source": "made up"}}
    chip = {"cores": (1, 1), "costs": {"made": hop}}
    run = engine(
        volley(4, [3.0]), 20, 4, 2, deal="apart", cores=1, timed=timed, regime="tick", emergency=True,
        links={"between_chips": spec}, chip=chip, costs="made", **CORNERS,
    )  # fmt: skip
    # The first three take the places, and are there after 1.05 ms and more. The fourth stays in its router to 600 us,
    # and is on the link to chip 1 at 1 ms, in the router there at 1.25, on the next link at 1.65, on chip 3 at 1.9, and
    # through there at 2.3 ms.
    assert run.spikes("out") == [(6, 0), (6, 1), (6, 2), (7, 3)]
    assert run.total("packets_rerouted") == 1


def test_without_emergency_routing_the_same_packets_are_lost(across):
    run = across(volley(12, [3.0]), emergency=False)
    assert run.spikes("out") == [(5, 0), (5, 1), (5, 2), (6, 3), (6, 4)]
    assert run.total("packets_dropped") == 7
    assert run.total("packets_rerouted") == 0


@pytest.mark.parametrize("regime", ["tick", "async"])
def test_where_there_is_room_nothing_changes(across, regime):
    runs = [across(volley(12, [3.0, 8.0]), emergency=e, regime=regime, queue=23) for e in (True, False)]
    assert runs[0].spikes("out") == runs[1].spikes("out")
    for name in COUNTERS:
        assert np.array_equal(*(run.bins(name, 20) for run in runs)), name
    assert runs[0].total("packets_rerouted") == runs[0].total("packets_dropped") == 0
    assert len(runs[0].spikes("out")) == 24


@pytest.mark.parametrize("described", [{"when_full": "stall"}, {"queue": None}])
def test_links_that_lose_nothing_are_not_gone_round(across, described):
    runs = [across(volley(12, [3.0]), emergency=e, **described) for e in (True, False)]
    assert runs[0].spikes("out") == runs[1].spikes("out")
    assert runs[0].build.programs[0].link_timing.forest.detour.size == 0
    assert runs[0].total("packets_delivered") == 12


def test_one_packet_to_many_chips_goes_round_with_all_its_copies(engine):
    """Sources on chip 0, targets on 3 and beyond: 4 lies east of 3, so that a packet reports on 3 and goes on."""
    n = 8
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", n, "spike_source", times=[np.array([3.0])] * n)
    near, far = (net.add_population(name, n, "iaf") for name in ("near", "far"))
    for target in (near, far):
        net.connect(source, target, "one_to_one", weight=1.0, delay="2 ms")
        net.probe(target, "spikes")
    spec = {"bandwidth": "4 kpacket/s", "queue": 2, "when_full": "drop", "wait": 600_000.0}
    described = {
        **CORNERS, "edges": (*CORNERS["edges"], (3, 4)), "positions": (*CORNERS["positions"], (2, 1)),
        "regime": "tick", "chip": {"cores": (1, 1), "router": "multicast"}, "links": {"between_chips": spec},
    }  # fmt: skip
    deal = [np.full(n, core) for core in (0, 3, 4)]
    runs = [
        engine(net, 20, 5, workers, deal=deal, cores=1, timed=timed, emergency=emergency, **described)
        for workers, emergency in ((1, True), (3, True), (1, False))
    ]
    # To chip 3 as in the volley: of eight packets five straight on, three round. They all go on to chip 4, over a link
    # that loses some of those from both sides.
    straight = [(5, 0), (5, 1), (5, 2), (6, 3), (6, 4)]
    assert runs[2].spikes("near") == straight
    for run in runs[:2]:
        assert run.spikes("near") == [*straight, (6, 5), (6, 6), (6, 7)]
        assert run.total("packets_rerouted") == 3
        assert (
            run.total("packets_sent")
            == 2 * n
            == run.total("packets_delivered") + run.total("packets_dropped")
        )
        assert len(run.spikes("far")) == run.total("packets_delivered") - n > len(runs[2].spikes("far"))
    assert runs[0].spikes("far") == runs[1].spikes("far")
