"""The compiled engine against the naive simulator, and against itself on other mappings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spikemesh as sm
from spikemesh.description.builder import Network, rule
from spikemesh.description.drives import poisson, steps
from spikemesh.description.values import normal, uniform
from spikemesh.engine import plastic_rows, plastic_setup
from spikemesh.kernels import rule_block
from spikemesh.kernels.rule_form import Width
from spikemesh.registry.bind import bind

LIF = {"tau_m": 10.0, "tau_syn_ex": 2.0, "tau_syn_in": 3.0, "v_th": -55.0, "t_ref": 1.0}


def recurrent(seed=1, learning=None, delay=None, n=30, drive=False):
    """A small network in which every kind of connection is at work and most neurons fire."""
    net = Network(timestep="0.5 ms", seed=seed)
    times = [np.arange(1, 60) * 0.5 * (k % 5 + 2) for k in range(10)]
    source = net.add_population("in", 10, "spike_source", times=times)
    exc = net.add_population(
        "exc", n, "lif_psc_exp", init={"v": uniform(-70.0, -55.0)}, i_e=np.linspace(250, 420, n), **LIF
    )
    inh = net.add_population("inh", n // 3, "lif_psc_exp", init={"v": uniform(-70.0, -55.0)}, **LIF)
    net.connect(
        source, exc, "fixed_probability", p=0.3, weight=normal(400.0, 80.0, low=0.0), delay=uniform(0.5, 4.0)
    )
    net.connect(
        exc, exc, "fixed_indegree", indegree=5, weight=60.0, delay=delay or "1.5 ms", learning=learning
    )
    net.connect(exc, inh, "fixed_outdegree", outdegree=4, weight=300.0, delay=uniform(1.0, 3.0))
    net.connect(inh, exc, "fixed_total", total=60, weight=-200.0, delay="1 ms")
    net.connect(inh, inh, "all_to_all", weight=-50.0, delay="2.5 ms", autapses=False)
    if drive:
        net.drive(exc, poisson(rate="2 kHz", weight=60.0))
        net.drive(inh, poisson(rate=np.linspace(100, 30000, n // 3), weight=8.0))
    for population in (source, exc, inh):
        net.probe(population, "spikes")
    net.probe(exc, "v", neurons=slice(0, 7), every="1 ms")
    return net


# Gates open twice, at times that no period divides.
OPENED = {
    "chain_step": 0.5,
    "third_times": np.array([13.5, 18.5, 40.5, 41.0]),
    "third_values": np.array([0.7, 0.0, 1.0, 0.0]),
}
RULES = {
    "static": None,
    "pair": rule("stdp_pair", a_plus=0.05, a_minus=0.06, tau_plus=8.0, tau_minus=12.0),
    "nearest": rule("stdp_pair_nearest", a_plus=0.05, a_minus=0.06),
    "triplet": rule("stdp_triplet", a2_plus=0.01, a3_plus=0.05, a3_minus=0.02),
    "chain": rule("gbc", a_plus=0.05, a_minus=0.06, beakers=4, **OPENED),
    "tiered chain": rule("gbc", a_plus=0.05, a_minus=0.06, clock="tiered", beakers=7, stm=3, **OPENED),
    "triplet nearest": rule("stdp_triplet_nearest", a2_plus=0.01),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", [1, 2])
def test_engine_equals_naive(name, seed, naive, engine, registry):
    network = bind(recurrent(seed, RULES[name]).describe(), registry)
    slow = naive(network).run(120)
    fast = engine(network, 120)
    for population in ("in", "exc", "inh"):
        assert fast.spikes(population) == sorted(slow.spikes[population])
    assert len(slow.spikes["exc"]) > 100
    assert len(slow.spikes["inh"]) > 10
    final = slow.state[1]["v"][:7]
    assert np.array_equal(fast.probe(0, 7)[-1], final)
    if RULES[name] is not None:
        expected = sorted((s.source, s.target, s.sign * s.w) for s in slow.synapses)
        assert sorted(map(tuple, fast.weights("exc->exc"))) == expected
        assert any(w != 60.0 for _, _, w in expected)


@pytest.mark.parametrize(
    ("chips", "workers", "deal"), [(2, 1, "random"), (2, 2, "blocks"), (3, 3, "random"), (8, 3, "random")]
)
@pytest.mark.parametrize("name", RULES)
def test_mapping_and_workers_do_not_change_a_bit(name, chips, workers, deal, engine):
    one = engine(recurrent(3, RULES[name], drive=True), 300)
    many = engine(recurrent(3, RULES[name], drive=True), 300, chips, workers, pieces=[7, 8, 150], deal=deal)
    for population in ("in", "exc", "inh"):
        assert one.spikes(population) == many.spikes(population)
    assert np.array_equal(one.probe(0, 7), many.probe(0, 7))
    assert one.total("core_synaptic_events") == many.total("core_synaptic_events")
    if RULES[name] is not None:
        assert np.array_equal(one.weights("exc->exc"), many.weights("exc->exc"))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.lists(st.integers(1, 199), max_size=5), st.integers(1, 5))
def test_pieces_and_delays_do_not_change_a_bit(engine, seed, cuts, chips):
    net = recurrent(seed, None, delay=uniform(0.5, 20.0), drive=True)
    whole = engine(net, 200)
    cut = engine(net, 200, chips, min(chips, 2), pieces=sorted(set(cuts)), deal="random")
    assert whole.spikes("exc") == cut.spikes("exc")
    assert np.array_equal(whole.probe(0, 7), cut.probe(0, 7))


@pytest.mark.parametrize("chips", [1, 2, 4])
def test_an_impulse_arrives_after_its_delay(engine, chips):
    """models.md KA-B3: an impulse with delay d arrives at t + d for every d, across chips too."""
    longest = 40
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 1, "spike_source", times=[np.array([3.0])])
    relay = net.add_population("out", longest, "iaf")
    net.connect(
        source,
        relay,
        sources=np.zeros(longest, int),
        targets=np.arange(longest),
        weight=1.0,
        delay=np.arange(1.0, longest + 1),
    )
    net.probe(relay, "spikes")
    result = engine(net, 60, chips, chips, deal="random")
    assert result.spikes("out") == [(3 + d, d - 1) for d in range(1, longest + 1)]


def test_a_current_set_at_a_tick_acts_from_there(engine):
    net = Network(timestep="1 ms", seed=1)
    neuron = net.add_population("n", 1, "iaf", v_th=100.0)
    net.drive(neuron, steps([2.0, 5.0], [1.0, 0.0]))
    net.drive(neuron, steps([4.0], [10.0]))
    net.probe(neuron, "v")
    v = engine(net, 7).probe(0, 1)[:, 0]
    # Steps that start at ticks 2, 3, 4 take 1; those from tick 4 on take 10 more.
    assert v.tolist() == [0, 0, 1, 2, 13, 23, 33]


def test_every_spike_that_leaves_a_chip_crosses_links(engine):
    net = recurrent(5)
    result = engine(net, 200, 4, 2)
    build = result.build
    per_neuron = np.diff(build.routes.ptr)
    expected = 0
    offsets = {"in": 0, "exc": 10, "inh": 40}
    for name, offset in offsets.items():
        for _, neuron in result.spikes(name):
            row = slice(build.routes.ptr[offset + neuron], build.routes.ptr[offset + neuron + 1])
            expected += int(build.routes.packets[row].sum())
    assert per_neuron.any()
    assert result.total("link_packets") == expected > 0
    assert result.total("core_spikes") == sum(len(result.spikes(n)) for n in offsets)


@pytest.mark.parametrize("workers", [1, 3])
def test_deliveries_are_counted_once_wherever_they_come_from(engine, workers):
    result = engine(recurrent(5, RULES["pair"], drive=True), 300, 3, workers, pieces=[11, 12])
    counted = sum(r.synaptic_events for per in result.reports for r in per)
    assert counted == result.total("core_synaptic_events") > 1000


def test_a_unicast_chip_sends_a_packet_to_every_target_core():
    """One neuron, fifty targets on another chip's cores: as many packets a spike as cores it reaches."""
    net = sm.Network(timestep="1 ms", seed=1)
    net.add_population("in", 1, "spike_source", times=[np.array([1.0, 4.0, 6.0])])
    net.add_population("out", 50, "iaf")
    net.connect("in", "out", rule="all_to_all", weight=0.1)
    mapping = sm.MappingSettings(pin={"in": (0,), "out": (1,)})
    packets = {}
    for router in ("unicast", "multicast"):
        system = sm.System.preset("ideal", chips=2, chip={"router": router})
        result = sm.run(net, system, "10 ms", backend="local", mapping=mapping)
        packets[router] = result.summary["packets"]
    # The four cores of an ideal chip hold the fifty targets; multicast sends one packet a spike.
    assert packets == {"unicast": 12, "multicast": 3}


@pytest.mark.parametrize("name", [name for name in RULES if name != "static"])
@pytest.mark.parametrize("longest", [4.0, 60.0])
def test_plastic_delays_equal_naive(name, longest, naive, engine, registry):
    """Delays drawn per synapse: a trace is read as many steps back as the delay exceeds the row's shortest."""
    net = recurrent(4, RULES[name], delay=uniform(0.5, longest))
    network = bind(net.describe(), registry)
    slow = naive(network).run(160)
    expected = sorted((s.source, s.target, s.sign * s.w) for s in slow.synapses)
    assert len({s.delay for s in slow.synapses}) > 7
    assert sum(w != 60.0 for _, _, w in expected) > len(expected) // 2
    for chips, workers in ((1, 1), (3, 2)):
        fast = engine(net, 160, chips, workers, pieces=[5, 77], deal="random")
        assert fast.spikes("exc") == sorted(slow.spikes["exc"])
        assert sorted(map(tuple, fast.weights("exc->exc"))) == expected


@pytest.mark.parametrize(("history", "split"), [(0, True), (1 << 20, False)])
def test_rows_are_split_where_a_history_would_be_large(history, split, engine, monkeypatch):
    """One trace a segment or a history by step: equal results, as the values go through the same sums."""
    net = recurrent(4, RULES["pair"], delay=uniform(0.5, 60.0))
    whole = engine(net, 160)
    monkeypatch.setattr(plastic_rows, "_HISTORY", history)
    run = engine(net, 160)
    table = run.build.programs[0].plastic[0]
    rows = int(run.workers[0]._work.plasticity.blocks[0, rule_block.ROWS])
    assert rows == (table.axon.size if split else np.unique(table.axon).size)
    assert np.array_equal(run.weights("exc->exc"), whole.weights("exc->exc"))


def test_sixteen_bytes_a_plastic_synapse(engine):
    """Weight, 16-bit target and 32 bits of index: nothing is kept twice, and nothing for missing state."""
    net = Network(timestep="0.1 ms", seed=1)
    exc = net.add_population("exc", 2000, "iaf", v_th=1e9)
    learning = rule("stdp_pair", w_max=2.0)
    net.connect(
        exc, exc, "fixed_indegree", indegree=400, weight=1.0, delay=uniform(0.1, 5.0), learning=learning
    )
    run = engine(net, 1)
    table, work = run.build.programs[0].plastic[0], run.workers[0]._work
    kept = {a.ctypes.data: a.nbytes for a in work._kept if a.size}
    own = [table.axon, table.delay, table.source, table.segment_start, table.target, table.weight]
    kept |= {a.ctypes.data: a.nbytes for a in own}
    kept |= {a.ctypes.data: a.nbytes for a in work.plasticity if a is not work.plasticity.nodes}
    synapses = table.target.size
    assert synapses == 800_000
    assert (table.weight.nbytes, table.target.nbytes) == (8 * synapses, 2 * synapses)
    assert table.weight.ctypes.data in {int(work.plasticity.blocks[0, rule_block.WEIGHT])}
    # Small networks pay for 50 delays: the segments' own 20 bytes and 64 steps of history.
    segments = table.axon.size
    assert sum(kept.values()) - 14 * synapses < 22 * segments + 8 * 65 * 2000 + 200_000


@pytest.mark.parametrize("width", [(32, 0), (16, 16), (16, 32)])
def test_formats_of_large_tables(width, engine, monkeypatch):
    """Targets beyond 65,536 neurons and indices beyond 32 bits, forced upon a small table."""
    net = recurrent(4, RULES["pair"], delay=uniform(0.5, 20.0))
    usual = engine(net, 160)
    narrow = plastic_rows.layout

    def layout(table):
        offset_bits = {0: narrow(table).offset_bits, 16: 34, 32: 46}[width[1]]
        return replace(narrow(table), offset_bits=offset_bits, width=Width(*width))

    monkeypatch.setattr(plastic_setup, "layout", layout)
    wide = engine(net, 160)
    assert np.array_equal(wide.weights("exc->exc"), usual.weights("exc->exc"))
    assert wide.spikes("exc") == usual.spikes("exc")
