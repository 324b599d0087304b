"""What a learning rule may ask of the engine, against the naive simulator and on other mappings."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit
from spikemesh.description.builder import Network, rule
from spikemesh.description.values import uniform
from spikemesh.errors import DescriptionError
from spikemesh.registry.bind import bind

LIF = {"tau_m": 10.0, "tau_syn_ex": 2.0, "v_th": -55.0, "t_ref": 1.0}


class Facilitating(LearningRule):
    """Delivers more the shorter ago the last spike was; the weight stays."""

    name = "facilitating"
    parameters = {"tau": Parameter(10.0, "ms")}
    pre = {"since": Trace("tau", "set")}
    state = {"sum": State(0.0)}

    def constants(p, dt):
        return {}

    def transmit(w, s, c, pre, post, third):
        return w * (0.5 + pre.since)


class Depressing(Facilitating):
    """What is left of a resource that each spike takes a part of (of Tsodyks and Markram, in outline)."""

    name = "depressing"
    state = {"left": State(1.0)}

    def on_pre(w, s, c, pre, post, third):
        return w, (1.0 - (1.0 - s.left * 0.6) * pre.since,)

    def transmit(w, s, c, pre, post, third):
        return w * s.left


class VoltageBased(LearningRule):
    """Sees the membrane when it is updated, and two running means of it."""

    name = "voltage_based"
    parameters = {"tau": Parameter(6.0, "ms"), "tau_slow": Parameter(25.0, "ms")}
    pre = {"x": Trace("tau")}
    post = {"y": Trace("tau"), "mean": Trace("tau", of="v"), "slow": Trace("tau_slow", of="v")}
    reads = ("v", "i_syn_ex")
    state = {"a": State(0.0)}
    visits = {"now_and_then": Visit("every", ())}

    def constants(p, dt):
        return {"every": 5.0}

    def on_pre(w, s, c, pre, post, third):
        return w - 0.001 * (post.v - post.slow) * post.y, (post.i_syn_ex,)

    def on_post(w, s, c, pre, post, third):
        return w + 0.01 * (post.mean - post.slow) * pre.x, (s.a + post.v,)

    def on_step(w, s, c, pre, post, third):
        return w + 1e-5 * post.v, (s.a + post.i_syn_ex,)

    def now_and_then(w, s, c, pre, post, third, steps):
        return w * (1.0 + 1e-6 * post.mean), ()


RULES = (Facilitating, Depressing, VoltageBased)


@pytest.fixture(autouse=True)
def _known(registry, monkeypatch):
    for known in RULES:
        monkeypatch.setitem(registry.learning_rules.items, known.name, known)


def network(learning, longest=4.0, n=20, model="lif_psc_exp", weight=60.0):
    """Neurons that fire at different rates, joined by plastic synapses of different delays, pairs repeated."""
    net = Network(timestep="0.5 ms", seed=7)
    times = [np.arange(1, 60) * 0.5 * (k % 5 + 2) for k in range(10)]
    source = net.add_population("in", 10, "spike_source", times=times)
    exc = net.add_population("exc", n, model, i_e=np.linspace(250, 420, n), **LIF)
    net.connect(source, exc, "fixed_probability", p=0.3, weight=300.0, delay=uniform(0.5, 4.0))
    net.connect(
        exc,
        exc,
        "fixed_indegree",
        indegree=8,
        weight=uniform(0.5 * weight, weight),
        delay=uniform(0.5, longest),
        learning=learning,
    )
    net.probe(exc, "spikes")
    return net


def same(slow, fast):
    expected = sorted((s.source, s.target, s.sign * s.w) for s in slow.synapses)
    assert fast.spikes("exc") == sorted(slow.spikes["exc"])
    assert sorted(map(tuple, fast.weights("exc->exc"))) == expected
    return expected


@pytest.mark.parametrize("known", RULES, ids=lambda r: r.name)
@pytest.mark.parametrize("longest", [0.5, 12.0])
def test_engine_equals_naive(known, longest, naive, engine, registry):
    bound = bind(network(rule(known.name), longest).describe(), registry)
    slow = naive(bound).run(120)
    for chips, workers in ((1, 1), (3, 2)):
        expected = same(slow, engine(bound, 120, chips, workers, pieces=[5, 50], deal="random"))
    assert len(slow.spikes["exc"]) > 100
    if known is VoltageBased:
        assert len({w for _, _, w in expected}) > 100


def test_what_is_transmitted_is_not_the_weight(engine, registry):
    plain = engine(network(None), 120)
    run = engine(network(rule("facilitating")), 120)
    assert run.spikes("exc") != plain.spikes("exc")
    weights = run.weights("exc->exc")[:, 2]
    assert np.array_equal(weights, engine(network(rule("facilitating")), 1).weights("exc->exc")[:, 2])


def test_a_set_trace_is_the_time_since_the_last_spike(engine):
    """exp(-Delta / tau) at every arrival, 0 at the first: what a model of short-term plasticity needs."""
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 1, "spike_source", times=[np.array([2.0, 5.0, 15.0])])
    out = net.add_population("out", 1, "iaf", v_th=1e9)
    net.connect(source, out, "one_to_one", weight=8.0, delay="3 ms", learning=rule("facilitating"))
    net.probe(out, "v")
    v = engine(net, 20).probe(0, 1)[:, 0]
    jumps = {k + 1: d for k, d in enumerate(np.diff(v, prepend=0.0)) if d}
    assert list(jumps) == [5, 8, 18]
    expected = [8 * (0.5 + x) for x in (0.0, np.exp(-0.3), np.exp(-1.0))]
    assert list(jumps.values()) == pytest.approx(expected, rel=1e-12)


class Tracking(LearningRule):
    """Keeps the membrane, and its running mean, in the weight and the amount delivered."""

    name = "tracking"
    parameters = {"tau": Parameter(4.0, "ms")}
    post = {"mean": Trace("tau", of="v")}
    reads = ("v",)

    def constants(p, dt):
        return {}

    def on_pre(w, s, c, pre, post, third):
        return post.v, ()

    def transmit(w, s, c, pre, post, third):
        return post.mean


def test_state_is_of_the_step_before_and_means_follow_it(engine, registry, monkeypatch):
    """An integrator under a constant current: v = n, and its mean obeys the recursion."""
    monkeypatch.setitem(registry.learning_rules.items, "tracking", Tracking)
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 1, "spike_source", times=[np.array([9.0])])
    out = net.add_population("out", 1, "iaf", v_th=1e9)
    net.drive(out, _one())
    net.connect(source, out, "one_to_one", weight=1.0, delay="1 ms", learning=rule("tracking", w_max=1e3))
    net.probe(out, "v")
    run = engine(net, 12)
    v = run.probe(0, 1)[:, 0]
    assert v[:9].tolist() == list(range(1, 10))
    # The spike arrives in step 10: v is that of step 9, and the mean has taken in steps 1 to 9.
    assert run.weights("in->out")[0, 2] == 9.0
    mean = 0.0
    for k in range(1, 10):
        mean += (k - mean) * (1.0 - np.exp(-0.25))
    assert v[9] - v[8] - 1.0 == pytest.approx(mean, rel=1e-12)


def _one():
    from spikemesh.description.drives import constant_current

    return constant_current(1.0)


def test_integer_state_is_seen_as_float(naive, engine, registry, monkeypatch):
    class Halves(LearningRule):
        name = "halves"
        parameters = {"tau": Parameter(4.0, "ms")}
        post = {"mean": Trace("tau", of="v")}
        reads = ("v",)
        state = {"a": State(0.0)}

        def constants(p, dt):
            return {}

        def on_pre(w, s, c, pre, post, third):
            return w + post.v / 1e5, (post.mean,)

        def on_post(w, s, c, pre, post, third):
            return w + 1e-4 * (post.v - post.mean), (s.a,)

        def transmit(w, s, c, pre, post, third):
            return float(int(w))

    monkeypatch.setitem(registry.learning_rules.items, "halves", Halves)
    net = Network(timestep="1 ms", seed=3)
    times = [np.arange(1.0, 90.0, k + 2) for k in range(6)]
    source = net.add_population("in", 6, "spike_source", times=times)
    exc = net.add_population("exc", 5, "loihi_cuba", vth=200, du=1000, dv=200)
    net.connect(source, exc, "all_to_all", weight=60, delay=uniform(1.0, 4.0), learning=rule("halves"))
    net.probe(exc, "spikes")
    bound = bind(net.describe(), registry)
    slow = naive(bound).run(100)
    fast = engine(bound, 100, 2, 2)
    assert fast.spikes("exc") == sorted(slow.spikes["exc"])
    assert len(slow.spikes["exc"]) > 10
    expected = sorted((s.source, s.target, s.w) for s in slow.synapses)
    assert sorted(map(tuple, fast.weights("in->exc"))) == expected
    assert any(w % 1 for _, _, w in expected)


@pytest.mark.parametrize(
    ("attribute", "found"),
    [
        ({"reads": ("u",)}, 'reads "u"'),
        (
            {"post": {"m": Trace("tau", of="u")}, "parameters": {"tau": Parameter(1.0, "ms")}},
            'the mean of "u"',
        ),
    ],
)
def test_state_that_the_model_has_not_is_refused(attribute, found, registry, monkeypatch):
    own = {
        "name": "curious",
        "constants": lambda p, dt: {},
        "on_pre": lambda w, s, c, pre, post, third: (w, ()),
    }
    monkeypatch.setitem(
        registry.learning_rules.items, "curious", type("Curious", (LearningRule,), own | attribute)
    )
    with pytest.raises(DescriptionError) as error:
        bind(network(rule("curious")).describe(), registry)
    text = str(error.value)
    for part in ('"exc->exc".learning', '"curious"', found, '"lif_psc_exp"', "i_syn_ex"):
        assert part in text
