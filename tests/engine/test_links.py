"""Links between chips that are slow: when spikes act, against known answers and a slow simulation of the links."""

from __future__ import annotations

import heapq
from collections import defaultdict

import numpy as np
import pytest

from spikemesh.description.builder import Network, rule
from spikemesh.description.values import normal, uniform
from spikemesh.engine.transit_counts import OF_SYSTEM
from spikemesh.errors import InputError
from spikemesh.mapping.link_timing import link_timing
from spikemesh.registry.bind import bind

MS = 10**9
"""Picoseconds."""


def timed(network, placement, router, fan):
    return link_timing(placement, router, fan, network.timestep_ms)


def link(**spec):
    return {"between_chips": spec}


def volley(n, times, delay="2 ms"):
    """``n`` sources that fire together, each with a target of its own on the other chip."""
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", n, "spike_source", times=[np.array(times)] * n)
    target = net.add_population("out", n, "iaf")
    net.connect(source, target, "one_to_one", weight=1.0, delay=delay)
    net.probe(target, "spikes")
    net.probe(source, "spikes")
    return net


@pytest.fixture
def across(engine):
    """Run a volley with sources on chip 0 and targets on chip 1 (two chips of one core), by one worker or two."""

    def run(net, steps, regime, spec, workers=2, **described):
        return engine(
            net, steps, 2, workers, deal="apart", cores=1, timed=timed, regime=regime, links=link(**spec),
            **described,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("workers", [1, 2])
def test_a_queue_before_a_link_makes_spikes_late(across, workers):
    """The k-th of n packets that set out together arrives after latency + k times service."""
    n, steps = 12, 20
    spec = {"bandwidth": "4 kpacket/s", "latency": 100_000.0}
    run = across(volley(n, [3.0]), steps, "tick", spec, workers)
    late = [(100 + 250 * k) // 1000 for k in range(1, n + 1)]
    assert late == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3]
    assert run.spikes("out") == sorted((3 + 2 + late[k], k) for k in range(n))
    assert {name: int(run.total(name)) for name in OF_SYSTEM} == {
        "packets_sent": 12, "packets_delivered": 12, "packets_dropped": 0, "packets_late": 9,
    }  # fmt: skip
    assert run.total("link_late") == 9
    assert run.total("link_packets") == 12


def test_async_rounds_the_time_of_arrival(across):
    """Emission + latency + queue, to the nearest step, half a step up."""
    n = 9
    spec = {"bandwidth": "4 kpacket/s", "latency": 100_000.0}
    run = across(volley(n, [3.0]), 20, "async", spec)
    late = [(100 + 250 * k + 500) // 1000 for k in range(1, n + 1)]
    assert late == [0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert run.spikes("out") == sorted((3 + 2 + late[k], k) for k in range(n))
    exact = across(volley(1, [3.0]), 20, "async", {"latency": 499_999.998})
    half = across(volley(1, [3.0]), 20, "async", {"latency": 499_999.999})
    # A service takes 1 ps at least.
    assert (exact.spikes("out"), half.spikes("out")) == ([(5, 0)], [(6, 0)])


def test_a_full_queue_drops(across):
    """One in service and two that wait; the others are never seen."""
    spec = {"bandwidth": "4 kpacket/s", "queue": 2, "when_full": "drop"}
    run = across(volley(8, [3.0, 7.0]), 20, "tick", spec)
    assert run.spikes("out") == [(t + 2, k) for t in (3, 7) for k in range(3)]
    assert run.total("packets_dropped") == run.total("link_dropped") == 10
    assert run.total("packets_sent") == run.total("packets_delivered") + 10


def test_packets_that_wait_for_room_before_they_are_dropped(across):
    """With 250 us a packet, each freed place lets in one more of those that wait up to 0.6 ms."""
    spec = {"bandwidth": "4 kpacket/s", "queue": 2, "when_full": "drop", "wait": 600_000.0}
    run = across(volley(8, [3.0]), 20, "tick", spec)
    # Places are freed at 250 and 500 us: five in all, of which the fourth and fifth arrive after 1 and 1.25 ms.
    assert run.spikes("out") == [(5, 0), (5, 1), (5, 2), (6, 3), (6, 4)]
    assert run.total("packets_dropped") == 3


def test_packets_too_old_are_dropped(across):
    spec = {"bandwidth": "1 kpacket/s"}
    run = across(volley(6, [3.0]), 20, "tick", spec, packet_age=3)
    # The k-th arrives in the k-th tick after its own: three ticks and more are too old.
    assert run.spikes("out") == [(6, 0), (7, 1)]
    counts = {name: int(run.total(name)) for name in OF_SYSTEM}
    assert counts == {"packets_sent": 6, "packets_delivered": 2, "packets_dropped": 4, "packets_late": 6}


def test_a_tick_of_its_own_length(across):
    """Ten times accelerated: a step of 1 ms takes 0.1 ms on the chip, and the link is ten times slower to it."""
    spec = {"bandwidth": "4 kpacket/s"}
    run = across(volley(3, [3.0]), 30, "tick", spec, tick=100_000.0)
    assert run.spikes("out") == [(3 + 2 + (250 * k) // 100, k - 1) for k in (1, 2, 3)]


def test_links_in_a_row(engine):
    """Three links of a row of chips: the latencies add up."""
    net = volley(1, [2.0])
    links = link(latency=700_000.0)
    run = engine(net, 20, 4, 2, deal="apart", cores=1, timed=timed, regime="tick", links=links)
    assert run.spikes("out") == [(2 + 2 + 2, 0)]
    assert run.total("link_packets") == 3


def recurrent(seed, learning=None):
    net = Network(timestep="0.5 ms", seed=seed)
    lif = {"tau_m": 10.0, "tau_syn_ex": 2.0, "tau_syn_in": 3.0, "v_th": -55.0, "t_ref": 1.0}
    start = {"v": uniform(-70.0, -55.0)}
    exc = net.add_population("exc", 40, "lif_psc_exp", i_e=np.linspace(350, 480, 40), init=start, **lif)
    inh = net.add_population("inh", 20, "lif_psc_exp", i_e=np.linspace(390, 450, 20), init=start, **lif)
    net.connect(
        exc, exc, "fixed_indegree", indegree=8, weight=60.0, delay=uniform(0.5, 6.0), learning=learning
    )
    net.connect(exc, inh, "fixed_probability", p=0.2, weight=normal(100.0, 80.0), delay="1 ms")
    net.connect(inh, exc, "fixed_total", total=100, weight=-150.0, delay=uniform(0.5, 3.0))
    for population in (exc, inh):
        net.probe(population, "spikes")
    return net


def slow_arrivals(network, placement, router, fan, spikes, spec, tick_ps, shift_ps, steps):
    """Ticks in which the packets of each (neuron, stamp, core) arrive; missing: dropped, or still under way."""
    index = {ends: k for k, ends in enumerate(placement.links)}
    core = placement.core_of_neuron
    per_chip = placement.cores_per_chip
    events, number = [], 0
    for stamp, neuron in sorted(spikes):
        for target in fan.core[fan.ptr[neuron] : fan.ptr[neuron + 1]].tolist():
            ends = int(core[neuron]) // per_chip, target // per_chip
            if ends[0] != ends[1]:
                path = router.path(*ends, placement.system, index)
                # Departures come before arrivals.
                heapq.heappush(events, (stamp * tick_ps, 1, number, path, (neuron, stamp, target)))
                number += 1
    service, latency, room = spec
    free, inside, arrived = defaultdict(int), defaultdict(int), {}
    while events and events[0][0] < (steps + 1) * tick_ps - shift_ps:
        time, kind, packet, path, what = heapq.heappop(events)
        if kind == 0:
            inside[path[0]] -= 1
            continue
        if not path:
            arrived[what] = (time + shift_ps) // tick_ps
            continue
        if room is not None and inside[path[0]] > room:
            continue
        inside[path[0]] += 1
        free[path[0]] = max(time, free[path[0]]) + service
        heapq.heappush(events, (free[path[0]], 0, packet, path, what))
        heapq.heappush(events, (free[path[0]] + latency, 1, packet, path[1:], what))
    return arrived


@pytest.mark.parametrize("regime", ["tick", "async"])
@pytest.mark.parametrize("queue", [None, 3])
@pytest.mark.parametrize("seed", [1, 2])
def test_spikes_follow_from_arrivals_and_arrivals_from_spikes(regime, queue, seed, engine, naive, registry):
    """The spikes of a run, through slow links, give fates with which the naive simulator gives the same spikes."""
    steps, service, latency = 160, 70_000_000, 150_000_000
    spec = {"bandwidth": 1e12 / service, "latency": latency / 1e3}
    if queue is not None:
        spec |= {"queue": queue, "when_full": "drop"}
    network = bind(recurrent(seed).describe(), registry)
    options = {"deal": "random", "timed": timed, "regime": regime, "links": link(**spec)}
    options["chip"] = {"cores": (2, 1), "router": "unicast"}
    runs = [
        engine(network, steps, 4, w, pieces=p, cores=2, **options)
        for w, p in ((1, None), (2, [3, 50]), (3, [77]), (4, None))
    ]
    first = {name: int(runs[0].total(name)) for name in (*OF_SYSTEM, "link_late", "link_dropped")}
    for run in runs:
        assert run.spikes("exc") == runs[0].spikes("exc")
        assert {name: int(run.total(name)) for name in first} == first
    assert first["packets_late"] > 200
    assert (first["packets_dropped"] > 50) == (queue is not None)
    offset = {p.name: p.offset for p in network.populations}
    spikes = [(t, offset[n] + k) for n in offset for t, k in runs[0].spikes(n)]
    half = MS // 4 if regime == "async" else 0
    router, fan, placement = registry.routers.get("dimension_order"), runs[0].build.fan, runs[0].placement
    arrived = slow_arrivals(
        network, placement, router, fan, spikes, (service, latency, queue), MS // 2, half, steps
    )
    assert first["packets_delivered"] == len(arrived)
    chip = placement.chip_of_neuron

    def fate(neuron, tick, core):
        if core // placement.cores_per_chip == chip[neuron]:
            return 0
        found = arrived.get((neuron, tick, core))
        return None if found is None else found - tick

    slow = naive(network, placement.core_of, fate).run(steps)
    for name in offset:
        assert runs[0].spikes(name) == sorted(slow.spikes[name])
        assert len(runs[0].spikes(name)) > 50


@pytest.mark.parametrize("regime", ["tick", "async"])
def test_wide_links_change_nothing(regime, engine):
    ideal = engine(recurrent(3), 160, 4, 2, deal="random")
    options = {"deal": "random", "timed": timed, "regime": regime}
    for spec in ({"bandwidth": "1 Gpacket/s", "latency": "1 us"}, {"latency": "0.08 ms"}):
        run = engine(recurrent(3), 160, 4, 2, links=link(**spec), **options)
        assert run.build.programs[0].link_timing is not None
        assert run.spikes("exc") == ideal.spikes("exc")
        assert np.array_equal(run.total("packets_late"), 0)
    # Neither latency nor bandwidth: no packets are simulated at all.
    run = engine(recurrent(3), 160, 4, 2, links=link(energy=1.0), **options)
    assert run.build.programs[0].link_timing is None
    assert run.spikes("exc") == ideal.spikes("exc")


def test_synapses_that_learn_must_not_wait_for_packets(engine):
    net = recurrent(1, rule("stdp_pair", w_max=200.0))
    slow = {"timed": timed, "regime": "tick", "links": link(bandwidth="1 kpacket/s")}
    with pytest.raises(InputError, match=r'"exc->exc".learning.*synapses that learn wait for packets'):
        engine(net, 10, 4, 2, **slow)
    # On one chip, there are none.
    assert engine(net, 60, 1, 1, **slow).spikes("exc") == engine(net, 60).spikes("exc")


@pytest.mark.parametrize("queue", [None, 4])
def test_less_bandwidth_never_makes_fewer_late_or_dropped(queue, engine):
    """Prescribed sources, six bandwidths from 4 to 0.25 times the load."""
    net = Network(timestep="1 ms", seed=1)
    n, steps = 40, 200
    random = np.random.default_rng(1)
    times = [np.flatnonzero(random.random(steps) < 0.1) + 1.0 for _ in range(n)]
    source = net.add_population("in", n, "spike_source", times=times)
    target = net.add_population("out", n, "iaf", v_th=3.0)
    net.connect(source, target, "fixed_outdegree", outdegree=5, weight=1.0, delay="2 ms")
    net.probe(target, "spikes")
    load = sum(t.size for t in times) / steps * 1e3  # packets a second: one a spike, on one link
    found = []
    for factor in (4.0, 2.0, 1.0, 0.8, 0.5, 0.25):
        spec = {"bandwidth": factor * load}
        if queue is not None:
            spec |= {"queue": queue, "when_full": "drop"}
        runs = [
            engine(net, steps, 2, w, deal="apart", cores=2, timed=timed, regime="tick", links=link(**spec))
            for w in (1, 2)
        ]
        assert runs[0].spikes("out") == runs[1].spikes("out")
        counts = [{name: int(run.total(name)) for name in OF_SYSTEM} for run in runs]
        assert counts[0] == counts[1]
        found.append(counts[0]["packets_late"] + counts[0]["packets_dropped"])
    assert found == sorted(found)
    assert found[0] < 0.1 * sum(t.size for t in times) < found[-1]
