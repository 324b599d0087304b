"""Stepwise runs, results and traces that grow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.errors import InputError, TraceError


def counting(**options):
    """Two neurons that count steps: v grows by 1/8 and 1/4 a step, spikes every 8 and 4 steps."""
    net = sm.Network(timestep="1 ms")
    net.add_population("n", 2, "iaf", i_e=[1 / 8, 1 / 4])
    net.probe("n", "spikes", "v")
    return net


def test_a_simulation_goes_on_where_it_stood(tmp_path):
    simulation = sm.Simulation(counting(), out=tmp_path / "run.h5", backend="local")
    assert simulation.time_ms == 0.0
    assert simulation.run("10 ms") is simulation
    simulation.run(7)
    assert (simulation.tick, simulation.time_ms) == (17, 17.0)
    result = simulation.close()
    assert simulation.close() is result
    assert result.trace.spikes("n").train(0).tolist() == [8.0, 16.0]
    with pytest.raises(InputError, match="closed"):
        simulation.run(1.0)


def test_a_trace_keeps_what_the_clock_said_apart_from_the_results(tmp_path):
    net = sm.Network(timestep="1 ms", seed=1)
    a = net.add_population("a", 8, "iaf", i_e=0.3)
    net.connect(a, a, "all_to_all", weight=0.01, delay="2 ms")
    net.probe(a, "spikes")
    results = []
    for name in ("one.h5", "two.h5"):
        system = sm.System.preset("ideal", chips=2)
        results.append(sm.run(net, system, duration="50 ms", out=tmp_path / name, backend="local", workers=2))
    timing = [sm.open_trace(tmp_path / name).analyse()["timing"] for name in ("one.h5", "two.h5")]
    for found, result in zip(timing, results, strict=True):
        assert found == {key: result.summary[key] for key in found}
        assert found["window_exchange_us"] > 0
        assert found["run_s"] > 0
    assert timing[0] != timing[1]
    assert results[0].summary["digest"] == results[1].summary["digest"]


def test_a_trace_is_read_while_it_is_written(tmp_path):
    path = tmp_path / "run.h5"
    with sm.Simulation(counting(), out=path, backend="local") as simulation:
        trace = sm.open_trace(path)
        assert (trace.status, trace.until_tick) == ("running", 0)
        simulation.run(9.0)
        assert trace.until_tick == 0  # a view of what was there
        trace.refresh()
        assert (trace.status, trace.until_tick) == ("running", 9)
        assert trace.spikes("n").train(1).tolist() == [4.0, 8.0]
        assert trace.probe("n", "v").values[:3, 0].tolist() == [0.125, 0.25, 0.375]
        live = trace.digest()
        simulation.run(3.0)
        assert trace.digest() == live
        assert sm.open_trace(path).until_tick == 12
        assert not path.exists()
    trace.refresh()
    assert (trace.status, trace.duration_ms) == ("complete", 12.0)
    assert trace.spikes("n").train(1).tolist() == [4.0, 8.0, 12.0]
    assert not Path(f"{path}.live").exists()


def test_a_block_that_fails_leaves_its_trace_to_be_recovered(tmp_path):
    path = tmp_path / "run.h5"

    def fail():
        with sm.Simulation(counting(), out=path, backend="local") as simulation:
            simulation.run(10.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not path.exists()
    assert sm.open_trace(path).status == "unfinished"
    assert sm.open_trace(path).until_tick == 10
    with pytest.raises(TraceError, match="recover"):
        sm.Simulation(counting(), out=path, backend="local")


def test_present_weights_are_read_between_stretches():
    net = sm.Network(timestep="1 ms")
    pre = net.add_population("pre", 2, "spike_source", times=[[10.0, 40.0], [20.0]])
    post = net.add_population("post", 1, "iaf", v_th=8.0, reset="zero")
    force = net.add_population("force", 1, "spike_source", times=[14.0])
    net.connect(force, post, "all_to_all", weight=8.0)
    learning = sm.rule("stdp_pair", a_plus=0.1, a_minus=0.2, tau_plus=10.0, tau_minus=10.0, w_max=4.0)
    plastic = net.connect(pre, post, "all_to_all", weight=1.0, delay="1 ms", learning=learning)
    net.connect(pre, post, "all_to_all", weight=0.0, name="fixed")
    with sm.Simulation(net, backend="local") as simulation:
        sources, targets, weights = simulation.weights(plastic)
        assert (sources.tolist(), targets.tolist(), weights.tolist()) == ([0, 1], [0, 0], [1.0, 1.0])
        # Arrival at 11, spike at 15: + 0.1 w_max e^(-0.4); arrival at 21 after it: - 0.2 w_max e^(-0.6)
        simulation.run(15.0)
        assert simulation.weights("pre->post")[2] == pytest.approx([1 + 0.4 * np.exp(-0.4), 1.0], rel=1e-12)
        simulation.run(6.0)
        expected = [1 + 0.4 * np.exp(-0.4), 1 - 0.8 * np.exp(-0.6)]
        assert simulation.weights("pre->post")[2] == pytest.approx(expected, rel=1e-12)
        with pytest.raises(InputError, match=r'no projection "pre->pots".*"pre->post"'):
            simulation.weights("pre->pots")
        with pytest.raises(InputError, match=r'weights of "fixed" are not kept'):
            simulation.weights("fixed")


def test_a_result_tells_what_happened(tmp_path):
    result = sm.run(counting(), duration="16 ms", out=tmp_path / "run.h5", backend="local")
    assert repr(result).startswith("<RunResult: 16 ms, 6 spikes, ")
    assert "run.h5" in repr(result)
    assert "<table>" in result._repr_html_()
    expected = {
        "backend": "local", "workers": 1, "actors": "chip", "chips": 1, "duration_ms": 16.0, "spikes": 6,
        "synaptic_events": 0, "packets": 0, "status": "complete", "results": {}, "trace": str(tmp_path / "run.h5"),
    }  # fmt: skip
    assert {key: result.summary[key] for key in expected} == expected
    for key in ("compile_s", "build_s", "run_s", "finalise_s", "realtime_factor", "peak_rss_mb"):
        assert result.summary[key] >= 0.0
    assert result.summary["digest"] == result.trace.digest()


@pytest.mark.parametrize("learning", [None, "stdp_pair"])
@pytest.mark.parametrize("chips", [1, 2])
def test_synaptic_events_are_counted_and_drive_events_apart(chips, learning):
    net = sm.Network(timestep="1 ms")
    source = net.add_population("in", 3, "regular", interval="5 ms")
    target = net.add_population("out", 4, "iaf", v_th=1e9)
    net.connect(
        source,
        target,
        "all_to_all",
        weight=0.0,
        delay="7 ms",
        learning=learning and sm.rule(learning, w_max=1),
    )
    net.drive(target, sm.poisson(rate="2 kHz", weight=1.0))
    net.probe(target, "v", every="50 ms")
    pin = sm.MappingSettings(pin={"in": [0], "out": [chips - 1]})
    system = sm.System.preset("ideal", chips=chips)
    result = sm.run(net, system, 50.0, backend="local", workers=chips, mapping=pin)
    # Ten spikes of three sources for four targets, counted in the step in which they are sent.
    assert result.summary["synaptic_events"] == 10 * 3 * 4
    assert result.trace.counts("core_synaptic_events").sum(axis=1).tolist() == [2 * 3 * 4] * 5
    # One packet a spike, if it has to leave its chip.
    assert result.summary["packets"] == (30 if chips == 2 else 0)
    assert result.summary["drive_events"] == result.trace.probe("out", "v").values.sum()


def test_without_a_name_the_trace_goes_with_the_result():
    result = sm.run(counting(), duration=8.0, backend="local")
    path = result.path
    assert len(result.trace.spikes("n")) == 3
    del result
    assert not path.exists()


def test_an_existing_trace_is_kept_unless_told(tmp_path):
    path = tmp_path / "run.h5"
    sm.run(counting(), duration=8.0, out=path, backend="local")
    before = path.read_bytes()
    with pytest.raises(TraceError, match="exists"):
        sm.run(counting(), duration=4.0, out=path, backend="local")
    assert path.read_bytes() == before
    sm.run(counting(), duration=4.0, out=path, backend="local", overwrite=True)
    assert sm.open_trace(path).duration_ms == 4.0


def test_progress_is_reported():
    seen = []
    sm.run(counting(), duration=500.0, backend="local", progress=seen.append)
    assert [p.tick for p in seen] == sorted({p.tick for p in seen})
    assert (seen[-1].tick, seen[-1].total, seen[-1].model_ms) == (500, 500, 500.0)
    assert seen[-1].spikes == 500 // 8 + 500 // 4


def test_a_bar_is_drawn(capsys):
    sm.run(counting(), duration=100.0, backend="local", progress=True)
    assert "100 ms" in capsys.readouterr().err


def test_a_trace_answers(tmp_path):
    net = counting()
    net.add_population("silent", 5, "iaf")
    trace = sm.run(
        net, sm.System.preset("ideal", chips=2), 16.0, out=tmp_path / "run.h5", backend="local"
    ).trace
    spikes = trace.spikes("n")
    assert (spikes.times_ms.dtype, spikes.neurons.dtype) == (np.float64, np.uint64)
    assert spikes.rates() == pytest.approx([2 / 0.016, 4 / 0.016])
    assert spikes.isi(1).tolist() == [4.0, 4.0, 4.0]
    assert list(spikes.to_pandas().columns) == ["time_ms", "neuron"]
    assert trace.populations == ("n",)
    assert trace.summary()["spikes"] == 6
    assert trace.provenance["seed"] == 1
    assert trace.cores().neurons.sum() == 7
    assert len(trace.links()) == 2
    with pytest.raises(InputError, match=r'"silent" was not recorded.*recorded: n'):
        trace.spikes("silent")
    with pytest.raises(InputError, match=r'no population "m".*\bn\b'):
        trace.spikes("m")
    with pytest.raises(InputError, match='"u"'):
        trace.probe("n", "u")
    with pytest.raises(TraceError, match="no such file"):
        sm.open_trace(tmp_path / "none.h5")


def test_a_trace_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match=r"file.* cannot be made"):
        sm.run(counting(), duration=1.0, out=tmp_path / "file" / "run.h5", backend="local")
    (tmp_path / "run.h5").mkdir()
    with pytest.raises(TraceError, match="it is a folder"):
        sm.run(counting(), duration=1.0, out=tmp_path / "run.h5", backend="local")


def test_a_missing_folder_is_made(tmp_path):
    path = tmp_path / "new" / "folder" / "run.h5"
    sm.run(counting(), duration=1.0, out=path, backend="local")
    assert path.is_file()


def test_nothing_but_steps_of_zero_length():
    with sm.Simulation(counting(), backend="local") as simulation:
        simulation.run(0.0)
        assert simulation.tick == 0


def test_a_simulation_says_what_it_is():
    with sm.Simulation(counting(), backend="local") as simulation:
        simulation.run(3.0)
        assert repr(simulation) == "<Simulation of n (2 iaf) on 1 ideal chips, local, at 3 ms>"
