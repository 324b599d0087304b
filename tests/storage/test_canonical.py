"""Equal results give equal bytes, whatever the order of arrival and the boundaries of chunks."""

from __future__ import annotations

import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh_storage import order
from spikemesh_storage.store import Hdf5Store

WEIGHTS = (np.array([2, 0, 2, 0, 2]), np.array([1, 1, 1, 0, 1]), np.array([0.5, 0.25, -1.0, 2.0, 0.75]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("canonical")


def write(folder, run, cuts, seed, rank=slice(None)):
    writer = Hdf5Store().create(folder / "run.h5", run.plan, overwrite=True)
    run.write(writer, cuts, seed)
    writer.store_weights("exc->inh", *(column[rank] for column in WEIGHTS))
    path = writer.finish("complete")
    with Hdf5Store().open(path) as trace:
        return path.read_bytes(), trace.digest()


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.sets(st.integers(1, 99), max_size=12).map(sorted),
    seed=st.integers(0, 2**32),
    rank=st.permutations(range(5)),
)
def test_bytes_and_digests_do_not_depend_on_arrival_or_chunks(folder, run, cuts, seed, rank):
    if not hasattr(run, "reference"):
        run.reference = write(folder, run, [], 0)
    assert write(folder, run, cuts, seed, list(rank)) == run.reference


def test_digests_tell_results_apart(folder, run):
    _, base = write(folder, run, [], 0)
    moved = {**run.spikes, "exc": run.spikes["exc"].copy()}
    moved["exc"][0, 1] = (moved["exc"][0, 1] + 1) % 30
    _, other = write(folder, replace(run, spikes=moved), [], 0)
    assert other["function"] != base["function"]
    assert other["hardware"] == base["hardware"]

    samples = [s.copy() for s in run.samples]
    samples[1][-1, 0] = np.nextafter(samples[1][-1, 0], np.inf)
    _, other = write(folder, replace(run, samples=samples), [], 0)
    assert other["function"] != base["function"]

    counters = {**run.counters, "link_packets": run.counters["link_packets"] + np.eye(100, 2, dtype=int)}
    _, other = write(folder, replace(run, counters=counters), [], 0)
    assert other["function"] == base["function"]
    assert other["hardware"] != base["hardware"]


def test_provenance_changes_no_result_group_and_no_digest(folder, run):
    plan = replace(run.plan, provenance={"host": "elsewhere", "wall_s": 12.5})
    _, digest = write(folder, run, [], 0)
    shutil.copy(folder / "run.h5", folder / "first.h5")
    _, other = write(folder, replace(run, plan=plan), [], 0)
    assert other == digest

    def same(name, item):
        if isinstance(item, h5py.Dataset):
            assert item.id.get_offset() == second[name].id.get_offset()
            assert item[()].tobytes() == second[name][()].tobytes(), name

    with h5py.File(folder / "first.h5") as one, h5py.File(folder / "run.h5") as second:
        for group in ("spikes", "report", "weights", "hardware", "network"):
            one[group].visititems(lambda name, item, g=group: same(f"{g}/{name}", item))


def test_live_and_finished_traces_have_the_same_digest(run, store, tmp_path):
    writer = store.create(tmp_path / "run.h5", run.plan)
    run.write(writer, [13, 50])
    with store.open(tmp_path / "run.h5") as live:
        before = live.digest()
        assert live.status == "running"
    writer.finish("complete")
    with store.open(tmp_path / "run.h5") as done:
        assert done.digest() == before
        assert done._content.stored_digest() == before


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**31))))
def test_packed_sort_agrees_with_lexsort(pairs):
    ticks, neurons = np.array(pairs, np.int64).reshape(-1, 2).T
    rank = np.lexsort((neurons, ticks))
    found = order.by_time(ticks, neurons)
    np.testing.assert_array_equal(found, (ticks[rank], neurons[rank]))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([-1.0, 0.0, 0.5, 2.0]))))
def test_synapses_are_sorted_by_source_target_weight(rows):
    sources, targets = np.array([row[:2] for row in rows], np.int64).reshape(-1, 2).T
    found = order.by_synapse(sources, targets, np.array([row[2] for row in rows], float))
    assert [tuple(row) for row in zip(*found, strict=True)] == sorted(rows)
