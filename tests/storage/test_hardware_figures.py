"""Figures of the hardware with numbers worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from spikemesh.contracts.trace import Chunk, CounterPlan
from spikemesh.errors import TraceError
from spikemesh_storage import hardware, spikemesh_commands
from spikemesh_storage.hardware_tables import in_unit


def test_times_of_steps():
    times = np.array([4000, 1000, 2000, 3000, 90_000])
    found = hardware.step_figures(times, 0.001)
    assert found == {
        "steps": 5,
        "hardware_time_ms": 1e-4,
        "step_mean_ns": 20.0,
        "step_min_ns": 1.0,
        "step_median_ns": 3.0,
        "step_p90_ns": 90.0,
        "step_p99_ns": 90.0,
        "step_max_ns": 90.0,
        "slowdown": pytest.approx(0.02),  # 100 ns for 5 steps of 1 us
    }
    hundred = np.arange(1, 101) * 1000
    found = hardware.step_figures(hundred, 0.001)
    assert [found[f"step_{name}_ns"] for name in ("median", "p90", "p99")] == [50.0, 90.0, 99.0]
    assert hardware.step_figures(times[:0], 1.0) == {"steps": 0, "hardware_time_ms": 0.0, "slowdown": None}


def test_what_steps_waited_for():
    last = np.array([2, 0, 2, -1, 0, 2, 2, -1])
    assert hardware.critical(last, ("a", "b", "c"), "link") == [
        {"link": "c", "steps": 4, "share": 0.5},
        {"link": "a", "steps": 2, "share": 0.25},
    ]
    assert hardware.critical(np.full(3, -1), ("a",), "link") == []


def test_percentiles_from_buckets():
    edges = np.array([0, 1000, 1125, 1250, 2000])
    found = hardware.latency_figures(np.array([0, 89, 1, 9, 1]), edges)
    assert found == {
        "packets": 100,
        "p50_ns": 1.0,
        "p50_below_ns": 1.125,
        "p90_ns": 1.125,  # the 90th of a hundred
        "p90_below_ns": 1.25,
        "p99_ns": 1.25,
        "p99_below_ns": 2.0,
        "max_ns": 2.0,
        "max_below_ns": None,
    }
    nothing = hardware.latency_figures(np.zeros(5, int), edges)
    assert nothing.pop("packets") == 0
    assert set(nothing.values()) == {None}


def test_resolution_of_eight_buckets_to_an_octave():
    edges = [*range(16), *(k << octave for octave in range(1, 20) for k in range(8, 16))]
    assert hardware.resolution(np.array(edges)) == 0.125
    assert hardware.resolution(np.arange(16)) == 0.0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.4485e-3, "1.448 mJ"),
        (0.0, "0 J"),
        (23.6e-12, "23.6 pJ"),
        (3e-13, "0.3 pJ"),
        (31.88, "31.88 J"),
        (None, "-"),
    ],
)
def test_units_with_prefixes(value, text):
    assert in_unit(value, "J") == text


@pytest.fixture
def small(hardware_run, store, tmp_path):
    """Two steps of which everything is known: 4 us and 6 us, on a pair of chips."""
    plan = replace(hardware_run.plan, recorded=(), probes=(), weights=(), bin_steps=1, timestep_ms=0.01)
    counters = {
        "core_spikes": [[1, 0, 0], [1, 2, 0]],
        "core_synaptic_events": [[5, 0, 0], [0, 5, 0]],
        "link_packets": [[3, 0], [1, 0]],
        "core_updates": [[10, 20, 0], [10, 20, 0]],
        "core_packets_in": [[0, 3, 0], [0, 1, 0]],
        "core_packets_out": [[3, 0, 0], [1, 0, 0]],
        "core_busy_ps": [[2_000_000, 1_000_000, 0], [500_000, 0, 0]],
        "link_busy_ps": [[4_000_000, 0], [3_500_000, 0]],
        "link_wait_ps": [[300_000, 0], [20_000, 0]],
        "link_queue_max": [[7, 0], [2, 0]],
        "chip_hops_tile": [[1, 0], [0, 0]],
        "chip_hops_x": [[0, 2], [0, 3]],
        "chip_hops_y": [[0, 0], [0, 0]],
        "packets_sent": [[3], [1]],
        "packets_delivered": [[3], [1]],
        "latency_on_tile": [[0, 0, 0, 0, 0]],
        "latency_on_chip": [[0, 2, 1, 1, 0]],
    }
    series = {"step_time_ps": [4_000_000, 6_000_000], "step_core": [0, 1], "step_link": [0, -1]}
    arrays = {name: np.array(values) for name, values in counters.items()}
    chunk = Chunk(0, 2, counters=arrays, series={name: np.array(values) for name, values in series.items()})

    def make(name="small", results=None, **changes):
        writer = store.create(tmp_path / f"{name}.h5", replace(plan, **changes))
        writer.append(chunk)
        return store.open(writer.finish("complete", results=results))

    return make


def test_loads_of_links(small):
    with small() as trace:
        first, second = (trace.links().iloc[k] for k in range(2))
    assert first["utilisation"] == pytest.approx(0.75)  # 7.5 of 10 us
    assert first["wait_mean_ns"] == pytest.approx(80.0)  # 320 ns over 4 packets
    assert first["queue_mean"] == pytest.approx(0.032)  # Little's law: 4 packets in 10 us, 80 ns each
    assert first["queue_max"] == 7
    assert (second["utilisation"], second["queue_mean"], second["queue_max"]) == (0.0, 0.0, 0)
    assert np.isnan(second["wait_mean_ns"])


def test_queues_are_not_shown_where_links_are_only_loads(small, hardware_run, store, tmp_path):
    described = {**hardware_run.plan.hardware, "links_level": "analytic"}
    with small("waits", hardware=described) as trace:
        assert "wait_mean_ns" in trace.links().columns  # they were there, so they are shown
    quiet = replace(hardware_run, plan=replace(hardware_run.plan, hardware=described))
    none = {n: np.zeros_like(hardware_run.counters[n]) for n in ("link_wait_ps", "link_queue_max")}
    quiet = replace(quiet, counters={**quiet.counters, **none})
    writer = store.create(tmp_path / "quiet.h5", quiet.plan)
    quiet.write(writer, [])
    with store.open(writer.finish("complete")) as trace:
        columns = set(trace.links().columns)
    assert "utilisation" in columns
    assert not columns & {"wait_mean_ns", "queue_mean", "queue_max"}


def test_loads_of_cores(small):
    with small() as trace:
        cores = trace.cores()
    assert list(cores["busy"]) == pytest.approx([0.25, 0.1, 0.0])
    assert list(cores["updates"]) == [20, 40, 0]
    assert list(cores["packets_in"]) == [0, 4, 0]
    assert list(cores["packets_out"]) == [4, 0, 0]


DYNAMIC_PJ = 60 * 10 + 10 * 2 + 4 * 0 + 1 + 5 + 4 * 30 + 2 * 3 * 4
"""Updates, synaptic events, axons out, hops, packets on links, barriers over (2 + 1) chips."""
STATIC_PJ = (2 * 5.0 + 2 * 0.5) * 10_000
"""11 mW over 10 us."""


def test_energy_of_a_trace(small):
    with small() as trace:
        energy, account = trace.energy(), trace.energy_account()
    assert energy.loc["neuron_update", "energy_pj"] == 600
    assert (energy.loc["neuron_update", "low_pj"], energy.loc["neuron_update", "high_pj"]) == (480, 900)
    assert energy.loc["dynamic", "energy_pj"] == pytest.approx(DYNAMIC_PJ)
    assert energy.loc["static", "energy_pj"] == pytest.approx(STATIC_PJ)
    assert energy.loc["total", "energy_pj"] == pytest.approx(DYNAMIC_PJ + STATIC_PJ)
    assert energy.loc["total", "note"] == "incomplete: misses spike"
    assert np.isnan(energy.loc["spike", "energy_pj"])
    assert energy.loc["spike", "note"] == "not published"
    assert energy.loc["axon_in", "note"] == "included elsewhere"
    assert account.power_w.value == pytest.approx((DYNAMIC_PJ + STATIC_PJ) / 10e6)


def test_energy_in_the_file(small):
    with small() as trace:
        account, path = trace.energy_account(), trace.path
    with h5py.File(path) as file:
        stored = file["hardware/energy"]
        kinds = [kind.decode() for kind in stored["kind"]]
        assert kinds == [t.kind for t in account.terms]
        values = dict(zip(kinds, stored["value_pj"][()], strict=True))
        notes = dict(zip(kinds, stored["note"], strict=True))
        assert stored["value_pj"].attrs["units"] == b"pJ"
    assert values["neuron_update"] == 600.0
    assert np.isnan(values["spike"])
    assert notes["spike"] == b"not published"


def test_summary(small):
    with small() as trace:
        found = trace.summary()
    total_mj = (DYNAMIC_PJ + STATIC_PJ) * 1e-9
    assert found["hardware_time_ms"] == pytest.approx(0.01)
    assert found["slowdown"] == pytest.approx(0.5)  # 10 us for two steps of 10 us
    assert (found["step_mean_ns"], found["step_max_ns"]) == (5000, 6000)
    assert found["energy_mj"] == pytest.approx(total_mj, rel=1e-12, abs=0)
    assert found["delay_product_js"] == pytest.approx(total_mj * 1e-3 * 10e-6, rel=1e-12, abs=0)
    assert found["power_mw"] == pytest.approx(total_mj / 0.01 * 1000)
    assert found["energy_note"] == found["energy_dynamic_note"] == "incomplete: misses spike"
    assert found["energy_static_note"] == "complete"
    assert (found["critical_core"], found["critical_core_share"]) == ("chip0.core0", 0.5)
    assert (found["critical_link"], found["critical_link_share"]) == ("chip0->chip1", 0.5)
    assert found["busiest_link"] == "chip0->chip1"
    assert found["busiest_link_utilisation"] == pytest.approx(0.75)  # 7.5 of 10 us
    assert "inferences" not in found


def test_summary_of_inferences(small):
    with small(results={"inferences": 4}) as trace:
        found = trace.summary()
    assert found["inferences"] == 4
    total_mj = (DYNAMIC_PJ + STATIC_PJ) * 1e-9
    assert found["energy_per_inference_mj"] == pytest.approx(total_mj / 4, rel=1e-12, abs=0)
    assert found["time_per_inference_ms"] == pytest.approx(0.0025)


def test_energies_of_which_nothing_is_published_are_no_zeros(small, hardware_run):
    system = {**hardware_run.plan.hardware["system"], "costs": None, "links": {"between_chips": {}}}
    commands = {command.name: command for command in spikemesh_commands()}
    with small("unknown", hardware={"system": system}, results={"inferences": 1}) as trace:
        found, path = trace.summary(), trace.path
    energies = ("energy_mj", "energy_static_mj", "energy_dynamic_mj", "power_mw", "delay_product_js")
    assert {found[name] for name in (*energies, "energy_per_inference_mj")} == {None}
    text = CliRunner().invoke(commands["analyze"], [str(path)]).stdout
    lines = {line.strip().split("  ")[0]: line for line in text.splitlines()}
    for name in ("dynamic", "static", "total"):
        assert "not published" in lines[name]
    assert " 0 J" not in text[text.index("per inference") :]


def test_a_row_of_the_fields_table(small, hardware_run):
    described = {**hardware_run.plan.hardware, "inferences": 4}
    scenario = {"scenario": {"name": "digits"}}
    with small(results={"accuracy": 91.5}, hardware=described, provenance=scenario) as trace:
        (row,) = trace.analyse()["hardware"]["table"]
    assert row["per"] == "inference"
    assert (row["task"], row["system"], row["costs"], row["chips"], row["cores"]) == (
        "digits",
        "pair",
        "table",
        2,
        3,
    )
    assert row["accuracy"] == 91.5
    assert row["latency_ms"] == pytest.approx(0.0025)
    assert row["energy_dynamic_mj"] == pytest.approx(DYNAMIC_PJ * 1e-9 / 4, rel=1e-12, abs=0)
    assert row["energy_idle_mj"] == pytest.approx(STATIC_PJ * 1e-9 / 4, rel=1e-12, abs=0)
    # uJ s of one inference: a quarter of the energy times a quarter of the time.
    assert row["delay_product_ujs"] == pytest.approx(
        (DYNAMIC_PJ + STATIC_PJ) * 1e-6 / 4 * 10e-6 / 4, rel=1e-12, abs=0
    )
    with small("results", results={"inferences": 2}) as trace:
        (row,) = trace.analyse()["hardware"]["table"]
    assert (row["per"], row["latency_ms"], row["accuracy"], row["task"]) == (
        "inference",
        0.005,
        None,
        "results",
    )
    with small("steps") as trace:
        (row,) = trace.analyse()["hardware"]["table"]
    assert (row["per"], row["latency_ms"]) == ("step", 0.005)


def test_hardware_time_of_ticks(hardware_run, store, tmp_path):
    system = {**hardware_run.plan.hardware["system"], "regime": "tick"}
    plan = replace(hardware_run.plan, hardware={"system": system}, series=())
    for tick, expected in ((None, 100 * 10**8), (250.0, 100 * 250_000)):
        system["tick"] = tick
        run = replace(hardware_run, plan=plan, series={})
        writer = store.create(tmp_path / "run.h5", plan, overwrite=True)
        run.write(writer, [])
        with store.open(writer.finish("complete")) as trace:
            assert trace.hardware_time_ps == expected
            assert trace.summary()["hardware_time_ms"] == expected / 1e9
            assert trace.energy_account().time_ps == expected


def test_a_system_that_cannot_be_read(hardware_run, store, tmp_path):
    plan = replace(hardware_run.plan, hardware={"system": {"name": "new", "gears": 5}})
    writer = store.create(tmp_path / "run.h5", plan)
    replace(hardware_run, plan=plan).write(writer, [])
    with store.open(writer.finish("complete")) as trace:
        assert trace.counts("core_updates").shape == (13, 3)
        with pytest.raises(TraceError, match="gears"):
            trace.energy()


def test_analyze_shows_the_hardware(small, hardware_run):
    plans = (CounterPlan("link_dropped", "link"), CounterPlan("link_late", "link"))
    commands = {command.name: command for command in spikemesh_commands()}
    with small(counters=(*hardware_run.plan.counters, *plans)) as trace:
        path, whole = trace.path, trace.analyse()
    done = CliRunner().invoke(commands["analyze"], [str(path), "--json"])
    assert json.loads(done.stdout) == whole
    assert whole["hardware"]["packets"] == {"sent": 4, "delivered": 4}
    assert whole["links"][0]["dropped"] == 0
    done = CliRunner().invoke(commands["analyze"], [str(path)])
    assert done.exit_code == 0
    lines = {line.strip().split("  ")[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert lines["spike"][:4] == ["spike", "4", "-", "not"]
    assert " ".join(lines["neuron update"]) == "neuron update 60 10 pJ 600 pJ 480 pJ 900 pJ - primary"
    assert lines["axon in"][-5:-2] == ["elsewhere", "-", "-"]
    assert lines["on chip"] == ["on", "chip", "4", "1", "1.25", "1.25", "1.25"]
    assert "energy, incomplete: misses spike" in done.stdout
    assert "at most 60 % above" in done.stdout  # the widest bucket: 1250 to 2000
    info = CliRunner().invoke(commands["info"], [str(path)])
    assert "hardware time ms" in info.stdout


def test_the_hottest_link_comes_first(looked_at, store, hardware_run):
    commands = {command.name: command for command in spikemesh_commands()}
    busy = hardware_run.counters["link_busy_ps"].sum(axis=0)
    names = [hardware_run.plan.link_names[k] for k in np.argsort(-busy)]
    text = CliRunner().invoke(commands["analyze"], [str(looked_at)]).stdout
    table = text[text.index("loads of links") :]
    assert table.index(names[0]) < table.index(names[1])
