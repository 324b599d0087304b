"""Codes of samples and the way back: rate, latency, order, N-of-M, phase, burst (models.md E2 to E5, E7)."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh.errors import DescriptionError
from spikemesh_plugins.coding.burst import BurstDecoder, BurstEncoder
from spikemesh_plugins.coding.latency import LatencyDecoder, LatencyEncoder
from spikemesh_plugins.coding.n_of_m import NOfMDecoder, NOfMEncoder
from spikemesh_plugins.coding.phase import PhaseDecoder, PhaseEncoder
from spikemesh_plugins.coding.rank_order import RankOrderDecoder, RankOrderEncoder
from spikemesh_plugins.coding.rate import RateDecoder, RateEncoder

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)
UNDER = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def there_and_back(encode_samples, decode_spikes):
    def run(encoder, decoder, values, steps, dt, **params):
        offsets, neurons = encode_samples(encoder, values, steps, dt, **params)
        given = {k: v for k, v in params.items() if k in decoder.parameters}
        if "timestep" in decoder.parameters:
            given["timestep"] = dt
        size = len(values)
        # A second presentation, silent, which the first one must not reach.
        return decode_spikes(decoder, offsets, neurons, size, [[0, steps], [steps, 2 * steps]], **given)[0]

    return run


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.5])
def test_rate_counts_exactly(encode_samples, phase):
    # E2: count = floor(r T + phase)
    values = np.array([0.0, 0.05, 0.1, 0.333, 0.77, 1.0])
    offsets, neurons = encode_samples(RateEncoder, values, 1000, 1.0, max_rate=100.0, phase=phase)
    assert np.bincount(neurons, minlength=6).tolist() == [math.floor(100 * x + phase + 1e-9) for x in values]
    intervals = np.diff(offsets[neurons == 4])
    assert set(intervals.tolist()) == {12, 13}  # 1000 / 77 = 12.99
    # 100 steps of 0.29 are 29 spikes, although floats give 28.999999999999996.
    assert len(encode_samples(RateEncoder, [0.29], 100, 1.0, max_rate=1000.0)[0]) == 29


@UNDER
@given(VALUES, st.floats(0, 0.999), st.sampled_from([0.5, 1.0]))
def test_rate_is_recovered_within_one_spike(there_and_back, values, phase, dt):
    # E2: |r' - r| <= 1/T
    back = there_and_back(RateEncoder, RateDecoder, values, 400, dt, max_rate=200.0, phase=phase)
    assert np.all(np.abs(back - values) <= 1 / (400 * dt * 0.2) + 1e-6)


@UNDER
@given(VALUES)
def test_linear_latency_there_and_back(there_and_back, values):
    # E3: the identity within one tick; x <= threshold never fires; order kept
    back = there_and_back(LatencyEncoder, LatencyDecoder, values, 50, 1.0, threshold=0.1)
    values = np.array(values)
    assert np.array_equal(back == 0.0, (values <= 0.1) | (back == 0.0) & (values < 0.1 + 1e-9))
    assert np.all(np.abs(back - values)[values > 0.1] <= 1 / 50 + 1e-9)
    order = np.argsort(values, kind="stable")
    assert np.all(np.diff(back[order]) >= 0)


def test_rc_latency_there_and_back(there_and_back):
    # E3: decode x = theta / (1 - exp(-t / tau)); tau 20 ms, theta 1, t = 21.97225 and 13.86294 ms
    params = {"code": "rc", "tau": 20.0, "threshold": 1.0}
    back = there_and_back(LatencyEncoder, LatencyDecoder, [1.5, 2.0, 1.0, 0.0], 60_000, 0.001, **params)
    slope = 2.0**2 * math.exp(-13.86294 / 20) / 20  # dx/dt at t, per ms, the steeper of the two
    assert back == pytest.approx([1.5, 2.0, 0.0, 0.0], abs=0.001 * slope)


def test_rank_order(encode_samples, decode_spikes):
    # Ranks of 0.9, 0.7, 0.7, 0.2: equals by number; 0 is silent
    offsets, neurons = encode_samples(RankOrderEncoder, [0.7, 0.2, 0.9, 0.7, 0.0], 10, 1.0, interval=2.0)
    assert (offsets.tolist(), neurons.tolist()) == ([1, 3, 5, 7], [2, 0, 3, 1])
    back = decode_spikes(RankOrderDecoder, offsets, neurons, 5, [[0, 10]], m=0.5)
    assert back[0].tolist() == [0.5, 0.125, 1.0, 0.25, 0.0]
    assert encode_samples(RankOrderEncoder, [0.7, 0.2, 0.9], 3, 1.0, interval=2.0)[1].tolist() == [2, 0]


def test_the_order_of_the_weights_activates_most(encode_samples, decode_spikes):
    # E5: activation sum w_i m^rank_i is largest for the order of the weights (rearrangement); m = 1 sees no order
    weights = np.array([0.9, 0.1, 0.5, 0.7])

    def activation(values, m):
        offsets, neurons = encode_samples(RankOrderEncoder, values, 10, 1.0)
        return float(decode_spikes(RankOrderDecoder, offsets, neurons, 4, [[0, 10]], m=m)[0] @ weights)

    found = {values: activation(values, 0.8) for values in permutations((1.0, 2.0, 3.0, 4.0))}
    best = max(found, key=found.__getitem__)
    assert np.argsort(best).tolist() == np.argsort(weights).tolist()
    assert sorted(found.values())[-2] < found[best]
    assert {round(activation(v, 1.0), 12) for v in permutations((1.0, 2.0, 3.0, 4.0))} == {2.2}


def test_information_of_codes():
    # E5: log2 8! = 15.2992; E4: log2 C(256, 11) = 62.4352, ordered 87.6857; 8 of 32: 23.3264, 38.6256
    assert math.log2(math.factorial(8)) == pytest.approx(15.2992, abs=1e-4)
    for n, m, plain, ordered in ((11, 256, 62.4352, 87.6857), (8, 32, 23.3264, 38.6256)):
        assert math.log2(math.comb(m, n)) == pytest.approx(plain, abs=1e-4)
        assert math.log2(math.perm(m, n)) == pytest.approx(ordered, abs=1e-4)


@pytest.mark.parametrize("ordered", [False, True])
@UNDER
@given(values=st.lists(st.integers(0, 3), min_size=5, max_size=40))
def test_exactly_n_fire(encode_samples, decode_spikes, ordered, values):
    # E4: exactly N, whatever the ties
    values = np.array(values, dtype=float)
    offsets, neurons = encode_samples(NOfMEncoder, values, 20, 1.0, n=5, ordered=ordered)
    assert len(set(neurons.tolist())) == len(neurons) == 5
    assert values[neurons].min() >= np.delete(values, neurons).max(initial=0)
    if ordered:
        assert np.all(np.diff(values[neurons]) <= 0)
        assert offsets.tolist() == [1, 2, 3, 4, 5]
    back = decode_spikes(NOfMDecoder, offsets, neurons, len(values), [[0, 20], [20, 40]], n=5)
    assert sorted(neurons.tolist()) == np.flatnonzero(back[0]).tolist()
    assert not back[1].any()


def test_all_ordered_codes_of_five_are_told_apart(encode_samples):
    # E4: M!/(M - N)! = 60 ordered codes of 3 of 5, C(5, 3) = 10 without order
    codes = {False: set(), True: set()}
    for values in permutations(range(5)):
        for ordered, found in codes.items():
            found.add(tuple(encode_samples(NOfMEncoder, values, 9, 1.0, n=3, ordered=ordered)[1].tolist()))
    assert (len(codes[True]), len(codes[False])) == (math.perm(5, 3), math.comb(5, 3)) == (60, 10)


def test_random_codes_overlap_as_the_hypergeometric_law_says(encode_samples):
    # E4: two 11-of-256 codes share 121/256 on average, P(>= 1..4) = .389231 .0747496 .0081222 .00053174; 3000 pairs
    rng = np.random.default_rng(1)
    codes = [set(encode_samples(NOfMEncoder, rng.random(256), 2, 1.0, n=11)[1].tolist()) for _ in range(6000)]
    shared = np.array([len(a & b) for a, b in zip(codes[::2], codes[1::2], strict=True)])
    variance = 11 * (11 / 256) * (245 / 256) * (245 / 255)
    assert shared.mean() == pytest.approx(121 / 256, abs=4 * math.sqrt(variance / 3000))
    for least, p in enumerate((0.389231, 0.0747496, 0.0081222, 0.00053174), start=1):
        assert np.mean(shared >= least) == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 3000))


@UNDER
@given(VALUES, st.sampled_from([20.0, 33.0]))
def test_phase_there_and_back(there_and_back, values, period):
    # E7: within one tick; silence for x = 0
    values = np.array(values)
    back = there_and_back(PhaseEncoder, PhaseDecoder, values, 198, 0.5, period=period)
    apart = np.abs(back - values)
    apart = np.minimum(apart, 1 - apart)  # on the circle
    assert np.all(apart[values > 0] <= 0.5 / period + 1e-9)
    assert not back[values == 0].any()


def test_phase_fires_once_a_cycle(encode_samples):
    offsets, neurons = encode_samples(PhaseEncoder, [0.25, 1.0, 0.0], 100, 1.0, period=20.0)
    assert offsets[neurons == 0].tolist() == [5, 25, 45, 65, 85]
    assert offsets[neurons == 1].tolist() == [20, 40, 60, 80, 100]
    assert not (neurons == 2).any()


@UNDER
@given(VALUES)
def test_burst_there_and_back(there_and_back, encode_samples, values):
    # E7: n = ceil(N_max x), intervals linear in x: recovered within one tick of the interval; silence for x = 0
    values = np.array(values)
    params = {"most": 5, "shortest": 2.0, "longest": 10.0}
    _, neurons = encode_samples(BurstEncoder, values, 400, 0.1, **params)
    number = np.bincount(neurons, minlength=len(values))
    assert number.tolist() == np.ceil(5 * values - 1e-9).astype(int).tolist()
    back = there_and_back(BurstEncoder, BurstDecoder, values, 400, 0.1, **params)
    assert np.all(np.abs(back - values)[number > 1] <= 0.1 / 8.0 + 1e-9)
    assert np.all(np.abs(back - values)[number == 1] <= 0.1 + 1e-9)
    assert not back[number == 0].any()


@pytest.mark.parametrize(
    ("encoder", "values", "params", "message"),
    [
        (RateEncoder, [0.5, 2.0], {}, "data: 2 at neuron 1 .values from 0 to 1"),
        (RateEncoder, [0.5], {"max_rate": 2000.0}, "max_rate: 2000 Hz is more than one spike per step"),
        (NOfMEncoder, [0.5], {"n": 2}, "n: 2 of 1 neurons"),
        (PhaseEncoder, [math.nan], {}, "data: nan at neuron 0"),
        (BurstEncoder, [-0.5], {}, "data: -0.5 at neuron 0"),
        (BurstEncoder, [0.5], {"shortest": 0.5}, "shortest: 0.5 ms .at least a step, 1 ms"),
        (BurstEncoder, [0.5], {"shortest": 20.0}, "shortest: 20 ms is above longest, 10 ms"),
    ],
)
def test_what_cannot_be_encoded(encode_samples, encoder, values, params, message):
    with pytest.raises(DescriptionError, match=message):
        encode_samples(encoder, values, 10, 1.0, **params)
