"""Counters, series and description of the hardware in a trace: nothing lost, nothing made up, equal bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest

from spikemesh.contracts.trace import CounterPlan
from spikemesh.errors import InputError, TraceError
from spikemesh_storage.store import Hdf5Store

BIN = 8
KNOWN = {
    "function": "6e57af6a4e9f0bc20a23b57cf1f9059b10f93019653c4d9ce8e791299598e31a",
    "hardware": "526fa8d8117c6490e7dcef150c00cb57af5ff6414beacc9917679f121bfb44dd",
}
"""Digests of a trace without figures of the hardware, as layout 1.0 had them before there were any."""


def write(path, run, cuts=(), seed=0):
    writer = Hdf5Store().create(path, run.plan, overwrite=True)
    run.write(writer, cuts, seed)
    path = writer.finish("complete")
    with Hdf5Store().open(path) as trace:
        return path.read_bytes(), trace.digest()


def expected(run, counter):
    """What a trace should hold of a counter, from what happened tick by tick."""
    values = run.counters[counter.name]
    if not counter.binned:
        return values.sum(axis=0, keepdims=True)
    rows = [values[k : k + BIN] for k in range(0, run.steps, BIN)]
    return np.array([row.sum(axis=0) if counter.how == "sum" else row.max(axis=0) for row in rows])


def check(trace, run):
    for counter in run.plan.counters:
        np.testing.assert_array_equal(trace.counts(counter.name), expected(run, counter), counter.name)
    for name, values in run.series.items():
        np.testing.assert_array_equal(trace.per_step(name), values, name)
    assert trace.hardware == run.plan.hardware
    assert trace.axis("chip") == ("chip0", "chip1")


def test_what_was_counted_comes_back_live_and_finished(hardware_run, store, tmp_path):
    writer = store.create(tmp_path / "run.h5", hardware_run.plan)
    hardware_run.write(writer, [3, 8, 9, 50])
    with store.open(tmp_path / "run.h5") as live:
        check(live, hardware_run)
        digest = live.digest()
    with store.open(writer.finish("complete")) as trace:
        check(trace, hardware_run)
        assert trace.digest() == digest
        waits = trace.counter("link_wait_ps")
        assert (waits.dims, waits.attrs["units"]) == (("time", "link"), "ps")
        np.testing.assert_allclose(waits.coords["time"][:2], [0.8, 1.6])
        assert trace.counter("latency_on_tile").shape == (1, 5)


def test_bytes_do_not_depend_on_chunks(hardware_run, tmp_path):
    whole = write(tmp_path / "run.h5", hardware_run)
    assert write(tmp_path / "run.h5", hardware_run, [1, 7, 8, 20, 64, 99], 5) == whole


def test_layout_of_the_file(looked_at):
    with h5py.File(looked_at) as file:
        hardware = file["hardware"]
        assert set(hardware) == {
            *("cores", "links", "chips", "system", "latency", "steps", "placement", "description", "energy"),
        }
        assert set(hardware["links"]) == {"names", "packets", "bits", "busy_ps", "wait_ps", "queue_max"}
        assert set(hardware["steps"]) == {"edges", "time_ps", "core", "link"}
        assert set(hardware["chips"]) == {"names", "hops_tile", "hops_x", "hops_y"}
        assert set(hardware["latency"]) == {"names", "on_tile", "on_chip"}
        assert set(hardware["system"]) == {"names", "packets_sent", "packets_delivered"}
        assert hardware["cores/busy_ps"].attrs["units"] == b"ps"


def test_a_trace_without_hardware_is_what_it_was(finished, store):
    with store.open(finished) as trace:
        assert trace.digest() == KNOWN
        assert (trace.hardware, trace.series, trace.hardware_time_ps) == ({}, (), None)
        assert trace.energy_account() is None
        assert "hardware" not in trace.analyse()
        assert "energy_mj" not in trace.summary()
        assert "utilisation" not in trace.links().columns
        with pytest.raises(InputError, match="does not describe its hardware"):
            trace.energy()
        with pytest.raises(InputError, match="step_time_ps"):
            trace.steps()
    with h5py.File(finished) as file:
        assert set(file["hardware"]) == {"cores", "links", "steps", "placement"}


def one_more(values):
    values = values.copy()
    values.flat[-1] += 10
    return values


def test_the_digest_of_the_hardware_changes_with_each_of_its_figures(hardware_run, tmp_path):
    _, base = write(tmp_path / "run.h5", hardware_run)
    others = [
        replace(hardware_run, counters={**hardware_run.counters, name: one_more(values)})
        for name, values in hardware_run.counters.items()
    ]
    others += [
        replace(hardware_run, series={**hardware_run.series, name: one_more(values)})
        for name, values in hardware_run.series.items()
    ]
    described = {**hardware_run.plan.hardware, "links_level": "analytic"}
    others.append(replace(hardware_run, plan=replace(hardware_run.plan, hardware=described)))
    assert len(others) == 3 + 14 + 3 + 1
    found = [write(tmp_path / "run.h5", other)[1] for other in others]
    assert {digest["function"] for digest in found} == {base["function"]}
    assert len({base["hardware"], *(digest["hardware"] for digest in found)}) == len(others) + 1


def test_a_kill_loses_no_step_that_was_committed(hardware_run, store, tmp_path):
    cuts = [9, 18, 40, 41]
    writer = store.create(tmp_path / "run.h5", hardware_run.plan)
    first = 0
    for until in cuts:
        writer.append(hardware_run.chunk(first, until))
        first = until
    writer.abandon()
    recovered = store.recover(tmp_path / "run.h5")
    other = store.create(tmp_path / "stopped.h5", hardware_run.plan)
    other.append(hardware_run.chunk(0, 41))
    with store.open(recovered) as one, store.open(other.finish("interrupted")) as two:
        assert one.digest() == two.digest()
        assert (one.status, one.until_tick) == ("interrupted", 41)
        np.testing.assert_array_equal(one.per_step("step_time_ps"), hardware_run.series["step_time_ps"][:41])
        assert one.energy().equals(two.energy())


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from spikemesh.contracts.trace import Chunk, CounterPlan, SeriesPlan, TracePlan
from spikemesh_storage.store import Hdf5Store

plan = TracePlan(
    timestep_ms=1.0, populations=(("a", 2),), recorded=(), probes=(), weights=(), core_names=("c",), link_names=(),
    bin_steps=10, packet_bits=32, counters=(CounterPlan("core_updates", "core"),), series=(SeriesPlan("step_time_ps"),),
)
writer = Hdf5Store().create(Path(sys.argv[1]), plan)
for k in range(5):
    times = np.arange(10 * k, 10 * k + 10)
    writer.append(Chunk(10 * k, 10 * k + 10, first_bin=k, counters={"core_updates": np.full((1, 1), k)},
                        series={"step_time_ps": times}))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_steps_of_a_killed_process_are_recovered(store, tmp_path):
    target = tmp_path / "run.h5"
    done = subprocess.run([sys.executable, "-c", KILLED, str(target)], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    with store.open(store.recover(target)) as trace:
        until = trace.until_tick
        assert until >= 10
        assert until % 10 == 0
        np.testing.assert_array_equal(trace.per_step("step_time_ps"), np.arange(until))
        np.testing.assert_array_equal(trace.counts("core_updates")[:, 0], np.arange(until // 10))


def test_chunks_that_do_not_fit_the_plan_are_refused(hardware_run, store, tmp_path):
    writer = store.create(tmp_path / "run.h5", hardware_run.plan)
    chunk = hardware_run.chunk(0, 8)
    short = replace(chunk, series={**chunk.series, "step_core": chunk.series["step_core"][:-1]})
    with pytest.raises(TraceError, match="step_core"):
        writer.append(short)
    with pytest.raises(TraceError, match="step_tmie"):
        writer.append(replace(chunk, series={**chunk.series, "step_tmie": chunk.series["step_core"]}))
    with pytest.raises(TraceError, match="core_update"):
        writer.append(replace(chunk, counters={"core_update": np.ones((1, 3), int)}))
    writer.abandon()


def test_a_plan_whose_counters_have_no_axis_is_refused(run, store, tmp_path):
    plan = replace(run.plan, counters=(CounterPlan("chip_hops_x", "chip"),))
    with pytest.raises(TraceError, match='no axis "chip"'):
        store.create(tmp_path / "run.h5", plan)


def test_names_of_counters_and_series_that_are_not_there(looked_at, store):
    with store.open(looked_at) as trace:
        with pytest.raises(InputError, match="core_updates"):
            trace.counter("core_update")
        with pytest.raises(InputError, match="step_core"):
            trace.per_step("step_cores")


def test_critical_core_and_link_of_every_step(looked_at, store, hardware_run):
    with store.open(looked_at) as trace:
        steps = trace.steps()
        names = {-1: "", **dict(enumerate(trace.link_names))}
        assert list(steps["link"]) == [names[k] for k in hardware_run.series["step_link"]]
        assert list(steps["core"]) == [f"chip0.core{k}" for k in hardware_run.series["step_core"]]
        np.testing.assert_allclose(steps["time_ns"], hardware_run.series["step_time_ps"] / 1000)
        assert (steps.index[0], steps.index[-1]) == (1, 100)
