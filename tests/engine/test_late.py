"""Packets with a prescribed fate, late by some steps or lost, act as in the naive simulator."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikemesh.description.builder import Network
from spikemesh.description.values import normal, uniform
from spikemesh.engine import transit
from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.network import Channels, Counts, Deliveries, Drops, Forest
from spikemesh.engine.network_events import Advance
from spikemesh.engine.transit_counts import OF_SYSTEM
from spikemesh.kernels import arrivals as kinds
from spikemesh.registry.bind import bind

TICK = 1001
CORES = 4


def prescribed(regime="tick", pairs=1):
    """Give every neuron a packet for each other core that it has targets on, or for ``pairs`` of cores at a time."""

    def make(network, placement, router, fan):
        core = placement.core_of_neuron.astype(np.int64)
        roots, targets = [], []
        for neuron in range(network.size):
            away = [c for c in fan.core[fan.ptr[neuron] : fan.ptr[neuron + 1]].tolist() if c != core[neuron]]
            groups = [away[k : k + pairs] for k in range(0, len(away), pairs)]
            roots.append([len(targets) + k for k in range(len(groups))])
            targets += groups
        nodes = len(targets)
        none = np.zeros(0, dtype=np.int64)
        ptr = [np.concatenate(([0], np.cumsum([len(r) for r in rows]))) for rows in (roots, targets)]
        return LinkTiming(
            regime, TICK, Channels(*[none] * 7),
            Forest(np.zeros(nodes, np.int32), np.zeros(nodes, int), np.zeros(nodes + 1, int), none),
            ptr[0], np.array([r for rows in roots for r in rows], dtype=np.int64),
            core, np.zeros(core.size, int), np.zeros(len(placement.core_names), int),
            ptr[1], np.array([c for rows in targets for c in rows], dtype=np.int64), np.array([-1]),
        )  # fmt: skip

    return make


class Prescribed:
    """In place of the network: a packet of a root and tick arrives so many ticks later, or is dropped."""

    fates = (0,)
    pending = 0
    next_event = 0  # something can always happen
    counts = Counts(*np.zeros((8, 1), dtype=np.int64))

    def __init__(self):
        self.under_way, self.sent = [], 0

    @classmethod
    def late(cls, root, stamp):
        return cls.fates[(root * 7919 + stamp * 104729 + root * stamp) % len(cls.fates)]

    def advance(self, time, root, horizon):
        for t, r in zip(time.tolist(), root.tolist(), strict=True):
            late = self.late(r, t // TICK)
            arrives = t + (400 if late is None else late * TICK + (0 if late else 300))
            heapq.heappush(self.under_way, (arrives, self.sent, r, late is None))
            self.sent += 1
        rows = {True: [], False: []}
        while self.under_way and self.under_way[0][0] <= horizon:
            arrives, packet, r, lost = heapq.heappop(self.under_way)
            rows[lost].append((arrives, packet, r))
        here, gone = (np.array(rows[lost], dtype=np.int64).reshape(-1, 3).T for lost in (False, True))
        return Advance(Deliveries(here[0], here[0], here[1], here[2]), Drops(*gone))


@pytest.fixture
def follow(naive, engine, registry, monkeypatch):
    """Run a network by 1, 2, 3 and 5 workers and by the naive simulator, with the same fates of packets."""

    def run(net, steps, fates, pairs=1, regime="tick", workers=(1, 2, 3, 5), pieces=None, deal="random"):
        network = bind(net.describe(), registry) if isinstance(net, Network) else net
        monkeypatch.setattr(Prescribed, "fates", fates)
        monkeypatch.setattr(transit, "_events", lambda timing: Prescribed())
        options = {"pieces": pieces, "deal": deal, "timed": prescribed(regime, pairs)}
        runs = [engine(network, steps, 5, w, **options) for w in workers]
        timing = runs[0].build.programs[0].link_timing
        root_of = {
            (neuron, int(core)): int(root)
            for neuron in range(network.size)
            for root in timing.roots[timing.root_ptr[neuron] : timing.root_ptr[neuron + 1]]
            for core in timing.targets[timing.target_ptr[root] : timing.target_ptr[root + 1]]
        }

        def fate(neuron, tick, core):
            root = root_of.get((neuron, core))
            return 0 if root is None else Prescribed.late(root, tick)

        return runs, naive(network, runs[0].placement.core_of, fate).run(steps)

    return run


def assert_equal(runs, slow, names, steps=None):
    if steps is not None:
        # Synapses count when they are reached: in the bin of the tick in which their packet arrives.
        expected = np.zeros((-(-steps // 10), runs[0].build.programs[0].cores), dtype=np.int64)
        for tick, core in slow.events:
            if tick <= steps:
                expected[(tick - 1) // 10, core] += 1
        for run in runs:
            assert np.array_equal(run.bins("core_synaptic_events", steps), expected)
            assert sum(r.synaptic_events for per in run.reports for r in per) == expected.sum()
    for name in names:
        expected = sorted(slow.spikes[name])
        assert len(expected) > 20
        for run in runs:
            assert run.spikes(name) == expected


def network(model, weights, connect=None, n=24, **parameters):
    net = Network(timestep="1 ms", seed=1)
    times = [np.arange(1.0, 60.0, k % 4 + 2) for k in range(n)]
    source = net.add_population("in", n, "spike_source", times=times)
    target = net.add_population("out", n, model, **parameters)
    pairs = np.array([(s, t) for s in range(n) for t in range(n)])[
        slice(None) if connect is None else connect
    ]
    net.connect(source, target, sources=pairs[:, 0], targets=pairs[:, 1], weight=weights, delay="3 ms")
    net.probe(target, "spikes")
    return net


LOIHI = {"du": 2048, "dv": 512}
PSC = {"tau_m": 10.0, "v_th": -60.0, "tau_syn_in": 7.0}


def stored(kind):
    """Return a network whose synapses are stored in this way."""
    random = np.random.default_rng(1)
    some = np.sort(random.choice(576, 200, replace=False))
    if kind == kinds.SHARED:
        return network("iaf", 0.1, some)
    if kind == kinds.WIDE:
        return network("iaf", random.normal(0.1, 0.2, 200), some)
    if kind == kinds.HALF_WIDE:
        return network("loihi_cuba", random.integers(-60, 127, 200) * 2, some, vth=60, **LOIHI)
    if kind == kinds.BYTE:
        return network("loihi_cuba", random.integers(-20, 50, 200) * 2, some, vth=40, **LOIHI)
    if kind == kinds.RUN_SHARED:
        return network("iaf", 0.04)
    if kind == kinds.RUN_WIDE:
        return network("lif_psc_exp", random.normal(90.0, 200.0, 576), **PSC)
    largest = 254 if kind == kinds.RUN_HALF else 120
    weights = random.integers(-largest // 2, largest // 2 + 1, 576) * 2
    weights[0] = largest
    return network("loihi_cuba", weights, vth=3 * largest // 64, **LOIHI)


@pytest.mark.parametrize("kind", range(8))
def test_every_stored_kind(kind, follow):
    runs, slow = follow(stored(kind), 70, (0, 1, None, 0, 3, 0, 9, 1), pieces=[4, 5, 33])
    parts = [part for w in runs[0].workers for part in w.program.wiring.parts]
    assert {part.kind for part in parts} == {kind}
    # Excitation and inhibition of one run.
    assert any((part.other >= 0).any() for part in parts) == (kind > kinds.RUN_SHARED)
    assert_equal(runs, slow, ["out"])
    # The fates matter: the same network with none of them fires otherwise.
    ideal, _ = follow(stored(kind), 70, (0,), workers=(1,))
    assert ideal[0].spikes("out") != runs[0].spikes("out")


def recurrent(seed, longest=6.0, n=30):
    net = Network(timestep="0.5 ms", seed=seed)
    start = {"v": uniform(-70.0, -55.0)}
    lif = {"tau_m": 10.0, "tau_syn_ex": 2.0, "tau_syn_in": 3.0, "v_th": -55.0, "t_ref": 1.0, "init": start}
    exc = net.add_population("exc", n, "lif_psc_exp", i_e=np.linspace(350, 480, n), **lif)
    inh = net.add_population("inh", n // 2, "lif_psc_exp", i_e=np.linspace(390, 450, n // 2), **lif)
    net.connect(exc, exc, "fixed_indegree", indegree=6, weight=60.0, delay=uniform(1.0, longest))
    net.connect(exc, exc, "fixed_probability", p=0.2, weight=normal(0.0, 80.0), delay="2.5 ms")
    net.connect(exc, inh, "fixed_outdegree", outdegree=4, weight=300.0, delay=uniform(1.0, longest))
    net.connect(inh, exc, "fixed_total", total=60, weight=-200.0, delay="1.5 ms")
    net.connect(inh, inh, "all_to_all", weight=-50.0, delay="2.5 ms", autapses=False)
    for population in (exc, inh):
        net.probe(population, "spikes")
    return net


@pytest.mark.parametrize("fates", [(0, 1), (None, 0, 0), (2, 0, None, 17, 1), (40,), (None,)])
@pytest.mark.parametrize("pairs", [1, 3])
def test_fates_in_a_recurrent_network(fates, pairs, follow):
    runs, slow = follow(recurrent(3), 120, fates, pairs, pieces=[1, 2, 40, 77])
    assert_equal(runs, slow, ["exc", "inh"], 120)


def test_arrival_times_are_rounded_to_steps(follow):
    """In ``async`` a packet that is under way for less than half a step acts in its own."""
    runs, slow = follow(recurrent(3), 120, (0, 1, None, 3), regime="async", pieces=[40])
    assert_equal(runs, slow, ["exc", "inh"], 120)


@settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    seed=st.integers(0, 10**6),
    fates=st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=1, max_size=9),
    cuts=st.lists(st.integers(1, 89), max_size=4),
    workers=st.integers(1, 5),
    longest=st.sampled_from([1.0, 3.0, 20.0]),
    pairs=st.integers(1, 4),
)
def test_any_fates_pieces_and_workers(seed, fates, cuts, workers, longest, pairs, follow):
    net = recurrent(seed, longest, 16)
    runs, slow = follow(net, 90, tuple(fates), pairs, workers=(workers,), pieces=sorted(set(cuts)))
    for name in ("exc", "inh"):
        assert runs[0].spikes(name) == sorted(slow.spikes[name])


def test_more_corrections_than_there_was_room_for(engine, monkeypatch):
    n, steps = 3000, 60
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", n, "spike_source", times=[np.arange(1.0, steps)] * n)
    target = net.add_population("out", n, "iaf")
    net.connect(source, target, "one_to_one", weight=1.0, delay="25 ms")
    net.probe(target, "spikes")
    monkeypatch.setattr(Prescribed, "fates", (3,))
    monkeypatch.setattr(transit, "_events", lambda timing: Prescribed())
    runs = [engine(net, steps, 4, w, deal="random", timed=prescribed()) for w in (1, 2)]
    assert runs[0].spikes("out") == runs[1].spikes("out")
    core = [np.asarray(c) for c in runs[0].placement.core_of]
    expected = [
        (t, k) for t in range(26, steps + 1) for k in range(n) if t >= 26 + 3 * (core[0][k] != core[1][k])
    ]
    assert runs[0].spikes("out") == expected
    assert runs[0].workers[0]._transit.corrections.wrap[0] > 25 * n


def test_packets_are_conserved_and_counted(follow):
    runs, slow = follow(recurrent(3), 120, (0, 1, None, 5, 0), pieces=[7, 50])
    timing, offset = runs[0].build.programs[0].link_timing, {"exc": 0, "inh": 30}
    fates = [
        (tick, Prescribed.late(int(root), tick))
        for name, spikes in slow.spikes.items()
        for tick, neuron in spikes
        for root in timing.roots[slice(*timing.root_ptr[offset[name] + neuron :][:2])]
    ]
    expected = {
        "packets_sent": len(fates),
        "packets_delivered": sum(late is not None and tick + late <= 120 for tick, late in fates),
        "packets_dropped": sum(late is None for _, late in fates),
        "packets_late": sum(bool(late) for _, late in fates),
    }
    assert min(expected.values()) > 100
    expected["packets_rerouted"] = 0
    for run in runs:
        assert {name: run.total(name) for name in OF_SYSTEM} == expected
        left = {w._transit.in_flight for w in run.workers}
        done = expected["packets_delivered"] + expected["packets_dropped"]
        assert left == {expected["packets_sent"] - done}
        # Increments by bin, whatever the pieces.
        bins = np.zeros(12, dtype=np.int64)
        for report in run.reports[0]:
            counted = report.counters["packets_late"][:, 0]
            bins[report.first_bin : report.first_bin + counted.size] += counted
        ticks = [(tick - 1) // 10 for tick, late in fates if late]
        assert np.array_equal(bins, np.bincount(ticks, minlength=12))
    # A worker that reports no network counters holds the same ones.
    for worker in runs[3].workers:
        counters = worker._transit.counts.counters
        assert all(
            np.array_equal(counters[k], runs[0].workers[0]._transit.counts.counters[k]) for k in counters
        )
