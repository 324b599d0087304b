"""Rules whose visits wait until a row of synapses needs them, against the naive simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit
from spikemesh.description.builder import Network, rule
from spikemesh.description.values import uniform
from spikemesh.engine import plastic_rows
from spikemesh.kernels.rule_changes import unchanged
from spikemesh.registry.bind import bind


class Waiting(LearningRule):
    """Sees all that a rule can see; its slow function also runs when there is a third factor."""

    name = "waiting"
    parameters = {"tau": Parameter(10.0, "ms")}
    pre = {"x": Trace("tau")}
    post = {"y": Trace("tau", "set"), "mean": Trace("tau", of="v")}
    state = {"a": State("weight"), "b": State(0.5), "when": State(0.0)}
    reads = ("v",)
    draws = ("chance",)
    timed = True
    visits = {"slow": Visit("every", ("b",), on_third=True)}

    def constants(p, dt):
        return {"every": 7.0}

    def on_pre(w, s, c, pre, post, third, u):
        return w - 0.01 * post.y * s.a, (s.a + 0.01, s.b, s.when)

    def on_post(w, s, c, pre, post, third, u):
        return w + 0.02 * pre.x * s.b + 1e-4 * (c.t - s.when), (s.a, s.b + 0.01 * u.chance, c.t)

    def on_step(w, s, c, pre, post, third, u):
        return w + 1e-3 * pre.x * post.v + 1e-4 * post.mean, (s.a * 0.999 + 0.01 * third, s.b, s.when)

    def slow(w, s, c, pre, post, third, steps, u):
        return w * 0.999, (s.b + 0.01 * steps * post.y * u.chance,)


class Steered(LearningRule):
    """Sees a third factor in every step."""

    name = "steered"
    parameters = {"tau": Parameter(10.0, "ms")}
    state = {"a": State("weight")}

    def constants(p, dt):
        return {}

    def on_post(w, s, c, pre, post, third):
        return w + 0.01 * s.a, (s.a,)

    def on_step(w, s, c, pre, post, third):
        return w * 0.999, (s.a * 0.999 + 0.01 * third,)


@pytest.mark.parametrize("kind", [Waiting, Steered])
def test_waiting_rows_do_what_they_would_have_done(kind, naive, engine, registry, monkeypatch):
    monkeypatch.setattr(plastic_rows, "_CACHED", 0)
    monkeypatch.setattr(plastic_rows, "_ABREAST", 0)
    net = Network(timestep="1 ms", seed=2)
    times = [np.arange(k + 1.0, 120.0, 5 + 9 * k) for k in range(6)]
    source = net.add_population("in", 6, "spike_source", times=times)
    # More spikes than a row has room for until it catches up.
    force = net.add_population(
        "force", 8, "spike_source", times=[np.arange(3.0 + k, 120, 9) for k in range(8)]
    )
    out = net.add_population("out", 8, "iaf", v_th=50.0)
    net.connect(force, out, "one_to_one", weight=50.0, delay="1 ms")
    weight, delay = uniform(0.5, 1.5), uniform(1.0, 3.0)
    net.connect(source, out, "all_to_all", weight=weight, delay=delay, learning=rule("stdp_pair"))
    net.probe(out, "spikes")
    network = bind(net.describe(), registry)
    plastic = network.projections[1]
    learning = replace(
        plastic.learning,
        rule=kind,
        parameters={"tau": 10.0, "w_max": 2.0},
        constants=kind.constants(None, 1.0),
        third_ticks=np.array([20, 23, 60]),
        third_values=np.array([1.0, 0.0, 0.5]),
    )
    network = replace(network, projections=(network.projections[0], replace(plastic, learning=learning)))
    slow, fast = naive(network).run(120), engine(network, 120, 2, 2, pieces=[9, 10, 44])
    assert fast.spikes("out") == sorted(slow.spikes["out"])
    expected = sorted((s.source, s.target, s.w) for s in slow.synapses)
    assert sorted(map(tuple, fast.weights("in->out"))) == expected
    assert len({w for _, _, w in expected}) > 40


def test_state_handed_back_is_told_from_state_that_may_be_another():
    def kept(w, s, c):
        if c:
            return w, (s.a, s.b, w)
        return w, (s.a, s.b, s.c)

    def chosen(w, s, c):
        return w, (s.a, w if c else s.b, s.c)

    def exchanged(w, s, c):
        return w, (s.b, s.a, s.c)

    def replaced(w, s, c):
        s = c
        return w, (s.a, s.b, s.c)

    found = [unchanged(f, ("a", "b", "c")) for f in (kept, chosen, exchanged, replaced)]
    assert found == [{"a", "b"}, {"c"}, {"c"}, set()]
