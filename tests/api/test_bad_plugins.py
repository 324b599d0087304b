"""Plugins that go wrong while a run is under way, or before it: named, and the trace stays readable."""

from __future__ import annotations

import os

import pytest

import spikemesh as sm

NEURON = '''\
from spikemesh.contracts import NeuronModel, State, hookimpl


class Mine(NeuronModel):
    """Adds up what arrives."""

    name = "mine"
    state = {{"v": State(0.0)}}

    def constants(p, dt):
        return {{}}

    def step(s, c, x):
        {step}


@hookimpl
def spikemesh_neuron_models():
    return [Mine]
'''
RULE = '''\
from spikemesh.contracts import LearningRule, hookimpl


class Mine(LearningRule):
    """Does as told."""

    name = "mine"

    def constants(p, dt):
        return {{}}

    def on_pre(w, s, c, pre, post, third):
        {on_pre}


@hookimpl
def spikemesh_learning_rules():
    return [Mine]
'''
SCENARIO = """
name = "bad"
duration = "{duration} ms"
timestep = "1 ms"

[system]
preset = "ideal"
chips = 2

[mapping]
pin = {{ in = [0], out = [1] }}

[[population]]
name = "in"
size = 2
model = "regular"
params = {{ interval = "1 ms" }}

[[population]]
name = "out"
size = 3
model = "{model}"

[[projection]]
source = "in"
target = "out"
connect = {{ rule = "all_to_all" }}
weight = 1.0
{learning}

[[probe]]
target = "in"
what = ["spikes"]
"""


@pytest.fixture
def run(command, tmp_path):
    """Run a scenario with a bad neuron or rule; return the command's end."""

    def start(plugin, *options, model="mine", learning="", duration=3000):
        (tmp_path / "bad.py").write_text(plugin)
        (tmp_path / "bad.toml").write_text(SCENARIO.format(model=model, learning=learning, duration=duration))
        done = command("run", "bad.toml", "--plugin", "bad.py", "--out", "run.h5", "--quiet", *options)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        return done

    return start


RULED = {"model": "iaf", "learning": 'learning = { rule = "mine", w_max = 2.0 }'}
# Two spikes arrive in every step from the second on, so that v = 2 (k - 1) after step k.
NAN = (
    "v = s.v + x.exc\n        return ((v if v < 4000.0 else v - v * (1e308 * 10.0) / (1e308 * 10.0)),), False"
)


@pytest.mark.parametrize("backend", ["local", pytest.param("ray", marks=pytest.mark.ray)])
def test_a_state_that_is_no_number_ends_the_run(run, backend, tmp_path):
    done = run(NEURON.format(step=NAN), "--backend", backend)
    assert done.returncode == 1, done.stderr
    (said,) = [line for line in done.stderr.splitlines() if "NaN" in line]
    assert 'chip 1: neuron model mine of population "out": state "v" of neuron 0 became NaN' in said
    first, last = (int(word) for word in said.split("in steps ")[1].split(" (")[0].split(" to "))
    assert first <= 2001 <= last
    # Everything before the stretch in which it happened is there.
    with sm.open_trace(tmp_path / "run.h5") as trace:
        assert len(trace.spikes("in").times_ms) == 2 * (first - 1) > 0


def test_a_weight_that_is_no_number_ends_the_run(run):
    done = run(RULE.format(on_pre="return w * (1e308 * 10.0) * 0.0, ()"), "--backend", "local", **RULED)
    assert done.returncode == 1
    assert (
        'learning rule mine of projection "in->out": the weight of a synapse of neuron 0 became NaN'
        in done.stderr
    )


def test_an_exception_in_a_rule_names_projection_and_step(run):
    raising = 'if w > 0.0:\n            raise ValueError("too strong")\n        return w, ()'
    done = run(RULE.format(on_pre=raising), "--backend", "local", **RULED)
    assert done.returncode == 1
    assert 'learning rule mine of projection "in->out" raised ValueError: too strong in step 2' in done.stderr


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("return (sum([s.v, x.exc]),), False", "from the heap in every call; use numbers and tuples"),
        ("return (s.v, x.exc), False", "it returns 2 values of new state where 1 are declared"),
        ("return (s.v,)", "it returns a tuple of 1, not of 2"),
        ("return (s.u,), False", "Unknown attribute 'u'"),
    ],
    ids=["allocates", "too many", "no spike", "unknown"],
)
def test_a_step_that_cannot_be_compiled_is_wrong_input(run, tmp_path, step, words):
    done = run(NEURON.format(step=step), "--backend", "local")
    assert done.returncode == 2
    assert 'population "out": neuron model mine cannot be compiled: ' in done.stderr
    assert words in done.stderr
    assert not list(tmp_path.glob("run.h5*"))


def test_a_rule_that_allocates_is_wrong_input(run):
    done = run(RULE.format(on_pre="return sum([w, 1.0]), ()"), "--backend", "local", **RULED)
    assert done.returncode == 2
    assert 'projection "in->out": learning rule mine cannot be compiled' in done.stderr
    assert "from the heap" in done.stderr


ENCODER = '''\
import numpy as np

from spikemesh.contracts import Encoder, hookimpl


class Mine(Encoder):
    """Does as told."""

    name = "mine"

    def encode(values, steps, first_step, dt, p, random):
        return {encoded}


@hookimpl
def spikemesh_encoders():
    return [Mine]
'''
INPUT = """
name = "bad"
duration = "30 ms"
timestep = "1 ms"

[[input]]
population = "in"
encoder = "mine"
data = [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
present = "10 ms"

[[population]]
name = "in"
size = 2
model = "spike_source"
"""


@pytest.mark.parametrize(
    ("encoded", "words"),
    [
        ("np.array([11]), np.array([0])", "the offset 11; offsets must lie in 1 to 10"),
        ("np.array([1]), np.array([2])", "a spike of neuron 2; there are 2"),
        ("np.array([1, 2]), np.array([1])", "it returned (2,) offsets for (1,) neurons"),
        ("values", "it returned ndarray, not a tuple (offsets, neurons)"),
        ("values.missing", "AttributeError"),
    ],
)
def test_what_an_encoder_returns_is_checked(run, tmp_path, monkeypatch, encoded, words):
    monkeypatch.setitem(globals(), "SCENARIO", INPUT)
    done = run(ENCODER.format(encoded=encoded), "--backend", "local")
    assert done.returncode == 1
    assert 'encoder mine failed on sample 0 of population "in" at step 0: ' in done.stderr
    assert words in done.stderr


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install two packages, as pip does, that both supply the neuron model ``mine``."""
    site = tmp_path / "site"
    for name in ("alpha_cells", "beta_cells"):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(NEURON.format(step="return (s.v,), False"))
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(f"[spikemesh]\n{name} = {name}\n")
    path = [str(site), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(p for p in path if p))


def test_two_packages_with_one_name_are_an_error_that_names_both(installed, command, tmp_path):
    both = (
        'neuron model "mine" is supplied by alpha_cells (alpha-cells 1.0) and beta_cells (beta-cells 1.0); '
        "uninstall all but one"
    )
    (tmp_path / "bad.toml").write_text(SCENARIO.format(model="mine", learning="", duration=10))
    done = command("validate", "bad.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert both in done.stderr
    listed = command("plugins", "list")
    assert (
        'broken: beta_cells (beta-cells 1.0): neuron model "mine" of beta_cells is already supplied by '
        "alpha_cells (alpha-cells 1.0)"
    ) in listed.stdout
    assert f"refused: {both}\n" in listed.stdout
    # Other models are not concerned.
    assert command("validate", "synfire_ring").returncode == 0
