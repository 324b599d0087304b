"""The Network builder: a mistake shows at its own line, and nothing of it is kept."""

import numpy as np
import pytest

from spikemesh.description.builder import Network, constant_current, poisson, rule, steps
from spikemesh.description.values import Distribution, uniform
from spikemesh.errors import DescriptionError


@pytest.fixture
def net():
    network = Network(timestep="0.1 ms", seed=3)
    network.add_population(
        "exc", 80, "lif_psc_exp", tau_m="20 ms", i_e=np.arange(80), init={"v": uniform(0, 15)}
    )
    network.add_population("inh", 20, "lif_psc_exp", positions=np.zeros((20, 2)))
    return network


def test_parts_are_kept_as_given(net):
    projection = net.connect(
        "exc", "inh", rule="fixed_probability", p=0.1, weight=87.8, delay="1.5 ms", weight_exp=2
    )
    assert (projection.name, projection.rule, projection.arguments) == (
        "exc->inh",
        "fixed_probability",
        {"p": 0.1},
    )
    assert projection.extras == {"weight_exp": 2}
    description = net.describe()
    assert [p.name for p in description.populations] == ["exc", "inh"]
    assert description.populations[0].init["v"] == Distribution("uniform", 0, 15)
    assert description.populations[0].params["i_e"].tolist() == list(range(80))


def test_arrays_are_copied_and_frozen(net):
    given = np.arange(20.0)
    population = net.add_population("copy", 20, "lif_psc_exp", i_e=given)
    given[:] = 7
    assert population.params["i_e"].tolist() == list(range(20))
    with pytest.raises(ValueError, match="read-only"):
        population.params["i_e"][0] = 1


def test_default_names_count_up(net):
    names = [net.connect("exc", "inh", "all_to_all").name for _ in range(3)]
    assert names == ["exc->inh", "exc->inh#2", "exc->inh#3"]


def test_lists_mean_the_explicit_rule(net):
    projection = net.connect("exc", "inh", sources=[0, 79], targets=[19, 0], weight=[1.0, 2.0])
    assert projection.rule == "explicit"
    assert {k: v.tolist() for k, v in projection.arguments.items()} == {
        "sources": [0, 79],
        "targets": [19, 0],
    }


def test_input_makes_its_sources(net):
    made = net.add_input("pixels", encoder="latency", data=np.zeros((3, 64)), present="50 ms", reset=["exc"])
    assert (made.size, made.model) == (64, "spike_source")
    again = net.add_input("exc", encoder="constant_current", data=np.zeros((3, 80)), present=50)
    assert again.model == "lif_psc_exp"
    assert len(net.describe().inputs) == 2


def test_probe_selects_neurons(net):
    assert net.probe("exc", "v", neurons=slice(0, 10)).neurons.tolist() == list(range(10))
    assert net.probe("exc", "v", neurons="70:").neurons.tolist() == list(range(70, 80))
    assert net.probe("exc", "v", neurons=[5, 3, 3]).neurons.tolist() == [3, 5]
    assert net.probe("exc").what == ("spikes",)
    assert net.probe(net.connect("exc", "inh", "all_to_all")).what == ("weights",)


def test_drives_and_learning(net):
    net.drive("exc", poisson("8.5 kHz", 16.14))
    net.drive("exc", steps([0, 10], [100, 0]))
    net.drive("exc", constant_current("0.4 nA"))
    kinds = [d.encoder for d in net.describe().drives]
    assert kinds == ["poisson", "steps", "constant_current"]
    learning = rule("stdp_pair", tau_plus="20 ms")
    assert net.connect("exc", "inh", "all_to_all", learning=learning).learning is learning


@pytest.mark.parametrize(
    ("call", "where", "message"),
    [
        (lambda n: n.add_population("exc", 5, "iaf"), 'population "exc".name', "two populations"),
        (lambda n: n.add_population("a", 0, "iaf"), 'population "a".size', "0 is not a size"),
        (lambda n: n.add_population("a", 2.5, "iaf"), 'population "a".size', "2.5 is not a size"),
        (lambda n: n.add_population("a", True, "iaf"), 'population "a".size', "True is not a size"),
        (lambda n: n.add_population("a", 10**30, "iaf"), 'population "a".size', "from 1 to 2147483647"),
        (lambda n: n.add_population("a/b", 1, "iaf"), 'population "a/b".name', "cannot be a name"),
        (
            lambda n: n.add_population("a", 2, "iaf", v_th=object()),
            'population "a".params.v_th',
            "object is not a value",
        ),
        (lambda n: n.add_population("a", 2, "iaf", positions=[[0, 1]]), 'population "a".positions', "(1, 2)"),
        (
            lambda n: n.connect("ex", "inh", "all_to_all"),
            'projection "ex->inh".source',
            'did you mean "exc"?',
        ),
        (lambda n: n.connect("exc", "inh"), "connect", "no connection rule"),
        (
            lambda n: n.connect("exc", "inh", "al_to_all"),
            'projection "exc->inh".connect.rule',
            'mean "all_to_all"?',
        ),
        (
            lambda n: n.connect("exc", "inh", "fixed_indegree", indegre=3),
            'projection "exc->inh".connect.indegree',
            "found indegre",
        ),
        (
            lambda n: n.connect("exc", "inh", sources=[1], targets=[1, 2]),
            'projection "exc->inh".connect.targets',
            "1 sources",
        ),
        (
            lambda n: n.connect("exc", "inh", sources=[80], targets=[1]),
            'projection "exc->inh".connect.sources',
            "neuron 80",
        ),
        (lambda n: n.connect("exc", "inh", sources=[1]), 'projection "exc->inh".connect.targets', "needs"),
        (lambda n: n.drive("exc", "poisson"), "drive", "str is no drive"),
        (lambda n: n.drive("in", constant_current(1)), "drive", 'did you mean "inh"?'),
        (lambda n: n.probe("exc", "v", neurons=[80]), "probe.neurons", "neuron 80 is outside 0 to 79"),
        (lambda n: n.probe("exc", "v", neurons="abc"), "probe.neurons", "not a slice"),
        (lambda n: n.probe("exc", "v", every="1 mV"), "probe.every", "not in units of ms"),
        (lambda n: n.probe("exi"), "probe.target", 'did you mean "exc"?'),
        (lambda n: n.add_input("p", encoder="latency", data=[1, 2], present=1), 'input "p".data', "no table"),
        (lambda n: n.add_input("p", encoder="latency"), 'input "p"', "neither data nor a stream"),
        (
            lambda n: n.add_input("p", encoder="delta", data=[[1]], stream=np.zeros(3)),
            'input "p"',
            "both data and a stream",
        ),
        (lambda n: n.add_input("p", encoder="latency", data=[[1]]), 'input "p".present', "is missing"),
        (
            lambda n: n.add_input("p", encoder="delta", stream=np.zeros(3), size=2, present=1),
            'input "p".present',
            "goes with data",
        ),
        (lambda n: n.add_input("p", encoder="delta", stream=np.zeros(3)), 'input "p".size', "is missing"),
        (
            lambda n: n.add_input("exc", encoder="delta", stream=np.zeros(3), size=2),
            'input "exc".size',
            'population "exc" has 80 neurons',
        ),
        (
            lambda n: n.add_input("p", encoder="delta", stream=np.zeros(3), size=0),
            'input "p".size',
            "0 is out of range",
        ),
        (lambda n: n.add_input("p", encoder="latency", data=[[np.nan]], present=1), 'input "p".data', "NaN"),
        (
            lambda n: n.add_input("p", encoder="latency", data=[[1]], present=0),
            'input "p".present',
            "above 0 ms",
        ),
    ],
)
def test_mistakes_show_at_the_call(net, call, where, message):
    before = repr(net)
    with pytest.raises(DescriptionError) as caught:
        call(net)
    assert caught.value.problems[0].where == where
    assert message in str(caught.value)
    assert all(p.remedy for p in caught.value.problems)
    assert repr(net) == before


@pytest.mark.parametrize(
    "arguments", [{"timestep": 0}, {"timestep": "1 mV"}, {"seed": -1}, {"seed": 1.5}, {"seed": 2**63}]
)
def test_time_step_and_seed(arguments):
    with pytest.raises(DescriptionError):
        Network(**arguments)


def test_repr_says_what_is_there(net):
    net.connect("exc", "inh", "all_to_all")
    assert repr(net).startswith("<Network: 2 populations (100 neurons), 1 projections")
    assert repr(net.describe().populations[0]) == '<Population "exc": 80 lif_psc_exp>'
