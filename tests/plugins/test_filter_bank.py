"""A bank of gammatone filters against pure tones."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from spikemesh.contracts import Signal
from spikemesh.errors import DescriptionError
from spikemesh.testing.values import usual_values
from spikemesh_plugins.coding.filter_bank import FilterBankEncoder, centres

RATE = 16_000.0


def spikes(values, dt=1.0, steps=500, cuts=(), **params):
    """Rows of (step, neuron)."""
    p = SimpleNamespace(**{**usual_values(FilterBankEncoder), **params})
    stream = Signal(np.asarray(values, dtype=float).reshape(len(values), -1), RATE)
    FilterBankEncoder.check(stream, dt, p)
    state, rows = FilterBankEncoder.start(stream, dt, p), []
    for first, until in zip((0, *cuts), (*cuts, steps), strict=True):
        offsets, neurons = FilterBankEncoder.encode(stream, state, first, until - first, dt, p, None)
        rows.append(np.column_stack([first + offsets, neurons]))
    return np.concatenate(rows)


def tone(frequency, amplitude=1.0, seconds=0.5):
    return amplitude * np.sin(2.0 * math.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def test_centres_are_on_the_scale_of_bandwidths():
    # Glasberg & Moore 1990: 21.4 log10(4.37 f/1000 + 1): 15.62 at 1 kHz
    found = centres(100.0, 6000.0, 30)
    scale = 21.4 * np.log10(4.37e-3 * found + 1.0)
    assert np.diff(scale) == pytest.approx(np.full(29, (scale[-1] - scale[0]) / 29))
    assert (found[0], found[-1]) == (pytest.approx(100.0), pytest.approx(6000.0))
    assert 21.4 * math.log10(4.37 + 1.0) == pytest.approx(15.62, abs=0.01)


@pytest.mark.parametrize("band", [3, 10, 20, 28])
def test_a_tone_is_loudest_in_its_band(band):
    centre = centres(100.0, 6000.0, 32)[band]
    counts = np.bincount(spikes(tone(centre))[:, 1], minlength=32)
    assert counts.argmax() == band
    assert counts[band] > 1.5 * max(counts[band - 2], counts[band + 2])


def test_a_tone_in_the_middle_of_a_band_makes_gain_a_over_pi_spikes():
    # The mean of the positive half of A sin is A/pi; the first 50 ms, in which the filter begins, are left out.
    one = {"bands": 1, "low": 1013.0, "high": 1013.0}
    for amplitude, gain in ((1.0, 800.0), (0.3, 2000.0)):
        # 16,000/1,013 samples a period: they meet all phases.
        rows = spikes(tone(1013.0, amplitude), dt=0.0625, steps=8000, gain=gain, **one)
        count = np.count_nonzero(rows[:, 0] > 800)
        assert count / 0.45 == pytest.approx(gain * amplitude / math.pi, abs=1.0 / 0.45 + 1e-3 * gain)


def test_half_of_the_power_is_let_through_at_the_edge_of_a_band():
    # |1/(1 + i d/b)|^4 of amplitude at the distance d; b = 1.019 ERB(1 kHz) = 135.2 Hz
    width, counts = 1.019 * (24.7 + 108.0), []
    for distance in (0.0, width):
        rows = spikes(
            tone(1000.0 + distance), dt=0.0625, steps=8000, bands=1, low=1000.0, high=1000.0, gain=1e4
        )
        counts.append(np.count_nonzero(rows[:, 0] > 1600))
    assert counts[1] / counts[0] == pytest.approx(2.0**-2, rel=0.05)


def test_compression_brings_soft_and_loud_together():
    loud, soft = (len(spikes(tone(1000.0, a), compression=0.3)) for a in (1.0, 0.1))
    plain_loud, plain_soft = (len(spikes(tone(1000.0, a))) for a in (1.0, 0.1))
    assert loud / soft < 2.2 < 5.0 < plain_loud / plain_soft


def test_stretches_change_nothing_and_channels_are_apart():
    both = np.column_stack([tone(300.0), tone(2500.0)])
    whole = np.unique(spikes(both, dt=0.7), axis=0)
    parts = np.unique(spikes(both, dt=0.7, cuts=(1, 2, 40, 41, 333)), axis=0)
    assert np.array_equal(whole, parts)
    alone = np.unique(spikes(tone(2500.0), dt=0.7), axis=0)
    assert np.array_equal(whole[whole[:, 1] >= 32] - [0, 32], alone)


def test_bands_must_fit_the_samples():
    with pytest.raises(DescriptionError, match="9000 Hz is not below half of the 16000 Hz"):
        spikes(tone(100.0), high=9000.0)
    with pytest.raises(DescriptionError, match="500 Hz is above high"):
        spikes(tone(100.0), low=500.0, high=400.0)
