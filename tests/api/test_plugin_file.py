"""A neuron model from somebody's file: run, wrong in every way, changed."""

from __future__ import annotations

import json
from math import exp, log
from pathlib import Path

import pytest

import spikemesh as sm
from spikemesh.errors import SpikemeshError
from spikemesh.registry import load_registry

PLUGIN = '''\
import numpy as np

from spikemesh.contracts import NeuronModel, Parameter, State, hookimpl


class LeakyIntegrator(NeuronModel):
    """tau_m dv/dt = -(v - e_l), each arriving weight (mV) added to v; spike and reset at v_th."""

    name = "leaky"
    parameters = {
        "tau_m": Parameter(20.0, "ms", gt=0), "v_th": Parameter(15.0, "mV"), "e_l": Parameter(0.0, "mV")
    }
    state = {"v": State("e_l", "mV")}
    receptors = ("exc", "inh")

    def constants(p, dt):
        return {"decay": np.exp(-dt / p.tau_m), "v_th": p.v_th, "e_l": p.e_l}

    def step(s, c, x):
        v = c.e_l + (s.v - c.e_l) * c.decay + x.exc + x.inh
        spiked = v >= c.v_th
        return (c.e_l if spiked else v,), spiked


@hookimpl
def spikemesh_neuron_models():
    return [LeakyIntegrator]
'''
SCENARIO = """
name = "leaky"
duration = "300 ms"
timestep = "1 ms"

[system]
preset = "ideal"
chips = 2

[mapping]
pin = { in = [0], near = [0], far = [1] }

[[population]]
name = "in"
size = 1
model = "regular"
params = { interval = "1 ms" }

[[population]]
name = "near"
size = 3
model = "leaky"

[[population]]
name = "far"
size = 2
model = "leaky"
params = { tau_m = "40 ms" }

[[projection]]
source = "in"
target = "near"
connect = { rule = "all_to_all" }
weight = 1.0

[[projection]]
source = "near"
target = "far"
connect = { rule = "all_to_all" }
weight = 5.0
delay = "3 ms"

[[probe]]
target = "near"
what = ["spikes", "v"]

[[probe]]
target = "far"
what = ["spikes"]
"""


@pytest.fixture
def write(tmp_path):
    def put(text=PLUGIN, name="my_neuron.py"):
        (tmp_path / "scenario.toml").write_text(SCENARIO)
        path = tmp_path / name
        path.write_text(text)
        return path

    return put


def changed(old, new):
    assert PLUGIN.count(old) >= 1
    return PLUGIN.replace(old, new)


def launch(command, plugin, *options):
    done = command("run", "scenario.toml", "--plugin", plugin.name, "--json", *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == f"runs code from: {plugin.name}"
    return json.loads(done.stdout)


def test_it_has_at_most_forty_lines():
    assert len(PLUGIN.splitlines()) <= 40


def test_spikes_come_when_computed_by_hand(write, command, tmp_path):
    plugin = write()
    launch(command, plugin, "--backend", "local", "--out", "run.h5")
    trace = sm.open_trace(tmp_path / "run.h5")
    # v_k = (1 - d^k) / (1 - d) with d = e^(-1/20) reaches 15 in the step k = ceil(-20 ln(1 - 15 (1 - d))) = 27;
    # the first input arrives in step 2.
    d = exp(-1 / 20)
    k = -int(20 * log(1 - 15 * (1 - d)) // 1)
    assert k == 27
    expected = [1.0 + 27 * n for n in range(1, 12)]
    near, far = trace.spikes("near"), trace.spikes("far")
    assert [near.train(n).tolist() for n in range(3)] == [expected] * 3
    # Three spikes of 5 mV arrive together, which is just the threshold.
    assert [far.train(n).tolist() for n in range(2)] == [[t + 3.0 for t in expected[:-1]]] * 2
    v = trace.probe("near", "v")
    assert v.attrs["units"] == "mV"
    assert v.sel(neuron=0).values[9] == pytest.approx((1 - d**9) / (1 - d), rel=1e-9)


@pytest.mark.ray
def test_ray_gives_the_same(write, command):
    plugin = write()
    local = launch(command, plugin, "--backend", "local", "--workers", 2, "--out", "local.h5")
    ray = launch(command, plugin, "--backend", "ray", "--workers", 2, "--out", "ray.h5")
    assert (local["backend"], ray["backend"], ray["workers"]) == ("local", "ray", 2)
    assert ray["digest"] == local["digest"]
    assert ray["packets"] == local["packets"] > 0


def test_changed_code_is_never_run_stale(write, command):
    # Same file, same name, same size: only the code differs. Then the same code in a file of another name,
    # whose machine code must not be looked for in the first one.
    digests = [
        launch(command, write(text, name), "--backend", "local", "--out", f"{k}.h5")["digest"]["function"]
        for k, (text, name) in enumerate(
            [
                (PLUGIN, "one.py"),
                (changed("x.exc + x.inh", "x.exc - x.exc"), "one.py"),
                (PLUGIN, "other.py"),
            ]
        )
    ]
    assert digests[0] == digests[2] != digests[1]


def test_two_files_of_one_name_are_two_plugins(tmp_path):
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "neuron.py")
        paths[-1].write_text(PLUGIN.replace('"leaky"', f'"leaky_{folder}"'))
    models = load_registry(paths).neuron_models
    assert models.get("leaky_a").__module__ != models.get("leaky_b").__module__


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            changed("spiked = v >= c.v_th", "spiked = v >= c.no_such"),
            ['population "near"', "neuron model leaky cannot be compiled", "no_such"],
        ),
        (
            changed("def spikemesh_neuron_models", "def spikemesh_neuron_model"),
            ["my_neuron", 'there is no hook "spikemesh_neuron_model"', 'did you mean "spikemesh_neuron_models"'],
        ),
        (
            changed('name = "leaky"', 'name = "iaf"'),
            ['neuron model "iaf" of my_neuron is already supplied by spikemesh_plugins.neurons'],
        ),
        (
            changed("-dt / p.tau_m", "-dt / p.tau_n"),
            ['neuron model "leaky", population "near": constants() raised AttributeError', "tau_n"],
        ),
        (changed('State("e_l"', 'State("e_r"'), ["my_neuron.py", "LeakyIntegrator" "|leaky", "e_r", "e_l"]),
        (changed("import numpy as np", "import nunpy as np"), ["my_neuron.py", "ModuleNotFoundError", "nunpy"]),
        (changed("import numpy as np", "raise SystemExit(0)"), ["my_neuron.py", "SystemExit"]),
        (
            changed("return [LeakyIntegrator]", "return [Leaky]"),
            ["my_neuron", "spikemesh_neuron_models raised NameError"],
        ),
        (
            changed("else v,), spiked", "else v, 1.0), spiked"),
            ['population "near"', "neuron model leaky cannot be compiled", "expected 1, got 2"],
        ),
        ("class (:", ["my_neuron.py", "SyntaxError"]),
    ],
    ids=["compile", "hook", "twice", "constants", "state", "import", "exit", "returned", "values", "syntax"],
)  # fmt: skip
def test_a_plugin_that_cannot_be_used_is_wrong_input(write, command, tmp_path, text, words):
    plugin = write(text)
    done = command("run", "scenario.toml", "--plugin", plugin, "--backend", "local", "--out", "run.h5")
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert any(w in done.stderr for w in word.split("|")), done.stderr
    # Nothing is left behind that would be in the way of the next attempt.
    assert {p.name for p in tmp_path.iterdir() if p.name != "__pycache__"} == {
        "scenario.toml",
        "my_neuron.py",
    }


def test_an_exception_in_a_step_names_model_population_and_step(write, command, tmp_path):
    text = changed(
        "        spiked = v",
        '        if v > 5.0:\n            raise ValueError("too hot")\n        spiked = v',
    )
    done = command(
        "run", "scenario.toml", "--plugin", write(text), "--backend", "local", "--out", "run.h5", "--quiet"
    )
    # v_k = 5.7 > 5 for the first time with the sixth input, which arrives in step 7
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert 'neuron model leaky of population "near" raised ValueError: too hot in step 7' in done.stderr
    # Nothing had been recorded, so that nothing is in the way of the next attempt.
    assert not list(tmp_path.glob("run.h5*"))


def test_without_its_plugin_the_scenario_says_so(write, command):
    write()
    done = command("validate", "scenario.toml")
    assert done.returncode == 2
    assert 'there is no neuron model "leaky"' in done.stderr
    assert "scenario.toml:22" in done.stderr


def test_a_notebook_may_change_and_load_again(write, tmp_path, monkeypatch):
    # One process: the file is read again where it has changed, also by text of equal length.
    monkeypatch.chdir(tmp_path)
    name = f"leaky_{tmp_path.name[-8:].replace('-', '_')}"

    def train(text, out):
        write(text.replace('"leaky"', f'"{name}"'), "notebook.py")
        scenario = Path("scenario.toml")
        scenario.write_text(scenario.read_text().replace('"leaky"', f'"{name}"'))
        loaded = sm.open_scenario(scenario, plugins=["notebook.py"])
        result = sm.run_scenario(loaded, out=out, backend="local")
        return result.trace.spikes("near").train(0)

    first = train(PLUGIN, "a.h5")
    assert first[0] == 28.0
    # 1 - 12 (1 - d) = d^18
    assert train(changed("Parameter(15.0", "Parameter(12.0"), "b.h5")[0] == 19.0
    assert train(changed("v >= c.v_th", "v >= c.decay"), "c.h5")[0] == 2.0
    assert train(PLUGIN, "d.h5").tolist() == first.tolist()


def test_random_generators_are_refused(tmp_path):
    """Their numbers would depend on the mapping."""
    path = tmp_path / "dice.py"
    path.write_text(PLUGIN.replace('"leaky"', '"dice"').replace("+ x.inh", "+ x.inh + np.random.rand()"))
    sm.load_plugin(path)
    net = sm.Network(timestep="1 ms")
    net.add_population("a", 3, "dice")
    with pytest.raises(SpikemeshError, match=r'neuron model dice.*draws = \("u",\)'):
        sm.Simulation(net, backend="local")


def test_a_plugin_file_is_loaded_from_python(tmp_path):
    path = tmp_path / "named_from_python.py"
    path.write_text(PLUGIN.replace('"leaky"', '"from_python"'))
    sm.load_plugin(path)
    net = sm.Network(timestep="1 ms")
    net.add_population("a", 3, "from_python")
    net.probe("a", "spikes")
    assert sm.run(net, "ideal", "5 ms", backend="local").summary["spikes"] == 0
