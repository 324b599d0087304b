"""The same network on several systems: every row is what a run on that system gives."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest

import spikemesh as sm
from spikemesh.api.comparison import names_of
from spikemesh.errors import InputError

SCENARIO = """
name = "small"
duration = "40 ms"
timestep = "1 ms"
seed = 3
[system]
preset = "loihi"
chips = 1
[run]
backend = "local"
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
multapses = false
delay = "3 ms"
weight = 0.2
[[projection]]
source = "exc"
target = "exc"
connect = { rule = "fixed_indegree", indegree = 5 }
multapses = false
delay = "3 ms"
weight = 0.2
[[probe]]
target = "exc"
what = ["spikes"]
"""
RESULTS = """
def results(trace):
    return {"accuracy": 0.5, "inferences": 4, "populations": len(trace.populations)}
"""
BOARD = """
[system]
extends = "loihi"
chips = 1
[system.chip.costs.davies2018.neuron_update]
energy_pj = 80.0
energy_range_pj = [60.0, 90.0]
"""


@pytest.fixture
def scenario(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "scenario.toml").write_text(SCENARIO)
    (folder / "scenario.py").write_text(RESULTS)
    return folder


def run(scenario, system, path, *overrides):
    loaded = sm.open_scenario(scenario, overrides=[f"system={system}", *overrides])
    return sm.run_scenario(loaded, out=path, backend="local")


def hardware_of(path):
    found = {}

    def visit(name, item):
        found[name] = [(k, np.asarray(v).tobytes()) for k, v in sorted(item.attrs.items())]
        if isinstance(item, h5py.Dataset):
            found[name] += [str(item.dtype), item.shape, item[()].tobytes() if item.size else b""]

    with h5py.File(path) as file:
        file["hardware"].visititems(visit)
    return found


def test_every_row_is_a_run_on_that_system(scenario, tmp_path):
    systems = {
        "loihi:2": '{ preset = "loihi", chips = 2 }',
        "loihi:1:sanafe2025": '{ preset = "loihi", chips = 1, costs = "sanafe2025" }',
        "loihi2:scaled": '{ preset = "loihi2", costs = "scaled" }',
        "truenorth": '{ preset = "truenorth" }',
    }
    found = sm.compare(scenario, [*systems], out=tmp_path / "out", links="packet")
    assert [row.how for row in found.rows] == ["retimed", "retimed", "retimed", "run"]
    for k, (row, system) in enumerate(zip(found.rows, systems.values(), strict=True)):
        direct = run(scenario, system, tmp_path / f"{k}.h5", 'run.links="packet"')
        assert hardware_of(row.trace) == hardware_of(direct.path)
        assert row.digest == direct.summary["digest"]
        # The scenario records one of two populations; all are recorded only in the run that rows are timed from.
        assert row.figures.values["results.populations"] == 1
        assert row.figures.values["spikes"] == direct.summary["spikes"]
    with sm.open_trace(tmp_path / "out" / "spikes.h5") as trace:
        assert set(trace.populations) == {"in", "exc"}


def test_a_single_system_is_run(scenario, tmp_path):
    found = sm.compare(scenario, ["scenario"], out=tmp_path / "out")
    assert [row.how for row in found.rows] == ["run"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["scenario.h5"]


def test_a_system_that_is_too_small_says_why_and_stops_nothing(scenario):
    overrides = ["population.exc.size=2000", "projection.[0].connect.indegree=1", "system.chips=1"]
    found = sm.compare(scenario, ["odin", "loihi"], overrides=overrides)
    small, large = found.rows
    assert (small.how, large.how) == ("does not fit", "retimed")
    assert small.figures.values == {}
    # ODIN has 256 neurons: Frenkel et al., IEEE TBioCAS 13(1), 2019.
    for part in ('population "exc"', "2000 neurons", "256", "chips"):
        assert part in small.problem.replace(",", "")
    assert large.figures.values["spikes"] > 0
    assert small.problem in found.notes()[0]


def test_what_is_not_published_is_said_and_never_zero(scenario):
    found = sm.compare(scenario, ["loihi2", "ideal", "loihi:1"])
    new, ideal, loihi = found.rows
    # Of Loihi 2 Intel's technology brief gives no energies, and of times those of a barrier alone.
    assert {"energy_static_mj", "energy_dynamic_mj", "delay_product_js"} <= new.figures.not_published
    assert "step_mean_ns" in new.figures.at_least
    assert "neuron_update" in new.figures.values["time_misses"]
    assert {"step_mean_ns", "hardware_time_ms", "energy_mj"} <= ideal.figures.not_published
    assert {"energy_dynamic_mj", "step_mean_ns"} <= loihi.figures.at_least
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert rows[0]["energy_dynamic_mj"] == "not published"
    assert rows[0]["packets_late"] == ""
    assert float(rows[2]["energy_dynamic_mj"]) == loihi.figures.values["energy_dynamic_mj"]
    shown = {row[0]: row[1:] for row in found.table()}
    assert shown["energy, dynamic"][:2] == ["not published", "not published"]
    assert shown["energy, dynamic"][2].startswith(">= ")
    absent = json.loads(json.dumps(found.to_dict()))["systems"][0]
    assert absent["energy_dynamic_mj"] is None
    assert "energy_dynamic_mj" in absent["not_published"]


def test_energies_carry_the_range_of_their_coefficients(scenario, tmp_path):
    (tmp_path / "board.toml").write_text(BOARD)
    (row,) = sm.compare(scenario, [str(tmp_path / "board.toml")]).rows
    values = row.figures.values
    with sm.run_scenario(
        sm.open_scenario(scenario, overrides=[f'system={{ file = "{tmp_path / "board.toml"}" }}']),
        out=tmp_path / "run.h5",
    ).trace as trace:
        updates = int(trace.counts("core_updates").sum())
    low, value, high = (values[f"energy_dynamic_mj{end}"] for end in ("_low", "", "_high"))
    assert value - low == pytest.approx(updates * 20.0 / 1e9, rel=1e-9)
    assert high - value == pytest.approx(updates * 10.0 / 1e9, rel=1e-9)
    totals = [values[f"energy_mj{end}"] for end in ("_low", "", "_high")]
    products = [values[f"delay_product_js{end}"] for end in ("_low", "", "_high")]
    # 1 mJ times 1 ms is 1e-6 J s.
    assert products == pytest.approx([mj * values["hardware_time_ms"] * 1e-6 for mj in totals], rel=1e-12)
    each = [values[f"energy_per_inference_mj{end}"] for end in ("_low", "", "_high")]
    assert each == pytest.approx([mj / 4 for mj in totals], rel=1e-12)


def test_figures_of_an_inference_where_the_scenario_marks_them(scenario):
    (row,) = sm.compare(scenario, ["truenorth"]).rows
    values = row.figures.values
    assert values["results.accuracy"] == 0.5
    # 40 ticks of 1 ms (Merolla et al. 2014) for 4 inferences.
    assert values["time_per_inference_ms"] == pytest.approx(10.0)
    assert values["energy_per_inference_mj"] == pytest.approx(values["energy_mj"] / 4)


def test_latencies_are_those_of_packets_that_were_simulated(scenario):
    (analytic,) = sm.compare(scenario, ["loihi:2"], links="analytic").rows
    assert analytic.figures.values["latency_p50_ns"] is None
    assert "latency_p50_ns" not in analytic.figures.not_published
    (packets,) = sm.compare(scenario, ["loihi:2"], links="packet").rows
    assert packets.figures.values["latency_of"] == "between_chips"
    assert packets.figures.values["latency_p99_ns"] >= packets.figures.values["latency_p50_ns"] > 0


def test_plastic_networks_are_timed_afterwards_too(tmp_path):
    learning = 'weight = 300.0\nlearning = { rule = "stdp_pair", a_plus = 0.05, a_minus = 0.06 }'
    text = SCENARIO.replace('"iaf"', '"lif_psc_exp"').replace("{ v_th = 1.0, i_e = 0.1 }", "{ i_e = 600.0 }")
    text = text.replace("weight = 0.2", learning, 1)
    path = tmp_path / "plastic.toml"
    path.write_text(text)
    found = sm.compare(path, ["loihi:2", "loihi:1:sanafe2025"], out=tmp_path / "out")
    direct = run(path, '{ preset = "loihi", chips = 2 }', tmp_path / "direct.h5")
    assert found.rows[0].digest == direct.summary["digest"]


@pytest.mark.parametrize(
    ("systems", "said"),
    [
        (["loihi", "truenort"], 'did you mean "truenorth"'),
        (["loihi", "loihi"], "named twice"),
        ([], "there is none"),
        (["loihi:4y2"], "neither a shape of chips nor the name of a cost set"),
        (["loihi:sanafe2024"], 'did you mean "sanafe2025"'),
    ],
)
def test_mistakes_in_names_of_systems(scenario, systems, said):
    with pytest.raises(InputError, match=said):
        sm.compare(scenario, systems)


def test_traces_are_replaced_only_if_told(scenario, tmp_path):
    sm.compare(scenario, ["loihi:1"], out=tmp_path)
    with pytest.raises(InputError, match=r"loihi-1\.h5 exists"):
        sm.compare(scenario, ["loihi:1"], out=tmp_path)
    assert sm.compare(scenario, ["loihi:1"], out=tmp_path, overwrite=True).rows[0].how == "run"


def test_files_of_systems_have_names_of_their_own():
    assert names_of(["loihi:4x2", "../my chip.toml", "loihi-4x2"]) == ["loihi-4x2", "my-chip", "loihi-4x2-2"]


def test_a_page_and_a_frame_show_all_systems(scenario):
    found = sm.compare(scenario, ["loihi:1", "truenorth"])
    tree = ElementTree.fromstring(found.page().removeprefix("<!DOCTYPE html>\n"))
    assert {"loihi:1", "truenorth", "energy, static"} <= {text.strip() for text in tree.itertext()}
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}svg"))) == 4
    frame = found.to_pandas()
    assert list(frame.index) == ["loihi:1", "truenorth"]
    assert frame.loc["truenorth", "hardware_time_ms"] == pytest.approx(40.0)
    assert "loihi:1" in repr(found)
