"""Every way of storing synapses and of keeping spikes gives what the naive simulator gives."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.description.builder import Network
from spikemesh.description.values import normal, uniform
from spikemesh.engine.delivery import widened
from spikemesh.engine.setup import WorkingSet
from spikemesh.engine.worker import Worker
from spikemesh.kernels import arrivals as kinds
from spikemesh.registry.bind import bind

LOIHI = {"du": 2048, "dv": 512, "vth": 40}


def dense(model, weights, n=24, **parameters):
    """``n`` sources that fire at their own intervals, all connected to ``n`` neurons."""
    net = Network(timestep="1 ms", seed=1)
    times = [np.arange(1.0, 60.0, k % 4 + 2) for k in range(n)]
    source = net.add_population("in", n, "spike_source", times=times)
    target = net.add_population("out", n, model, **parameters)
    sources, targets = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    net.connect(source, target, sources=sources, targets=targets, weight=weights, delay="2 ms")
    net.probe(target, "spikes")
    return net


def kinds_of(run):
    return {part.kind for worker in run.workers for part in worker.program.wiring.parts}


@pytest.mark.parametrize(("largest", "kind"), [(120, kinds.RUN_BYTE), (254, kinds.RUN_HALF)])
def test_dense_layers_of_whole_weights_are_runs(largest, kind, naive, engine, registry):
    random = np.random.default_rng(largest)
    weights = random.integers(-largest // 2, largest // 2, 24 * 24) * 2
    weights[0] = largest
    net = dense("loihi_cuba", weights, **{**LOIHI, "vth": 3 * largest // 64})
    network = bind(net.describe(), registry)
    slow = naive(network).run(60)
    assert len(slow.spikes["out"]) > 20
    for workers in (1, 3):
        fast = engine(network, 60, chips=workers, workers=workers)
        assert kinds_of(fast) == {kind}
        assert fast.spikes("out") == sorted(slow.spikes["out"])


@pytest.mark.parametrize("weight", ["each", "one"])
def test_dense_layers_of_float_weights_are_runs(weight, naive, engine, registry):
    weights = np.random.default_rng(1).normal(0.1, 0.2, 24 * 24) if weight == "each" else 0.04
    network = bind(dense("iaf", weights).describe(), registry)
    slow = naive(network).run(60)
    assert len(slow.spikes["out"]) > 20
    fast = engine(network, 60)
    assert kinds_of(fast) == {kinds.RUN_WIDE if weight == "each" else kinds.RUN_SHARED}
    assert fast.spikes("out") == sorted(slow.spikes["out"])


def test_whole_weights_of_sparse_layers_are_narrow(naive, engine, registry):
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population(
        "in", 20, "spike_source", times=[np.arange(1.0, 60.0, k % 4 + 2) for k in range(20)]
    )
    target = net.add_population("out", 30, "loihi_cuba", **LOIHI)
    chosen = np.random.default_rng(1).choice(600, 200, replace=False)
    weights = np.random.default_rng(2).integers(-20, 50, 200) * 2
    net.connect(source, target, sources=chosen // 30, targets=chosen % 30, weight=weights)
    net.probe(target, "spikes")
    network = bind(net.describe(), registry)
    slow = naive(network).run(60)
    assert len(slow.spikes["out"]) > 20
    fast = engine(network, 60, chips=2, workers=2, deal="random")
    assert kinds_of(fast) == {kinds.BYTE}
    assert fast.spikes("out") == sorted(slow.spikes["out"])


def test_signed_layers_that_are_nearly_dense_are_not_runs(naive, engine, registry):
    n = 24
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population(
        "in", n, "spike_source", times=[np.arange(1.0, 60.0, k % 4 + 2) for k in range(n)]
    )
    target = net.add_population("out", n, "lif_psc_exp", tau_m=10.0, v_th=-60.0, tau_syn_in=7.0)
    # As many targets for every source, but one of them is missing in the middle.
    pairs = np.array([(s, t) for s in range(n) for t in range(n) if t != 7])
    weights = np.random.default_rng(1).normal(100.0, 300.0, len(pairs))
    net.connect(source, target, sources=pairs[:, 0], targets=pairs[:, 1], weight=weights, delay="2 ms")
    net.probe(target, "spikes")
    network = bind(net.describe(), registry)
    slow = naive(network).run(60)
    assert len(slow.spikes["out"]) > 20
    fast = engine(network, 60)
    assert kinds_of(fast) == {kinds.WIDE}
    assert fast.spikes("out") == sorted(slow.spikes["out"])


def test_more_spikes_under_way_than_there_was_room_for(engine):
    n, steps = 3000, 60
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", n, "spike_source", times=[np.arange(1.0, steps)] * n)
    target = net.add_population("out", n, "iaf")
    net.connect(source, target, "one_to_one", weight=1.0, delay="25 ms")
    net.connect(source, target, "one_to_one", weight=1.0, delay="7 ms")
    net.probe(target, "spikes")
    for workers in (1, 2):
        run = engine(net, steps, chips=workers, workers=workers, deal="random")
        room = [int(w._work.arrivals.wrap.sum()) for w in run.workers]
        assert max(room) > 25 * n // workers
        # Weight 1 is the threshold: one spike for every arrival step, the first after the shorter delay.
        expected = [(tick, k) for tick in range(8, steps + 1) for k in range(n)]
        assert run.spikes("out") == expected


def test_widening_keeps_every_spike_in_its_place(registry, engine):
    net = Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 3, "iaf")
    net.connect(a, a, "all_to_all", weight=0.1, delay="9 ms")
    program = engine(net, 1).workers[0].program
    arrivals = WorkingSet(program).arrivals
    room = int(arrivals.wrap[0]) + 1
    arrivals.head[0] = 3 * room + 5
    entries = np.arange(2 * room + 5, 3 * room + 5)
    arrivals.axons[entries & (room - 1)] = entries
    wider = widened(arrivals, 0, 1)
    assert wider.wrap[0] + 1 >= 2 * room
    assert np.array_equal(wider.axons[wider.base[0] + (entries & wider.wrap[0])], entries)


def test_targets_on_both_sides_of_a_block(engine):
    n = 70_000
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 2, "spike_source", times=[[1.0], [2.0]])
    target = net.add_population("out", n, "iaf")
    reached = np.array([0, 65_535, 65_536, n - 1])
    net.connect(source, target, sources=[0] * 4, targets=reached, weight=[1.0, 1.5, 1.0, 1.5], delay="3 ms")
    net.connect(source, target, sources=[1] * 4, targets=reached, weight=1.0, delay="4 ms")
    net.probe(target, "spikes")
    run = engine(net, 10)
    assert run.spikes("out") == [(t, int(k)) for t in (4, 6) for k in reached]


def test_delays_drawn_for_each_synapse(naive, engine, registry):
    net = Network(timestep="0.1 ms", seed=3)
    source = net.add_population(
        "in", 30, "spike_source", times=[np.arange(1, 40) * 0.3 + 0.1 * k for k in range(30)]
    )
    target = net.add_population("out", 40, "lif_psc_exp", tau_m=10.0, v_th=-60.0)
    net.connect(
        source, target, "fixed_indegree", indegree=12, weight=normal(300.0, 90.0), delay=uniform(0.1, 5.0)
    )
    net.connect(target, target, "fixed_probability", p=0.2, weight=-80.0, delay=normal(1.5, 0.75, low=0.1))
    net.probe(target, "spikes")
    network = bind(net.describe(), registry)
    slow = naive(network).run(150)
    assert len(slow.spikes["out"]) > 50
    for workers in (1, 2, 3):
        fast = engine(network, 150, chips=workers, workers=workers, deal="random", pieces=[7, 60, 150])
        assert fast.spikes("out") == sorted(slow.spikes["out"])
    assert isinstance(fast.workers[0], Worker)
