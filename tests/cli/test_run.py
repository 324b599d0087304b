"""spikemesh run: arguments, output and exit codes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from spikemesh.cli import progress as progress_module
from spikemesh.errors import (
    AgentError,
    DescriptionError,
    PluginError,
    Problem,
    RunError,
    RunInterrupted,
    TraceError,
)

REPORT = SimpleNamespace(
    tick=250,
    total=1000,
    model_ms=25.0,
    spikes=4000,
    spikes_per_s=81234.0,
    realtime_factor=0.125,
    remaining_s=200.0,
)


def test_every_option_reaches_the_run(api, invoke):
    invoke(
        "run", "ring", "--out", "a.h5", "--backend", "ray", "--workers", "3", "--actors", "core", "--links", "packet",
        "--address", "auto", "--duration", "2 s", "--overwrite", "--set", "seed=2", "--set", "timestep=0.5 ms",
        "--plugin", "m.py",
    )  # fmt: skip
    assert api.calls == [
        ("open_scenario", {"name": "ring", "overrides": ("seed=2", "timestep=0.5 ms"), "plugins": ("m.py",)}),
        ("run_scenario", {
            "out": "a.h5", "backend": "ray", "workers": 3, "actors": "core", "links": "packet",
            "address": "auto", "duration": "2 s", "overwrite": True,
        }),
    ]  # fmt: skip


def test_what_is_not_given_is_left_to_the_scenario(api, invoke):
    invoke("run", "ring")
    settings = api.calls[1][1]
    assert settings.pop("overwrite") is False
    assert settings.pop("out") == "ring.h5"
    assert set(settings.values()) == {None}


def test_json_is_one_object_and_nothing_else(api, invoke):
    api.runs_code = ["/s/scenario.py"]
    result = invoke("run", "ring", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == api.summary


def test_a_table_shows_figures_with_units_and_the_scenarios_own_results(api, invoke):
    lines = {line.split("  ")[0]: line for line in invoke("run", "ring").stdout.splitlines()}
    assert lines["model time"].endswith("1.5 s")
    assert lines["spikes"].endswith("12,345")
    assert lines["synaptic events per second"].endswith("9.05M/s")
    assert "laps" in invoke("run", "ring").stdout.split("results\n")[1]


def test_results_that_are_rows_of_the_same_columns_are_a_table(api, invoke):
    rows = [{"size": 1, "cv": 0.2}, {"size": 1024, "cv": 0.00625}]
    api.summary |= {"results": {"sizes": rows, "mixed": [{"a": 1}, {"b": 2}], "slope": -0.5}}
    shown = [line.split() for line in invoke("run", "ring").stdout.split("results\n")[1].splitlines()]
    assert ["slope", "-0.5"] in shown
    assert shown[-4:] == [["sizes"], ["size", "cv"], ["1", "0.2"], ["1,024", "0.00625"]]
    assert ["mixed", "[{'a':", "1},", "{'b':", "2}]"] in shown


def test_a_figure_that_is_unknown_is_left_out(api, invoke):
    api.summary |= {"window_exchange_us": None, "results": {}}
    output = invoke("run", "ring").stdout
    assert "exchange" not in output
    assert "results" not in output


def test_the_first_line_names_the_files_that_run_code(api, invoke):
    api.runs_code = ["/s/scenario.py", "my.py"]
    assert invoke("run", "ring", "--quiet").stderr.splitlines()[0] == "runs code from: /s/scenario.py, my.py"


def test_plugin_files_are_named_first_even_if_they_break(api, invoke):
    api.fails, api.failure = "open_scenario", PluginError("plugin file my.py: NameError: x")
    result = invoke("run", "ring", "--plugin", "my.py")
    assert result.stderr.splitlines() == ["runs code from: my.py", "error: plugin file my.py: NameError: x"]
    assert result.exit_code == 2


def test_every_problem_has_its_line_and_they_are_counted(api, invoke):
    problems = [
        Problem(f"population[{k}].size", f"{-k} is negative", "above 0", "s.toml", k) for k in range(1, 11)
    ]
    api.fails, api.failure = "open_scenario", DescriptionError(problems)
    result = invoke("run", "s.toml")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "s.toml:1: population[1].size: -1 is negative (above 0)"
    assert len(result.stderr.splitlines()) == 11
    assert result.stderr.splitlines()[-1] == "10 problems found"
    assert result.stdout == ""


def test_a_failed_agent_is_named_with_step_traceback_and_the_way_to_recover(api, invoke):
    Path("a.h5.live").mkdir()
    api.failure = AgentError("chip 2", "ended with signal 9", 1200, "Traceback (remote): boom")
    result = invoke("run", "ring", "--out", "a.h5")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Traceback (remote): boom",
        "the run failed: chip 2: ended with signal 9 (after completed step 1200)",
        "to keep what was recorded: spikemesh recover a.h5",
    ]


def test_with_json_a_failure_is_an_object_too(api, invoke):
    api.failure = AgentError("chip 2", "ended with signal 9", 1200)
    error = json.loads(invoke("run", "ring", "--out", "a.h5", "--json").stdout)["error"]
    assert (error["kind"], error["agent"], error["step"], error["trace"]) == (
        "AgentError",
        "chip 2",
        1200,
        "a.h5",
    )
    assert error["exit_code"] == 1


def test_a_run_error_names_the_last_completed_step(api, invoke):
    api.failure = RunError("no report for 60 s", 7)
    result = invoke("run", "ring")
    assert "no report for 60 s (after completed step 7)" in result.stderr
    assert result.exit_code == 1


@pytest.mark.parametrize("failure", [PluginError("plugin my: step 3: overflow"), TraceError("disk full")])
def test_what_breaks_after_steps_were_computed_is_a_failed_run(api, invoke, failure):
    api.failure, api.reports = failure, [REPORT]
    result = invoke("run", "ring")
    assert result.exit_code == 1
    assert f"the run failed: {failure}" in result.stderr


def test_a_trace_that_cannot_be_begun_is_wrong_input(api, invoke):
    api.failure = TraceError("cannot write x/a.h5: there is no folder x")
    result = invoke("run", "ring", "--out", "x/a.h5")
    assert (result.exit_code, result.stderr) == (2, "error: cannot write x/a.h5: there is no folder x\n")


def test_a_trace_that_exists_is_kept_unless_told(api, invoke):
    Path("a.h5").touch()
    result = invoke("run", "ring", "--out", "a.h5")
    assert result.exit_code == 2
    assert "--out: a.h5 exists (--overwrite replaces it" in result.stderr
    assert "run_scenario" not in [name for name, _ in api.calls]
    assert invoke("run", "ring", "--out", "a.h5", "--overwrite").exit_code == 0


@pytest.mark.parametrize("failure", [RunInterrupted("interrupted", 41), KeyboardInterrupt()])
def test_an_interrupted_run_names_its_trace(api, invoke, failure):
    api.failure = failure
    Path("a.h5").touch()
    result = invoke("run", "ring", "--out", "a.h5", "--overwrite")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "the trace holds what was recorded: a.h5"
    assert ("step 41" in result.stderr) == isinstance(failure, RunInterrupted)


def test_an_internal_error_is_short_and_says_how_to_see_more(api, invoke):
    api.failure = KeyError("lost")
    result = invoke("run", "ring")
    assert result.exit_code == 1
    assert "internal error: KeyError: 'lost'" in result.stderr
    assert "SPIKEMESH_DEBUG=1" in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback(api, invoke, monkeypatch):
    monkeypatch.setenv("SPIKEMESH_DEBUG", "1")
    api.failure = KeyError("lost")
    assert isinstance(invoke("run", "ring").exception, KeyError)


@pytest.mark.parametrize("option", [("--backend", "mpi"), ("--workers", "0"), ("--actors", "board")])
def test_a_wrong_option_is_wrong_input(api, invoke, option):
    result = invoke("run", "ring", *option)
    assert result.exit_code == 2
    assert option[0] in result.stderr
    assert api.calls == []


def test_progress_without_a_terminal_is_a_line_every_few_seconds(api, invoke, monkeypatch):
    api.reports = [REPORT, REPORT]
    assert "model time" not in invoke("run", "ring").stderr  # less than five seconds have passed
    monkeypatch.setattr(progress_module, "LINE_EVERY_S", 0.0)
    assert invoke("run", "ring").stderr.splitlines() == [
        "ring: 25 %, 25 ms model time, 81.2k spikes/s, realtime factor 0.125, 3 min 20 s left"
    ] * 2  # fmt: skip


def test_quiet_shows_no_progress(api, invoke, monkeypatch):
    monkeypatch.setattr(progress_module, "LINE_EVERY_S", 0.0)
    api.reports = [REPORT]
    assert invoke("run", "ring", "--quiet").stderr == ""


def test_progress_on_a_terminal_is_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    with progress_module.progress("ring") as show:
        assert show is not None
        show(REPORT)
    assert "81.2k spikes/s" in sys.stderr.getvalue()
    assert "25%" in sys.stderr.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5e-5, "25 us"), (0.0125, "12.5 ms"), (1.5, "1.5 s"), (200.0, "3 min 20 s"), (7260.0, "2 h 1 min")],
)
def test_times_are_written_with_a_fitting_unit(seconds, text):
    assert progress_module.in_time(seconds) == text
