"""The suites find what is wrong: a right plugin passes, and each of its faults is found by the check meant for it."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from spikemesh.contracts import (
    Encoder,
    LearningRule,
    NeuronAnswer,
    NeuronModel,
    Parameter,
    State,
    SynapseAnswer,
    Trace,
)
from spikemesh.registry import load_registry
from spikemesh.testing import Skipped, conformance
from spikemesh.testing.checks import Check
from spikemesh.testing.conformance import checks_of
from spikemesh.testing.subjects import Subject

DOC = """tau dv/dt = -v; weights (mV) add to v; spike and reset to 0 at v_th. Source: by hand, 2020."""


@pytest.fixture(scope="module")
def registry():
    return load_registry()


class Leaky(NeuronModel):
    __doc__ = DOC
    name = "suite_leaky"
    parameters = {"tau": Parameter(10.0, "ms", gt=0), "v_th": Parameter(15.0, "mV", gt=0)}
    state = {"v": State(0.0, "mV")}
    weight_unit = "mV"
    order = math.inf
    known_answers = (
        # v(2) = 10, v(3) = 10 / e^(1/10); 10 / e^(1/10) + 6 = 15.05 > 15.
        NeuronAnswer(
            "two weights reach threshold", "by hand", dt=1.0, steps=4, inputs={"exc": {2: 10.0, 3: 6.0}},
            spikes=(3,), state={"v": {2: 10.0, 3: 0.0}},
        ),
        NeuronAnswer("it leaks", "by hand", dt=1.0, steps=12, init={"v": 10.0}, state={"v": {10: 10.0 / math.e}}),
    )  # fmt: skip

    def constants(p, dt):
        return {"decay": np.exp(-dt / p.tau), "v_th": p.v_th, "drive": -np.expm1(-dt / p.tau)}

    def step(s, c, x):
        v = s.v * c.decay + c.drive * x.current + x.exc + x.inh
        spiked = v >= c.v_th
        return (0.0 if spiked else v,), spiked


def variant(base, **changed):
    kept = {k: v for k, v in vars(base).items() if not k.startswith("__") or k == "__doc__"}
    return type(base.__name__, base.__bases__, {**kept, **changed})


def outcomes(item, kind, registry, hook="spikemesh_neuron_models", only=None):
    """Outcomes by name of the check, of an item that is known while it is checked."""
    catalogue = registry.catalogues[hook]
    catalogue.add(item.name, item, "test")
    try:
        checks = checks_of([Subject(hook, kind, item.name, item, registry)])
        return {c.name: c.outcome() for c in checks if c.name != "speed" and only in (None, c.name)}
    finally:
        del catalogue.items[item.name], catalogue.origins[item.name]


def test_a_right_neuron_model_passes(registry):
    found = outcomes(Leaky, "neuron model", registry)
    assert {o.status for o in found.values()} == {"passed"}, found
    assert "known answer: it leaks" in found
    assert "exact" in found["converges with dt"].message


def explodes(s, c, x):
    v = s.v * 1e30 + x.exc + 1.0
    return (v,), False


def first_order(p, dt):
    return {"decay": 1.0 - dt / p.tau, "v_th": p.v_th, "drive": dt / p.tau}


def too_many(s, c, x):
    return (s.v, 0.0), False


@pytest.mark.parametrize(
    ("changed", "check", "words"),
    [
        ({"__doc__": "A neuron."}, "documented", "no equation"),
        ({"__doc__": "dv/dt = -v"}, "documented", "names no source"),
        ({"__doc__": None}, "documented", "no docstring"),
        ({"parameters": {**Leaky.parameters, "k": Parameter(1.0)}}, "parameters and units", 'parameter "k"'),
        ({"state": {"v": State(0.0, "milivolts")}}, "parameters and units", "milivolts"),
        ({"step": explodes}, "state stays finite", 'state "v" is inf'),
        ({"step": too_many}, "compiled is plain Python to the bit", "returns 2 values of new state"),
        (
            {"known_answers": (NeuronAnswer("wrong", "by hand", 1.0, 3, inputs={"exc": 20.0}, spikes=(3,)),)},
            "known answer: wrong",
            "spikes at ticks (1, 2, 3), not (3,)",
        ),
        (
            {"known_answers": (NeuronAnswer("wrong", "by hand", 1.0, 3, init={"v": 1.0}, state={"v": {1: 1.0}}),)},
            "known answer: wrong",
            'state "v" at tick 1 is 0.9048',
        ),
        ({"constants": first_order}, "converges with dt", "declared exact"),
        ({"constants": first_order, "order": 2}, "converges with dt", "measured 1."),
    ],
)  # fmt: skip
def test_faults_of_a_neuron_model_are_found(registry, changed, check, words):
    found = outcomes(variant(Leaky, **changed), "neuron model", registry, only=check)
    assert found[check].status == "failed", found[check]
    assert words in found[check].message


def test_a_step_that_is_another_when_compiled_is_found(registry, monkeypatch):
    from spikemesh.testing import neuron

    plain = neuron.run_plain

    def off_by_a_bit(model, values, dt, given):
        course = plain(model, values, dt, given)
        course.state["v"][100, 3] = np.nextafter(course.state["v"][100, 3], 1e9)
        return course

    monkeypatch.setattr(neuron, "run_plain", off_by_a_bit)
    check = "compiled is plain Python to the bit"
    found = outcomes(variant(Leaky), "neuron model", registry, only=check)[check]
    assert found.status == "failed"
    assert 'state "v" of neuron 3 after step 101' in found.message


def test_a_run_that_depends_on_chips_is_found(registry, monkeypatch):
    from spikemesh.testing import neuron_network

    run = neuron_network.run_in_memory

    def off_by_a_spike(network, known, steps, **place):
        found = run(network, known, steps, **place)
        if place.get("workers") == 2:
            found.spikes["tried"] = found.spikes["tried"][1:]
        return found

    monkeypatch.setattr(neuron_network, "run_in_memory", off_by_a_spike)
    check = "exact on any chips and workers"
    found = outcomes(variant(Leaky), "neuron model", registry, only=check)[check]
    assert found.status == "failed"
    assert 'spikes of population "tried"' in found.message


class Rule(LearningRule):
    """w <- w - a y at a pre-synaptic spike, w <- w + a x at a post-synaptic one. Source: by hand, 2020."""

    name = "suite_rule"
    parameters = {
        "a": Parameter(0.1, description="amount"),
        "tau": Parameter(10.0, "ms", gt=0),
        "w_max": Parameter(None, description="largest weight"),
    }
    pre = {"x": Trace("tau")}
    post = {"y": Trace("tau")}
    known_answers = (
        # Arrival at 3, post at 8: x = e^(-5/10); arrival at 12: y = e^(-4/10).
        SynapseAnswer(
            "a pair and back", "by hand", dt=1.0, steps=20, pre=(3, 12), post=(8,), weight=0.5,
            expected=0.5 + 0.1 * math.exp(-0.5) - 0.1 * math.exp(-0.4),
        ),
    )  # fmt: skip

    def constants(p, dt):
        return {"a": p.a * p.w_max, "w_max": p.w_max}

    def on_pre(w, s, c, pre, post, third):
        w = w - c.a * post.y
        return w if w > 0.0 else 0.0, ()

    def on_post(w, s, c, pre, post, third):
        w = w + c.a * pre.x
        return w if w < c.w_max else c.w_max, ()


def unbounded(w, s, c, pre, post, third):
    return w + 100.0 * c.w_max, ()


def test_a_right_rule_passes(registry):
    found = outcomes(Rule, "learning rule", registry, "spikemesh_learning_rules")
    assert {o.status for o in found.values()} == {"passed"}, found


@pytest.mark.parametrize(
    ("changed", "check", "words"),
    [
        ({"on_post": unbounded}, "weights stay finite and in bounds", "w_max is"),
        (
            {"known_answers": (SynapseAnswer("wrong", "by hand", 1.0, 9, (3,), (5,), 0.5, 0.5),)},
            "known answer: wrong",
            "the weight is 0.58",
        ),
        (
            {"on_pre": lambda w, s, c, pre, post, third: (w, (1.0,))},
            "compiled is plain Python to the bit",
            "on_pre returned 1 values of state where 0 are declared",
        ),
    ],
)
def test_faults_of_a_rule_are_found(registry, changed, check, words):
    found = outcomes(variant(Rule, **changed), "learning rule", registry, "spikemesh_learning_rules", check)
    assert found[check].status == "failed", found[check]
    assert words in found[check].message


class First(Encoder):
    """A spike in step 1 of every neuron whose value is above a half."""

    name = "suite_first"

    def encode(values, steps, first_step, dt, p, random):
        neurons = np.flatnonzero(values > 0.5)
        return np.ones(neurons.size, dtype=np.int64), neurons


def shifted(values, steps, first_step, dt, p, random):
    offsets, neurons = First.encode(values, steps, first_step, dt, p, random)
    return offsets - 1, neurons


def beyond(values, steps, first_step, dt, p, random):
    offsets, neurons = First.encode(values, steps, first_step, dt, p, random)
    return offsets, neurons + values.size


def drawn(values, steps, first_step, dt, p, random):
    neurons = np.random.default_rng().permutation(values.size)
    return np.ones(values.size, dtype=np.int64), neurons


def spoils(values, steps, first_step, dt, p, random):
    values *= 2.0
    return First.encode(values, steps, first_step, dt, p, random)


@pytest.mark.parametrize(
    ("encode", "check", "words"),
    [
        (First.encode, None, ""),
        (shifted, "what it emits is in range", "offsets from 0 to 0"),
        (beyond, "what it emits is in range", "neurons from"),
        (drawn, "deterministic", "differently the second time"),
        (spoils, "changes nothing that it is given", "changes the sample"),
    ],
)
def test_faults_of_an_encoder_are_found(registry, encode, check, words):
    found = outcomes(variant(First, encode=encode), "encoder", registry, "spikemesh_encoders")
    failed = {name: o.message for name, o in found.items() if o.status == "failed"}
    assert (check is None and not failed) or words in failed[check], failed


@dataclass
class Placer:
    """Puts chips where it wants."""

    name: str
    chips: list

    def place(self, traffic, system, fixed, seed):
        return np.array(self.chips)


@pytest.mark.parametrize(
    ("chips", "words"),
    [([0, 1, 2, 3, 4, 5], ""), ([0, 0, 2, 3, 4, 5], "not every one once"), ([1, 0, 2, 3, 4, 5], "pinned")],
)
def test_faults_of_a_placer_are_found(registry, chips, words):
    found = outcomes(Placer("suite_placer", chips), "placer", registry, "spikemesh_placers")
    outcome = found["every chip once, pinned ones kept"]
    assert (outcome.status == "passed") == (not words)
    assert words in outcome.message


def test_a_check_is_a_test_and_can_be_skipped():
    def skip():
        raise Skipped("does not apply")

    check = Check("neuron model", "mine", "something", skip)
    assert str(check) == "mine: something"
    assert (check.outcome().status, check.outcome().message) == ("skipped", "does not apply")
    with pytest.raises(Skipped):
        check()


def test_a_plugin_is_found_by_file_module_and_thing(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from spikemesh.contracts import Decoder, hookimpl\n"
        "class Mine(Decoder):\n    '''Counts.'''\n    name = 'mine_decoder'\n"
        "    def decode(ticks, neurons, size, edges, p):\n        return 0\n"
        "@hookimpl\ndef spikemesh_decoders():\n    return [Mine]\n"
    )
    known = load_registry([tmp_path / "mine.py"])
    for wanted in ("mine", "mine_decoder", "mine.py", str(tmp_path / "mine.py")):
        assert {c.plugin for c in conformance(wanted, registry=known)} == {"mine_decoder"}
    assert len({c.plugin for c in conformance("spikemesh", registry=known)}) > 40
