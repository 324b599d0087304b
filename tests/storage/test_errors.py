"""Mistakes and hostile files: a clear message, never a wrong answer."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest

from spikemesh.contracts.trace import Chunk
from spikemesh.errors import InputError, TraceError
from spikemesh_storage.paths import check_free


def test_a_finished_file_is_not_overwritten_unless_asked(finished, store, run):
    before = finished.read_bytes()
    with pytest.raises(TraceError, match=r"run\.h5 exists"):
        store.create(finished, run.plan)
    writer = store.create(finished, run.plan, overwrite=True)
    assert finished.read_bytes() == before  # until the new one is whole
    writer.finish("complete")
    assert finished.read_bytes() != before


def test_a_dead_live_folder_is_not_overwritten_unless_asked(run, store, tmp_path):
    path = tmp_path / "run.h5"
    writer = store.create(path, run.plan)
    with pytest.raises(TraceError, match=f"process {os.getpid()} on .* is writing it"):
        store.create(path, run.plan, overwrite=True)
    writer.append(run.chunk(0, 45))
    writer.abandon()
    with pytest.raises(TraceError, match=f"spikemesh recover {path}"):
        store.create(path, run.plan)
    store.create(path, run.plan, overwrite=True).finish("complete")


def test_missing_files_and_folders(store, tmp_path, run):
    with pytest.raises(TraceError, match="no such file"):
        store.open(tmp_path / "no.h5")
    with pytest.raises(TraceError, match="no live trace to recover"):
        store.recover(tmp_path / "no.h5")
    with pytest.raises(TraceError, match="is a folder"):
        store.open(tmp_path)
    with pytest.raises(TraceError, match="there is no folder"):
        store.create(tmp_path / "no" / "run.h5", run.plan)


def test_recover_of_a_finished_file(finished, store):
    with pytest.raises(TraceError, match="it is a finished file"):
        store.recover(finished)


def test_files_that_are_no_traces(store, tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("hello")
    with pytest.raises(TraceError, match="not an HDF5 file"):
        store.open(text)
    other = tmp_path / "other.h5"
    h5py.File(other, "w").close()
    with pytest.raises(TraceError, match="not a spikemesh trace"):
        store.open(other)


def test_truncated_and_flipped_files(finished, store):
    whole = finished.read_bytes()
    finished.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TraceError, match="damaged"):
        store.open(finished)
    with h5py.File(finished.with_name("x.h5"), "w") as _:
        pass
    finished.write_bytes(whole)
    with h5py.File(finished, "r") as file:
        place = file["spikes/exc/tick"].id.get_chunk_info(0).byte_offset
    flipped = bytearray(whole)
    flipped[place + 5] ^= 1
    finished.write_bytes(flipped)
    with store.open(finished) as trace, pytest.raises(TraceError, match="/spikes/exc/tick is damaged"):
        trace.spikes("exc")


def test_another_layout_version(finished, store):
    with h5py.File(finished, "r+") as file:
        file.attrs["format_version"] = np.bytes_("2.0")
    with pytest.raises(TraceError, match=r"layout version 2\.0"):
        store.open(finished)


def test_a_locked_file(finished, store):
    script = "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); print(1, flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script, str(finished)], **pipes) as process:
        process.stdout.readline()
        with pytest.raises(TraceError, match="HDF5_USE_FILE_LOCKING"):
            store.open(finished)
        process.stdin.close()


def hostile(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


def external_storage(file):
    secret = file.filename + ".secret"
    with open(secret, "wb") as out:
        out.write(b"x" * 80)
    del file["spikes/inh/tick"]
    file["spikes/inh"].create_dataset("tick", (10,), "<u8", external=[(secret, 0, 80)])


def external_link(file):
    del file["spikes/inh/tick"]
    file["spikes/inh/tick"] = h5py.ExternalLink("other.h5", "/spikes/inh/tick")


def soft_link(file):
    del file["spikes/inh/tick"]
    file["spikes/inh/tick"] = h5py.SoftLink("/spikes/exc/tick")


def huge(file):
    del file["spikes/inh/tick"]
    file["spikes/inh"].create_dataset("tick", (2**40,), "<u8", chunks=(1024,))


def variable_length(file):
    del file["spikes/inh/tick"]
    file["spikes/inh"].create_dataset("tick", (3,), h5py.vlen_dtype(np.uint8))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (external_storage, "in other files"),
        (external_link, "not followed"),
        (soft_link, "not followed"),
        (huge, "more than the file has"),
        (variable_length, "variable length"),
    ],
)
def test_nothing_outside_the_file_is_read(finished, store, change, message):
    hostile(finished, change)
    with store.open(finished) as trace, pytest.raises(TraceError, match=message):
        trace.spikes("inh")


def test_unknown_names_come_with_the_nearest(finished, store):
    with store.open(finished) as trace:
        with pytest.raises(InputError, match='did you mean "exc"'):
            trace.spikes("exx")
        with pytest.raises(InputError, match='did you mean "i_syn_ex"'):
            trace.probe("exc", "i_syn_exc")
        with pytest.raises(InputError, match="was not recorded"):
            trace.probe("silent", "v")
        with pytest.raises(InputError, match='did you mean "exc->inh"'):
            trace.weights("exc->in")
        with pytest.raises(InputError, match='did you mean "link_packets"'):
            trace.counter("link_packet")
        with pytest.raises(InputError, match=r"allowed: 0 \.\. 29"):
            trace.spikes("exc").train(30)


def test_a_recorded_name_is_told_from_one_that_exists(run, store, tmp_path):
    plan = replace(run.plan, recorded=("exc",))
    with (
        store.open(store.create(tmp_path / "run.h5", plan).finish("complete")) as trace,
        pytest.raises(InputError, match=r'"inh" was not recorded .recorded: exc'),
    ):
        trace.spikes("inh")


@pytest.mark.parametrize("name", ["a/b", "", ".", "a\0b"])
def test_names_that_hdf5_cannot_hold(run, store, tmp_path, name):
    with pytest.raises(InputError, match="cannot be stored"):
        store.create(tmp_path / "run.h5", replace(run.plan, populations=((name, 3),)))
    assert list(tmp_path.iterdir()) == []


def bad_chunks(run):
    exc = (np.array([5]), np.array([3]))
    samples = run.chunk(0, 10).probes
    yield Chunk(5, 10), "does not continue tick 0"
    yield replace(run.chunk(0, 10), spikes={"exd": exc}), 'did you mean "exc"'
    yield replace(run.chunk(0, 10), spikes={"exc": (np.array([11]), np.array([3]))}), r"outside 1 \.\. 10: 11"
    yield replace(run.chunk(0, 10), spikes={"exc": (np.array([5]), np.array([30]))}), r"outside 0 \.\. 29: 30"
    yield (
        replace(run.chunk(0, 10), spikes={"exc": (np.array([5]), np.array([1, 2]))}),
        "1 ticks and 2 neurons",
    )
    yield (
        replace(run.chunk(0, 10), probes={**samples, 0: [(t, c[:1], v[:, :1]) for t, c, v in samples[0]]}),
        "lacks .* samples of exc.v",
    )
    yield replace(run.chunk(0, 10), probes={**samples, 7: []}), "probe 7"
    yield (
        replace(run.chunk(0, 10), counters={"core_spike": np.ones((1, 3), int)}),
        'did you mean "core_spikes"',
    )
    yield replace(run.chunk(0, 10), counters={"core_spikes": np.ones((1, 2), int)}), r"expected \(bins, 3\)"
    yield replace(run.chunk(0, 10), first_bin=1), r"outside 0 \.\. 1: 2"


def test_chunks_that_do_not_fit_are_refused_whole(run, store, tmp_path):
    writer = store.create(tmp_path / "run.h5", run.plan)
    for chunk, message in bad_chunks(run):
        with pytest.raises(TraceError, match=message):
            writer.append(chunk)
    run.write(writer, [50])
    with pytest.raises(TraceError, match='did you mean "exc->inh"'):
        writer.store_weights("exc->ihn", *[np.zeros(1)] * 3)
    with pytest.raises(TraceError, match="1 sources, 2 targets"):
        writer.store_weights("exc->inh", np.zeros(1), np.zeros(2), np.zeros(2))
    writer.store_weights("exc->inh", *[np.zeros(1)] * 3)
    with pytest.raises(TraceError, match="stored already"):
        writer.store_weights("exc->inh", *[np.zeros(1)] * 3)
    with pytest.raises(TraceError, match='"done" is none of complete'):
        writer.finish("done")
    with store.open(writer.finish("complete")) as trace:
        assert len(trace.spikes("exc")) == len(run.spikes["exc"])
    with pytest.raises(TraceError, match="closed"):
        writer.append(Chunk(100, 110))
    with pytest.raises(TraceError, match="closed"):
        writer.finish("complete")
    writer.abandon()


@pytest.mark.parametrize("content", [b"my thesis", b""])
def test_only_traces_are_replaced(tmp_path, content):
    """An overwritten file of another kind would be lost; an empty one holds nothing."""
    path = tmp_path / "thesis.txt"
    path.write_bytes(content)
    if content:
        with pytest.raises(TraceError, match="no spikemesh trace, so it is not replaced"):
            check_free(path, overwrite=True)
    else:
        check_free(path, overwrite=True)
    assert path.read_bytes() == content


def test_a_foreign_hdf5_file_is_not_replaced(tmp_path):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["x"] = [1, 2, 3]
    with pytest.raises(TraceError, match="is not replaced"):
        check_free(path, overwrite=True)
