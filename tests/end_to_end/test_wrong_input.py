"""A user's mistakes: every one told at once, with place and remedy; exit code 2 and never a traceback."""

import json

import pytest

TEN_MISTAKES = """
duration = "1 lightyear"
timestep = "0.1 ms"
seed = -3
colour = "red"

[system]
preset = "loihii"

[[population]]
name = "exc"
size = 10
model = "lif_psc_exp"
params = { tau_sin = "2 ms" }
init = { v = "3 ms" }

[[projection]]
source = "exc"
target = "exk"
connect = { rule = "fixed_indegre", indegree = 10 }
delay = "1.55 ms"

[run]
workers = 0
"""
"""Without its first, empty line."""

EXPECTED = [
    ("duration", 1, "write a number or a quantity"),
    ("seed", 3, "a whole number from 0"),
    ("colour", 4, "allowed:"),
    ("system.preset", 7, 'did you mean "loihi"?'),
    ('population "exc".params.tau_sin', 13, 'did you mean "tau_syn_in"?'),
    ('population "exc".init.v', 14, "write a number or a quantity"),
    ('projection "exc->exk".target', 18, "exc"),
    ('projection "exc->exk".connect.rule', 19, 'did you mean "fixed_indegree"?'),
    ('projection "exc->exk".delay', 20, "1.5 ms, 1.6 ms"),
    ("run.workers", 23, "greater than 0"),
]
"""Key, line, and what the remedy says."""


@pytest.mark.parametrize("arguments", [("validate",), ("run",)])
def test_ten_mistakes_are_ten_errors(command, tmp_path, arguments):
    (tmp_path / "wrong.toml").write_text(TEN_MISTAKES.removeprefix("\n"))
    done = command(*arguments, "wrong.toml", "--json")
    assert done.code == 2
    found = json.loads(done.stdout)["error"]
    assert found["exit_code"] == 2
    assert [(p["where"], p["line"], p["file"]) for p in found["problems"]] == [
        (where, line, "wrong.toml") for where, line, _ in EXPECTED
    ]
    for problem, (_, _, remedy) in zip(found["problems"], EXPECTED, strict=True):
        assert remedy in problem["remedy"]
    *lines, count = done.stderr.splitlines()
    assert count == "10 problems found"
    assert len(lines) == 10
    for line, (where, number, remedy) in zip(lines, EXPECTED, strict=True):
        assert line.startswith(f"wrong.toml:{number}: {where}: ")
        assert remedy in line
    assert {path.name for path in tmp_path.iterdir()} == {"wrong.toml"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "balanced_two_chp"], 'did you mean "balanced_two_chip"?'),
        (["run", "balanced_two_chip", "--workers", "0"], "0 is not in the range x>=1"),
        (["run", "nosuch.toml"], "nosuch.toml cannot be read: No such file"),
        (["run", "balanced_two_chip", "--backend", "foo"], "'foo' is not one of 'local', 'ray'"),
        (["analyze", "nosuch.h5"], "nosuch.h5: there is no such file"),
    ],
)
def test_a_wrong_name_or_option_is_told(command, arguments, said):
    done = command(*arguments)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "run.stal_timeout_s=3"], 'did you mean "stall_timeout_s"?'),
        (["--set", "population[0].sizes=3"], 'did you mean "size"?'),
        (
            ["--set", "system.links.between_chips.when_full=drop"],
            'a link that drops packets is an error in regime "barrier", where no packet may be lost '
            "(allowed: stall)",
        ),
        (["--duration", "-1"], "duration: '-1' is negative (0 ms or more)"),
        (["--out", "."], "--out: . is a folder (the trace is one file, such as run.h5)"),
        (["--out", "/proc/run.h5"], "cannot write /proc/run.h5"),
    ],
)
def test_a_wrong_setting_is_told_before_anything_starts(command, scenario, tmp_path, options, said):
    done = command("run", scenario, *options)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {scenario.name}


def test_a_spike_time_between_two_steps_is_refused(command, scenario, tmp_path):
    times = "[[1.0], [0.5, 1.25]]"
    source = (
        f'[[population]]\nname = "in"\nsize = 2\nmodel = "spike_source"\nparams = {{ times = {times} }}\n'
    )
    line = len(scenario.read_text().splitlines()) + 5
    scenario.write_text(scenario.read_text() + source)
    done = command("validate", scenario)
    assert done.code == 2
    assert done.stderr.startswith(f'{scenario}:{line}: population "in".params.times: ')
    assert "1.25 ms is not a positive multiple of the timestep 0.1 ms" in done.stderr


def test_a_network_that_does_not_fit_names_population_limit_and_excess(command, tmp_path):
    # 128 cores of 1024 neurons a chip: Davies et al. 2018, IEEE Micro 38(1), 82-99.
    sizes = ["--set", "population[0].size=200000", "--set", "system.chips=[1,1]"]
    done = command("map", "balanced_two_chip", "--set", "system.preset=loihi", *sizes)
    assert done.code == 2
    assert 'population "exc": 200000 neurons need 196 cores of 1024 neurons; 128 are left' in done.stderr
    assert f"{200_000 - 128 * 1024} neurons too many" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_trace_is_replaced_only_if_told(command, scenario, tmp_path):
    options = ("--backend", "local", "--out", "run.h5")
    assert command("run", scenario, *options, "--duration", "10 ms").code == 0
    before = (tmp_path / "run.h5").read_bytes()
    done = command("run", scenario, *options)
    assert (done.code, done.stdout) == (2, "")
    assert "--out: run.h5 exists (--overwrite replaces it; or give another name)" in done.stderr
    assert (tmp_path / "run.h5").read_bytes() == before
    done = command("recover", "run.h5")
    assert done.code == 2
    assert "it is finished already" in done.stderr
    assert command("run", scenario, *options, "--overwrite").code == 0
    assert json.loads(command("info", "run.h5", "--json").stdout)["duration_ms"] == 100


def test_validate_sees_whether_neurons_fit(command):
    result = command("validate", "balanced_two_chip", "--set", "system.preset=loihi", "--set", "system.chips=1",
                     "--set", "population.exc.size=200000")  # fmt: skip
    assert result.code == 2
    assert "too many" in result.stderr
