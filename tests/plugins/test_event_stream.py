"""Recordings of event cameras: formats by their bytes, filters by their rates (models.md E9)."""

from __future__ import annotations

import math
import struct
from types import SimpleNamespace

import expelliarmus
import numpy as np
import pytest

import spikemesh as sm
from spikemesh.errors import DescriptionError
from spikemesh.testing.values import usual_values
from spikemesh_plugins.coding import event_files
from spikemesh_plugins.coding.event_filters import LONG_AGO, hot_pixels, rested, supported
from spikemesh_plugins.coding.event_stream import EventEncoder

FIELDS = [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "u1")]


def table(*rows):
    return np.array(list(rows), dtype=FIELDS)


def recording(seed=1, events=3000, width=8, height=6, span=400_000):
    random = np.random.default_rng(seed)
    made = np.zeros(events, dtype=FIELDS)
    made["t"] = np.sort(random.integers(0, span, events))
    made["x"], made["y"] = random.integers(0, width, events), random.integers(0, height, events)
    made["p"] = random.integers(0, 2, events)
    return made


def encoded(source, dt=1.0, steps=400, cuts=(), **params):
    """Rows of (step, neuron), and the number of neurons."""
    p = SimpleNamespace(**{**usual_values(EventEncoder), **params})
    stream = EventEncoder.open(source, p)
    state, rows = EventEncoder.start(stream, dt, p), []
    for first, until in zip((0, *cuts), (*cuts, steps), strict=True):
        offsets, neurons = EventEncoder.encode(stream, state, first, until - first, dt, p, None)
        assert not offsets.size or (offsets.min() >= 1 and offsets.max() <= until - first)
        rows.append(np.column_stack([first + offsets, neurons]))
    return np.concatenate(rows), EventEncoder.size(stream, p)


def test_an_event_becomes_a_spike_of_its_pixel_and_sign():
    events = table((0, 0, 0, 1), (1000, 2, 1, 1), (1001, 2, 1, 0), (9000, 3, 2, 0))
    rows, size = encoded(events, width=4, height=3)
    assert size == 24
    # t = 0 and 1 ms belong to the first step; OFF neurons follow all ON ones
    assert rows.tolist() == [[1, 0], [1, 6], [2, 12 + 6], [9, 12 + 11]]
    merged, size = encoded(events, width=4, height=3, polarity="merged", pool=2, begin=1.0)
    assert (size, merged.tolist()) == (2, [[1, 1], [1, 1]])


def test_how_it_is_cut_changes_nothing(monkeypatch):
    params = {
        "width": 8,
        "height": 6,
        "refractory": 3.0,
        "support": 20.0,
        "hot_rate": 80.0,
        "hot_time": 100.0,
    }
    whole, _ = encoded(recording(), **params)
    monkeypatch.setattr(event_files, "BLOCK", 70)
    parts, _ = encoded(recording(), cuts=(1, 2, 50, 51, 333), **params)
    assert np.array_equal(whole, parts)
    assert 300 < len(whole) < 3000


def evt2(events):
    """Words of EVT 2.0: 4 bits of type; a high part of the time, or its low 6 bits, x and y of 11 bits each."""
    words, high = [], None
    for t, x, y, p in events.tolist():
        if t >> 6 != high:
            high = t >> 6
            words.append(0x8 << 28 | high)
        words.append(int(p) << 28 | (t & 63) << 22 | x << 11 | y)
    return struct.pack(f"<{len(words)}I", *words)


def test_evt2_by_its_bytes(tmp_path):
    events = recording()
    path = tmp_path / "made.raw"
    path.write_bytes(b"% evt 2.0\n% geometry 8x6\n" + evt2(events))
    assert np.array_equal(encoded(path)[0], encoded(events, width=8, height=6)[0])


def test_evt3_as_written_by_the_library(tmp_path):
    events = recording()
    ordered = np.zeros(events.size, dtype=[("t", "<i8"), ("y", "<i2"), ("x", "<i2"), ("p", "u1")])
    for name in ordered.dtype.names:
        ordered[name] = events[name]
    path = tmp_path / "plain.raw"
    expelliarmus.Wizard(encoding="evt3").save(path, ordered)
    told = tmp_path / "made.raw"
    body = path.read_bytes()
    while body.startswith(b"%"):
        body = body[body.index(b"\n") + 1 :]
    told.write_bytes(b"% format EVT3;height=6;width=8\n% end\n" + body)
    assert np.array_equal(encoded(told)[0], encoded(events, width=8, height=6)[0])


def test_a_mapped_file_and_a_network(tmp_path):
    np.save(tmp_path / "events.npy", recording())
    net = sm.Network(timestep="1 ms")
    eye = net.add_input("eye", encoder="events", stream=tmp_path / "events.npy", size=96, width=8, height=6)
    net.probe(eye, "spikes")
    with sm.Simulation(net, backend="local") as simulation:
        simulation.run(400.0)
        spikes = simulation.close().trace.spikes("eye")
    rows = np.unique(encoded(recording(), width=8, height=6)[0], axis=0)
    assert np.array_equal(np.column_stack([spikes.ticks, spikes.neurons]), rows)


@pytest.mark.parametrize(
    ("name", "content", "params", "words"),
    [
        ("a.txt", b"x", {}, "a.txt is no recording that can be read"),
        ("a.raw", b"% evt 2.1\n", {}, r"a.raw is in EVT 2\.1 \(EVT 2\.0 or 3\.0"),
        ("a.raw", b"% format EVT21;height=6;width=8\n", {}, r"a.raw is in EVT 2\.1"),
        ("a.raw", b"\x00\x01", {}, "a.raw does not name its encoding"),
        ("a.raw", b"% evt 2.0\n", {}, "width.*is not known"),
        ("a.raw", b"% evt 2.0\n% geometry 8x6\n", {"width": 9}, "9, but the file says 8"),
        ("a.npy", b"nothing", {"width": 1, "height": 1}, "a.npy cannot be read"),
        ("a.aedat4", b"#!AER-DAT4.0\r\nnothing", {}, "a.aedat4 cannot be read"),
    ],
)
def test_files_that_are_none(tmp_path, name, content, params, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DescriptionError, match=words):
        encoded(path, **params)


def test_a_missing_file_and_numbers_without_fields(tmp_path):
    with pytest.raises(DescriptionError, match=r"none\.npy cannot be read"):
        encoded(tmp_path / "none.npy", width=1, height=1)
    with pytest.raises(DescriptionError, match="with the fields t, x, y, p"):
        encoded(np.zeros((3, 4)), width=1, height=1)


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_a_damaged_recording_is_told(tmp_path, version):
    path = tmp_path / "made.raw"
    header = f"% evt {version}\n% geometry 8x6\n".encode()
    path.write_bytes(header + np.random.default_rng(1).bytes(3000))
    with pytest.raises(
        DescriptionError, match=r"made\.raw cannot be read on after \d+ events|pixels within|a later one"
    ):
        encoded(path)


def test_a_recording_that_breaks_off_is_read_as_far_as_it_goes(tmp_path):
    path = tmp_path / "made.raw"
    events = recording()
    path.write_bytes(b"% evt 2.0\n% geometry 8x6\n" + evt2(events)[:-2])
    assert np.array_equal(encoded(path)[0], encoded(events[:-1], width=8, height=6)[0])


def test_events_outside_and_out_of_order():
    with pytest.raises(DescriptionError, match=r"pixel \(4, 0\) at t = 7.*pixels within 4 x 3"):
        encoded(table((7, 4, 0, 1)), width=4, height=3)
    with pytest.raises(DescriptionError, match="t = 5 after a later one"):
        encoded(table((7, 1, 0, 1), (5, 1, 0, 1)), width=4, height=3)


def poisson(rate, seconds, pixels, seed=3):
    """Times (us) and pixels of independent Poisson trains."""
    random = np.random.default_rng(seed)
    count = random.poisson(rate * seconds * pixels)
    return np.sort(random.integers(0, int(seconds * 1e6), count)), random.integers(0, pixels, count)


def test_a_refractory_filter_leaves_its_part_of_a_poisson_rate():
    # E9: r/(1 + r tau): 200 Hz, 10 ms: 66.67
    t, pixel = poisson(200.0, 20.0, 50)
    kept = rested(t, pixel, 10_000, np.full(50, LONG_AGO))
    # The interval between events that go through is tau and an exponential one: variance 1/r^2
    seen, mean = kept.sum() / (20.0 * 50), 0.010 + 1 / 200.0
    error = (1 / 200.0) / mean**1.5 / math.sqrt(20.0 * 50)
    assert seen == pytest.approx(200.0 / (1.0 + 200.0 * 0.010), abs=4 * error)
    parts, last = [], np.full(50, LONG_AGO)
    for some in np.array_split(np.arange(t.size), 37):
        parts.append(rested(t[some], pixel[some], 10_000, last))
    assert np.array_equal(np.concatenate(parts), kept)


def test_a_support_filter_leaves_its_part_of_noise():
    # E9: 1 - e^(-8 r tau)
    width, rate, tau = 30, 2.0, 20_000
    t, pixel = poisson(rate, 20.0, width * width)
    x, y = pixel % width, pixel // width
    kept = supported(t, x, y, tau, np.full(width * width, LONG_AGO), width)
    inner = (x > 0) & (x < width - 1) & (y > 0) & (y < width - 1)
    chance = 1.0 - math.exp(-8 * rate * tau * 1e-6)
    trials = int(inner.sum())
    # Neighbours share neighbours: a margin of six standard deviations of independent trials.
    assert kept[inner].mean() == pytest.approx(chance, abs=6 * math.sqrt(chance * (1 - chance) / trials))
    # By hand, event by event.
    last, slow = np.full((width + 2, width + 2), LONG_AGO), []
    for time, a, b in zip(t.tolist(), (x + 1).tolist(), (y + 1).tolist(), strict=True):
        around = last[b - 1 : b + 2, a - 1 : a + 2].copy()
        around[1, 1] = LONG_AGO
        slow.append(time - around.max() <= tau)
        last[b, a] = time
    assert np.array_equal(kept, slow)


def test_hot_pixels_are_told_from_those_at_the_border():
    # E9: k > 50 T + 3 sqrt(50 T); of pixels at 50 Hz about 0.1 to 0.2 % are taken for hot
    random = np.random.default_rng(4)
    flagged = hot_pixels(random.poisson(50.0 * 10.0, 200_000), 50.0, 10.0).mean()
    assert 0.0008 < flagged < 0.0025
    assert hot_pixels(np.array([567, 568]), 50.0, 10.0).tolist() == [False, True]
    busy = np.sort(np.concatenate([recording(), table(*[(t, 5, 5, 1) for t in range(0, 400_000, 1000)])]))
    rows, _ = encoded(busy, width=8, height=6, hot_rate=250.0, hot_time=200.0)
    assert 45 not in rows[:, 1] % 48
    assert set(range(48)) - set((rows[:, 1] % 48).tolist()) == {45}
