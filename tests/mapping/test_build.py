"""Programs of workers: what they hold, and what refuses to be built."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.errors import MappingError
from spikemesh.mapping import edges, tables


def network(delay, n=40):
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", n, "iaf")
    b = net.add_population("b", n, "iaf")
    net.connect(a, b, rule="fixed_indegree", indegree=10, weight=0.1, delay=delay)
    net.connect(b, a, rule="fixed_probability", p=0.3, weight=sm.uniform(-0.2, 0.3), delay="3 ms")
    return net


def test_drawn_delays_are_held_to_the_chip():
    with pytest.raises(
        MappingError, match=r'projection "a->b".delay: delays reach \d+ steps; a core keeps 62'
    ) as caught:
        sm.Simulation(network(sm.uniform(1.0, 100.0)), sm.System.preset("loihi", chips=2), backend="local")
    assert len(caught.value.problems) == 1


def test_programs_hold_every_synapse_once():
    net = network(sm.uniform(1.0, 5.0))
    with sm.Simulation(net, sm.System.preset("ideal", chips=3), backend="local", workers=3) as simulation:
        programs = simulation.mapped.build.programs
        fan = simulation.mapped.build.fan
        report = simulation.mapped.report.to_dict()
    held = sum(part.synapses for p in programs for part in p.wiring.parts)
    assert held == int(fan.synapses.sum()) == report["synapses"]
    assert sum(p.neurons for p in programs) == 80
    assert all(p.window == min(q.window for q in programs) >= 1 for p in programs)
    for p in programs:
        own = p.wiring
        assert all(part.targets.dtype == np.uint16 for part in own.parts)
        assert all(np.all(np.diff(part.delay) >= 0) for part in own.parts)
        assert own.senders.sum() == own.axon_synapses.size
        # A packet names an axon of its receiver.
        for peer, axon in zip(own.out_peer, own.out_axon, strict=True):
            receiver = programs[p.peers_out[peer]]
            assert 0 <= axon < receiver.wiring.axon_synapses.size


def test_workers_that_exchange_nothing_have_no_window():
    net = sm.Network(timestep="1 ms", seed=1)
    for name in "ab":
        net.add_population(name, 10, "iaf")
        net.connect(name, name, rule="all_to_all", weight=0.1)
    mapping = sm.MappingSettings(pin={"a": (0,), "b": (1,)})
    with sm.Simulation(
        net, sm.System.preset("ideal", chips=2), backend="local", workers=2, mapping=mapping
    ) as sim:
        assert [p.window for p in sim.mapped.build.programs] == [None, None]
        sim.run("20 ms")


def test_window_is_shorter_where_a_block_would_be_large(monkeypatch):
    net = sm.Network(timestep="1 ms", seed=1)
    for name in "ab":
        net.add_population(name, 10, "iaf")
    net.connect("a", "b", rule="all_to_all", weight=0.1, delay="20 ms")
    mapping = sm.MappingSettings(pin={"a": (0,), "b": (1,)})

    def programs():
        system = sm.System.preset("ideal", chips=2)
        with sm.Simulation(net, system, backend="local", workers=2, mapping=mapping) as simulation:
            return simulation.mapped.build.programs

    # 10 neurons can send 10 packets a step, and blocks are exchanged twice in a window.
    assert [(p.window, p.packets_out) for p in programs()] == [(20, (100,)), (20, ())]
    monkeypatch.setattr("spikemesh.mapping.build._BLOCK_PACKETS", 35)
    assert [(p.window, p.packets_out) for p in programs()] == [(7, (30,)), (7, ())]


def held(net, workers=1):
    """Run a network for a while and return how many synapses its programs hold."""
    system = sm.System.preset("ideal", chips=workers)
    with sm.Simulation(net, system, backend="local", workers=workers) as simulation:
        programs = simulation.mapped.build.programs
        simulation.run("30 ms")
    static = sum(part.synapses for p in programs for part in p.wiring.parts)
    return static + sum(table.target.size for p in programs for table in p.plastic)


def test_a_worker_that_no_synapse_of_a_projection_reaches():
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 10, "lif_psc_exp", i_e=600.0)
    b = net.add_population("b", 60, "lif_psc_exp")
    net.connect(a, b, sources=range(10), targets=np.arange(10) % 3, weight=np.linspace(-500, 900, 10))
    net.connect(a, b, "fixed_indegree", indegree=3, weight=sm.normal(100.0, 300.0))
    net.connect(a, b, "fixed_outdegree", outdegree=0, weight=1.0)
    assert held(net, workers=2) == held(net) == 10 + 60 * 3


@pytest.mark.parametrize("learning", [None, sm.rule("stdp_pair", w_max=2.0)])
def test_chunks_without_synapses(learning, monkeypatch):
    monkeypatch.setattr(edges, "CHUNK", 40)
    points = np.column_stack([np.arange(50), np.zeros(50)])
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 50, "iaf", positions=points, i_e=0.3)
    net.connect(a, a, "distance", p=1.0, scale=0.3, weight=0.5, learning=learning)
    assert 0 < held(net) < 200


@pytest.mark.parametrize("rule", ["fixed_indegree", "fixed_outdegree", "fixed_total", "fixed_probability"])
def test_tables_do_not_depend_on_chunks(rule, monkeypatch):
    given = {
        "fixed_indegree": {"indegree": 7},
        "fixed_outdegree": {"outdegree": 5},
        "fixed_total": {"total": 200},
    }
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 40, "iaf")
    b = net.add_population("b", 30, "lif_psc_exp")
    drawn = {"weight": sm.normal(0.0, 2.0), "delay": sm.uniform(1.0, 9.0)}
    net.connect(a, b, rule, **given.get(rule, {"p": 0.2}), **drawn)

    def parts():
        with sm.Simulation(net, backend="local") as simulation:
            (program,) = simulation.mapped.build.programs
        return program.wiring.parts

    whole = parts()
    monkeypatch.setattr(edges, "CHUNK", 11)
    monkeypatch.setattr(tables, "KEPT", 50)
    pieces = parts()
    assert len(whole) == len(pieces) == 1
    for name in ("delay", "base", "weight", "starts"):
        assert np.array_equal(getattr(whole[0], name), getattr(pieces[0], name))
    ends = whole[0].starts
    for begin, end in pairwise(ends):
        rows = [
            sorted(zip(p.targets[begin:end], p.weights[begin:end], strict=True))
            for p in (whole[0], pieces[0])
        ]
        assert rows[0] == rows[1]


@pytest.mark.parametrize("delay", [1e7, sm.uniform(1.0, 3e9), [1.0, 1e8]])
def test_a_delay_beyond_all_bounds_names_its_projection(delay):
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 2, "iaf")
    net.connect(a, a, sources=[0, 1], targets=[1, 0], weight=0.1, delay=delay)
    with pytest.raises(MappingError, match=r'"a->a".delay: a delay of [0-9,]+ steps; at most|at most'):
        sm.Simulation(net, backend="local")
