"""Encoders and decoder (models.md E1, E3)."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from spikemesh.errors import DescriptionError
from spikemesh_plugins.coding.constant_current import ConstantCurrentEncoder
from spikemesh_plugins.coding.latency import LatencyEncoder
from spikemesh_plugins.coding.poisson import PoissonEncoder
from spikemesh_plugins.coding.spike_count import SpikeCountDecoder


def test_poisson_rates_and_fano_factor(encode):
    # E1: r = 200 Hz at 1 ms: mean count 20 in 100 steps, Fano 1 - r dt = 0.8; 2000 neurons, 4 standard errors
    values = np.repeat([1.0, 0.25, 0.0], 2000)
    offsets, neurons = encode(PoissonEncoder, values, 100, 1.0, max_rate=200.0)
    counts = np.bincount(neurons, minlength=6000).reshape(3, 2000)
    for row, p in zip(counts, (0.2, 0.05), strict=False):
        assert row.mean() == pytest.approx(100 * p, abs=4 * math.sqrt(100 * p * (1 - p) / 2000))
        assert row.var(ddof=1) / row.mean() == pytest.approx(1 - p, abs=4 * (1 - p) * math.sqrt(2 / 1999))
    assert not counts[2].any()
    assert (offsets.min(), offsets.max()) == (1, 100)
    assert (np.diff(offsets) >= 0).all()


def test_poisson_certain_spikes_come_in_every_step(encode):
    offsets, neurons = encode(PoissonEncoder, [1.0, 0.0], 3, 1.0, max_rate=1000.0)
    assert offsets.tolist() == [1, 2, 3]
    assert neurons.tolist() == [0, 0, 0]


def test_poisson_depends_on_the_absolute_step_only(encode):
    values = np.full(50, 0.5)
    whole = encode(PoissonEncoder, values, 20, 1.0, max_rate=500.0)
    late = encode(PoissonEncoder, values, 12, 1.0, first_step=8, max_rate=500.0)
    kept = whole[0] > 8
    assert np.array_equal(whole[0][kept] - 8, late[0])
    assert np.array_equal(whole[1][kept], late[1])


@pytest.mark.parametrize(
    ("values", "max_rate", "message"),
    [
        ([0.5, 1.5], 100.0, "data: 1.5 at neuron 1 .values from 0 to 1"),
        ([-0.1], 100.0, "data: -0.1 at neuron 0"),
        ([math.nan], 100.0, "data: nan at neuron 0"),
        ([0.5], 2000.0, "max_rate: 2000 Hz is more than one spike per step of 1 ms .at most 1000 Hz"),
    ],
)
def test_poisson_refuses_what_it_cannot_encode(encode, values, max_rate, message):
    with pytest.raises(DescriptionError, match=message):
        encode(PoissonEncoder, values, 10, 1.0, max_rate=max_rate)


def test_linear_latency_is_recovered_within_one_step(encode):
    # E3: t = T (1 - x), T = 50 ms
    values = np.linspace(0.02, 1.0, 197)
    offsets, neurons = encode(LatencyEncoder, values, 100, 0.5)
    assert sorted(neurons) == list(range(197))
    decoded = 1.0 - offsets * 0.5 / 50.0
    assert (np.abs(decoded - values[neurons]) <= 0.01 + 1e-12).all()
    assert (np.diff(values[neurons])[np.diff(offsets) > 0] < 0).all()  # order kept
    assert (np.diff(offsets) >= 0).all()


def test_linear_latency_lands_on_the_grid(encode):
    # 50 (1 - 0.7) is 15 steps, although 15.000000000000002 in floats; the threshold is silent
    offsets, neurons = encode(LatencyEncoder, [0.7, 1.0, 0.2, 0.21, 0.0], 50, 1.0, threshold=0.2)
    assert dict(zip(neurons.tolist(), offsets.tolist(), strict=True)) == {0: 15, 1: 1, 3: 40}


@pytest.mark.parametrize(("dt", "stamps"), [(0.001, [21973, 13863]), (0.1, [220, 139]), (1.0, [22, 14])])
def test_rc_latency(encode, dt, stamps):
    # E3: tau ln(x/(x - theta)), tau 20 ms, theta 1: x = 1.5 -> 21.97225 ms, x = 2 -> 13.86294 ms
    params = {"code": "rc", "tau": 20.0, "threshold": 1.0}
    offsets, neurons = encode(LatencyEncoder, [1.5, 2.0, 1.0, 0.3], round(30 / dt), dt, **params)
    assert neurons.tolist() == [1, 0]
    assert offsets.tolist() == stamps[::-1]


def test_rc_latency_beyond_the_presentation_is_lost(encode):
    params = {"code": "rc", "tau": 20.0, "threshold": 1.0}
    assert encode(LatencyEncoder, [1.5, 2.0], 20, 1.0, **params)[1].tolist() == [1]


def test_latency_refuses_what_it_cannot_encode(encode):
    with pytest.raises(DescriptionError, match=r"data: 1\.2 at neuron 1"):
        encode(LatencyEncoder, [0.5, 1.2], 10, 1.0)
    with pytest.raises(DescriptionError, match='threshold: 0 in code "rc"'):
        encode(LatencyEncoder, [0.5], 10, 1.0, code="rc", threshold=0.0)


def test_constant_current(encode):
    assert ConstantCurrentEncoder.emits == "current"
    assert encode(ConstantCurrentEncoder, [0.5, -1.0], 10, 1.0, gain=4.0).tolist() == [2.0, -4.0]


def test_spike_count_takes_the_end_of_a_presentation_and_not_its_start():
    ticks = np.array([0, 10, 10, 11, 20, 21])
    neurons = np.array([0, 1, 2, 0, 0, 2])
    edges = np.array([[0, 10], [10, 20], [20, 30], [30, 40]])
    counts = SpikeCountDecoder.decode(ticks, neurons, 3, edges, SimpleNamespace())
    assert counts.tolist() == [[0, 1, 1], [2, 0, 0], [0, 0, 1], [0, 0, 0]]
