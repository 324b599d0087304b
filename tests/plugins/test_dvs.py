"""Frames to events of a dynamic vision sensor (models.md E9)."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from spikemesh.contracts import Signal
from spikemesh.errors import DescriptionError
from spikemesh.testing.values import usual_values
from spikemesh_plugins.coding.dvs import DvsEncoder


def events(frames, rate=1000.0, dt=1.0, steps=None, cuts=(), **params):
    """Rows of (step, neuron), in order of step."""
    p = SimpleNamespace(**{**usual_values(DvsEncoder), "darkest": 1e-6, **params})
    stream = Signal(np.asarray(frames, dtype=float), rate)
    steps = steps or math.ceil((stream.samples - 1) * 1000.0 / rate / dt)
    state, rows = DvsEncoder.start(stream, dt, p), []
    for first, until in zip((0, *cuts), (*cuts, steps), strict=True):
        offsets, neurons = DvsEncoder.encode(stream, state, first, until - first, dt, p, None)
        rows.append(np.column_stack([first + offsets, neurons]))
    rows = np.concatenate(rows)
    return rows[np.argsort(rows[:, 0], kind="stable")]


@pytest.mark.parametrize(("ratio", "threshold", "count"), [(2.0, 0.15, 4), (10.0, 0.2, 11), (0.5, 0.15, 4)])
def test_a_step_of_intensity(ratio, threshold, count):
    # E9: floor(|ln R|/C)
    frames = np.full((2, 1, 2), 50.0)
    frames[1, 0, 1] *= ratio
    found = events(frames, rate=10.0, dt=0.1, c_on=threshold, c_off=threshold)
    assert len(found) == count
    assert set(found[:, 1]) == {1 if ratio > 1 else 3}


def test_events_lie_on_the_line_between_frames():
    # ln I rises by 1 in 100 ms: thresholds of 0.25 at 25, 50, 75, 100 ms
    frames = np.array([1.0, math.e]).reshape(2, 1, 1) * 20.0
    assert events(frames, rate=10.0, c_on=0.25)[:, 0].tolist() == [25, 50, 75, 100]


@pytest.mark.parametrize(("contrast", "count"), [(0.3, 4), (0.5, 7)])
def test_flicker(contrast, count):
    # E9: floor(ln((1 + m)/(1 - m))/C) ON a period, one more or less by where the memory stands; C = 0.15
    periods, rate = 20, 10_000.0
    time = np.arange(round(periods * rate / 100.0) + 1) / rate
    frames = 100.0 * (1.0 + contrast * np.sin(2.0 * math.pi * 100.0 * time)).reshape(-1, 1, 1)
    found = events(frames, rate=rate, dt=0.1, c_on=0.15, c_off=0.15)
    per_period = np.bincount((found[found[:, 1] == 0, 0] - 1) // 100, minlength=periods)[1:]
    assert set(per_period.tolist()) <= {count - 1, count, count + 1}


def test_what_stands_still_is_silent_but_for_the_leak():
    frames = np.full((201, 2, 3), 80.0)
    assert len(events(frames, rate=100.0)) == 0
    found = events(frames, rate=100.0, leak=3.0)
    # 3 Hz for 2 s at each of 6 pixels, all ON
    assert np.bincount(found[:, 1], minlength=12).tolist() == [6] * 6 + [0] * 6


def test_the_refractory_time_holds_events_back_and_the_memory_moves_on():
    frames = np.array([1.0, math.e]).reshape(2, 1, 1) * 20.0
    assert events(frames, rate=10.0, c_on=0.25, refractory=30.0)[:, 0].tolist() == [25, 75]


def test_thresholds_differ_from_pixel_to_pixel_of_a_device():
    frames = np.full((2, 40, 50), 10.0)
    frames[1] *= math.exp(10.0)
    counts = [
        np.bincount(events(frames, rate=1.0, c_on=0.1, mismatch=0.1, device=device)[:, 1], minlength=4000)[
            :2000
        ]
        for device in (0, 0, 1)
    ]
    assert np.array_equal(counts[0], counts[1])
    assert not np.array_equal(counts[0], counts[2])
    # 10/C with C = 0.1 (1 + 0.1 z): a spread of 10 % of about 100
    assert counts[0].std() / counts[0].mean() == pytest.approx(0.1, rel=0.1)


def test_stretches_change_nothing():
    random = np.random.default_rng(2)
    frames = np.exp(random.normal(size=(40, 4, 5)).cumsum(axis=0) * 0.3) * 50.0
    whole = events(frames, rate=70.0, dt=0.7, mismatch=0.05, refractory=5.0, leak=1.0)
    parts = events(
        frames, rate=70.0, dt=0.7, mismatch=0.05, refractory=5.0, leak=1.0, cuts=(1, 2, 20, 21, 300, 301)
    )
    assert np.array_equal(np.unique(whole, axis=0), np.unique(parts, axis=0))
    assert len(whole) > 200


def test_frames_have_two_dimensions():
    p = SimpleNamespace(**usual_values(DvsEncoder))
    with pytest.raises(DescriptionError, match=r"of shape \(5, 3\).*\(frames, height, width\)"):
        DvsEncoder.check(Signal(np.ones((5, 3)), 10.0), 1.0, p)
