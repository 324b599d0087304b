"""Delta modulation (models.md E8): counts of UP and DOWN, the way back, the variant of detectors of HFOs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import interp1d
from scipy.signal import butter, sosfilt

from spikemesh.errors import DescriptionError
from spikemesh_plugins.coding.delta import DeltaDecoder, DeltaEncoder
from spikemesh_plugins.coding.noise_threshold import noise_threshold


def counts(neurons):
    return np.bincount(neurons, minlength=2).tolist()


@pytest.mark.parametrize(("threshold", "ups"), [(0.1, 10), (0.125, 8), (0.3, 3)])
@pytest.mark.parametrize("variant", ["step", "jump"])
def test_a_ramp_gives_its_height_in_thresholds(stream, threshold, ups, variant):
    # E8: floor(H / delta) UPs and no DOWN. A jump must exceed the threshold, and so comes a sample later each time.
    ramp = np.arange(10_001) / 10_000.0
    _, neurons = stream(
        DeltaEncoder, ramp, 1100, 1.0, sample_rate=10_000, threshold=threshold, variant=variant
    )
    assert counts(neurons) == [ups if variant == "step" else math.floor(1.0 / (threshold + 1e-4)), 0]


@pytest.mark.parametrize(("threshold", "ups"), [(0.1, 20), (0.13, 14), (0.25, 8)])
def test_a_sine_gives_twice_its_amplitude_in_thresholds(stream, threshold, ups):
    # E8: UPs = DOWNs = 2 floor(A / delta) in each period, once the reference has been at both ends. 1e-9 above
    # amplitude 1 keeps the peak off the tie.
    time = np.arange(50_000) / 10_000.0
    sine = (1.0 + 1e-9) * np.sin(2 * np.pi * time)
    offsets, neurons = stream(DeltaEncoder, sine, 50_000, 0.1, sample_rate=10_000, threshold=threshold)
    for period in range(1, 4):
        inside = (offsets > 10_000 * period + 2500) & (offsets <= 10_000 * (period + 1) + 2500)
        assert counts(neurons[inside]) == [ups, ups]


def test_slopes_beyond_the_refractory_time_overload(stream):
    # E8: overload when 2 pi f A > delta / t_ref: 6.28 of a sine of 1 Hz against 0.1 / 10 ms = 10 and 0.1 / 20 ms = 5.
    time = np.arange(30_000) / 10_000.0
    sine = np.sin(2 * np.pi * time)

    def error(refractory):
        given = {"sample_rate": 10_000, "threshold": 0.1, "refractory": refractory}
        offsets, neurons = stream(DeltaEncoder, sine, 30_000, 0.1, **given)
        ups = np.bincount(offsets[neurons == 0], minlength=30_001)
        downs = np.bincount(offsets[neurons == 1], minlength=30_001)
        back = 0.1 * np.cumsum(ups - downs)
        return np.abs(back[1:] - sine).max()

    assert error(10.0) < 0.1 + 0.01  # one sample late at most
    assert error(20.0) > 0.2


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=40),
    st.floats(0.05, 1.0),
    st.floats(-1, 1),
)
def test_the_way_back_misses_by_less_than_the_threshold(knots, threshold, reference):
    # E8: reconstruction error < delta, where no two spikes of a neuron share a step: the slope is below delta a step.
    points = np.concatenate([[reference], knots])
    length = np.maximum(1, np.ceil(np.abs(np.diff(points)) / (0.9 * threshold)).astype(int))
    signal = np.interp(np.arange(length.sum() + 1), np.concatenate([[0], np.cumsum(length)]), points)[:, None]
    p = _parameters(threshold=threshold, reference=reference, sample_rate=1000.0)
    opened = DeltaEncoder.open(signal, p)
    state = DeltaEncoder.start(opened, 1.0, p)
    ticks, neurons = DeltaEncoder.encode(opened, state, 0, len(signal), 1.0, p, None)
    edges = np.array([[0, k] for k in range(1, len(signal))])
    back = DeltaDecoder.decode(ticks, neurons, 2, edges, p)
    # Samples 0 and 1 belong to step 1; sample k is known at the end of step k.
    assert np.abs(back[:, 0] - signal[1:, 0]).max() < threshold * (1 + 1e-6)


def _parameters(**given):
    from types import SimpleNamespace

    return SimpleNamespace(**{k: v.default for k, v in DeltaEncoder.parameters.items()} | given)


def published(signal, rate, grid, threshold, refractory):
    """Follow the published description point by point: jump to the value, strictly more, skip the refractory time."""
    time = np.arange(len(signal)) / rate
    points = np.arange(int(np.floor((len(signal) - 1) * grid / rate)) + 1)
    values = interp1d(time, signal, fill_value="extrapolate")(points / grid)
    reference, k, found = 0.0, 0, []
    while k < len(values):
        if abs(values[k] - reference) > threshold:
            found.append((points[k] / grid, 0 if values[k] > reference else 1))
            reference = values[k]
            k += int(refractory * grid)
        else:
            k += 1
    return found


def test_jumps_as_published_for_hfos(stream):
    # Sharifshazileh et al. 2021 [S: SNN_HFO_iEEG]: 2 kHz interpolated to 35 kHz, refractory time 0.3 ms.
    rng = np.random.default_rng(3)
    signal = sosfilt(butter(2, [80, 250], "bandpass", fs=2000, output="sos"), rng.normal(size=4000))
    expected = published(signal, 2000.0, 35_000.0, 0.4, 3e-4)
    given = {"sample_rate": 2000, "threshold": 0.4, "variant": "jump", "refractory": 0.3, "resample": 35_000}
    # Cut between samples: the next point may lie between the last two that are filtered.
    cuts = range(333, 20_000, 333)
    offsets, neurons = stream(DeltaEncoder, signal, 20_000, 0.1, pieces=cuts, **given)
    assert len(expected) > 500
    assert neurons.tolist() == [kind for _, kind in expected]
    # A spike belongs to the step of 0.1 ms in which it falls.
    assert offsets.tolist() == [max(1, math.ceil(t * 1e4 - 1e-6)) for t, _ in expected]


def test_the_filter_is_the_one_of_scipy(stream):
    rng = np.random.default_rng(5)
    raw = rng.normal(size=3000)
    band = sosfilt(butter(2, [80, 250], "bandpass", fs=2000, output="sos"), raw)
    filtered = stream(DeltaEncoder, band, 15_000, 0.1, sample_rate=2000, threshold=0.3)
    both = stream(DeltaEncoder, raw, 15_000, 0.1, sample_rate=2000, threshold=0.3, low=80, high=250)
    assert np.array_equal(filtered, both)
    assert len(both[0]) > 1000


def test_the_threshold_of_the_noise():
    # E8 [S: SNN_HFO_iEEG]: one window, scale 0.6: 0.6 (20 + 5) = 15.
    window = np.array([-0.6, -2, -5, 10, 20, 0.2, -3, 0.4])
    assert noise_threshold(window.max(keepdims=True), window.min(keepdims=True), 1 / 6, 0.6) == 15.0
    # The quietest sixth of six windows is one, and maxima and minima are sorted apart.
    maxima, minima = np.array([5, 9, 3, 7, 8, 6.0]), np.array([-1, -2, -9, -9, -9, -4.0])
    assert noise_threshold(maxima, minima, 1 / 6, 0.5) == 0.5 * (3 + 1)
    assert noise_threshold(maxima, minima, 1 / 3, 0.5) == 0.5 * (4 + 1.5)


def test_calibration_takes_the_quiet_start_of_each_channel(stream):
    # Windows of 100 samples: quiet ones of amplitude 1 and 0.5, loud ones after that; silence would not do.
    square = np.tile([1.0, -1.0], 300)
    signal = np.stack([square, 2 * square], axis=1)
    signal[:100] *= 0.5
    signal[200:] *= 10.0
    given = {"sample_rate": 1000, "window": 100, "scale": 0.25, "variant": "jump"}
    state = DeltaEncoder.start(
        DeltaEncoder.open(signal, _parameters(**given)),
        1.0,
        _parameters(**given, calibrate=200.0, quietest=0.5),
    )
    assert state["threshold"].tolist() == [0.25 * 1.0, 0.25 * 2.0]
    with pytest.raises(
        DescriptionError, match=r"cannot be calibrated: channel 1 is silent in its first 0.6 s"
    ):
        stream(DeltaEncoder, signal * [1, 0], 100, 1.0, **given)


def test_scaling_the_signal_changes_nothing_when_the_threshold_is_calibrated(stream):
    signal = np.random.default_rng(1).normal(size=(4000, 2))
    given = {
        "sample_rate": 2000,
        "low": 80,
        "high": 250,
        "variant": "jump",
        "refractory": 0.3,
        "resample": 35_000,
        "scale": 0.3,
    }
    one = stream(DeltaEncoder, signal, 20_000, 0.1, **given)
    # Powers of two scale floats exactly.
    assert np.array_equal(one, stream(DeltaEncoder, 1024 * signal, 20_000, 0.1, **given))
    assert len(one[0]) > 100


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(1, 399), max_size=12),
    st.sampled_from(["step", "jump"]),
    st.sampled_from([0.0, 1400.0]),
)
def test_pieces_do_not_matter(stream_of, pieces, variant, resample):
    stream_of(sorted(set(pieces)), variant, resample)


@pytest.fixture(scope="module")
def stream_of():
    signal = np.cumsum(np.random.default_rng(2).normal(size=(500, 2)), axis=0)

    def run(pieces, variant, resample):
        p = _parameters(
            sample_rate=1000.0, threshold=0.7, variant=variant, resample=resample, low=20.0, refractory=2.0
        )
        opened = DeltaEncoder.open(signal, p)
        results = []
        for cut in ([0, 400], [0, *pieces, 400]):
            state = DeltaEncoder.start(opened, 1.0, p)
            parts = [
                DeltaEncoder.encode(opened, state, a, b - a, 1.0, p, None) for a, b in itertools.pairwise(cut)
            ]
            ticks = np.concatenate([a + part[0] for a, part in zip(cut, parts, strict=False)])
            results.append((ticks.tolist(), np.concatenate([part[1] for part in parts]).tolist()))
        assert results[0] == results[1]
        assert results[0][0]

    return run


@pytest.mark.parametrize(
    ("source", "params", "message"),
    [
        (np.zeros((5, 2, 2)), {}, r"stream: of shape \(5, 2, 2\)"),
        (np.zeros((0, 2)), {}, r"stream: holds an array of type float64 and shape \(0, 2\)"),
        (np.array(["a"]), {}, "stream: holds an array of type <U1"),
        (np.zeros(5), {"low": 400.0, "high": 300.0}, "low: 400 Hz is not below high, 300 Hz"),
        (np.zeros(5), {"high": 600.0}, r"high: 600 Hz in a signal of 1000 samples a second .below 500 Hz"),
        (np.zeros(5), {"resample": 600.0}, "resample: 600 Hz is below the sample rate"),
        (np.zeros(5), {"sample_rate": 0.0}, "sample_rate: is not known"),
    ],
)
def test_what_cannot_be_encoded(stream, source, params, message):
    with pytest.raises(DescriptionError, match=message):
        stream(DeltaEncoder, source, 10, 1.0, **{"sample_rate": 1000.0, "threshold": 1.0} | params)
