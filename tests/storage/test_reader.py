"""The reading API, on finished and on growing traces."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from spikemesh.contracts.trace import ProbePlan, TracePlan


@pytest.fixture
def trace(finished, store):
    with store.open(finished) as opened:
        yield opened


def test_what_a_trace_says_of_itself(trace, run, finished):
    assert trace.populations == ("exc", "inh", "silent")
    assert trace.sizes == {"exc": 30, "inh": 10, "silent": 5}
    assert (trace.timestep_ms, trace.until_tick, trace.duration_ms) == (0.1, 100, 10.0)
    assert (trace.status, trace.message, trace.recovered) == ("complete", "", False)
    assert trace.provenance == {**run.plan.provenance, "results": {"accuracy": 0.5}}
    assert trace.results == {"accuracy": 0.5}
    assert repr(trace) == "<Trace run.h5: complete, 10 ms, recorded exc, inh, silent>"
    assert sorted(p.name for p in finished.parent.iterdir()) == ["run.h5"]


def test_spikes(trace, run):
    spikes = trace.spikes("exc")
    truth = run.spikes["exc"][np.lexsort((run.spikes["exc"][:, 1], run.spikes["exc"][:, 0]))]
    np.testing.assert_array_equal(spikes.ticks, truth[:, 0])
    np.testing.assert_array_equal(spikes.neurons, truth[:, 1])
    assert (spikes.times_ms.dtype, spikes.neurons.dtype) == (np.float64, np.uint64)
    np.testing.assert_array_equal(spikes.times_ms, truth[:, 0] * 0.1)
    table = spikes.to_pandas()
    assert list(table.columns) == ["time_ms", "neuron"]
    assert len(table) == len(spikes) == len(truth)
    own = truth[truth[:, 1] == 4, 0] * 0.1
    np.testing.assert_array_equal(spikes.train(4), own)
    np.testing.assert_array_equal(spikes.isi(4), np.diff(own))
    every = np.concatenate([np.diff(truth[truth[:, 1] == n, 0]) * 0.1 for n in range(30)])
    np.testing.assert_allclose(spikes.isi(), every, rtol=1e-12)
    np.testing.assert_allclose(spikes.rates(), np.bincount(truth[:, 1], minlength=30) / 0.010)
    assert repr(spikes) == f'<SpikeTrains "exc": {len(truth)} spikes of 30 neurons in 10 ms>'


def test_a_silent_population_has_no_intervals(trace):
    silent = trace.spikes("silent")
    assert len(silent) == len(silent.isi()) == 0
    np.testing.assert_array_equal(silent.rates(), np.zeros(5))


def test_probes_are_xarrays_with_units(trace, run):
    for index, probe in enumerate(run.plan.probes):
        found = trace.probe(probe.population, probe.variable)
        assert found.dims == ("time", "neuron")
        assert found.attrs["units"] == probe.unit
        np.testing.assert_array_equal(found.values, run.samples[index])  # every bit, not in single precision
        np.testing.assert_array_equal(found.neuron, probe.neurons)
        ticks = np.arange(1, len(found) + 1) * probe.every_steps
        np.testing.assert_allclose(found.time, ticks * 0.1, rtol=1e-12)


def test_a_variable_probed_twice(store, tmp_path):
    names = [("a", "v", [0]), ("a.v", "u", [0, 1]), ("a", "v", [1]), ("a", "v", [0, 2])]
    probes = tuple(ProbePlan(p, v, "mV", np.array(n), 1) for p, v, n in names)
    plan = TracePlan(1.0, (("a", 3), ("a.v", 3)), (), probes, (), ("core0",), (), 10, 0)
    with store.open(store.create(tmp_path / "run.h5", plan).finish("complete")) as trace:
        assert [list(trace.probe("a", "v", which=i).neuron) for i in range(3)] == [[0], [1], [0, 2]]
        assert list(trace.probe("a.v", "u").neuron) == [0, 1]
        with pytest.raises(ValueError, match=r"allowed: 0 \.\. 2"):
            trace.probe("a", "v", which=3)


def test_counters_links_and_cores(trace, run):
    packets = run.counters["link_packets"]
    binned = np.add.reduceat(packets, np.arange(0, 100, 8))
    np.testing.assert_array_equal(trace.counts("link_packets"), binned)
    np.testing.assert_array_equal(trace.bin_edges(), [*range(0, 100, 8), 100])
    assert list(trace.counter("link_packets").link.values) == list(run.plan.link_names)
    links = trace.links()
    np.testing.assert_array_equal(links["packets"], packets.sum(axis=0))
    np.testing.assert_array_equal(links["bits"], packets.sum(axis=0) * 32)
    np.testing.assert_allclose(links["share"], packets.sum(axis=0) / packets.sum())
    np.testing.assert_array_equal(links["peak_packets"], binned.max(axis=0))
    np.testing.assert_allclose(links["peak_from_ms"], binned.argmax(axis=0) * 0.8)
    cores = trace.cores()
    np.testing.assert_array_equal(cores["spikes"], run.counters["core_spikes"].sum(axis=0))
    np.testing.assert_array_equal(cores["synaptic_events"], run.counters["core_synaptic_events"].sum(axis=0))
    assert list(cores["neurons"]) == [10 + 4 + 2, 10 + 3 + 2, 10 + 3 + 1]
    np.testing.assert_array_equal(trace.placement("inh"), np.arange(10) % 3)


def test_weights_are_sorted(trace):
    table = trace.weights("exc->inh")
    assert table.to_numpy().tolist() == [[0, 0, 2.0], [0, 1, 0.25], [2, 1, -1.0], [2, 1, 0.5], [2, 1, 0.75]]


def test_summary_and_html(trace, run):
    found = trace.summary()
    assert found["populations"]["exc"] == {"size": 30, "spikes": len(run.spikes["exc"])}
    assert found["spikes"] == run.counters["core_spikes"].sum()
    assert found["spikes_recorded"] == len(run.spikes["exc"]) + len(run.spikes["inh"])
    assert found["packets"] == run.counters["link_packets"].sum()
    assert "<td>complete</td>" in trace._repr_html_()


@pytest.mark.parametrize("named", ["run.h5", "run.h5.live"])
def test_a_growing_trace_is_read_up_to_its_last_commit(run, store, tmp_path, named):
    writer = store.create(tmp_path / "run.h5", run.plan)
    with store.open(tmp_path / named) as live:
        assert (live.status, live.until_tick) == ("running", 0)
        writer.append(run.chunk(0, 30))
        assert live.until_tick == 0
        live.refresh()
        assert live.until_tick == 30
        truth = run.spikes["exc"][run.spikes["exc"][:, 0] <= 30]
        assert len(live.spikes("exc")) == len(truth)
        np.testing.assert_array_equal(live.probe("exc", "v").values, run.samples[0][:30])
        np.testing.assert_array_equal(
            live.counts("core_spikes").sum(axis=0), run.counters["core_spikes"][:30].sum(axis=0)
        )
        assert live.analyse()["populations"]["exc"]["spikes"] == len(truth)
        writer.append(run.chunk(30, 100))
        writer.finish("complete")
        live.refresh()
        assert (live.status, live.until_tick) == ("complete", 100)


def test_another_process_reads_while_this_one_writes(run, store, tmp_path):
    writer = store.create(tmp_path / "run.h5", run.plan)
    writer.append(run.chunk(0, 42))
    script = (
        "import sys; from spikemesh_storage.reader import open_trace; t = open_trace(sys.argv[1]);"
        "print(t.status, t.until_tick, len(t.spikes('exc')))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "run.h5")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["running", "42", str((run.spikes["exc"][:, 0] <= 42).sum())]
    writer.abandon()


def test_the_plugin_imports_h5py_only_when_a_trace_is_opened():
    script = (
        "import sys, spikemesh_storage as s; s.spikemesh_stores(); s.spikemesh_commands();"
        "print([m for m in ('h5py', 'pandas', 'xarray', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
