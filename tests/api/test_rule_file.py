"""A learning rule from somebody's file that asks for all there is, by threads and by Ray actors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spikemesh as sm

PLUGIN = '''\
from spikemesh.contracts import LearningRule, Parameter, State, Trace, hookimpl
from spikemesh.errors import DescriptionError, Problem


class Formula(LearningRule):
    """Changes by a formula of its user's on arrival, and by the reward at spikes."""

    name = "formula"
    parameters = {"tau": Parameter(10.0, "ms"), "dw": Parameter("", text=True)}

    def constants(p, dt):
        return {}

    def specialised(p):
        space = {"__name__": __name__}
        try:
            exec(f"def on_pre(w, s, c, pre, post, third, u):\\n    return w + ({p.dw}), (s.a + post.v,)", space)
        except SyntaxError:
            raise DescriptionError(Problem("dw", f"{p.dw!r} is no formula", "such as u.p - post.y"))

        class Made(Formula):
            post = {"y": Trace("tau"), "mean": Trace("tau", of="v")}
            state = {"a": State(0.0)}
            reads = ("v",)
            draws = ("p", "q")
            on_pre = staticmethod(space["on_pre"])

            def on_post(w, s, c, pre, post, third, u):
                return w + 10.0 * third * u.p, (s.a,)

            def transmit(w, s, c, pre, post, third, u):
                return w if u.q < 0.8 else 0.0

        return Made


@hookimpl
def spikemesh_learning_rules():
    return [Formula]
'''
SCENARIO = """
name = "formula"
duration = "150 ms"
timestep = "1 ms"

[system]
preset = "ideal"
chips = 2

[mapping]
pin = { in = [0], reward = [0] }

[[population]]
name = "in"
size = 30
model = "poisson"
params = { rate = 150.0 }

[[population]]
name = "reward"
size = 2
model = "regular"
params = { interval = "20 ms" }

[[population]]
name = "out"
size = 20
model = "lif_psc_exp"

[[projection]]
source = "in"
target = "out"
connect = { rule = "fixed_indegree", indegree = 20 }
weight = { uniform = [100.0, 250.0] }
delay = { uniform = [1.0, 5.0] }

[projection.learning]
rule = "formula"
dw = "u.p - 0.1 * (post.v - post.mean) * post.y"
w_max = 400.0
weight_bits = 10
rounding = "stochastic"
third_population = "reward"
third_tau = "5 ms"
third_delay = "2 ms"

[[probe]]
target = "out"
what = ["spikes"]

[[probe]]
target = "in->out"
what = ["weights"]
"""


@pytest.fixture
def launch(command, tmp_path):
    (tmp_path / "rule.py").write_text(PLUGIN)
    (tmp_path / "scenario.toml").write_text(SCENARIO)

    def call(*options):
        return command("run", "scenario.toml", "--plugin", "rule.py", "--json", *options)

    return call


def test_every_number_of_workers_gives_the_same(launch, tmp_path: Path):
    found = []
    for workers in (1, 2):
        done = launch("--backend", "local", "--workers", workers, "--out", f"{workers}.h5")
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    assert found[0]["digest"] == found[1]["digest"]
    with sm.open_trace(tmp_path / "1.h5") as trace:
        assert trace.spikes("out").times_ms.size > 20
        steps = trace.weights("in->out").weight / (400.0 / 1023)
        assert abs(steps - steps.round()).max() < 1e-9
        assert len(set(steps.round())) > 100


@pytest.mark.ray
def test_ray_makes_the_rule_again(launch):
    local = launch("--backend", "local", "--workers", 2, "--out", "local.h5")
    ray = launch("--backend", "ray", "--workers", 2, "--out", "ray.h5")
    assert ray.returncode == 0, ray.stderr
    assert json.loads(ray.stdout)["digest"] == json.loads(local.stdout)["digest"]
    assert json.loads(ray.stdout)["packets"] > 0


def test_text_and_formulas_that_are_wrong_are_named(launch):
    done = launch("--set", "projection.in->out.learning.dw=3")
    assert done.returncode == 2
    assert "dw: 3 is no text" in done.stderr
    done = launch("--set", 'projection.in->out.learning.dw="u.p -"')
    assert done.returncode == 2
    assert "dw: 'u.p -' is no formula (such as u.p - post.y)" in done.stderr
    assert "Traceback" not in done.stderr
