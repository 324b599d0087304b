"""Functions of a rule that run for all synapses, against the naive simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikemesh.contracts import LearningRule, Parameter, State, Trace, Visit
from spikemesh.description.builder import Network, rule
from spikemesh.description.values import uniform
from spikemesh.errors import PluginError
from spikemesh.registry.bind import bind


class Drifting(LearningRule):
    """Sees both traces in every step, and one of them at a slower clock."""

    name = "drifting"
    parameters = {"tau": Parameter(10.0, "ms")}
    pre = {"x": Trace("tau")}
    post = {"y": Trace("tau", "set")}
    state = {"a": State("weight"), "b": State(0.5)}
    visits = {"slow": Visit("every", ("b",)), "never": Visit("none")}

    def constants(p, dt):
        return {"every": 7.0, "none": 0.0, "dt": dt}

    def on_step(w, s, c, pre, post, third):
        return w + 0.01 * pre.x * s.b - 0.002 * post.y * s.a, (s.a * 0.999 + 0.01 * pre.x, s.b)

    def slow(w, s, c, pre, post, third, steps):
        return w * 0.999, (s.b + c.dt * steps * post.y,)

    def never(w, s, c, pre, post, third, steps):
        return 0.0, (0.0, 0.0)


@pytest.mark.parametrize("longest", [1.0, 6.0])
def test_visits_equal_naive(longest, naive, engine, registry):
    net = Network(timestep="1 ms", seed=2)
    times = [np.arange(k + 1.0, 80.0, 5 + k) for k in range(6)]
    source = net.add_population("in", 6, "spike_source", times=times)
    force = net.add_population(
        "force", 8, "spike_source", times=[np.arange(3.0 + k, 80, 11) for k in range(8)]
    )
    out = net.add_population("out", 8, "iaf", v_th=50.0)
    net.connect(force, out, "one_to_one", weight=50.0, delay="1 ms")
    net.connect(
        source, out, "all_to_all", weight=1.0, delay=uniform(1.0, longest), learning=rule("stdp_pair")
    )
    net.probe(out, "spikes")
    network = bind(net.describe(), registry)
    plastic = network.projections[1]
    learning = replace(
        plastic.learning,
        rule=Drifting,
        parameters={"tau": 10.0, "w_max": 2.0},
        constants=Drifting.constants(None, 1.0),
    )
    network = replace(network, projections=(network.projections[0], replace(plastic, learning=learning)))
    slow, fast = naive(network).run(80), engine(network, 80, 2, 2, pieces=[9, 10, 44])
    assert fast.spikes("out") == sorted(slow.spikes["out"])
    expected = sorted((s.source, s.target, s.w) for s in slow.synapses)
    assert sorted(map(tuple, fast.weights("in->out"))) == expected
    assert len({w for _, _, w in expected}) > 40


def declared(**attributes):
    usual = {"name": "r", "constants": lambda p, dt: {}, "state": {"a": State(0.0)}}
    return type("Rule", (LearningRule,), {**usual, **attributes})


def test_mistakes_in_visits_show_where_the_class_is_written():
    with pytest.raises(PluginError, match='visits name "slow", which is no function of it'):
        declared(visits={"slow": Visit("every")})
    with pytest.raises(PluginError, match='"slow" changes no state "c"'):
        declared(visits={"slow": Visit("every", ("a", "c"))}, slow=lambda *_: (0.0, ()))
    with pytest.raises(PluginError, match="has none of on_pre, on_post, on_step, transmit, visits"):
        declared()
