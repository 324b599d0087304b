"""A class that breaks its contract is refused where it is written, by name, attribute and argument."""

import pickle
import re
import types

import pytest
from ray import cloudpickle

from spikemesh.contracts import Decoder, Encoder, LearningRule, NeuronModel, Parameter, State, Trace, hookimpl
from spikemesh.errors import PluginError
from spikemesh.registry import Registry


def model(**changed):
    def constants(p, dt):
        return {}

    def step(s, c, x):
        return (s.v,), False

    body = {"name": "mine", "state": {"v": State(0.0)}, "constants": constants, "step": step, **changed}
    return type("Mine", (NeuronModel,), body)


def rule(**changed):
    def constants(p, dt):
        return {}

    def on_pre(w, s, c, pre, post, third):
        return w, ()

    return type(
        "Mine", (LearningRule,), {"name": "mine", "constants": constants, "on_pre": on_pre, **changed}
    )


def encoder(**changed):
    def encode(values, steps, first_step, dt, p, random):
        return (), ()

    return type("Mine", (Encoder,), {"name": "mine", "encode": encode, **changed})


def decoder(**changed):
    def decode(ticks, neurons, size, edges, p):
        return 0

    return type("Mine", (Decoder,), {"name": "mine", "decode": decode, **changed})


def refused(make, words, **changed):
    with pytest.raises(PluginError) as caught:
        make(**changed)
    for word in words:
        assert word in str(caught.value)


def test_what_is_right_is_not_refused():
    for make in (model, rule, encoder, decoder):
        assert make().name == "mine"
    # Attributes of one's own are free, as long as they are not nearly one of the contract's.
    assert model(TABLE=(1, 2), width=3, _decay=1.0).width == 3


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"recepters": ("exc",)}, ['neuron model Mine has no attribute "recepters"', '"receptors"']),
        ({"constant": 1}, ['"constant"', 'did you mean "constants"']),
        ({"name": "My Model"}, ["'My Model'", "lower-case"]),
        ({"receptors": "exc"}, ["neuron model mine: receptors is 'exc'", "tuple"]),
        ({"receptors": ("exc", "exc")}, ["one thing twice"]),
        ({"receptor_kind": "conductances"}, ["'conductances'", "'current', 'conductance'"]),
        ({"arithmetic": "float32"}, ["arithmetic is 'float32'", "'float64', 'int64'"]),
        ({"events": "times"}, ["events is 'times'"]),
        ({"parameters": {"tau": 20.0}}, ['parameters "tau" is 20.0', "Parameter(...)"]),
        ({"parameters": {"tau": Parameter(-1.0, gt=0)}}, ['"tau" has the default -1.0, which is not > 0']),
        ({"parameters": {"tau": Parameter("tau_m")}}, ['"tau" takes the value of "tau_m"']),
        ({"parameters": {"mode": Parameter("a", choices=("b",))}}, ["default is 'a'", "'b'"]),
        ({"state": {"v": 0.0}}, ['state "v" is 0.0']),
        ({"state": ("v",)}, ["state is of type tuple"]),
        ({"step": lambda s, x: ((), False)}, ["neuron model mine: step(s, x) does not fit", "step(s, c, x)"]),
        ({"step": 3}, ["step is 3; it must be a function"]),
        ({"constants": lambda p: {}}, ["constants(p) does not fit", "constants(p, dt)"]),
        ({"weights": lambda w: w}, ["weights(w) does not fit"]),
    ],
)  # fmt: skip
def test_a_neuron_model(changed, words):
    refused(model, words, **changed)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"on_posts": 1}, ['learning rule Mine has no attribute "on_posts"', '"on_post"']),
        ({"on_pre": lambda w, s, c: (w, ())}, ["learning rule mine: on_pre(w, s, c) does not fit", "pre, post, third"]),
        ({"draws": ("a",)}, ["on_pre(w, s, c, pre, post, third) does not fit", "third, u)"]),
        ({"pre": {"x": Trace("tau")}}, ['trace "x" needs a parameter "tau"']),
        ({"post": {"y": 20.0}}, ['post "y" is 20.0', "Trace(...)"]),
        ({"visits": {"slow": 3}}, ['visits "slow" is 3', "Visit(...)"]),
        ({"reads": "v"}, ["reads is 'v'"]),
        (
            {"parameters": {"tau": Parameter(1.0)}, "pre": {"x": Trace("tau", "reset")}},
            ['pre "x": on_spike is \'reset\'', "'add', 'set'"],
        ),
    ],
)  # fmt: skip
def test_a_learning_rule(changed, words):
    refused(rule, words, **changed)


@pytest.mark.parametrize(
    ("make", "changed", "words"),
    [
        (encoder, {"emit": "spikes"}, ['encoder Mine has no attribute "emit"', '"emits"']),
        (encoder, {"emits": "spike"}, ["emits is 'spike'"]),
        (
            encoder,
            {"encode": lambda values, p: 0},
            ["encoder mine: encode(values, p) does not fit", "random"],
        ),
        (encoder, {"check": lambda values: 0}, ["check(values) does not fit"]),
        (decoder, {"decode": lambda ticks: 0}, ["decoder mine: decode(ticks) does not fit", "edges"]),
        (decoder, {"parameter": {}}, ['"parameters"']),
    ],
)
def test_coding(make, changed, words):
    refused(make, words, **changed)


def test_the_argument_is_named_however_it_is_called():
    with pytest.raises(PluginError, match=re.escape("must be step(s, c, x)")):
        model(step=lambda state, constants, inputs, more: ((), False))
    # Names of arguments are the author's; only their number counts.
    assert model(step=lambda state, constants, inputs: ((), False))


@pytest.mark.parametrize("made", [model(), rule(), encoder()], ids=["model", "rule", "encoder"])
def test_a_class_of_a_script_travels_to_other_processes(made):
    script = types.ModuleType("script_of_a_user")
    made.__module__ = script.__name__
    back = pickle.loads(cloudpickle.dumps(made))
    assert back.name == made.name
    functions = [name for name in ("constants", "encode", "step") if hasattr(made, name)]
    for name in functions:
        assert getattr(back, name).__code__ == getattr(made, name).__code__


def test_a_class_without_a_body_is_refused_when_it_is_registered():
    plugin = types.ModuleType("mine")
    plugin.spikemesh_neuron_models = hookimpl(lambda: [type("Empty", (NeuronModel,), {})])
    with pytest.raises(PluginError, match=r"neuron model Empty: name is None"):
        Registry().register(plugin, "mine", "a test")
