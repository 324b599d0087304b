"""Whatever point a run is killed at, recover gives back exactly what was committed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import h5py
import numpy as np
import pytest

from spikemesh.errors import TraceError
from spikemesh_storage import finalise as finalise_module
from spikemesh_storage import superblock
from spikemesh_storage.live_content import LiveContent
from spikemesh_storage.schema import OUTCOME, SHARD
from spikemesh_storage.series import series_of

CUTS = list(range(9, 100, 9))


def prefix_digest(run, store, folder, until):
    """Digests of an undisturbed run that was stopped at ``until``."""
    folder.mkdir()
    writer = store.create(folder / "run.h5", run.plan)
    if until:
        writer.append(run.chunk(0, until))
    with store.open(writer.finish("interrupted")) as trace:
        return trace.digest()


@pytest.fixture(scope="module")
def reference(run, tmp_path_factory):
    from spikemesh_storage.store import Hdf5Store

    folder = tmp_path_factory.mktemp("reference")
    return {until: prefix_digest(run, Hdf5Store(), folder / str(until), until) for until in [0, *CUTS, 100]}


def recovered(store, live, folder):
    """Copy a live folder as a kill would leave it, and recover the copy."""
    folder.mkdir()
    shutil.copytree(live, folder / "run.h5.live")
    path = store.recover(folder / "run.h5")
    assert not (folder / "run.h5.live").exists()
    with store.open(path) as trace:
        assert (trace.status, trace.recovered) == ("interrupted", True)
        return trace.until_tick, trace.digest()


def test_lookup3_known_answers():
    # Bob Jenkins' lookup3.c, driver5: hashlittle of these texts with initial value 0.
    assert superblock.lookup3(b"") == 0xDEADBEEF
    assert superblock.lookup3(b"Four score and seven years ago") == 0x17770551


def test_a_kill_after_every_commit_loses_nothing(run, store, tmp_path, reference):
    writer = store.create(tmp_path / "run.h5", run.plan)
    assert recovered(store, writer.folder, tmp_path / "start") == (0, reference[0])
    first = 0
    for until in CUTS:
        writer.append(run.chunk(first, until))
        first = until
        with pytest.raises(OSError, match="already open for write"):  # the flag that recover has to get past
            h5py.File(shutil.copy(writer.folder / SHARD, tmp_path / "flagged.h5"), "r")
        assert recovered(store, writer.folder, tmp_path / f"at{until}") == (until, reference[until])
    writer.abandon()


@pytest.mark.parametrize("damage", ["truncated", "garbled", "zeroed"])
def test_a_damaged_tail_gives_a_right_prefix_or_an_error(run, store, tmp_path, reference, damage):
    writer = store.create(tmp_path / "run.h5", run.plan)
    run.write(writer, CUTS)
    live = writer.folder
    writer.abandon()
    whole = (live / SHARD).read_bytes()
    rng = np.random.default_rng(5)
    outcomes = set()
    for case in range(24):
        bad = bytearray(whole)
        place = int(rng.integers(len(bad) // 20, len(bad)))
        if damage == "truncated":
            del bad[place:]
        else:
            size = min(512, len(bad) - place)
            bad[place : place + size] = rng.bytes(size) if damage == "garbled" else bytes(size)
        (live / SHARD).write_bytes(bad)
        try:
            until, digest = recovered(store, live, tmp_path / f"case{case}")
        except TraceError:
            outcomes.add("error")
            continue
        assert digest == reference[until]
        outcomes.add(until)
    assert outcomes - {"error"}, "nothing was ever recovered"


def chunk_place(shard, path):
    with h5py.File(superblock.ClearedFile(shard), "r") as file:
        dataset = file[path]
        return dataset.id.get_chunk_info(0).byte_offset, dataset.dtype.itemsize, dataset.shape[0]


def test_a_write_torn_within_a_chunk_keeps_the_rows_before_it(run, store, tmp_path, reference):
    writer = store.create(tmp_path / "run.h5", run.plan)
    writer.append(run.chunk(0, 45))
    rows = chunk_place(writer.folder / SHARD, "spikes/1/tick")[2]
    writer.append(run.chunk(45, 90))
    writer.abandon()
    shard = writer.folder / SHARD
    offset, size, total = chunk_place(shard, "spikes/1/tick")
    assert total > rows
    with shard.open("r+b") as file:  # the new tail and the chunk's checksum did not reach the file
        file.seek(offset + rows * size)
        file.write(b"\xff" * 16)
    with pytest.raises(OSError, match="filter returned failure"), h5py.File(shard, "r") as file:
        file["spikes/1/tick"][:]
    assert recovered(store, writer.folder, tmp_path / "torn") == (45, reference[45])


def test_a_bad_row_of_the_commit_table_ends_the_trace_there(run, store, tmp_path, reference):
    writer = store.create(tmp_path / "run.h5", run.plan)
    run.write(writer, CUTS)
    writer.abandon()
    shard = writer.folder / SHARD
    columns = 2 * len(series_of(run.plan)) + 2
    offset, _, _ = chunk_place(shard, "commits")
    with shard.open("r+b") as file:
        file.seek(offset + 4 * columns * 8 + 3)
        file.write(b"\x7f")
    assert recovered(store, writer.folder, tmp_path / "cut") == (CUTS[3], reference[CUTS[3]])


def test_copies_taken_while_the_writer_writes(run, store, tmp_path, reference):
    writer = store.create(tmp_path / "run.h5", run.plan)
    copies = []
    stop = threading.Event()

    def copy():
        while not stop.is_set() and len(copies) < 60:
            folder = tmp_path / f"copy{len(copies)}"
            shutil.copytree(writer.folder, folder / "run.h5.live")
            copies.append((writer.until, folder))

    thread = threading.Thread(target=copy)
    thread.start()
    first = 0
    for until in [*CUTS, 100]:
        writer.append(run.chunk(first, until))
        first = until
        time.sleep(0.01)
    stop.set()
    thread.join()
    writer.abandon()
    assert len(copies) >= 3
    good = 0
    for _, folder in copies:
        try:
            with store.open(store.recover(folder / "run.h5")) as trace:
                assert trace.digest() == reference[trace.until_tick]
                good += 1
        except TraceError:
            continue  # a copy is not taken in one instant: its parts may be of different times
    assert good >= len(copies) // 2


KILLED = """
import sys
from pathlib import Path
import numpy as np
from spikemesh.contracts.trace import Chunk, TracePlan
from spikemesh_storage.store import Hdf5Store

plan = TracePlan(1.0, (("a", 1000),), ("a",), (), (), ("core0",), (), 10, 0, {}, {"scenario": "killed"})
writer = Hdf5Store().create(Path(sys.argv[1]), plan)
tick = 0
while True:
    ticks = np.repeat(np.arange(tick + 1, tick + 11), 50)
    neurons = (ticks * 7 + np.tile(np.arange(50), 10)) % 1000
    writer.append(Chunk(tick, tick + 10, {"a": (ticks, neurons)}))
    tick += 10
    print(tick, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 40, 173])
def test_a_process_killed_by_sigkill(store, tmp_path, lines):
    path = tmp_path / "run.h5"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(lines):
            acknowledged = int(process.stdout.readline())
        with pytest.raises(TraceError, match=f"being written by process {process.pid}"):
            store.recover(path)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        rest = process.stdout.read().split("\n")
        process.wait()
        process.stdout.close()
    complete = [int(line) for line in rest[:-1]]
    acknowledged = max([acknowledged, *complete])
    with store.open(path) as trace:
        assert trace.status == "unfinished"
        assert "spikemesh recover" in trace.message
        before = trace.digest()
    with store.open(store.recover(path)) as trace:
        assert acknowledged <= trace.until_tick <= acknowledged + 20
        assert trace.digest() == before
        spikes = trace.spikes("a")
        ticks = np.repeat(np.arange(1, trace.until_tick + 1), 50)
        np.testing.assert_array_equal(spikes.ticks, ticks)
        neurons = (ticks * 7 + np.tile(np.arange(50), trace.until_tick)) % 1000
        np.testing.assert_array_equal(spikes.neurons, np.sort(neurons.reshape(-1, 50), axis=1).ravel())
        assert trace.provenance == {"scenario": "killed"}


def test_a_run_killed_while_it_wrote_its_file_keeps_its_status(run, store, tmp_path, monkeypatch):
    writer = store.create(tmp_path / "run.h5", run.plan)
    run.write(writer, CUTS)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(finalise_module, "_weights", full)
        with pytest.raises(TraceError, match=r"No space left on device .* MiB free"):
            writer.finish("complete", results={"accuracy": 0.75})
    assert (writer.folder / OUTCOME).exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.h5.live"]
    with store.open(store.recover(tmp_path / "run.h5")) as trace:
        assert (trace.status, trace.recovered, trace.results) == ("complete", True, {"accuracy": 0.75})
        assert trace.until_tick == 100


def test_weights_survive_a_kill(run, store, tmp_path):
    writer = store.create(tmp_path / "run.h5", run.plan)
    run.write(writer, [])
    writer.store_weights("exc->inh", np.array([1, 0]), np.array([2, 3]), np.array([0.5, -1.0]))
    writer.abandon()
    with store.open(store.recover(tmp_path / "run.h5")) as trace:
        assert trace.weights("exc->inh").to_numpy().tolist() == [[0, 3, -1.0], [1, 2, 0.5]]


def test_recover_leaves_the_shard_as_it_found_it(run, store, tmp_path):
    writer = store.create(tmp_path / "run.h5", run.plan)
    run.write(writer, CUTS)
    before = (writer.folder / SHARD).read_bytes()
    content = LiveContent(writer.folder, verify=True)
    assert content.until == 100
    content.close()
    assert (writer.folder / SHARD).read_bytes() == before
    writer.abandon()


def test_a_failed_commit_can_be_followed_by_a_good_one(run, store, tmp_path, monkeypatch, reference):
    writer = store.create(tmp_path / "run.h5", run.plan)
    writer.append(run.chunk(0, 45))
    table = writer._table
    writer._table = None  # the commit row is written last
    with pytest.raises(AttributeError):
        writer.append(run.chunk(45, 100))
    writer._table = table
    writer.append(run.chunk(45, 90))
    path = writer.finish("interrupted")
    with store.open(path) as trace:
        assert (trace.until_tick, trace.digest()) == (90, reference[90])


def test_nothing_is_written_to_a_full_disk(run, store, tmp_path, monkeypatch):
    writer = store.create(tmp_path / "run.h5", run.plan)
    writer.append(run.chunk(0, 45))
    real = os.statvfs(tmp_path)

    class Full:
        f_bavail, f_bfree, f_blocks, f_frsize = 3, 3, real.f_blocks, real.f_frsize

    with monkeypatch.context() as patch:
        patch.setattr(os, "statvfs", lambda _: Full)
        with pytest.raises(TraceError, match="spikemesh recover"):
            writer.append(run.chunk(45, 100))
    writer.abandon()
    with store.open(store.recover(tmp_path / "run.h5")) as trace:
        assert trace.until_tick == 45
