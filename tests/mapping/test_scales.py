"""Weights in integers: how precise, with which sign, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.engine.setup import WorkingSet
from spikemesh.errors import DescriptionError, MappingError

MODEL = {"tau_syn_ex": 2.0, "tau_syn_in": 4.0}


def currents(weight, n=200, model="lif_psc_exp", **connection):
    """Currents right after one spike through ``weight``: exactly what was delivered."""
    net = sm.Network(timestep="1 ms", seed=3)
    source = net.add_population("in", n, "spike_source", times=np.array([1.0]))
    target = net.add_population("out", n, model, v_th=1e9, **MODEL)
    connection = connection or {"rule": "one_to_one"}
    net.connect(source, target, weight=weight, **connection)
    extra = net.add_population("kick", 1, "spike_source", times=[np.array([50.0])])
    net.connect(extra, target, rule="all_to_all", weight=1e7)
    for name in ("i_syn_ex", "i_syn_in"):
        net.probe(target, name)
    with sm.Simulation(net, backend="local") as simulation:
        simulation.run("2 ms")
        result = simulation.close()
    trace = result.trace
    return trace.probe("out", "i_syn_ex").values[-1], trace.probe("out", "i_syn_in").values[-1]


def test_small_weights_beside_a_large_one_keep_their_digits():
    weight = np.linspace(0.01, 0.02, 200)
    order = np.arange(200)
    excitatory, _ = currents(weight, sources=order, targets=order)
    assert np.allclose(excitatory, weight, rtol=1e-5)
    assert np.unique(excitatory).size == 200


def test_drawn_weights_of_a_wide_distribution_keep_their_digits():
    excitatory, _ = currents(sm.lognormal(0.0, 3.0), n=2000)
    # The smallest draws, 2^30 times below the largest, may vanish.
    assert np.mean(excitatory > 0) > 0.998
    excitatory = excitatory[excitatory > 0]
    # log-normal: the logarithm has mean 0 and standard deviation 3.
    assert abs(np.log(excitatory).mean()) < 4 * 3 / np.sqrt(2000)
    assert abs(np.log(excitatory).std() - 3) < 0.2


def test_a_negative_entry_of_a_kernel_inhibits():
    kernel = [[-1.0, 2.0]]
    conv = {"rule": "conv2d", "input_shape": [1, 201], "kernel": kernel}
    net = sm.Network(timestep="1 ms", seed=3)
    source = net.add_population("in", 201, "spike_source", times=np.array([1.0]))
    target = net.add_population("out", 200, "lif_psc_exp", v_th=1e9, **MODEL)
    net.connect(source, target, weight=50.0, **conv)
    for name in ("i_syn_ex", "i_syn_in"):
        net.probe(target, name)
    with sm.Simulation(net, backend="local") as simulation:
        simulation.run("2 ms")
        trace = simulation.close().trace
    assert np.all(trace.probe("out", "i_syn_ex").values[-1] == 100.0)
    assert np.all(trace.probe("out", "i_syn_in").values[-1] == -50.0)


def plastic(weight, chips, **rule):
    net = sm.Network(timestep="1 ms", seed=1)
    a, b = net.add_population("a", 2, "iaf"), net.add_population("b", 2, "iaf")
    options = {"sources": [0, 1], "targets": [0, 1]} if isinstance(weight, list) else {"rule": "all_to_all"}
    net.connect(a, b, weight=weight, learning=sm.rule("stdp_pair", **rule), **options)
    return sm.Simulation(net, sm.System.preset("ideal", chips=chips), backend="local", workers=chips)


@pytest.mark.parametrize("chips", [1, 2])
def test_plastic_weights_have_one_sign_on_any_mapping(chips):
    with pytest.raises((DescriptionError, MappingError), match=r'projection "a->b"\.weight.*sign'):
        plastic([3.0, -5.0], chips)


def test_drawn_plastic_weights_are_held_to_w_max():
    with pytest.raises(MappingError, match=r"initial weights reach .*, above w_max = 1"):
        plastic(sm.normal(0.9, 0.5, low=0.0), 1, w_max=1.0)


@pytest.mark.parametrize("weight", [1.5, 3e9])
@pytest.mark.parametrize("one", [True, False])
def test_models_in_integers_take_whole_weights(weight, one):
    net = sm.Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 1, "spike_source", times=[np.array([1.0])])

    class Counter(sm_neuron()):
        pass

    from spikemesh.registry.shared import shared_registry

    shared_registry().neuron_models.items["whole_counter"] = Counter
    target = net.add_population("out", 2, "whole_counter")
    shape = {"rule": "all_to_all"} if one else {"sources": [0, 0], "targets": [0, 1]}
    net.connect(source, target, weight=weight if one else np.array([weight, 1.0]), **shape)
    with pytest.raises(MappingError, match="is no weight for a model in integers"):
        sm.Simulation(net, backend="local")


def sm_neuron():
    from spikemesh.contracts import NeuronModel, State

    class WholeCounter(NeuronModel):
        name = "whole_counter"
        state = {"v": State(0)}
        receptors = ("exc", "inh")
        arithmetic = "int64"

        def constants(p, dt):
            return {}

        def step(s, c, x):
            return (s.v + x.exc + x.inh,), False

    return WholeCounter


def test_a_drive_of_others_does_not_change_the_numbers():
    def spikes(first):
        net = sm.Network(timestep="1 ms", seed=1)
        a, b = net.add_population("a", 5, "iaf"), net.add_population("b", 5, "iaf")
        if first:
            net.drive(a, sm.poisson(rate=100.0, weight=0.5))
        net.drive(b, sm.poisson(rate=300.0, weight=0.5))
        net.probe(b, "spikes")
        trace = sm.run(net, duration="200 ms", backend="local").trace
        return trace.spikes("b").ticks.tolist()

    assert spikes(False) == spikes(True) != []


def test_a_long_delay_costs_no_memory_for_each_input():
    net = sm.Network(timestep="0.1 ms", seed=1)
    a = net.add_population("a", 200_000, "iaf")
    net.connect(a, a, sources=[0], targets=[1], weight=1.0, delay=3000.0)
    with sm.Simulation(net, backend="local") as simulation:
        (program,) = simulation.mapped.build.programs
        work = WorkingSet(program)
    assert sum(array.nbytes for array in work.arrivals) < 2 * 8 * 200_000 + 2 * 8 * 65536 + 2**20


def test_lists_without_repeats():
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 3, "iaf")
    with pytest.raises(DescriptionError, match="1 pairs are listed again"):
        net.connect(a, a, sources=[0, 0, 1], targets=[1, 1, 1], weight=1.0, multapses=False)
