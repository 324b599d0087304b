"""Splitters: neurons that repeat the spikes of those that one axon does not do for (hardware.md 3.1, Merolla S4)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spikemesh as sm
from spikemesh.contracts import axons_of, splitters_for
from spikemesh.errors import MappingError

GRID = {"cores": [6, 6], "rules": ["truenorth_crossbar"]}


def network(delay=3.0, neurons=300, weight=None):
    """Two populations on several cores, in numbers that are rounded, so that other scales would show."""
    net = sm.Network(timestep="1 ms", seed=3)
    net.add_population("a", 40, "iaf", v_th=1.0, i_e=0.3, init={"v": sm.uniform(0.0, 1.0)})
    net.add_population("b", neurons, "iaf", v_th=2.0)
    drawn = sm.uniform(0.1, 0.2) if weight is None else weight
    net.connect("a", "b", "fixed_probability", p=0.5, weight=drawn, delay=delay, name="ab")
    net.connect("b", "a", "fixed_probability", p=0.05, weight=-0.1, delay=2.0)
    net.probe("a", "spikes")
    net.probe("b", "spikes")
    net.probe("b", "v", neurons=slice(0, 5))
    return net


def chain(neurons, delay):
    """One neuron that reaches as many cores of one neuron each."""
    net = sm.Network(timestep="1 ms")
    net.add_population("s", 1, "spike_source", times=[[5.0]])
    net.add_population("a", 1, "iaf", v_th=1.0)
    net.add_population("b", neurons, "iaf", v_th=1.0)
    net.connect("s", "a", "all_to_all", weight=1.0)
    net.connect("a", "b", "all_to_all", weight=1.0, delay=delay)
    net.probe("b", "spikes")
    return net


def simulated(net, system, **options):
    simulation = sm.Simulation(net, system, backend="local", **options)
    simulation.run("100 ms")
    return simulation, simulation.close()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_spikes_are_those_without_splitters(workers):
    _, ideal = simulated(network(), "ideal")
    for links in ("none", "packet"):
        system = sm.System.preset("truenorth", chip={**GRID, "rules": []})
        simulation, found = simulated(network(), system, workers=workers, links=links)
        assert simulation.mapped.splitters.origin.size > 0
        assert found.summary["digest"]["function"] == ideal.summary["digest"]["function"]
        # Spikes of splitters are spikes of the chip.
        assert found.summary["spikes"] > ideal.summary["spikes"]


def test_input_is_scaled_as_without_splitters():
    from spikemesh.mapping.scales import input_scales

    system = sm.System.preset("truenorth", chip={**GRID, "rules": []})
    mapped = sm.Simulation(network(), system, backend="local").mapped
    scales, inserted = input_scales(mapped.described), input_scales(mapped.network)
    assert inserted.units[:2] == scales.units
    # Both parts of a projection are stored as the whole would be.
    whole = dict(mapped.splitters.via)
    assert whole
    assert all(inserted.bounds[part] == scales.bounds[old] for part, old in whole.items())
    assert inserted.bounds[:2] == scales.bounds


def test_the_account_is_the_same_for_all_workers():
    system = sm.System.preset("truenorth", chip={**GRID, "rules": []}, chips=(2, 1))
    digests = [simulated(network(), system, workers=w)[1].summary["digest"] for w in (1, 2, 4)]
    assert digests[0] == digests[1] == digests[2]


def test_a_spike_takes_its_splitters_events_and_packets():
    # 3 cores of 2 neurons: "a" and a target, two targets, and the splitters of "a", which reach the other cores.
    net = sm.Network(timestep="1 ms")
    net.add_population("a", 1, "iaf", v_th=1.0, i_e=1.0)
    net.add_population("b", 3, "iaf", v_th=100.0)
    net.connect("a", "b", "all_to_all", weight=1.0, delay=2.0)
    core = {"neurons": 2, "axons_in": 2, "fan_in": 2}
    system = sm.System.preset("truenorth", chip={"cores": [4, 1], "core": core, "rules": []})
    simulation, result = simulated(net, system)
    figures = simulation.mapped.report.to_dict()["splitters"]
    assert figures == {"splitters": 2, "neurons": 1, "levels": 1, "per_core": {"chip0.core2": 2}}
    assert "2 splitters repeat the spikes of 1 neurons" in simulation.mapped.report.table()
    trace = result.trace
    # A spike of "a": one packet to the splitters, two events there; two packets of splitters, three events.
    spikes = 100
    assert trace.counts("core_packets_out").sum(axis=0).tolist() == [spikes, 0, 2 * spikes - 2, 0]
    assert result.summary["spikes"] == spikes + 2 * (spikes - 1)
    assert result.summary["synaptic_events"] == 2 * spikes + 3 * (spikes - 1)
    # 2.297 pJ an event (Akopyan 2015, Fig. 17).
    assert trace.energy_account().dynamic.value == pytest.approx(2.297 * (5 * spikes - 3), rel=1e-12)


@pytest.mark.parametrize(("delay", "fits"), [(2.0, False), (3.0, True)])
def test_each_level_takes_a_tick(delay, fits):
    # Cores of two neurons: four targets and the neuron itself lie on three; two levels of splitters of two.
    core = {"neurons": 2, "axons_in": 2, "fan_in": 2}
    system = sm.System.preset("truenorth", chip={"cores": [8, 1], "core": core, "rules": []})
    net = chain(5, delay)
    simulation = sm.Simulation(net, system, backend="local") if fits else None
    if simulation is not None:
        assert simulation.mapped.splitters.levels == 2
        simulation.run("20 ms")
        trace = simulation.close().trace
        assert trace.spikes("b").times_ms.tolist() == [9.0] * 5
        return
    system = sm.System.preset("truenorth", chip={"cores": [8, 1], "core": core})
    with pytest.raises(MappingError, match=r'projection "a->b"'):
        sm.Simulation(net, system, backend="local")


def test_weights_are_those_of_the_projection_as_described():
    net = network()
    net.probe("ab", "weights")
    _, ideal = simulated(net, "ideal")
    system = sm.System.preset("truenorth", chip={**GRID, "rules": []})
    _, found = simulated(net, system)
    assert found.summary["digest"]["function"] == ideal.summary["digest"]["function"]
    assert found.trace.weights("ab").weight.size > 0


def test_packets_of_splitters_can_be_lost():
    # Queues so short that packets are lost, those of splitters as well; alike for all workers.
    slow = {"between_chips": {"bandwidth": "20 kpacket/s", "queue": 8, "when_full": "drop"}}
    system = sm.System.preset(
        "truenorth", chip={**GRID, "rules": [], "cores": [2, 2]}, chips=(2, 1), links=slow
    )
    net = network(neurons=220)
    found = [simulated(net, system, workers=w)[1].summary for w in (1, 2)]
    assert found[0]["packets_late"] + found[0]["packets_dropped"] > 0
    assert found[0]["digest"] == found[1]["digest"]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 2), st.integers(0, 3), st.integers(1, 3), st.integers(1, 3)
        ),
        min_size=1,
        max_size=40,
    )
)
def test_axons_act_at_one_tick_and_once_on_each_neuron(rows):
    source, core, target, delay, weight = (np.array(column) for column in zip(*rows, strict=True))
    target = core * 4 + target
    axons = axons_of(source, core, target, delay, weight.astype(float))
    for column, given_column in ((axons.source, source), (axons.core, core), (axons.delay, delay)):
        assert np.array_equal(column[axons.of], given_column)
    assert np.unique(np.stack([axons.of, target]), axis=1).shape[1] == len(rows)
    # No more of them than synapses of the pair that has most.
    for key in set(zip(source, core, delay, strict=True)):
        mine = (source == key[0]) & (core == key[1]) & (delay == key[2])
        number = np.unique(axons.of[mine]).size
        assert number == np.bincount(target[mine]).max()


@settings(max_examples=25, deadline=None)
@given(axons=st.integers(2, 40), per_core=st.integers(2, 5))
def test_splitters_form_trees(axons, per_core):
    from spikemesh.contracts.axons import Axons
    from spikemesh.mapping.splitters import tree_of

    zero = np.zeros(axons, dtype=np.int64)
    needed = np.array([axons])
    count, levels = splitters_for(needed, per_core)
    tree = tree_of(Axons(zero, np.arange(axons), zero + 1, zero, zero), levels, per_core)
    assert tree.source.size == count[0]
    assert tree.group_size.max(initial=0) <= per_core
    assert np.array_equal(np.bincount(tree.group, minlength=tree.parent.size), tree.group_size)
    # Each splitter sends to one axon, of a target or of a group; the neuron to one group.
    sent = [*tree.of_axon, *tree.parent[tree.parent >= 0]]
    assert sorted(sent) == list(range(tree.source.size))
    assert np.count_nonzero(tree.parent < 0) == 1
