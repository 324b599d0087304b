"""Programs of workers: what they hold, and what refuses to be built."""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.errors import MappingError


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
