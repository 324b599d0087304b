"""Synapses that are set once (models.md E4)."""

import pytest

from spikemesh.errors import DescriptionError
from spikemesh_plugins.learning.clipped_hebb import ClippedHebb


@pytest.mark.parametrize(
    ("pre", "post", "window", "set_at"),
    [
        (4, 5, 1.0, 5),
        (4, 6, 1.0, None),
        (5, 5, 1.0, None),  # the arrival of the same step
        (6, 5, 1.0, None),
        (2, 5, 3.0, 5),
        (1, 5, 3.0, None),
    ],
)
def test_a_spike_after_an_arrival_within_the_window_sets_the_weight(learn, pre, post, window, set_at):
    w = learn(ClippedHebb, {"window": window}, 1.0, 10, pre=[pre], post=[post], w=0.25, w_max=2.0).values["w"]
    expected = [2.0 if set_at is not None and tick >= set_at else 0.25 for tick in range(1, 11)]
    assert w.tolist() == expected


def test_nothing_lowers_it(learn):
    w = learn(ClippedHebb, {}, 1.0, 60, pre=[3, 30], post=[4, 20, 50], w=0.0, w_max=1.0).values["w"]
    assert set(w[3:]) == {1.0}


def test_a_window_below_a_step_is_refused(constants_of):
    with pytest.raises(DescriptionError, match=r"window: 0\.5 ms is shorter than the timestep of 1 ms"):
        constants_of(ClippedHebb, 1.0, window=0.5, w_max=1.0)
