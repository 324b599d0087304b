"""Sources, inputs, resets and large slices in the engine, on one and on several workers."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh.description.builder import Network
from spikemesh.description.drives import constant_current, poisson
from spikemesh.errors import DescriptionError


def digits(encoder, reset=True):
    net = Network(timestep="1 ms", seed=4)
    hidden = net.add_population("hidden", 9, "iaf", v_th=2.0)
    data = np.random.default_rng(0).random((6, 12))
    options = {"present": "10 ms", "blank": "4 ms", "reset": ("hidden",) if reset else ()}
    if encoder == "constant_current":
        net.add_population("pixels", 12, "iaf")
    pixels = net.add_input("pixels", encoder=encoder, data=data, **options)
    pixels = getattr(pixels, "population", pixels)
    net.connect(pixels, hidden, "fixed_probability", p=0.6, weight=0.35)
    for name in ("pixels", "hidden"):
        net.probe(name, "spikes")
    net.probe("hidden", "v")
    return net


@pytest.mark.parametrize("encoder", ["constant_current", "latency", "poisson"])
@pytest.mark.parametrize("reset", [True, False])
def test_inputs_are_the_same_on_every_worker(encoder, reset, engine):
    one = engine(digits(encoder, reset), 84)
    many = engine(digits(encoder, reset), 84, 3, 3, pieces=[3, 10, 11, 50], deal="random")
    assert one.spikes("pixels") == many.spikes("pixels")
    assert one.spikes("hidden") == many.spikes("hidden")
    assert np.array_equal(one.probe(0, 9), many.probe(0, 9))
    assert len(one.spikes("pixels")) > 20


def test_reset_returns_to_the_initial_state_at_every_presentation(engine):
    kept = engine(digits("constant_current", reset=False), 84).probe(0, 9)
    cleared = engine(digits("constant_current"), 84).probe(0, 9)
    # The first step of presentation k ends at tick 14 k + 1; nothing arrives in it after the blank.
    for k in range(1, 6):
        assert np.all(cleared[14 * k] == 0.0)
    assert np.any(kept[14::14] != 0.0)
    assert np.array_equal(kept[:14], cleared[:14])


def test_constant_current_of_a_presentation_counts_exactly(engine):
    """models.md KA-A1a: floor(T z) spikes for a constant drive z and threshold 1, shown for T steps."""
    net = Network(timestep="1 ms", seed=1)
    z = np.array([0.0, 0.25, 0.3125, 0.5, 1.0])
    net.add_population("pixels", 5, "iaf")
    net.add_input(
        "pixels", encoder="constant_current", data=np.stack([z, z[::-1]]), present="100 ms", reset=("pixels",)
    )
    net.probe("pixels", "spikes")
    spikes = np.array(engine(net, 200).spikes("pixels"))
    first = np.bincount(spikes[spikes[:, 0] <= 100, 1], minlength=5)
    second = np.bincount(spikes[spikes[:, 0] > 100, 1], minlength=5)
    assert first.tolist() == np.floor(100 * z).tolist()
    assert second.tolist() == np.floor(100 * z[::-1]).tolist()


def test_random_sources_do_not_depend_on_placement(engine):
    def net():
        net = Network(timestep="1 ms", seed=9)
        net.add_population("noise", 40, "poisson", rate=np.linspace(5, 200, 40))
        net.probe("noise", "spikes")
        return net

    one, many = engine(net(), 2000), engine(net(), 2000, 4, 2, pieces=[1, 2, 3, 777], deal="random")
    assert one.spikes("noise") == many.spikes("noise")
    counts = np.bincount([n for _, n in one.spikes("noise")], minlength=40)
    expected = 2.0 * np.linspace(5, 200, 40)
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected))


@pytest.mark.parametrize("shared", [True, False])
def test_slices_beyond_sixteen_bits(engine, shared):
    n = 70_000
    net = Network(timestep="1 ms", seed=1)
    source = net.add_population(
        "in", 3, "spike_source", times=[np.array([1.0]), np.array([2.0]), np.array([3.0])]
    )
    target = net.add_population("out", n, "iaf")
    reached = np.array([0, 65_535, 65_536, 69_999, 5, 66_000])
    weight = 1.0 if shared else np.array([1.0, 1.0, 1.0, 1.0, 0.5, 1.0])
    net.connect(
        source, target, sources=np.array([0, 0, 1, 1, 2, 2]), targets=reached, weight=weight, delay="2 ms"
    )
    net.probe(target, "spikes")
    expected = [(3, 0), (3, 65_535), (4, 65_536), (4, 69_999), (5, 5), (5, 66_000)]
    if not shared:
        expected.remove((5, 5))
    assert engine(net, 6).spikes("out") == expected


@pytest.mark.parametrize("mean", [0.5, 40.0])
def test_a_poisson_drive_has_its_mean_and_variance(engine, mean):
    """Counts per step of an own Poisson process; a mean above 8 is drawn in parts."""
    n, steps = 200, 500
    net = Network(timestep="1 ms", seed=2)
    population = net.add_population("n", n, "iaf", v_th=1e9)
    net.drive(population, poisson(rate=mean * 1000, weight=1.0))
    net.probe(population, "v")
    counts = np.diff(engine(net, steps).probe(0, n), axis=0, prepend=0.0)
    samples = counts.size
    assert np.array_equal(counts, np.rint(counts))
    assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / samples)
    # Variance of the sample variance of a Poisson variable: (mean + 2 mean^2) / samples.
    assert abs(counts.var() - mean) < 4 * np.sqrt((mean + 2 * mean**2) / samples)
    assert abs(np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]) < 4 / np.sqrt(samples)


def test_samples_that_cannot_be_encoded_are_refused_before_the_run(engine):
    net = Network(timestep="1 ms", seed=1)
    net.add_input("pixels", encoder="poisson", data=np.array([[0.5, 1.0], [0.1, 1.5]]), present="10 ms")
    with pytest.raises(
        DescriptionError, match=r'input "pixels".data: sample 1: 1.5 at neuron 1 \(values from 0 to 1\)'
    ):
        engine(net, 10)


def test_a_presentation_is_encoded_once_however_short_the_pieces(engine, registry, monkeypatch):
    calls = []
    latency = registry.encoders.get("latency")
    encode = latency.encode
    monkeypatch.setattr(latency, "encode", staticmethod(lambda *a: calls.append(1) or encode(*a)))
    engine(digits("latency"), 84, pieces=list(range(1, 84)))
    assert len(calls) == 6


def test_constant_current_drive_adds_to_others(engine):
    net = Network(timestep="1 ms", seed=1)
    population = net.add_population("n", 2, "iaf", v_th=100.0, i_e=np.array([0.0, 1.0]))
    net.drive(population, constant_current(0.5))
    net.drive(population, constant_current(0.25))
    net.probe(population, "v")
    assert engine(net, 4).probe(0, 2)[-1].tolist() == [3.0, 7.0]
