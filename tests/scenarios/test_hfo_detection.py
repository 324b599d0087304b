"""Detector of fast oscillations: all bursts found, hardly a false one, whatever the amplitude (models.md H7)."""

from __future__ import annotations

import numpy as np
import pytest

from spikemesh import api
from spikemesh.errors import InputError


@pytest.fixture(scope="module")
def detector(scenario_module):
    return scenario_module("hfo_detection")


def test_every_burst_is_found_whatever_the_amplitude(run, tmp_path):
    # H7: every burst detected, at most one false a minute, detections invariant to the amplitude
    found = {}
    for recording in ("bursts", "scaled"):
        path = str(tmp_path / f"{recording}.h5")
        summary = run("hfo_detection", f'settings.recording="{recording}"', duration="12 s", out=path)
        found[recording] = summary["results"]
    assert found["bursts"] == found["scaled"]
    assert (found["bursts"]["planted"], found["bursts"]["found"]) == (5, 5)
    assert found["bursts"]["false_per_minute"] <= 1.0
    for name, planted in (("ripple", 3), ("fast_ripple", 2)):
        band = found["bursts"]["bands"][name]
        assert (band["planted"], band["found"], band["false_per_minute"]) == (planted, planted, 0.0)


def test_noise_alone_is_left_alone(run):
    found = run("hfo_detection", 'settings.recording="noise"', duration="12 s")["results"]
    assert (found["planted"], found["false_per_minute"]) == (0, 0.0)
    assert found["bands"]["ripple"]["events_per_second"] > 1  # the modulators are awake


def test_noise_falls_with_the_frequency_and_bursts_have_four_times_its_effective_value(detector):
    noise = detector.pink(60 * 2000, np.random.default_rng(1))
    power = np.abs(np.fft.rfft(noise)) ** 2
    low, high = (power[60 * f : 60 * f + 600].mean() for f in (50, 500))
    # 10 to 1 over decades of frequency, from means over 600 exponential values: 4 standard errors are 23 %.
    assert low / high == pytest.approx(10.0 * np.log(60 / 50) / np.log(510 / 500) / 10, rel=0.23)
    onsets, planted = detector.plant(noise)
    added = planted - noise
    assert onsets["ripple"].tolist() == detector.onsets()["ripple"].tolist()
    for name, ((low, high), frequency) in detector.BANDS.items():
        first = round(onsets[name][0] * 2000)
        burst = added[first : first + 100]
        band = np.fft.rfftfreq(noise.size, 1 / 2000)
        inside = (band > low) & (band < high)
        rms = np.sqrt(2 * power[inside].sum()) / noise.size
        # The Butterworth filter of second order lets through a little less or more than its band.
        assert burst.std() == pytest.approx(4 * rms, rel=0.1)
        spectrum = np.abs(np.fft.rfft(burst, 2000))
        assert abs(int(spectrum.argmax()) - frequency) <= 2
    assert np.flatnonzero(added).size <= 100 * sum(len(times) for times in onsets.values())


def test_spikes_close_together_are_one_detection(detector):
    found = detector.detections(np.array([500.0, 100.0, 149.0, 151.0]))
    assert found.tolist() == [[100.0, 151.0], [500.0, 500.0]]
    assert detector.detections(np.zeros(0)).shape == (0, 2)
    # A burst from 90 to 140 ms meets the first; one from 440 ms on, with its window, the second.
    assert detector.met(np.array([0.09, 0.44, 0.2]), found).tolist() == [
        [True, False],
        [False, True],
        [False, False],
    ]


@pytest.mark.parametrize("setting", ["recording='patient'", "record='noise'"])
def test_wrong_settings(setting):
    with pytest.raises(InputError) as caught:
        api.open_scenario("hfo_detection", overrides=[f"settings.{setting}"])
    assert caught.value.problems[0].where == f"settings.{setting.split('=')[0]}"
