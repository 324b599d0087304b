"""Spikes of a trace through decoders."""

from __future__ import annotations

import pytest

import spikemesh as sm
from spikemesh.errors import InputError


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    """Three neurons with 4, 2 and 1 spikes in each of four windows of 20 ms, the order turned by one in each."""
    times = [[], [], []]
    for window in range(4):
        for place, count in enumerate((4, 2, 1)):
            begin = 20.0 * window
            times[(place + window) % 3] += [begin + 3.0 + k for k in range(count)]
    net = sm.Network(timestep="1 ms")
    net.add_population("out", 3, "spike_source", times=times)
    net.probe("out", "spikes")
    path = tmp_path_factory.mktemp("decode") / "run.h5"
    sm.run(net, sm.System.preset("ideal", chips=1), 85.0, out=path, backend="local")
    with sm.open_trace(path) as opened:
        yield opened


def test_windows_of_a_length_follow_one_another(trace):
    # The last 5 ms are no window.
    counts = [[4, 2, 1], [1, 4, 2], [2, 1, 4], [4, 2, 1]]
    assert sm.decode(trace, "out", "spike_count", "20 ms").tolist() == counts
    assert sm.decode(trace, "out", "spike_count", 20.0).tolist() == counts
    winners = sm.decode(trace, "out", "winner_take_all", "20 ms")
    assert winners.argmax(axis=1).tolist() == [0, 1, 2, 0]


def test_windows_by_their_ends(trace):
    # The spikes of the first lie at 3, 4, 5, 6 ms: begin < t <= end.
    found = sm.decode(trace, "out", "spike_count", [[3.0, 5.0], [0.0, 3.0]])
    assert found.tolist() == [[2, 1, 0], [1, 1, 1]]


def test_a_decoder_that_learns(trace):
    # Half the first neuron's count, less the second's.
    counts = sm.decode(trace, "out", "spike_count", "20 ms")
    wanted = counts @ [[0.5], [-1.0], [0.0]]
    found = sm.decode(trace, "out", "linear", "20 ms", wanted=wanted[:3], fit_on=slice(0, 3), ridge=1e-9)
    assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "params", "words"),
    [
        (("out", "winner", "20 ms"), {}, r'decode\.decoder: there is no decoder "winner"'),
        (
            ("out", "linear", "20 ms"),
            {"rigde": 1.0},
            r'decode\.rigde: decoder "linear" has no parameter "rigde"',
        ),
        (("out", "linear", "20 ms"), {"ridge": -1.0}, r"decode\.ridge: .*-1"),
        (
            ("out", "spike_count", "20 ms"),
            {"wanted": [[1.0]]},
            r'decode\.wanted: decoder "spike_count" does not learn',
        ),
        (("out", "spike_count", "0.5 ms"), {}, r"decode\.windows: 0\.5 ms is not a whole number of steps"),
        (("out", "spike_count", 0.0), {}, r"decode\.windows: 0\.0 is no length of time"),
        (("out", "spike_count", [1.0, 2.0]), {}, r"decode\.windows: an array of shape \(2,\)"),
        (
            ("out", "spike_count", [[5.0, 90.0]]),
            {},
            r"a window from 5 to 90 ms \(rising, from 0 to 85",
        ),
        (("in", "spike_count", 20.0), {}, '"in"'),
    ],
)
def test_mistakes(trace, arguments, params, words):
    with pytest.raises(InputError, match=words):
        sm.decode(trace, *arguments, **params)
