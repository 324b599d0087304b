"""Links between chips that are slow: when spikes act, against known answers and a slow simulation of the links."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from spikemesh.description.builder import Network, rule
from spikemesh.description.values import normal, uniform
from spikemesh.engine.transit_counts import OF_LINKS, OF_SYSTEM
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
        "packets_sent": 12, "packets_delivered": 12, "packets_dropped": 0, "packets_late": 9, "packets_rerouted": 0,
    }  # fmt: skip
    assert run.total("link_late") == 9
    assert run.total("link_packets") == 12
    assert run.total("link_busy_ps") == 12 * MS // 4
    assert run.total("link_wait_ps") == sum(range(12)) * MS // 4


@pytest.mark.parametrize("pieces", [None, [9, 10, 12]])
def test_the_longest_queue_of_every_bin(pieces, engine):
    """Of twelve packets, 1 ms each, eleven wait; when ten ticks are over, two are through, one is in service."""
    options = {"deal": "apart", "cores": 1, "timed": timed, "regime": "tick"}
    run = engine(volley(12, [8.0]), 40, 2, 2, pieces, links=link(bandwidth="1 kpacket/s"), **options)
    longest = np.zeros(4, dtype=int)
    for report in (r for per in run.reports for r in per if "link_queue_max" in r.counters):
        found = report.counters["link_queue_max"].max(axis=1)
        here = slice(report.first_bin, report.first_bin + found.size)
        longest[here] = np.maximum(longest[here], found)
    assert longest.tolist() == [11, 9, 0, 0]


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
    assert run.total("link_packets") == 6
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
    names = ("packets_sent", "packets_delivered", "packets_dropped", "packets_late")
    assert [int(run.total(name)) for name in names] == [6, 2, 4, 6]


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


def by_next_link(branches):
    """Group (core, rest of the path) by the link that comes next, in the order of their first occurrence."""
    groups = defaultdict(list)
    for core, path in branches:
        groups[path[0]].append((core, path))
    return groups


def slow_arrivals(placement, router, fan, spikes, spec, tick_ps, shift_ps, steps, multicast):
    """Ticks in which the packets of each (neuron, stamp, core) arrive; missing: dropped, or still under way."""
    index = {ends: k for k, ends in enumerate(placement.links)}
    core, per_chip = placement.core_of_neuron, placement.cores_per_chip
    events, number = [], 0
    for stamp, neuron in sorted(spikes):
        here = int(core[neuron]) // per_chip
        targets = [
            c for c in fan.core[fan.ptr[neuron] : fan.ptr[neuron + 1]].tolist() if c // per_chip != here
        ]
        branches = [(c, router.path(here, c // per_chip, placement.system, index)) for c in targets]
        for packet in by_next_link(branches).values() if multicast else ([b] for b in branches):
            heapq.heappush(events, (stamp * tick_ps, 1, number, packet, (neuron, stamp)))
            number += 1
    service, latency, room = spec
    free, inside, arrived = defaultdict(int), defaultdict(int), {}
    while events and events[0][0] < (steps + 1) * tick_ps - shift_ps:
        time, kind, packet, branches, what = heapq.heappop(events)
        if kind == 0:
            # Departures come before arrivals.
            inside[branches] -= 1
            continue
        for target in (c for c, path in branches if not path):
            arrived[*what, target] = (time + shift_ps) // tick_ps
        for link, rest in by_next_link(b for b in branches if b[1]).items():
            if room is not None and inside[link] > room:
                continue
            inside[link] += 1
            free[link] = max(time, free[link]) + service
            heapq.heappush(events, (free[link], 0, packet, link, what))
            onward = [(c, path[1:]) for c, path in rest]
            heapq.heappush(events, (free[link] + latency, 1, packet, onward, what))
    return arrived


@pytest.mark.parametrize("regime", ["tick", "async"])
@pytest.mark.parametrize("queue", [None, 1])
@pytest.mark.parametrize(("router", "seed"), [("unicast", 1), ("multicast", 2)])
def test_spikes_follow_from_arrivals_and_arrivals_from_spikes(
    regime, queue, router, seed, engine, naive, registry
):
    """The spikes of a run, through slow links, give fates with which the naive simulator gives the same spikes."""
    steps, latency = 160, 150_000_000
    service = 70_000_000 if router == "unicast" else 490_000_000
    spec = {"bandwidth": 1e12 / service, "latency": latency / 1e3}
    if queue is not None:
        spec |= {"queue": queue, "when_full": "drop"}
    network = bind(recurrent(seed).describe(), registry)
    options = {"deal": "random", "timed": timed, "regime": regime, "links": link(**spec)}
    options["chip"] = {"cores": (2, 1), "router": router}
    runs = [
        engine(network, steps, 4, w, pieces=p, cores=2, **options)
        for w, p in ((1, None), (2, [3, 50]), (3, [77]), (4, None))
    ]
    names = (*OF_SYSTEM, *OF_LINKS, "link_packets")
    first = {name: int(runs[0].total(name)) for name in names}
    binned = [[run.bins(name, steps) for name in (*names, "core_synaptic_events")] for run in runs]
    for other in binned:
        assert all(np.array_equal(a, b) for a, b in zip(other, binned[0], strict=True))
    for run in runs:
        assert run.spikes("exc") == runs[0].spikes("exc")
        assert {name: int(run.total(name)) for name in first} == first
    assert first["packets_late"] > 50
    assert (first["packets_dropped"] > 10) == (queue is not None)
    offset = {p.name: p.offset for p in network.populations}
    spikes = [(t, offset[n] + k) for n in offset for t, k in runs[0].spikes(n)]
    half = MS // 4 if regime == "async" else 0
    routes, fan, placement = registry.routers.get("dimension_order"), runs[0].build.fan, runs[0].placement
    arrived = slow_arrivals(
        placement, routes, fan, spikes, (service, latency, queue), MS // 2, half, steps, router == "multicast"
    )
    # A multicast packet arrives once at a chip, for all its cores.
    per_chip = placement.cores_per_chip
    places = {(n, t, core if router == "unicast" else core // per_chip) for n, t, core in arrived}
    assert first["packets_delivered"] == len(places)
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


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("spec", [{"bandwidth": "4 kpacket/s"}, {"latency": 3_500_000.0}])
def test_windows_in_which_nothing_happens_to_packets_are_passed(workers, spec, across, monkeypatch):
    """Two volleys of 3 packets, 60 steps apart, up to 3.5 ms under way: the network is looked at around them alone."""
    from spikemesh.engine.transit import Transit

    calls = []
    advance = Transit.advance
    monkeypatch.setattr(Transit, "advance", lambda *given: calls.append(1) or advance(*given))
    quiet = across(volley(3, [3.0, 63.0]), 100, "tick", spec, workers)
    passed = len(calls) / workers
    calls.clear()
    monkeypatch.setattr(Transit, "quiet_through", lambda _: 0)
    busy = across(volley(3, [3.0, 63.0]), 100, "tick", spec, workers)
    assert len(calls) / workers >= 50
    # The end of each of ten bins, and a few ticks around the volleys.
    assert passed <= 30
    assert quiet.spikes("out") == busy.spikes("out")
    assert len(quiet.spikes("in")) == 6
    for name in (*OF_SYSTEM, *OF_LINKS, "link_packets", "link_queue_max"):
        assert np.array_equal(quiet.bins(name, 100), busy.bins(name, 100))


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


def slowly_sent(ready, send):
    """Sources of one core that send one after another."""

    def make(network, placement, router, fan):
        timing = timed(network, placement, router, fan)
        return replace(
            timing, ready_ps=np.full(network.size, ready), send_ps=np.full(timing.send_ps.size, send)
        )

    return make


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("pieces", [None, [3, 4, 5, 6]])
def test_a_core_sends_one_packet_after_another(workers, pieces, engine):
    """The k-th sets out after 0.2 ms + (k - 1) 0.3 ms, beyond the end of the tick from the fourth on."""
    n, steps = 9, 20
    run = engine(
        volley(n, [3.0, 5.0]), steps, 2, workers, pieces, deal="apart", cores=1, regime="tick",
        timed=slowly_sent(MS // 5, 3 * MS // 10), links=link(latency=50_000.0),
    )  # fmt: skip
    late = [(200 + 300 * k + 50) // 1000 for k in range(n)]
    assert late == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert run.spikes("out") == sorted((t + 2 + late[k], k) for t in (3, 5) for k in range(n))


@pytest.mark.parametrize(
    ("workers", "pieces"), [(1, None), (1, list(range(1, 15))), (3, [3]), (3, None), (2, [4, 5])]
)
def test_packets_that_meet_go_in_the_order_in_which_they_were_sent(workers, pieces, engine):
    """Packets of ticks 3 and 4 reach a link at one picosecond: that of tick 4 was sent first, wherever windows end."""
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 2, "spike_source", times=[[3.0], [4.0]])
    target = net.add_population("out", 2, "iaf")
    net.connect(source, target, "one_to_one", weight=1.0, delay="2 ms")
    net.probe(target, "spikes")
    way = 975 * MS // 1000  # service and latency of a link

    def made(network, placement, router, fan):
        timing = timed(network, placement, router, fan)
        return replace(timing, ready_ps=np.array([MS + way, 0, 0, 0]))

    cores = [np.array([1, 0]), np.array([2, 2])]
    links = link(bandwidth="10 kpacket/s", latency=875_000.0)
    run = engine(net, 15, 3, workers, pieces, cores, 1, made, regime="tick", links=links)
    # They reach the link from chip 1 to 2 at 4.975 ms: the first arrives at 5.95 ms, the other at 6.05 ms.
    assert run.spikes("out") == [(4 + 2 + 1, 1), (3 + 2 + 3, 0)]
    assert run.total("packets_late") == 2


def test_pieces_and_workers_change_nothing_where_cores_are_slow(engine):
    found = []
    for workers, pieces in ((1, None), (1, list(range(1, 100))), (2, [7]), (2, list(range(2, 100, 3)))):
        run = engine(
            recurrent(5), 100, 2, workers, pieces, deal="random", cores=2, regime="tick",
            timed=slowly_sent(MS // 10, 4 * MS // 10), links=link(bandwidth="2 kpacket/s"),
        )  # fmt: skip
        counts = {name: int(run.total(name)) for name in (*OF_SYSTEM, "link_late")}
        found.append((run.spikes("exc"), run.spikes("inh"), counts))
    assert found[0][2]["packets_late"] > 50
    assert all(other == found[0] for other in found)
