"""The files are SONATA: an independent reader (libsonata) sees what was recorded.

Layout: Allen Institute, SONATA developer guide, output file formats (spike file, frame-oriented node element
recording).
"""

from __future__ import annotations

import h5py
import libsonata
import numpy as np
import pytest

from spikemesh.contracts.trace import TracePlan


@pytest.fixture(params=["finished", "recovered"])
def path(request, run, store, tmp_path):
    if request.param == "finished":
        return request.getfixturevalue("finished")
    writer = store.create(tmp_path / "run.h5", run.plan)
    run.write(writer, [40])
    writer.abandon()
    return store.recover(tmp_path / "run.h5")


def test_spikes_are_read_by_libsonata(path, run):
    reader = libsonata.SpikeReader(str(path))
    assert sorted(reader.get_population_names()) == ["exc", "inh", "silent"]
    for name in ("exc", "inh"):
        found = reader[name].get_dict()
        truth = run.spikes[name][np.lexsort((run.spikes[name][:, 1], run.spikes[name][:, 0]))]
        np.testing.assert_array_equal(found["node_ids"], truth[:, 1])
        np.testing.assert_array_equal(found["timestamps"], truth[:, 0] * 0.1)
        assert reader[name].sorting == "by_time"
    assert len(reader["silent"].get_dict()["timestamps"]) == 0


def test_reports_are_read_by_libsonata(path, run):
    reader = libsonata.SomaReportReader(str(path))
    assert sorted(reader.get_population_names()) == ["exc", "exc.i_syn_ex", "inh"]
    for index, name in enumerate(("exc", "exc.i_syn_ex", "inh")):
        probe = run.plan.probes[index]
        report = reader[name]
        frame = report.get()
        np.testing.assert_array_equal(report.get_node_ids(), probe.neurons)
        np.testing.assert_array_equal(frame.data, run.samples[index].astype(np.float32))
        times = np.arange(1, len(run.samples[index]) + 1) * probe.every_steps * 0.1
        np.testing.assert_allclose(frame.times, times, rtol=1e-12)
        assert report.time_units == "ms"
        assert report.data_units == probe.unit


def test_root_attributes_and_superblock_version(path):
    with h5py.File(path, "r") as file:
        assert file.attrs["magic"] == 0x0A7A
        assert list(file.attrs["version"]) == [0, 1]
        assert file["spikes/exc"].attrs["sorting"] == 2
    assert path.read_bytes()[8] == 0  # the version that every HDF5 library reads


def test_by_neuron_makes_a_train_a_slice(path, run):
    with h5py.File(path, "r") as file:
        index = file["spikes/exc/by_neuron"]
        pointers, ticks = index["index_pointers"][:], index["tick"][:]
    assert len(pointers) == 31
    for neuron in range(30):
        truth = np.sort(run.spikes["exc"][run.spikes["exc"][:, 1] == neuron, 0])
        np.testing.assert_array_equal(ticks[pointers[neuron] : pointers[neuron + 1]], truth)


def test_no_compression_no_objects_and_checksums_everywhere(path):
    def check(name, item):
        if isinstance(item, h5py.Dataset):
            assert item.compression is None
            assert not item.dtype.hasobject
            assert item.fletcher32 or item.size == 0 or item.shape == (), name

    with h5py.File(path, "r") as file:
        file.visititems(check)


def test_a_run_without_a_step_is_a_valid_file(run, store, tmp_path):
    path = store.create(tmp_path / "run.h5", run.plan).finish("interrupted", "stopped at once")
    assert len(libsonata.SpikeReader(str(path))["exc"].get_dict()["node_ids"]) == 0
    with store.open(path) as trace:
        assert (trace.until_tick, trace.status, trace.message) == (0, "interrupted", "stopped at once")
        assert trace.probe("exc", "v").shape == (0, 4)


def test_a_network_without_links_or_probes(store, tmp_path):
    plan = TracePlan(1.0, (("a", 2),), (), (), (), ("core0",), (), 10, 0)
    path = store.create(tmp_path / "run.h5", plan).finish("complete")
    with store.open(path) as trace:
        assert trace.counts("link_packets").shape == (0, 0)
        assert trace.populations == ()
        assert trace.links().empty
