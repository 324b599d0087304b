"""spikemesh sweep: output and exit codes."""

from __future__ import annotations

import json

import pytest

TINY = """
name = "tiny"
duration = "20 ms"
timestep = "1 ms"
[[population]]
name = "exc"
size = 300
model = "iaf"
params = { v_th = 1.0, i_e = 0.125 }
[[probe]]
target = "exc"
what = ["spikes"]
"""
BASE = ("--out", "out", "--backend", "local", "--jobs", "1")


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return str(path)


def test_a_row_for_each_combination(tiny, invoke, tmp_path):
    arguments = ("sweep", tiny, "--vary", "population.exc.size=10,20", "--vary", "seed=1,2", *BASE)
    result = invoke(*arguments, "--show", "spikes")
    assert result.exit_code == 0
    # Every neuron takes 0.125 a step and spikes at 1: twice in 20 steps.
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["population.exc.size", "seed", "spikes"],
        *(["10", seed, "20"] for seed in "12"),
        *(["20", seed, "40"] for seed in "12"),
    ]
    assert result.stderr.splitlines()[0].startswith("1 of 4: population.exc.size=10 seed=1: run in ")
    assert result.stderr.splitlines()[-1] == "wrote out/table.csv and out/sweep.html"
    assert {"table.csv", "sweep.html", "results", "traces"} <= {p.name for p in (tmp_path / "out").iterdir()}
    again = invoke(*arguments, "--json")
    assert again.stderr.splitlines()[0] == "4 of 4 combinations are done already"
    combinations = json.loads(again.stdout)["combinations"]
    assert [c["figures"]["spikes"] for c in combinations] == [20, 20, 40, 40]
    assert combinations[0]["values"] == {"population.exc.size": 10, "seed": 1}


def test_a_combination_that_is_wrong_is_a_row_and_told_by_the_exit_code(tiny, invoke):
    result = invoke("sweep", tiny, "--vary", "system.chips=1,0", *BASE, "--no-traces", "--quiet")
    assert result.exit_code == 1
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[2].split()[:2] == ["0", "wrong"]
    assert lines[3].startswith("system.chips=0: ")
    assert "0 is no number of chips" in lines[3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--vary", "seed"], "has no path or no ="),
        (["--vary", "sed=1,2"], 'did you mean "seed"'),
        (["--vary", "seed=1", "--show", "spike"], 'did you mean "spikes"'),
        (["--vary", "seed=1", "--out", "tiny.toml"], "is a file"),
        (["--vary", "seed=1", "--duration", "0.5 ms"], "duration"),
    ],
)
def test_mistakes_end_with_a_sentence(tiny, invoke, arguments, said):
    result = invoke("sweep", tiny, *BASE, "--quiet", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_changed_scenario_is_named(tiny, invoke, tmp_path):
    arguments = ("sweep", tiny, "--vary", "seed=1", *BASE, "--quiet")
    assert invoke(*arguments).exit_code == 0
    (tmp_path / "tiny.toml").write_text(TINY.replace("300", "30"))
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert "scenario changed (--overwrite begins anew; or another folder)" in result.stderr
    assert invoke(*arguments, "--overwrite").exit_code == 0


def test_help_shows_an_example(invoke):
    assert "--vary settings.cure=none,relay" in invoke("sweep", "--help").stdout


def test_help_lists_commands_by_what_they_are_about(invoke):
    text = invoke("--help").stdout
    places = [text.index(f"\n{title}:\n") for title in ("Scenarios", "Traces", "What there is")]
    assert places == sorted(places)
    assert places[0] < text.index("\n  sweep ") < places[1] < text.index("\n  analyze ") < places[2]
