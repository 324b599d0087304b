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


class Chancy(LearningRule):
    """Draws in every function, more numbers than one block of them, and delivers with a probability."""

    name = "chancy"
    parameters = {"tau": Parameter(10.0, "ms")}
    pre = {"x": Trace("tau")}
    state = {"a": State(0.0)}
    draws = ("p", "q", "r", "s", "t")
    visits = {"gated": Visit("every", ("a",), on_third=True), "blind": Visit("seldom", ())}

    def constants(p, dt):
        return {"every": 7.0, "seldom": 4.0}

    def on_pre(w, s, c, pre, post, third, u):
        return w + 0.1 * u.p - 0.1 * u.t, (s.a + u.q,)

    def on_post(w, s, c, pre, post, third, u):
        return (w + 0.5 * pre.x if u.r < 0.3 else w), (s.a,)

    def on_step(w, s, c, pre, post, third, u):
        return w + 0.001 * (u.s - 0.5), (s.a,)

    def transmit(w, s, c, pre, post, third, u):
        return w if u.p < 0.5 else 0.0

    def gated(w, s, c, pre, post, third, steps, u):
        return w + 0.01 * steps * u.q * third, (s.a * u.r,)

    def blind(w, s, c, pre, post, third, steps, u):
        return w - 1e-4, ()


RULES = (Facilitating, Depressing, VoltageBased, Chancy)
OPENED = {"third_times": np.array([13.5, 18.5, 40.5, 41.0]), "third_values": np.array([0.7, 0.0, 1.0, 0.0])}


@pytest.fixture(autouse=True)
def _known(registry, monkeypatch):
    for known in (*RULES, DriftingUp, Rewarded):
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
    given = OPENED if known is Chancy else {}
    bound = bind(network(rule(known.name, **given), longest).describe(), registry)
    slow = naive(bound).run(120)
    for chips, workers in ((1, 1), (3, 2)):
        expected = same(slow, engine(bound, 120, chips, workers, pieces=[5, 50], deal="random"))
    assert len(slow.spikes["exc"]) > 100
    if known in (VoltageBased, Chancy):
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


class DriftingUp(LearningRule):
    """Adds a fraction of a step at every arrival, and at every spike a trace of these."""

    name = "drifting_up"
    parameters = {"tau": Parameter(10.0, "ms"), "by": Parameter(0.3)}
    pre = {"x": Trace("tau")}

    def constants(p, dt):
        return {"by": p.by}

    def on_pre(w, s, c, pre, post, third):
        return w + c.by, ()

    def on_post(w, s, c, pre, post, third):
        return w + c.by * (pre.x - 1.0), ()


@pytest.mark.parametrize("rounding", ["nearest", "stochastic"])
@pytest.mark.parametrize("name", ["drifting_up", "chancy"])
def test_rounded_weights_equal_naive(name, rounding, naive, engine, registry):
    learning = rule(name, weight_bits=7, rounding=rounding, w_max=127.0)
    bound = bind(network(learning, 12.0).describe(), registry)
    slow = naive(bound).run(120)
    for chips, workers in ((1, 1), (3, 2)):
        expected = same(slow, engine(bound, 120, chips, workers, pieces=[5, 50], deal="random"))
    weights = np.array([w for _, _, w in expected])
    assert np.array_equal(weights, np.rint(weights))
    first = engine(bound, 1).weights("exc->exc")[:, 2]
    assert np.array_equal(first, np.rint(first))
    assert np.ptp(first) > 20
    assert np.any(weights != first)


def drifted(engine, rounding, f, events, synapses=2000, bits=8):
    """Weights, in steps of the grid, after so many changes by the fraction f of a step."""
    net = Network(timestep="1 ms", seed=11)
    source = net.add_population("in", 1, "spike_source", times=[np.arange(1.0, events + 1)])
    out = net.add_population("out", synapses, "iaf", v_th=1e9)
    step = 1.0 / (2**bits - 1)
    learning = rule("drifting_up", by=f * step, weight_bits=bits, rounding=rounding, w_max=1.0)
    net.connect(source, out, "all_to_all", weight=0.2, delay="1 ms", learning=learning)
    weights = engine(net, events + 2).weights("in->out")[:, 2] / step
    return weights - 51.0


@pytest.mark.parametrize(("f", "events"), [(0.1, 200), (0.3, 60), (0.5, 100)])
def test_stochastic_rounding_keeps_the_mean(f, events, engine):
    """models.md C9: n changes of f steps have mean n f and variance n f (1 - f), in steps."""
    changes = drifted(engine, "stochastic", f, events)
    assert np.allclose(changes, np.rint(changes), atol=1e-9)
    variance = events * f * (1 - f)
    # Four standard errors of a mean and of a variance.
    assert changes.mean() == pytest.approx(events * f, abs=4 * np.sqrt(variance / changes.size))
    assert changes.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / changes.size))


def test_rounding_to_nearest_forgets_small_changes(engine):
    """models.md C9: changes of less than half a step leave no trace; larger ones count whole."""
    assert np.abs(drifted(engine, "nearest", 0.49, 40)).max() < 1e-9
    assert np.abs(drifted(engine, "nearest", 0.51, 40) - 40).max() < 1e-9


def test_weights_of_one_bit_and_beyond_the_grid(engine):
    changes = drifted(engine, "stochastic", 0.1, 5, synapses=400, bits=1)
    assert set(np.rint(changes + 51)) == {0.0, 1.0}
    assert np.allclose(drifted(engine, "nearest", 3.0, 100) + 51, 255, atol=1e-9)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"weight_bits": 17}, "weight_bits: 17 bits are out of range (1 to 16)"),
        ({"weight_bits": 2.5}, "weight_bits: 2.5 is no whole number"),
        ({"weight_bits": 4, "rounding": "up"}, "rounding: 'up' is no way of rounding"),
        ({"rounding": "nearest"}, "rounding: is given, but weights are not rounded (weight_bits as well)"),
    ],
)
def test_wrong_rounding_is_refused(given, found, registry):
    with pytest.raises(DescriptionError) as error:
        bind(network(rule("drifting_up", **given)).describe(), registry)
    assert found in str(error.value)


def test_draws_differ_by_all_they_are_keyed_by(engine, registry, monkeypatch):
    """Equal pairs, functions, steps and projections; uniform in [0, 1)."""

    class Showing(LearningRule):
        name = "showing"
        draws = ("a", "b")
        state = {"sum": State(0.0)}

        def constants(p, dt):
            return {}

        def on_pre(w, s, c, pre, post, third, u):
            return u.b, (u.a,)

    monkeypatch.setitem(registry.learning_rules.items, "showing", Showing)
    net = Network(timestep="1 ms", seed=4)
    source = net.add_population("in", 30, "spike_source", times=[np.array([1.0, 2.0])] * 30)
    out = net.add_population("out", 20, "iaf", v_th=1e9)
    for name in ("first", "second"):
        net.connect(
            source,
            out,
            "fixed_indegree",
            indegree=60,
            weight=1.0,
            delay="1 ms",
            learning=rule("showing"),
            name=name,
        )
    found = []
    for steps in (2, 3):
        run = engine(net, steps)
        found += [run.weights("first")[:, 2], run.weights("second")[:, 2]]
    numbers = np.concatenate(found)
    assert np.unique(numbers).size == numbers.size == 4800
    assert 0.0 <= numbers.min() < 0.01 < 0.99 < numbers.max() < 1.0
    assert numbers.mean() == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / 4800))


class Rewarded(LearningRule):
    """Changes by the third factor wherever it can see it, and lives through openings of a gate."""

    name = "rewarded"
    parameters = {"tau": Parameter(10.0, "ms")}
    pre = {"x": Trace("tau")}
    state = {"a": State(0.0)}
    visits = {"opened": Visit("every", ("a",), on_third=True)}

    def constants(p, dt):
        return {"every": 16.0}

    def on_pre(w, s, c, pre, post, third):
        return w + 0.1 * third, (s.a,)

    def on_post(w, s, c, pre, post, third):
        return w - 0.3 * third * pre.x, (s.a,)

    def opened(w, s, c, pre, post, third, steps):
        return w + 0.01 * s.a, (s.a * 0.5 + third + 0.001 * steps,)


def with_reward(learning):
    net = network(learning, 12.0)
    # A quiet population of its own on the way from the input: it fires now and then.
    reward = net.add_population("reward", 3, "iaf", v_th=4.0)
    net.connect("in", reward, "all_to_all", weight=0.4, delay="1 ms")
    net.probe(reward, "spikes")
    return net


REWARDS = {
    "at once": {},
    "lasting": {"third_tau": "3 ms", "third_gain": -0.5, "third_delay": "2.5 ms"},
    "with values": {"third_delay": "6 ms", **OPENED},
}


@pytest.mark.parametrize("given", REWARDS.values(), ids=REWARDS)
def test_third_factor_of_spikes_equals_naive(given, naive, engine, registry):
    bound = bind(with_reward(rule("rewarded", third_population="reward", **given)).describe(), registry)
    slow = naive(bound).run(120)
    assert len(slow.spikes["reward"]) > 10
    for chips, workers in ((1, 1), (2, 2), (5, 3)):
        fast = engine(bound, 120, chips, workers, pieces=[5, 50], deal="random")
        assert fast.spikes("reward") == sorted(slow.spikes["reward"])
        same(slow, fast)
        counted = sum(r.synaptic_events for per in fast.reports for r in per)
        assert counted == fast.total("core_synaptic_events")


@pytest.mark.parametrize(("router", "packets"), [("multicast", 1), ("unicast", 2)])
def test_spikes_of_a_third_factor_are_traffic(router, packets, engine):
    """Onto every core with synapses of the projection, a packet a spike where the core is on another chip."""
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 1, "spike_source", times=[np.array([50.0])])
    reward = net.add_population("reward", 2, "spike_source", times=[np.array([3.0, 5.0]), np.array([4.0])])
    out = net.add_population("out", 8, "iaf", v_th=1e9)
    learning = rule("rewarded", third_population="reward")
    net.connect(source, out, sources=[0] * 4, targets=[0, 1, 2, 3], weight=1.0, learning=learning)
    net.probe(reward, "spikes")
    # Sources on the first chip, synapses on cores 4 and 5 of the second; the rest of "out" has none.
    deal = [np.array([0]), np.array([1, 1]), np.array([4, 4, 5, 5, 6, 6, 7, 7])]
    run = engine(net, 20, 2, 2, deal=deal, chip={"cores": (4, 1), "router": router})
    assert run.total("link_packets") == 3 * packets
    assert run.bins("core_synaptic_events", 20).sum(axis=0).tolist() == [0, 0, 0, 0, 3, 3, 0, 0]
    assert sum(r.synaptic_events for per in run.reports for r in per) == 6


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"third_population": "rewards"}, "there is no population 'rewards' (did you mean \"reward\"?)"),
        ({"third_tau": 2.0}, "third_tau: is given, but no spikes add to the third factor"),
        ({"third_population": "reward", "third_tau": 0.0}, "third_tau: 0 is out of range (a number > 0"),
        ({"third_population": "reward", "third_delay": 0.0}, "third_delay: a delay of 0 ms is out of range"),
        (
            {"third_population": "reward", "third_delay": uniform(1.0, 2.0)},
            "third_delay: is drawn (one delay",
        ),
    ],
)
def test_wrong_third_factors_are_refused(given, found, registry):
    with pytest.raises(DescriptionError) as error:
        bind(with_reward(rule("rewarded", **given)).describe(), registry)
    assert found in str(error.value)


@pytest.mark.parametrize("name", ["stdp_pair", "stdp_pair_nearest", "stdp_triplet", "chancy", "rewarded"])
@pytest.mark.parametrize("longest", [0.5, 12.0])
def test_dendritic_delays_equal_naive(name, longest, naive, engine, registry):
    given = OPENED if name in ("chancy", "rewarded") else {}
    learning = rule(name, delay_side="dendritic", **given)
    bound = bind(network(learning, longest).describe(), registry)
    slow = naive(bound).run(160)
    for chips, workers in ((1, 1), (3, 2)):
        expected = same(slow, engine(bound, 160, chips, workers, pieces=[5, 50], deal="random"))
    axonal = engine(network(rule(name, **given), longest), 160).weights("exc->exc")
    assert np.count_nonzero(axonal[:, 2] != [w for _, _, w in expected]) > 20


def nest(pre, post, delay, w, p):
    """Follow NEST's stdp_synapse (models/stdp_synapse.h), additive: weights after each pre-synaptic spike.

    Post-synaptic spikes in (t_last - d, t - d] facilitate first, then the trace of the post-synaptic neuron at
    t - d, of spikes before that, depresses; the pre-synaptic trace takes in t last.
    """
    k_plus, last, weights = 0.0, 0.0, []
    for t in pre:
        for s in post:
            if last - delay < s <= t - delay and last > 0.0:
                w = min(
                    w + p["a_plus"] * p["w_max"] * k_plus * np.exp(-(s + delay - last) / p["tau_plus"]),
                    p["w_max"],
                )
        k_minus = sum(np.exp(-(t - delay - s) / p["tau_minus"]) for s in post if s < t - delay)
        w = max(w - p["a_minus"] * p["w_max"] * k_minus, 0.0)
        k_plus = k_plus * np.exp((last - t) / p["tau_plus"]) + 1.0
        last = t
        weights.append(w)
    return weights


@pytest.mark.parametrize("delay", [1, 2, 7])
def test_dendritic_delays_follow_nest(delay, engine):
    """Trains that meet at the synapse more than once, so that the order of ties counts."""
    random = np.random.default_rng(delay)
    pre = np.flatnonzero(random.random(60) < 0.3) + 2.0
    post = np.flatnonzero(random.random(60) < 0.3) + 2.0
    assert np.intersect1d(pre, post + delay).size > 2
    p = {"a_plus": 0.02, "a_minus": 0.015, "tau_plus": 9.0, "tau_minus": 13.0, "w_max": 10.0}
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population("in", 1, "spike_source", times=[pre])
    force = net.add_population("force", 1, "spike_source", times=[post - 1])
    out = net.add_population("out", 1, "iaf", v_th=1e6)
    net.connect(force, out, "one_to_one", weight=1e6, delay="1 ms")
    learning = rule("stdp_pair", delay_side="dendritic", **p)
    net.connect(source, out, "one_to_one", weight=5.0, delay=float(delay), learning=learning)
    net.probe(out, "spikes")
    expected = nest(pre, post, delay, 5.0, p)
    # Look as the last spike arrives, before later ones of the neuron act.
    run = engine(net, int(pre[-1]) + delay)
    assert [t for t, _ in run.spikes("out")] == [t for t in post if t <= pre[-1] + delay]
    assert run.weights("in->out")[0, 2] == pytest.approx(expected[-1], rel=1e-12)
    assert len(set(expected)) > 8


def test_dendrites_do_not_delay_the_state_of_the_neuron(registry):
    with pytest.raises(DescriptionError, match="sees the state of the neuron, which no dendrite delays"):
        bind(network(rule("voltage_based", delay_side="dendritic")).describe(), registry)
