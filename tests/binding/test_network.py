"""Projections, drives, inputs and probes bound with the built-in plugins, and every mistake they can hold."""

import dataclasses

import numpy as np
import pytest

from spikemesh.contracts import NeuronModel, Parameter, State
from spikemesh.description.builder import Network, constant_current, poisson, rule, steps
from spikemesh.description.network import Population
from spikemesh.description.values import Distribution, normal, uniform
from spikemesh.errors import DescriptionError
from spikemesh.registry import load_registry
from spikemesh.registry.bind import attempt_bind, bind


class Conductance(NeuronModel):
    name = "toy_cond"
    parameters = {"e": Parameter(0.0, "mV")}
    state = {"v": State(0.0, "mV")}
    receptor_kind = "conductance"
    weight_unit = "nS"

    def constants(p, dt):
        return {}

    def step(s, c, x):
        return (s.v,), False


@pytest.fixture(scope="module")
def registry():
    made = load_registry()
    made.neuron_models.add("toy_cond", Conductance, "tests")
    return made


@pytest.fixture
def net():
    network = Network(timestep="0.1 ms", seed=1)
    network.add_population("in", 5, "spike_source", times=[1.0])
    network.add_population("exc", 4, "lif_psc_exp")
    network.add_population("cond", 4, "toy_cond")
    network.add_population("chip", 4, "loihi_cuba")
    return network


def projection(net, registry, *args, **kwargs):
    net.connect(*args, **kwargs)
    return bind(net.describe(), registry).projections[-1]


def test_offsets_and_order(net, registry):
    bound = bind(net.describe(), registry)
    assert [(p.index, p.offset, p.size) for p in bound.populations] == [
        (0, 0, 5),
        (1, 5, 4),
        (2, 9, 4),
        (3, 13, 4),
    ]
    assert bound.size == 17
    assert bound.timestep_ms == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("target", "weight", "receptor", "expected"),
    [
        ("exc", 2.0, "auto", ("exc", 2.0)),
        ("exc", "-0.5 nA", "auto", ("inh", -500.0)),
        ("exc", -2.0, "exc", ("exc", -2.0)),
        ("cond", -2.0, "auto", ("inh", 2.0)),
        ("cond", "0.002 uS", "auto", ("exc", 2.0)),
        ("cond", -2.0, "exc", ("exc", 2.0)),
    ],
)
def test_sign_picks_the_receptor(net, registry, target, weight, receptor, expected):
    found = projection(net, registry, "in", target, "all_to_all", weight=weight, receptor=receptor)
    assert (found.receptor, found.weight) == (expected[0], pytest.approx(expected[1]))


def test_mixed_signs_stay_with_their_synapses(net, registry):
    lists = {"sources": [0, 1], "targets": [2, 3]}
    mixed = projection(net, registry, "in", "cond", weight=[1.0, -2.0], **lists)
    assert (mixed.receptor, mixed.weight.tolist()) == ("auto", [1.0, -2.0])
    negative = projection(net, registry, "in", "cond", weight=[-1.0, -2.0], **lists)
    assert (negative.receptor, negative.weight.tolist()) == ("inh", [1.0, 2.0])
    drawn = projection(net, registry, "in", "exc", "all_to_all", weight=normal("1 nA", "0.1 nA", low=0))
    assert (drawn.receptor, drawn.weight) == ("exc", Distribution("normal", 1000.0, 100.0, 0.0, None))
    assert projection(net, registry, "in", "exc", "all_to_all", weight=normal(1, 1)).receptor == "auto"


def test_delays_in_steps(net, registry):
    assert projection(net, registry, "in", "exc", "all_to_all").delay == 1
    assert projection(net, registry, "in", "exc", "all_to_all", delay="1.5 ms").delay == 15
    lists = {"sources": [0, 1], "targets": [2, 3]}
    assert projection(net, registry, "in", "exc", delay=[0.1, 2.0], **lists).delay.tolist() == [1, 20]
    drawn = projection(net, registry, "in", "exc", "all_to_all", delay=uniform("500 us", "1.5 ms")).delay
    assert drawn == Distribution("uniform", 0.5, 1.5)


def test_weight_format_of_the_model(net, registry):
    # Mixed mode of 8 bits holds even mantissas, truncated towards zero: 33 -> 32, times 2^1 (Lava).
    found = projection(net, registry, "in", "chip", "all_to_all", weight=33, weight_exp=1, num_weight_bits=8)
    assert (found.weight, found.receptor) == (64.0, "exc")


def test_learning(net, registry):
    use = rule("stdp_pair", tau_plus="20 ms", third_times=[0.0, 1.0], third_values=[0.0, 0.5])
    learning = projection(net, registry, "in", "exc", "all_to_all", weight=-3.0, learning=use).learning
    assert learning.parameters["tau_plus"] == 20.0
    assert learning.parameters["w_max"] == 6.0  # twice the largest initial magnitude
    assert learning.third_ticks.tolist() == [0, 10]
    assert learning.third_values.tolist() == [0.0, 0.5]
    assert all(isinstance(c, float) for c in learning.constants.values())
    use = rule("stdp_pair", w_max="1 nA", delay_side="axonal")
    learning = projection(net, registry, "in", "exc", "all_to_all", weight=3.0, learning=use).learning
    assert learning.parameters["w_max"] == 1000.0


def test_drives(net, registry):
    net.drive("exc", poisson("8.5 kHz", 16.14))
    net.drive("exc", poisson([1, 2, 3, 4], "-1 nA"))
    net.drive("exc", steps([0, 10], [[1, 2, 3, 4], [0, 0, 0, 0]]))
    net.drive("exc", constant_current("0.4 nA"))
    bound = bind(net.describe(), registry)
    assert (bound.poissons[0].rate, bound.poissons[0].weight, bound.poissons[0].receptor) == (
        8500.0,
        16.14,
        "exc",
    )
    assert bound.poissons[1].rate.tolist() == [1, 2, 3, 4]
    assert (bound.poissons[1].weight, bound.poissons[1].receptor) == (-1000.0, "inh")
    assert bound.currents[0].ticks.tolist() == [0, 100]
    assert bound.currents[0].values.shape == (2, 4)
    assert (bound.currents[1].ticks.tolist(), bound.currents[1].values.tolist()) == ([0], [400.0])
    assert [p.index for p in bound.poissons] == [c.index for c in bound.currents] == [0, 1]


def test_inputs_and_probes(net, registry):
    net.add_input(
        "in", encoder="latency", data=np.full((2, 5), 0.5), present="50 ms", blank=10, reset=["exc", "cond"]
    )
    net.probe("exc", "v", "spikes", neurons="1:3", every="1 ms")
    net.probe("exc", "v", neurons=[1, 2], every=1.0)
    net.connect("in", "exc", "all_to_all")
    net.probe("in->exc")
    bound = bind(net.describe(), registry)
    use = bound.inputs[0]
    assert (use.population, use.present, use.blank, use.reset, use.data.shape) == (
        0,
        500,
        100,
        (1, 2),
        (2, 5),
    )
    assert [(p.population, p.variable, p.neurons.tolist(), p.every) for p in bound.probes] == [
        (1, "v", [1, 2], 10)
    ]
    assert (bound.recorded, bound.stored_weights) == ((1,), (0,))


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        (lambda n: n.connect("exc", "in", "all_to_all"), 'projection "exc->in"', "takes no synapses"),
        (lambda n: n.connect("in", "exc", "all_to_all", weight="1 mV"), ".weight", "not in units of pA"),
        (lambda n: n.connect("in", "exc", "all_to_all", weight=float("inf")), ".weight", "not finite"),
        (
            lambda n: n.connect("in", "exc", "all_to_all", weight=[1.0]),
            ".weight",
            "does not list its synapses",
        ),
        (
            lambda n: n.connect("in", "exc", sources=[1], targets=[1], weight=[1.0, 2]),
            ".weight",
            "for 1 synapses",
        ),
        (lambda n: n.connect("in", "exc", "all_to_all", delay=0), ".delay", "at least one step"),
        (
            lambda n: n.connect("in", "exc", "all_to_all", delay=1.53),
            ".delay",
            "nearest multiples: 1.5 ms, 1.6 ms",
        ),
        (lambda n: n.connect("in", "exc", "all_to_all", delay=-1), ".delay", "at least one step"),
        (lambda n: n.connect("in", "exc", "all_to_all", delay=1e300), ".delay", "at most"),
        (lambda n: n.connect("in", "exc", "all_to_all", delay=uniform(0, 0.04)), ".delay", "no delay drawn"),
        (lambda n: n.connect("in", "exc", "all_to_all", receptor="ex"), ".receptor", 'did you mean "exc"?'),
        (lambda n: n.connect("in", "exc", "all_to_all", wieght=3), ".wieght", 'did you mean "weight"?'),
        (lambda n: n.connect("in", "chip", "all_to_all", weight=300), ".weight", "mixed: -256 to 254"),
        (
            lambda n: n.connect("in", "chip", "all_to_all", weight=3, sign_mode="x"),
            ".sign_mode",
            "no sign mode",
        ),
        (
            lambda n: n.connect("in", "chip", "all_to_all", weight=normal(9, 1)),
            ".weight",
            "format of its own",
        ),
        (
            lambda n: n.connect("in", "exc", "all_to_all", learning="stdp_par"),
            ".learning.rule",
            'mean "stdp_pair',
        ),
        (
            lambda n: n.connect("in", "exc", "all_to_all", learning=rule("stdp_pair", tau=1)),
            ".learning.tau",
            "no parameter",
        ),
        (
            lambda n: n.connect("in", "exc", "all_to_all", weight=0, learning="stdp_pair"),
            ".learning.w_max",
            "all 0",
        ),
        (
            lambda n: n.connect("in", "exc", "all_to_all", weight=9, learning=rule("stdp_pair", w_max=3)),
            ".learning.w_max",
            "below the initial weight 9",
        ),
        (
            lambda n: n.connect("in", "exc", "all_to_all", weight=normal(9, 1), learning="stdp_pair"),
            ".learning.w_max",
            "drawn without a bound",
        ),
        (
            lambda n: n.connect(
                "in", "exc", "all_to_all", learning=rule("stdp_pair", delay_side="dentritic")
            ),
            ".learning.delay_side",
            'did you mean "dendritic"?',
        ),
        (
            lambda n: n.connect("in", "exc", "all_to_all", learning=rule("stdp_pair", third_times=[1.0])),
            ".learning.third_values",
            "is missing",
        ),
        (lambda n: n.drive("in", poisson(1, 1)), 'population "in".drive[0]', "takes no synapses"),
        (lambda n: n.drive("in", constant_current(1)), 'population "in".drive[0]', "takes no current"),
        (lambda n: n.drive("exc", poisson(-1, 1)), "drive[0].rate", ">= 0"),
        (lambda n: n.drive("exc", poisson(1, "1 mV")), "drive[0].weight", "units of pA"),
        (lambda n: n.drive("exc", poisson(1, 1, "on")), "drive[0].receptor", "no receptor 'on'"),
        (lambda n: n.drive("exc", steps([0.05], [1])), "drive[0].times", "multiple of the timestep"),
        (lambda n: n.drive("exc", steps([1, 0], [1, 2])), "drive[0].times", "do not rise"),
        (lambda n: n.drive("exc", steps([1, 2], [1])), "drive[0].currents", "shape (1,) for 2 times"),
        (lambda n: n.drive("chip", constant_current(0.5)), "drive[0].current", "counts in integers"),
        (lambda n: n.probe("exc", "u"), "probe[0].what", 'no state "u"'),
        (lambda n: n.probe("exc", "v", every=0.15), "probe[0].every", "whole number of steps"),
        (lambda n: (n.probe("exc", "v"), n.probe("exc", "v", every=1)), "probe[1]", "sampled twice"),
        (
            lambda n: n.add_input("exc", encoder="latency", data=np.zeros((1, 4)), present=1),
            'input "exc".encoder',
            "makes spikes",
        ),
        (
            lambda n: n.add_input("in", encoder="latency", data=np.zeros((1, 4)), present=1),
            'input "in".data',
            'has 4 values a sample, population "in" 5 neurons',
        ),
        (
            lambda n: n.add_input("in", encoder="delta", data=np.zeros((1, 5)), present=1),
            'input "in".encoder',
            "reads a stream, not samples",
        ),
        (
            lambda n: n.add_input("in", encoder="latency", stream=np.zeros((9, 5))),
            'input "in".encoder',
            "encodes samples, not a stream",
        ),
        (
            lambda n: n.add_input("in", encoder="delta", stream=np.zeros((9, 5)), sample_rate=100),
            'input "in".size',
            'population "in" has 5 neurons (encoder "delta" makes 10 of this stream)',
        ),
        (
            lambda n: n.add_input("adm", encoder="delta", stream=np.zeros(9), size=2),
            'input "adm".sample_rate',
            "is not known",
        ),
        (
            lambda n: n.add_input("adm", encoder="delta", stream="none.npy", size=2, sample_rate=100),
            'input "adm".stream',
            "none.npy cannot be read",
        ),
        (
            lambda n: n.add_input("adm", encoder="delta", stream="speech.mp3", size=2, sample_rate=100),
            'input "adm".stream',
            "speech.mp3 is no signal that can be read",
        ),
        (
            lambda n: n.add_input(
                "adm", encoder="delta", stream=np.zeros(9), size=2, sample_rate=100, low=50
            ),
            'input "adm".low',
            "50 Hz in a signal of 100 samples a second",
        ),
        (
            lambda n: n.add_input("exc", encoder="delta", stream=np.zeros((9, 2)), sample_rate=100),
            'input "exc".encoder',
            "makes spikes",
        ),
        (
            lambda n: n.add_input("in", encoder="constant_current", data=np.zeros((1, 5)), present=1),
            'input "in".encoder',
            "makes currents",
        ),
        (
            lambda n: n.add_input("in", encoder="latencie", data=np.zeros((1, 5)), present=1),
            'input "in".encoder',
            'did you mean "latency"?',
        ),
        (
            lambda n: n.add_input("in", encoder="latency", data=np.zeros((1, 5)), present=0.25),
            'input "in".present',
            "whole number of steps",
        ),
    ],
)
def test_mistakes_name_their_place_and_remedy(net, registry, change, where, message):
    change(net)
    with pytest.raises(DescriptionError) as caught:
        bind(net.describe(), registry)
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert where in problem.where
    assert message in str(problem)
    assert problem.remedy


def test_one_mistake_hides_no_other(net, registry):
    net.add_population("lost", 3, "lif_psc_ex", tau_m="1 mV")
    net.connect("in", "lost", "fixed_probability", p=0.5, delay=0.05)
    net.connect("exc", "exc", "all_to_all", weight="x", receptor="y", delay=-1, learning="z", w=1)
    net.probe("lost", "v")
    net.probe("exc", "u", every=0.05)
    attempt = attempt_bind(net.describe(), registry)
    assert attempt.network is None
    assert [p.where for p in attempt.problems] == [
        'population "lost".model',
        'projection "in->lost".delay',
        'projection "exc->exc".weight',
        'projection "exc->exc".w',
        'projection "exc->exc".receptor',
        'projection "exc->exc".delay',
        'projection "exc->exc".learning.rule',
        "probe[1].every",
        "probe[1].what",
    ]


def test_descriptions_made_by_hand_are_checked_too(net, registry):
    described = net.describe()
    twice = dataclasses.replace(
        described, populations=(*described.populations, Population("exc", -3, "lif_psc_exp"))
    )
    with pytest.raises(DescriptionError) as caught:
        bind(twice, registry)
    text = str(caught.value)
    assert 'two populations "exc"' in text
    assert "-3 is not a size" in text
    with pytest.raises(DescriptionError, match="at least one population"):
        bind(dataclasses.replace(described, populations=()), registry)
    with pytest.raises(DescriptionError, match="timestep"):
        bind(dataclasses.replace(described, timestep=0), registry)


def test_equal_descriptions_bind_equally(net, registry, plain):
    net.connect("in", "exc", "fixed_probability", p=0.5, weight=normal(1, 0.1))
    assert plain(bind(net.describe(), registry)) == plain(bind(net.describe(), registry))
