"""Spike times: forms, order, and the grid they must lie on (positive multiples of dt)."""

import numpy as np
import pytest

from spikemesh.description.values import EventList, value_from
from spikemesh.errors import DescriptionError
from spikemesh.registry.bind_population import bind_events


def events(value, size=3, dt=0.1):
    ticks, neurons = bind_events(value_from(value, "times") if value is not None else None, size, dt, "times")
    assert ticks.dtype == neurons.dtype == np.int64
    return list(zip(ticks.tolist(), neurons.tolist(), strict=True))


def test_forms():
    assert events([1.0, 0.3]) == [(3, 0), (3, 1), (3, 2), (10, 0), (10, 1), (10, 2)]
    assert events([[1.0, 0.5], [], [0.5]]) == [(5, 0), (5, 2), (10, 0)]
    assert events(np.array([[1.0, 2.0], [1.0, 3.0], [4.0, 5.0]]))[:3] == [(10, 0), (10, 1), (20, 0)]
    assert events(EventList(np.array([2.0, 1.0]), np.array([2, 1]))) == [(10, 1), (20, 2)]
    assert events([]) == events(None) == events([[], [], []]) == []


def test_times_on_the_grid_survive_rounding():
    times = np.arange(1, 100_001) * 0.1
    ticks, _ = bind_events(times, 1, 0.1, "times")
    np.testing.assert_array_equal(ticks, np.arange(1, 100_001))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0.0], "0 ms is not a positive multiple"),
        ([-0.1], "-0.1 ms is not a positive multiple"),
        ([0.25], "0.25 ms is not a positive multiple of the timestep 0.1 ms"),
        ([1e300], "not a positive multiple"),
        ([[1.0], [2.0]], "2 lists for 3 neurons"),
        ([[1.0], [2.0, 2.0], []], "neuron 1 spikes twice at 2 ms"),
        ([float("inf")], "inf is not allowed"),
        ([float("nan")], "nan is not allowed"),
        ("1 ms", "no list of spike times"),
        (EventList(np.array([1.0]), np.array([3])), "there is no neuron 3"),
        (EventList(np.array([1.0, 2.0]), np.array([0])), "two lists of equal length"),
    ],
)
def test_what_is_refused(value, message):
    with pytest.raises(DescriptionError) as caught:
        events(value)
    assert message in str(caught.value)
    assert caught.value.problems[0].remedy
