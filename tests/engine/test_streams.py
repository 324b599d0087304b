"""Streams in the engine: the same spikes whatever the windows and workers, and no more memory than a stretch."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from spikemesh.contracts import Parameter, StreamEncoder
from spikemesh.contracts.bound import BoundStream
from spikemesh.description.builder import Network
from spikemesh.engine.streams import StreamFeed
from spikemesh.errors import InputError, PluginError


def wave(samples=900, channels=3):
    time = np.arange(samples) / 1000.0
    return np.stack([np.sin(2 * np.pi * (5 + 3 * c) * time) for c in range(channels)], axis=1)


def network(stream, timestep="0.5 ms", **params):
    net = Network(timestep=timestep, seed=4)
    hidden = net.add_population("hidden", 9, "iaf", v_th=2.0)
    size = params.pop("size", 6)
    adm = net.add_input("adm", encoder="delta", stream=stream, size=size, sample_rate="1 kHz", **params)
    net.connect(adm, hidden, "fixed_probability", p=0.6, weight=0.7)
    for name in ("adm", "hidden"):
        net.probe(name, "spikes")
    return net


@pytest.mark.parametrize(
    "variant", [{"threshold": 0.13}, {"variant": "jump", "low": 3.0, "resample": "3.5 kHz", "scale": 0.05}]
)
def test_spikes_depend_neither_on_windows_nor_on_workers(variant, engine):
    one = engine(network(wave(), **variant), 2000)
    many = engine(network(wave(), **variant), 2000, 3, 3, pieces=[1, 2, 3, 99, 100, 1500], deal="random")
    assert one.spikes("adm") == many.spikes("adm")
    assert one.spikes("hidden") == many.spikes("hidden")
    assert len(one.spikes("adm")) > 200
    assert len(one.spikes("hidden")) > 20
    assert one.spikes("adm")[-1][0] > 1700  # of 1800 steps that the signal lasts


def test_arrays_and_mapped_files_give_the_same_spikes(engine, tmp_path):
    np.save(tmp_path / "wave.npy", wave())
    held = engine(network(wave(), threshold=0.2), 1000)
    mapped = engine(network(tmp_path / "wave.npy", threshold=0.2), 1000)
    assert held.spikes("adm") == mapped.spikes("adm")
    assert held.spikes("adm")


def test_two_streams_feed_one_population(engine):
    net = network(wave(), threshold=0.2)
    net.add_input("adm", encoder="delta", stream=-wave(), threshold=0.2, sample_rate="1 kHz")
    both = set(engine(net, 500).spikes("adm"))
    alone = [set(engine(network(w, threshold=0.2), 500).spikes("adm")) for w in (wave(), -wave())]
    assert both == alone[0] | alone[1]
    assert alone[0] != alone[1]


class Noise(StreamEncoder):
    """Spikes at random, and the state that it saw."""

    name = "noise"
    parameters = {"sample_rate": Parameter(1000.0, "Hz"), "p": Parameter(0.3)}

    def size(stream, p):
        return 4

    def start(stream, dt, p):
        return {"stretches": np.zeros(1, dtype=np.int64)}

    def encode(stream, state, first_step, steps, dt, p, random):
        state["stretches"] += 1
        offsets, neurons = np.nonzero(random.uniform(first_step, steps) < p.p)
        return offsets + 1, neurons


@pytest.fixture
def noisy(registry, monkeypatch):
    monkeypatch.setitem(registry.encoders.items, "noise", Noise)

    def net(size=4):
        net = Network(timestep="1 ms", seed=3)
        net.add_input("noise", encoder="noise", stream=np.zeros(5), size=size)
        net.probe("noise", "spikes")
        return net

    return net


def test_random_streams_do_not_depend_on_placement(engine, noisy):
    one, many = engine(noisy(), 400), engine(noisy(), 400, 4, 2, pieces=[1, 2, 3, 277], deal="random")
    assert one.spikes("noise") == many.spikes("noise")
    counts = np.bincount([n for _, n in one.spikes("noise")], minlength=4)
    assert np.all(np.abs(counts - 120) < 4 * np.sqrt(400 * 0.3 * 0.7))


def feed(encoder, source, **params):
    declared = {k: v.default for k, v in encoder.parameters.items()} | params
    random = SimpleNamespace(uniform=lambda first, steps: np.full((steps, 4), 0.5))
    return StreamFeed(BoundStream(0, encoder, declared, source, 0, 4), "adm", random, 1.0)


def test_stretches_are_encoded_once_and_in_order():
    stretches = []

    class Counting(Noise):
        name = "counting"

        def encode(stream, state, first_step, steps, dt, p, random):
            stretches.append((first_step, steps))
            return np.array([1, steps]), np.array([0, 1])

    stream = feed(Counting, np.zeros(5))
    for first, until in [(0, 1), (1, 2), (2, 49), (49, 50), (50, 51), (51, 170)]:
        found = [t for ticks, _ in stream.between(first, until) for t in ticks.tolist()]
        assert [t for t in found if first < t <= until] == [
            t for t in (1, 50, 51, 100, 101, 150, 151) if first < t <= until
        ]
    assert stretches == [(0, 50), (50, 50), (100, 50), (150, 50)]
    # Whoever starts late makes up for what it missed.
    late = list(feed(Counting, np.zeros(5)).between(120, 130))
    assert [ticks.tolist() for ticks, _ in late] == [[101, 150]]
    assert stretches[4:] == [(0, 50), (50, 50), (100, 50)]


def test_memory_does_not_grow_with_the_stream(tmp_path, registry):
    # 64 MB of float32, mapped: an hour of 2 kHz in two channels and more; never read as a whole.
    file = np.lib.format.open_memmap(tmp_path / "long.npy", mode="w+", dtype=np.float32, shape=(8_000_000, 2))
    file[::1000] = 1.0
    file.flush()
    delta = registry.encoders.get("delta")
    peaks = []
    for until in (1_000, 10_000):
        stream = feed(delta, tmp_path / "long.npy", threshold=0.5, sample_rate=100_000.0)
        tracemalloc.start()
        for first in range(0, until, 100):
            assert list(stream.between(first, first + 100))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # A stretch of 50 ms is 5,000 points of two channels.
    assert peaks[1] < 1.1 * peaks[0] < 3_000_000


def test_bad_samples_name_the_input_the_sample_and_its_time(engine):
    data = wave()
    data[700, 2] = np.nan
    message = r'input "adm".stream: sample 700 of channel 2 \(0.7 s\) is nan \(finite numbers\)'
    with pytest.raises(InputError, match=message):
        engine(network(data, threshold=0.2), 2000)
    assert engine(network(data, threshold=0.2), 1200).spikes("adm")  # nobody has come so far


def test_a_fault_of_an_encoder_names_it(registry, engine, monkeypatch):
    class Broken(Noise):
        name = "broken"

        def encode(stream, state, first_step, steps, dt, p, random):
            raise KeyError("state")

    class Beyond(Noise):
        name = "beyond"

        def encode(stream, state, first_step, steps, dt, p, random):
            return np.array([steps + 1]), np.array([0])

    for encoder, message in (
        (
            Broken,
            "encoder broken failed on the stream of population \"noise\" after step 0: KeyError: 'state'",
        ),
        (Beyond, "encoder beyond: offsets must lie in 1 to 50"),
    ):
        monkeypatch.setitem(registry.encoders.items, encoder.name, encoder)
        net = Network(timestep="1 ms")
        net.add_input("noise", encoder=encoder.name, stream=np.zeros(5), size=4)
        with pytest.raises(PluginError, match=message):
            engine(net, 10)


def test_a_stream_encoder_is_checked_where_it_is_written():
    with pytest.raises(PluginError, match="stream encoder Nothing declares no size, start, encode"):

        class Nothing(StreamEncoder):
            name = "nothing"
