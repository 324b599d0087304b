"""All combinations of values: results are those of single runs, and none is run twice."""

from __future__ import annotations

import csv
import io
import json
import signal
from xml.etree import ElementTree

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.api.sweep_page import places
from spikemesh.errors import DescriptionError, InputError, RunInterrupted
from spikemesh.kernels.accelerate import cache_folder as kernel_folder

SCENARIO = """
name = "small"
duration = "20 ms"
timestep = "1 ms"
seed = 3
[system]
preset = "loihi"
chips = 1
[mapping]
cores = "all"
[[population]]
name = "in"
size = 20
model = "regular"
params = { interval = "5 ms" }
[[population]]
name = "exc"
size = 100
model = "iaf"
params = { v_th = 1.0, i_e = 0.1 }
[[projection]]
source = "in"
target = "exc"
connect = { rule = "fixed_indegree", indegree = 5 }
weight = 0.2
[[probe]]
target = "exc"
what = ["spikes"]
"""
RESULTS = """
import os, signal

def results(trace):
    chips = trace.hardware["system"]["chips"]
    if trace.provenance["seed"] == 13 and not os.path.exists("{marker}"):
        os.kill(os.getpid(), signal.SIGKILL)
    return {{"spikes_of_exc": len(trace.spikes("exc").neurons), "chips": chips[0] * chips[1], "name": "x"}}
"""
VARY = {"seed": [1, 2], "run.links": ["analytic", "packet"], "system.chips": [1, [2, 1]]}


@pytest.fixture
def scenario(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "scenario.toml").write_text(SCENARIO)
    (folder / "scenario.py").write_text(RESULTS.format(marker=tmp_path / "marker"))
    return folder


def files(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "results").iterdir()}


def test_combinations_are_what_single_runs_are(scenario, tmp_path):
    found = sm.sweep(scenario, VARY, tmp_path / "out", backend="local", jobs=2)
    assert [row.values for row in found.rows][:3] == [
        ("1", "analytic", "1"),
        ("1", "analytic", "[2, 1]"),
        ("1", "packet", "1"),
    ]
    assert len(found.rows) == 8
    for row in found.rows:
        overrides = [f"{key}={value}" for key, value in zip(found.keys, row.values, strict=True)]
        loaded = sm.open_scenario(scenario, overrides=overrides)
        single = sm.run_scenario(loaded, out=tmp_path / "single.h5", backend="local", overwrite=True)
        assert dict(row.digest) == single.summary["digest"]
        assert row.figures.values["results.spikes_of_exc"] == single.summary["results"]["spikes_of_exc"]
        with sm.open_trace(row.trace) as trace:
            assert trace.digest() == single.summary["digest"]


@pytest.mark.ray
def test_any_backend_and_number_of_jobs_gives_the_same_table(scenario, tmp_path):
    vary = {"seed": [1, 2], "population.exc.size": [50, 60]}
    ways = {"one": ("local", 1), "two": ("local", 2), "ray": ("ray", 2)}
    for name, (backend, jobs) in ways.items():
        sm.sweep(scenario, vary, tmp_path / name, backend=backend, jobs=jobs, traces=False)
    tables = {(tmp_path / name / "table.csv").read_bytes() for name in ways}
    assert len(tables) == 1
    pages = {(tmp_path / name / "sweep.html").read_bytes() for name in ways}
    assert len(pages) == 1
    assert list((tmp_path / "ray" / "traces").iterdir()) == []


def test_what_is_done_is_never_run_again(scenario, tmp_path):
    said = []
    sm.sweep(scenario, ["seed=1,2"], tmp_path / "out", backend="local", said=said.append)
    before = files(tmp_path / "out")
    found = sm.sweep(scenario, ["seed=2,1,4"], tmp_path / "out", backend="local", said=said.append)
    after = files(tmp_path / "out")
    assert {name: after[name] for name in before} == before
    assert len(after) == 3
    assert "2 of 3 combinations are done already" in said
    assert [row.values for row in found.rows] == [("2",), ("1",), ("4",)]


def test_a_result_that_is_cut_off_counts_as_missing(scenario, tmp_path):
    sm.sweep(scenario, ["seed=1,2"], tmp_path / "out", backend="local", jobs=1)
    table = (tmp_path / "out" / "table.csv").read_bytes()
    (first, *_) = sorted((tmp_path / "out" / "results").iterdir())
    first.write_text(first.read_text()[:40])
    sm.sweep(scenario, ["seed=1,2"], tmp_path / "out", backend="local", jobs=1)
    assert json.loads(first.read_text())["how"] == "done"
    assert (tmp_path / "out" / "table.csv").read_bytes() == table


def test_a_changed_scenario_is_refused_by_name(scenario, tmp_path):
    def again(**options):
        return sm.sweep(scenario, ["seed=1"], tmp_path / "out", backend="local", **options)

    again()
    with (scenario / "scenario.py").open("a") as file:
        file.write("# more\n")
    with pytest.raises(InputError, match=r"code scenario\.py changed"):
        again()
    before = files(tmp_path / "out")
    again(overwrite=True)
    assert files(tmp_path / "out") != before
    with pytest.raises(InputError, match="duration changed"):
        again(duration="10 ms")
    with pytest.raises(InputError, match="overrides, scenario changed"):
        again(overrides=["population.exc.size=50"])


def test_data_beside_a_scenario_belong_to_it(scenario, tmp_path):
    np.savez(scenario / "start.npz", v=np.zeros(100))
    text = SCENARIO.replace("i_e = 0.1 }", 'i_e = 0.1 }\ninit = { v = "start.npz:v" }')
    (scenario / "scenario.toml").write_text(text)
    sm.sweep(scenario, ["seed=1"], tmp_path / "out", backend="local")
    np.savez(scenario / "start.npz", v=np.zeros(100))  # the same numbers, written at another time
    sm.sweep(scenario, ["seed=1"], tmp_path / "out", backend="local")
    np.savez(scenario / "start.npz", v=np.full(100, 0.5))
    with pytest.raises(InputError, match=r"data start\.npz changed"):
        sm.sweep(scenario, ["seed=1"], tmp_path / "out", backend="local")


def test_tasks_do_not_read_data_that_another_one_is_writing(scenario, tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKEMESH_CACHE", str(kernel_folder().parent))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = SCENARIO.replace("i_e = 0.1 }", 'i_e = 0.1 }\ninit = { v = "start.npy" }')
    (scenario / "scenario.toml").write_text(text)
    (scenario / "scenario.py").write_text(
        "import time\nimport numpy as np\n\n"
        "def prepare(cache):\n"
        "    (cache / 'start.npy').write_bytes(b'')\n"
        "    time.sleep(0.2)\n"
        "    np.save(cache / 'start.npy', np.zeros(100))\n"
    )
    found = sm.sweep(scenario, {"seed": range(1, 7)}, tmp_path / "out", backend="local", jobs=2)
    assert [row.how for row in found.rows] == ["done"] * 6


def test_a_process_that_dies_is_a_row_and_is_tried_again(scenario, tmp_path):
    found = sm.sweep(scenario, ["seed=1,13,2"], tmp_path / "out", backend="local", jobs=1)
    assert [row.how for row in found.rows] == ["done", "failed", "done"]
    assert found.rows[1].problem == "its process ended by SIGKILL"
    before = files(tmp_path / "out")
    (tmp_path / "marker").touch()
    found = sm.sweep(scenario, ["seed=1,13,2"], tmp_path / "out", backend="local", jobs=1)
    assert [row.how for row in found.rows] == ["done", "done", "done"]
    assert len({*files(tmp_path / "out").items()} & {*before.items()}) == 2


def test_what_does_not_fit_is_a_row(scenario, tmp_path):
    vary = {"population.exc.size": [100, 400_000]}
    found = sm.sweep(scenario, vary, tmp_path / "out", backend="local", jobs=1)
    assert [row.how for row in found.rows] == ["done", "wrong"]
    assert 'population "exc"' in found.rows[1].problem
    assert found.notes() == [f"population.exc.size=400000: {found.rows[1].problem}"]
    assert found.table(["spikes"])[2] == ["400000", "wrong"]


@pytest.mark.parametrize(
    ("vary", "options", "kind", "said"),
    [
        (["population.ex.size=1,2"], {}, DescriptionError, 'did you mean "exc"'),
        (["sytem.chips=1,2"], {}, DescriptionError, 'did you mean "system"'),
        (["run.backend=local,ray"], {}, InputError, "do not depend on the backend"),
        (["seed=1"], {"jobs": 0}, InputError, "at least 1"),
        (["seed=1"], {"duration": "0.5 ms"}, InputError, "duration"),
    ],
)
def test_mistakes_are_told_before_anything_is_run(scenario, tmp_path, vary, options, kind, said):
    with pytest.raises(kind, match=said):
        sm.sweep(scenario, vary, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_only_a_folder_of_a_sweep_is_written(scenario, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "marker").touch()
    with pytest.raises(InputError, match="holds marker, and no sweep"):
        sm.sweep(scenario, ["seed=1"], tmp_path / "full", backend="local", overwrite=True)
    with pytest.raises(InputError, match="is a file"):
        sm.sweep(scenario, ["seed=1"], scenario / "scenario.py", backend="local")


def test_two_sweeps_do_not_share_a_folder(scenario, tmp_path):
    def second(_line):
        sm.sweep(scenario, ["seed=1"], tmp_path / "out", backend="local")

    with pytest.raises(InputError, match="another sweep works in"):
        sm.sweep(scenario, ["seed=1"], tmp_path / "out", backend="local", said=second)
    assert [row.how for row in sm.sweep(scenario, ["seed=1"], tmp_path / "out", backend="local").rows] == [
        "done"
    ]


def test_an_interruption_leaves_what_is_done(scenario, tmp_path):
    def interrupt(line):
        if line.startswith("1 of 3"):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(RunInterrupted, match="1 of 3 combinations are done"):
        sm.sweep(scenario, ["seed=1,2,4"], tmp_path / "out", backend="local", jobs=1, said=interrupt)
    before = files(tmp_path / "out")
    assert len(before) == 1
    found = sm.sweep(scenario, ["seed=1,2,4"], tmp_path / "out", backend="local", jobs=1)
    assert [row.how for row in found.rows] == ["done"] * 3
    assert before.items() <= files(tmp_path / "out").items()


def test_table_page_and_frame_show_the_chosen_figures(scenario, tmp_path):
    found = sm.sweep(scenario, ["system.chips=1,2,0", "seed=1,2"], tmp_path / "out", backend="local")
    assert found.chosen() == ("results.chips", "results.spikes_of_exc")
    assert found.chosen(["spikes_of_exc", "energy_mj"]) == ("results.spikes_of_exc", "energy_mj")
    with pytest.raises(InputError, match='did you mean "energy_mj"'):
        found.chosen(["energy_m"])
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [row["results.chips"] for row in rows] == ["1", "1", "2", "2", "", ""]
    assert rows[4]["how"] == "wrong"
    tree = ElementTree.fromstring(found.page(["energy_mj", "chips"]).removeprefix("<!DOCTYPE html>\n"))
    lines = list(tree.iter("{http://www.w3.org/2000/svg}polyline"))
    assert len(lines) == 4  # two figures, one curve for each seed
    frame = found.to_pandas()
    assert list(frame["system.chips"]) == [1, 1, 2, 2, 0, 0]
    assert frame["results.chips"].isna().sum() == 2
    assert json.loads(json.dumps(found.to_dict()))["combinations"][0]["values"] == {
        "system.chips": 1,
        "seed": 1,
    }
    assert "6 combinations" in repr(found)


def test_numbers_far_apart_are_drawn_by_their_logarithms():
    assert places(["1", "10", "100"]) == [0.0, 1.0, 2.0]
    assert places(["1", "2", "3"]) == [1.0, 2.0, 3.0]
    assert places(["0", "10", "100"]) == [0.0, 10.0, 100.0]
    assert places(["100 ns", "1 us"]) == [0.0, 1.0]
