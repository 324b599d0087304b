"""spikemesh compare: output, page and exit codes."""

from __future__ import annotations

import csv
import io
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
params = { v_th = 1.0, i_e = 0.1 }
[[projection]]
source = "exc"
target = "exc"
connect = { rule = "fixed_indegree", indegree = 3 }
weight = 0.1
[[probe]]
target = "exc"
what = ["spikes"]
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return str(path)


def test_text_json_and_csv_say_the_same(tiny, invoke):
    arguments = ("compare", tiny, "--systems", "loihi:1, odin", "--quiet")
    result = invoke(*arguments)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["loihi:1", "odin"]
    assert lines[1].split() == ["how", "retimed", "does", "not", "fit"]
    (reason,) = (line for line in lines if line.startswith("odin: "))
    (loihi, odin) = json.loads(invoke(*arguments, "--json").stdout)["systems"]
    assert reason == f"odin: {odin['problem']}"
    assert 'population "exc"' in odin["problem"]
    rows = list(csv.DictReader(io.StringIO(invoke(*arguments, "--csv").stdout)))
    assert [row["system"] for row in rows] == ["loihi:1", "odin"]
    assert int(rows[0]["spikes"]) == loihi["spikes"] > 0
    assert rows[1]["problem"] == odin["problem"]


def test_the_page_is_written_and_traces_are_kept(tiny, invoke, tmp_path):
    result = invoke("compare", tiny, "--systems", "loihi:1,scenario", "--out", "kept", "-o", "c.html")
    assert result.exit_code == 0
    assert "loihi:1: retimed in" in result.stderr
    assert result.stderr.splitlines()[-1] == "wrote c.html"
    assert "tiny on 2 systems" in (tmp_path / "c.html").read_text()
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["loihi-1.h5", "scenario.h5", "spikes.h5"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--systems", "loihii"], 2, 'did you mean "loihi"'),
        (["--systems", "odin"], 2, ""),
        (["--systems", "loihi:1", "--set", "system.costs=davies"], 2, 'did you mean "davies2018"'),
        (["--systems", "loihi:1", "-o", "nowhere/c.html"], 2, "there is no folder nowhere"),
        (["--systems", "loihi:1", "--out", "tiny.toml"], 2, "is a file"),
        (["--systems", "loihi:1", "--duration", "0.5 ms"], 2, "duration"),
    ],
)
def test_mistakes_end_with_a_sentence(tiny, invoke, arguments, code, said):
    result = invoke("compare", tiny, "--quiet", *arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_overrides_of_the_system_go_to_every_system(tiny, invoke):
    arguments = ("compare", tiny, "--systems", "loihi:1,loihi2", "--json", "--quiet")
    found = json.loads(invoke(*arguments, "--set", "system.chips=3").stdout)
    assert [row["chips"] for row in found["systems"]] == [3, 3]


def test_a_run_that_fails_is_told_by_the_exit_code(tiny, invoke, tmp_path):
    folder = tmp_path / "failing"
    folder.mkdir()
    (folder / "scenario.toml").write_text(TINY)
    (folder / "scenario.py").write_text("def results(trace):\n    raise ValueError('no spikes')\n")
    result = invoke("compare", str(folder), "--systems", "loihi:1,odin", "--quiet")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].split() == ["how", "failed", "does", "not", "fit"]
    assert "results() raised ValueError: no spikes" in result.stdout


def test_help_shows_an_example(invoke):
    assert "spikemesh compare loihi_congestion --systems" in invoke("compare", "--help").stdout
