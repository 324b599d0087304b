"""Packets on the network of a chip, where the time of their arrival matters: sums of published-like costs."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.description.builder import Network
from spikemesh.description.system import Cost, CostSet
from spikemesh.engine.transit_counts import OF_SYSTEM
from spikemesh.mapping.link_timing import link_timing

MS = 1e6
"""Nanoseconds."""


def timing(updated=False, **options):
    def made(network, placement, router, fan):
        every = np.full(network.size, updated)
        return link_timing(placement, router, fan, network.timestep_ms, updated=every, **options)

    return made


def chip(network="mesh", router="unicast", cores=4, **costs):
    given = {name: Cost(latency_ns=value) for name, value in costs.items()}
    return {"cores": (cores, 1), "network": network, "router": router, "costs": {"made": CostSet(**given)}}


def spread(cores, times=(3.0,), each=1):
    """``each`` sources on core 0, with a target on every core."""
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", each, "spike_source", times=[np.array(times)] * each)
    target = net.add_population("out", cores, "iaf", v_th=float(each))
    net.connect(source, target, "all_to_all", weight=1.0, delay="2 ms")
    net.probe(target, "spikes")
    return net, [np.zeros(each, dtype=int), np.arange(cores)]


@pytest.fixture
def run(engine):
    def go(net, core_of, chip, workers=2, chips=1, made=None, links=None, **described):
        found = []
        for w in (1, workers):
            options = {"chip": chip, "costs": "made", "regime": "tick", "links": links or {}, **described}
            options["deal"], options["timed"] = core_of, made or timing()
            result = engine(net, 25, chips, min(w, chips), **options)
            counts = {name: int(result.total(name)) for name in (*OF_SYSTEM, "link_packets")}
            found.append((result.spikes("out"), counts))
        assert found[0] == found[1]
        return found[0]

    return go


@pytest.mark.parametrize("router", ["unicast", "multicast"])
def test_hops_on_a_mesh(router, run):
    """One hop of 0.7 ms a tile; the core of its own tile is reached after 0.1 ms."""
    net, core_of = spread(4)
    spikes, counts = run(net, core_of, chip(router=router, hop_x=0.7 * MS, hop_tile=0.1 * MS))
    assert spikes == [(5, 0), (5, 1), (6, 2), (7, 3)]
    assert counts["packets_sent"] == counts["packets_delivered"] == 4
    assert counts["packets_late"] == 2


def test_bandwidth_on_a_chip(run):
    """4,000 packets a second between tiles: three packets of a spike that leave eastwards wait for one another."""
    net, core_of = spread(4)
    links = {"on_chip": {"bandwidth": "1 kpacket/s"}}
    spikes, _ = run(net, core_of, chip(), links=links)
    # They leave core 0 in the order of their targets, 1 ms each; what goes on follows as fast.
    assert spikes == [(5, 0), (6, 1), (8, 2), (10, 3)]


def test_a_core_sends_takes_in_and_updates_first(run):
    """The k-th neuron is updated after k x 0.1 ms; every packet is sent for 0.2 ms and taken in for 0.3 ms."""
    net, core_of = spread(3, each=2)
    costs = {"neuron_update": 0.1 * MS, "axon_out": 0.2 * MS, "axon_in": 0.3 * MS}
    spikes, counts = run(net, core_of, chip(**costs), made=timing(updated=True))
    # Six packets set out at 0.1 + 0.2 x (1, 2, 3) and 0.2 + 0.2 x (4, 5, 6) ms, to cores 0, 1, 2, 0, 1, 2.
    # The first three neurons come on time with one packet; the second packets arrive at 1.3, 1.5 and 1.7 ms.
    assert spikes == [(6, 0), (6, 1), (6, 2)]
    assert counts == {
        "packets_sent": 6, "packets_delivered": 6, "packets_dropped": 0, "packets_late": 4, "packets_rerouted": 0,
        "link_packets": 0,
    }  # fmt: skip


@pytest.mark.parametrize(("relay", "crossed"), [(False, 3), (True, 1)])
def test_a_bridge_between_chips(relay, crossed, run):
    """From core 0 of a row of three tiles over two more hops, the bridge and, behind it, up to two hops."""
    net, _ = spread(3)
    core_of = [np.zeros(1, dtype=int), np.arange(3, 6)]
    links = {"between_chips": {"latency": 0.5 * MS}}
    spikes, counts = run(
        net, core_of, chip(cores=3, hop_x=0.3 * MS, hop_tile=0.1 * MS), chips=2, links=links, made=timing(relay=relay)
    )  # fmt: skip
    assert counts["link_packets"] == crossed
    if not relay:
        # 2 x 0.3 + 0.5, then 0, 0.3 and 0.6 ms.
        assert [tick for tick, _ in spikes] == [6, 6, 6]
    assert counts["packets_sent"] == counts["packets_delivered"] == 3


@pytest.mark.parametrize("latency", [0.999, 1.0])
def test_in_time_is_before_the_tick_ends(latency, run):
    net, core_of = spread(2)
    spikes, _ = run(net, core_of, chip(cores=2, hop_x=latency * MS))
    assert spikes == [(5, 0), (5 + (latency == 1.0), 1)]


def test_what_takes_no_time_is_not_simulated(engine):
    net, core_of = spread(4)
    options = {"chip": chip(), "costs": "made", "deal": core_of}
    result = engine(net, 25, timed=timing(), regime="tick", links={}, **options)
    assert result.build.programs[0].link_timing is None
    slow = engine(
        net, 25, timed=timing(level="none"), regime="tick", links={"on_chip": {"latency": MS}}, **options
    )
    assert slow.build.programs[0].link_timing is None
    assert slow.spikes("out") == [(5, k) for k in range(4)]
