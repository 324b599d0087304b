"""Regimes in which packets can be late: equal results however a run is done."""

from __future__ import annotations

import pytest

import spikemesh as sm
from spikemesh.errors import InputError

STEPS_MS = 120.0
NETWORK = ("packets_sent", "packets_delivered", "packets_dropped", "packets_late")


def make(learning=None):
    net = sm.Network(timestep="0.5 ms", seed=3)
    start = {"v": sm.uniform(-70.0, -55.0)}
    current = sm.normal("420 pA", "40 pA")
    exc = net.add_population("exc", 80, "lif_psc_exp", i_e=current, init=start)
    inh = net.add_population("inh", 20, "lif_psc_exp", i_e=current, init=start)
    net.connect(
        exc,
        exc,
        "fixed_indegree",
        indegree=10,
        weight=90.0,
        delay=sm.uniform("0.5 ms", "4 ms"),
        learning=learning,
    )
    net.connect(exc, inh, "fixed_outdegree", outdegree=5, weight=sm.normal(200.0, 50.0), delay="1 ms")
    net.connect(inh, exc, "fixed_total", total=300, weight=-150.0, delay=sm.uniform("0.5 ms", "2 ms"))
    net.drive(exc, sm.poisson(rate="3 kHz", weight=25.0))
    for population in (exc, inh):
        net.probe(population, "spikes")
    net.probe(exc, "v", neurons=[3, 1], every="2 ms")
    return net


def system(regime="tick", chips=4, **link):
    link = {"bandwidth": "3 kpacket/s", "latency": "20 us", "queue": 3, "when_full": "drop", **link}
    links = {} if regime == "barrier" else {"links": {"between_chips": link}}
    return sm.System.preset("ideal", chips=chips, regime=regime, **links)


def outcome(regime="tick", net=None, **options):
    options = {"backend": "local", "workers": 1, **options}
    result = sm.run(net or make(), options.pop("system", None) or system(regime), STEPS_MS, **options)
    return result.trace.digest(), {k: v for k, v in result.summary.items() if k in NETWORK}


@pytest.fixture(scope="module", params=["tick", "async"])
def reference(request):
    return request.param, outcome(request.param)


def test_the_network_is_busy_and_packets_are_late_and_lost(reference):
    _, (digest, counts) = reference
    assert all(counts[name] > 100 for name in NETWORK)
    assert counts["packets_delivered"] + counts["packets_dropped"] <= counts["packets_sent"]
    assert digest["function"] != outcome("barrier")[0]["function"]


@pytest.mark.parametrize("route", ["longest_dimension_first", "shortest_path"])
def test_routes_of_triangles(route):
    # 3 x 3 chips on a torus of triangles, whose links cannot carry all packets.
    link = {"bandwidth": "600 packet/s", "latency": "20 us", "queue": 3, "when_full": "drop"}
    crowded = sm.System.preset(
        "ideal", chips=(3, 3), topology="triangular_torus", regime="tick", links={"between_chips": link}
    )
    options = {"system": crowded, "mapping": sm.MappingSettings(route=route, partition="round_robin")}
    digest, counts = outcome(workers=1, **options)
    assert all(counts[name] > 100 for name in NETWORK)
    assert outcome(workers=2, **options) == (digest, counts)


@pytest.mark.parametrize(
    "options",
    [{"workers": 2}, {"workers": 4}, {"workers": 3, "actors": "core"}, {"workers": 1, "actors": "core"}],
)
def test_workers_and_agents(reference, options):
    assert outcome(reference[0], **options) == reference[1]


@pytest.mark.ray
def test_ray_actors(reference):
    assert outcome(reference[0], backend="ray", workers=2) == reference[1]


def test_odd_pieces(reference):
    with sm.Simulation(make(), system(reference[0]), backend="local", workers=2) as simulation:
        for piece in ("0.5 ms", 3.0, "36.5 ms", 0, 1, 9.5):
            simulation.run(piece)
        result = simulation.run(STEPS_MS - simulation.time_ms).close()
    assert result.trace.digest() == reference[1][0]
    assert {name: result.summary[name] for name in NETWORK} == reference[1][1]


@pytest.mark.parametrize("regime", ["tick", "async"])
@pytest.mark.parametrize(
    "link", [{"bandwidth": "1 Gpacket/s", "latency": None, "queue": None, "when_full": "stall"}, {}]
)
def test_links_far_above_need_and_ideal_ones(regime, link):
    """Spikes are those of ideal links exactly; without any link that takes time, no packets are simulated."""
    ideal = outcome("barrier")[0]["function"]
    if link:
        digest, counts = outcome(system=system(regime, **link), workers=2)
        assert counts["packets_late"] == counts["packets_dropped"] == 0
        assert counts["packets_delivered"] > 1000
    else:
        digest, counts = outcome(system=sm.System.preset("ideal", chips=4, regime=regime), workers=2)
        assert counts == {}
    assert digest["function"] == ideal


@pytest.mark.parametrize("regime", ["tick", "async"])
def test_without_links_a_run_is_the_ideal_one(regime):
    digest, counts = outcome(regime, links="none")
    assert digest["function"] == outcome("barrier")[0]["function"]
    assert counts == {}


@pytest.mark.parametrize("regime", ["tick", "async"])
def test_at_zero_load_no_packet_waits_and_none_is_lost(regime):
    """Over one or two links of 0.353 ms: in time or one tick of 0.5 ms late; rounded, one tick late."""
    found = [outcome(regime, links="analytic", workers=w) for w in (1, 2, 4)]
    assert found[0] == found[1] == found[2]
    digest, counts = found[0]
    queued, waited = outcome(regime, links="packet")
    assert counts["packets_dropped"] == 0 < waited["packets_dropped"]
    assert 0 < counts["packets_late"] <= counts["packets_sent"]
    assert (counts["packets_late"] == counts["packets_sent"]) == (regime == "async")
    assert digest["function"] not in (queued["function"], outcome("barrier")[0]["function"])


def test_learning_over_slow_links_is_refused():
    net = make(sm.rule("stdp_pair", w_max=300.0))
    with pytest.raises(InputError, match="synapses that learn wait for packets"):
        sm.run(net, system(), STEPS_MS, backend="local")
    for options in ({"system": system(chips=1)}, {"links": "none", "system": system()}):
        assert outcome(net=net, **options)[0]["function"] == outcome("barrier", net=net)[0]["function"]
