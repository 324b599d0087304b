"""validate, map, scenarios, plugins, schema, doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spikemesh.cli import checks
from spikemesh.errors import DescriptionError, MappingError, Problem

PLUGIN = '''
from spikemesh.contracts import NeuronModel, hookimpl

class Silent(NeuronModel):
    """Never spikes."""
    name = "silent"

    def constants(p, dt):
        return {}

    def step(s, c, x):
        return (), False

@hookimpl
def spikemesh_neuron_models():
    return [Silent]
'''


def test_validate_counts_what_is_described(api, invoke):
    result = invoke("validate", "ring")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first == "ring is valid: 2 populations, 1,000 neurons, about 100 synapses, 8 chips"
    assert second.endswith("spikemesh map ring")
    assert "check_fit" in [name for name, _ in api.calls]
    assert json.loads(invoke("validate", "ring", "--json").stdout)["synapses_expected"] == 100


def test_validate_gives_problems_as_json(api, invoke):
    api.fails = "open_scenario"
    api.failure = DescriptionError([Problem("seed", '"x" is no number', "a whole number", "s.toml", 3)])
    result = invoke("validate", "s.toml", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["problems"] == [
        {
            "where": "seed",
            "found": '"x" is no number',
            "remedy": "a whole number",
            "file": "s.toml",
            "line": 3,
        }
    ]


def test_map_reports_without_running(api, invoke):
    assert invoke("map", "ring").stdout == "chip 0: 125\n"
    found = json.loads(invoke("map", "ring", "--json").stdout)
    assert found == {"scenario": "ring", "chips": 8, "problems": [], "picture": None}
    assert "run_scenario" not in [name for name, _ in api.calls]


def test_map_draws_a_picture(api, invoke):
    found = json.loads(invoke("map", "ring", "--json", "--picture", "ring.svg").stdout)
    assert found["picture"] == "ring.svg"
    assert ("write_picture", {"target": Path("ring.svg"), "name": "ring"}) in api.calls
    names = [name for name, _ in api.calls]
    assert names.index("check_picture") < names.index("map_scenario")
    assert "ring.svg" in invoke("map", "ring", "--picture", "ring.svg").stderr


@pytest.mark.parametrize("fails", ["map_scenario", "check"])
def test_a_network_that_does_not_fit_is_wrong_input(api, invoke, fails):
    api.fails, api.failure = fails, MappingError(Problem("exc", "8000 neurons, limit 1024", "8 chips"))
    result = invoke("map", "ring", "--json")
    assert result.exit_code == 2
    assert "exc: 8000 neurons, limit 1024 (8 chips)" in result.stderr
    found = json.loads(result.stdout)  # one object, whether the report could be made or not
    problems = found["problems"] if fails == "check" else found["error"]["problems"]
    assert [p["where"] for p in problems] == ["exc"]


def test_scenarios_are_those_the_registry_knows(invoke):
    from spikemesh.registry import load_registry

    listed = json.loads(invoke("scenarios", "--json").stdout)["scenarios"]
    assert {s["name"] for s in listed} == set(load_registry().scenarios.items)
    assert len(invoke("scenarios").stdout.splitlines()) == len(listed)


def test_plugins_list_says_what_comes_from_where(invoke, tmp_path):
    file = tmp_path / "quiet.py"
    file.write_text(PLUGIN)
    listed = json.loads(invoke("plugins", "list", "--plugin", str(file), "--json").stdout)
    supplied = {"kind": "neuron model", "name": "silent", "plugin": "quiet", "origin": str(file)}
    assert supplied | {"claimed_by": []} in listed["supplied"]
    assert listed["broken"] == []
    rows = invoke("plugins", "list", "--plugin", str(file)).stdout.splitlines()
    assert rows[0].split() == ["KIND", "NAME", "PLUGIN", "FROM"]
    assert ["neuron", "model", "silent", "quiet", str(file)] in [row.split() for row in rows]


def test_a_plugin_file_that_does_not_exist_is_wrong_input(invoke):
    result = invoke("plugins", "list", "--plugin", "nowhere.py")
    assert result.exit_code == 2
    assert "nowhere.py does not exist" in result.stderr


def test_schema_is_printed_or_written_with_the_names_of_plugins(invoke, tmp_path):
    file = tmp_path / "quiet.py"
    file.write_text(PLUGIN)
    printed = json.loads(invoke("schema", "--plugin", str(file)).stdout)
    assert "silent" in json.dumps(printed)
    target = tmp_path / "scenario.schema.json"
    result = invoke("schema", "--plugin", str(file), "--write", str(target))
    assert json.loads(target.read_text()) == printed
    assert result.stdout == ""


def test_doctor_examines_this_machine(invoke):
    found = json.loads(invoke("doctor", "--json").stdout)
    assert found["libraries"]["numpy"] != "missing"
    assert found["machine"]["cpus_usable"] >= 1
    assert found["shared_memory"]["path"] == "/dev/shm"
    assert found["kernels"]["vector_math_library"] is False  # else exp would depend on the place in the array
    assert found["ray"].keys() == {"version"}
    assert found["plugins"]["broken"] == []


def healthy() -> dict:
    kernels = {"folder": "/c", "vector_math_library": False, "compiled": True, "writable": True}
    return {
        "libraries": {"numpy": "2.0"}, "ray": {"version": "2.60.0"}, "kernels": kernels,
        "shared_memory": {"path": "/dev/shm", "free_mb": 1000}, "plugins": {"broken": []},
    }  # fmt: skip


def test_a_healthy_machine_has_no_problems():
    assert checks.problems(healthy()) == []


@pytest.mark.parametrize(
    ("part", "finding", "said"),
    [
        ("libraries", {"pint": "missing"}, "pip install pint"),
        ("ray", {"error": "ImportError: no"}, "only --backend local works"),
        ("shared_memory", {"path": "/dev/shm", "free_mb": 8}, "8 MB free"),
        ("kernels", {"error": "no LLVM"}, "no LLVM"),
        ("kernels", healthy()["kernels"] | {"vector_math_library": True}, "last bit"),
        ("kernels", healthy()["kernels"] | {"compiled": False}, "NUMBA_DISABLE_JIT"),
        ("kernels", healthy()["kernels"] | {"writable": False}, "SPIKEMESH_CACHE"),
        (
            "plugins",
            {"broken": [{"name": "p", "origin": "o 1", "error": "E"}]},
            "plugin p (o 1) is broken: E",
        ),
    ],
)
def test_each_problem_is_named_with_a_remedy(part, finding, said):
    problems = checks.problems(healthy() | {part: finding})
    assert len(problems) == 1
    assert said in problems[0]


def test_doctor_fails_when_something_is_in_the_way(invoke, monkeypatch):
    monkeypatch.setattr(checks, "RAY_PROBE", "raise ImportError('gone')")
    result = invoke("doctor")
    assert result.exit_code == 1
    assert "problem: Ray cannot be imported (ImportError: gone); only --backend local works" in result.stdout


def test_show_describes_a_model_with_units_and_bounds(invoke):
    text = invoke("plugins", "show", "lif_psc_exp").stdout
    assert "Rotter & Diesmann 1999" in text
    assert [line for line in text.splitlines() if line.split()[:3] == ["tau_m", "10.0", "ms"]]
    assert "receptors: exc, inh (current, weights in pA)" in text


def test_show_names_the_nearest(invoke):
    result = invoke("plugins", "show", "lif_pcs_exp")
    assert result.exit_code == 2
    assert 'did you mean "lif_psc_exp"?' in result.stderr
