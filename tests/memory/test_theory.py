"""Known answers of the theory of memory (models.md D0-D2, E4)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spikemesh import memory


def lifetime(model, synapses):
    return memory.lifetime(model.signal, memory.signal_to_noise(1.0, model.variance(), synapses))


def test_a_chain_forgets_with_the_inverse_square_root():
    # KA-D2a: m = 8, and the slope over [10, 4^m / 50]
    ages = np.array([0, 1, 2, 10, 100, 1000, 10_000])
    expected = [1, 0.875, 0.7734375, 0.40292068, 0.13290689, 0.0424822, 0.01342529]
    assert memory.Chain(8).signal(ages) == pytest.approx(expected, rel=2e-7)
    assert memory.Chain(12).signal(np.array([10_000])) * 100 == pytest.approx(1.343, rel=2e-3)


@pytest.mark.parametrize(
    ("beakers", "slope"), [(6, -0.478), (8, -0.494), (10, -0.497), (12, -0.498), (16, -0.499)]
)
def test_the_slope_nears_one_half_with_more_beakers(beakers, slope):
    ages = np.unique(np.geomspace(10, 4**beakers / 50, 200).astype(int))
    found = np.polyfit(np.log(ages), np.log(memory.Chain(beakers).signal(ages)), 1)[0]
    assert found == pytest.approx(slope, abs=2e-3)


def test_every_beaker_adds_two_and_a_half_to_the_variance():
    # KA-D2b
    expected = {
        1: 4.2667,
        2: 7.6076,
        4: 13.1432,
        6: 18.2615,
        8: 23.2848,
        10: 28.2849,
        12: 33.2793,
        16: 43.2648,
    }
    assert {m: memory.Chain(m).variance() for m in expected} == pytest.approx(expected, rel=1e-5)


def test_the_variance_is_the_sum_of_squared_signals():
    chain = memory.Chain(3)
    assert chain.variance() == pytest.approx(np.sum(chain.signal(np.arange(20_000)) ** 2), rel=1e-10)
    assert chain.variance(3) == pytest.approx(np.sum(chain.signal(np.arange(20_000), 3) ** 2), rel=1e-10)
    assert np.diagonal(chain.covariance()) == pytest.approx([chain.variance(k) for k in (1, 2, 3)], rel=1e-10)


def test_the_slowest_time_constant_grows_fourfold_with_each_beaker():
    # KA-D2c
    expected = {2: 50.5, 4: 1090.2, 6: 18653.8, 8: 303384.8, 10: 4.874e6}
    assert {m: memory.Chain(m).time_constants()[0] for m in expected} == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(
    ("synapses", "best", "beakers"),
    [(1e3, 153, 3), (1e4, 1140, 5), (1e5, 9346, 6), (1e6, 77024, 8), (1e7, 650285, 9), (1e8, 5753339, 11)],
)
def test_lifetime_of_the_best_chain_is_almost_the_number_of_synapses(synapses, best, beakers):
    # KA-D2d, whose search was on a grid of ages: up to 0.7 % below the last age with SNR >= 1
    found = {m: lifetime(memory.Chain(m), int(synapses)) for m in range(1, 14)}
    assert max(found, key=found.__getitem__) == beakers
    assert found[beakers] == pytest.approx(best, rel=0.008)
    chain = memory.Chain(beakers)
    snr = [
        np.sqrt(synapses / chain.variance()) * np.linalg.matrix_power(chain.matrix, age)[0, 0]
        for age in (found[beakers], found[beakers] + 1)
    ]
    assert snr[0] >= 1 > snr[1]


def test_a_sealed_chain_conserves_and_levels_its_contents():
    # KA-D2e
    chain = memory.Chain(5, end_leak=0.0)
    start = np.random.default_rng(1).normal(size=5)
    held = chain.capacities @ start
    assert chain.capacities @ chain.after(start, 2000) == pytest.approx(held, abs=1e-10)
    assert chain.after(start, 200_000) == pytest.approx(np.full(5, held / 31), abs=1e-9)
    values = np.linalg.eigvals(memory.Chain(5, alpha=0.5).matrix)
    assert np.all((values > 0) & (values <= 1))


def test_a_chain_that_copies_has_the_same_theory_by_another_way():
    chain = memory.Chain(4, beta=0.5)
    by_power = [np.linalg.matrix_power(chain.matrix, t)[3, 0] for t in (1, 5, 50)]
    assert chain.signal(np.array([1, 5, 50]), 4) == pytest.approx(by_power, rel=1e-9, abs=1e-12)


def test_a_binary_synapse_forgets_exponentially():
    # KA-D0
    synapse = memory.binary(0.1)
    assert synapse.signal(np.array([0, 5, 10])) == pytest.approx([0.1, 0.059049, 0.034868], rel=2e-5)
    assert synapse.variance() == pytest.approx(1.0)
    best = max(lifetime(memory.binary(q), 10**6) for q in np.e / 1000 * np.linspace(0.9, 1.1, 21))
    assert best == 367
    # 8.97 steps: the last whole one is 8
    assert lifetime(memory.binary(0.5), 10**6) == 8


@pytest.mark.parametrize(("states", "constant"), [(4, 2.885), (8, 12.63), (16, 51.54), (32, 207.17)])
def test_a_row_of_states_forgets_with_the_square_of_its_length(states, constant):
    # D0: slow time constant -1 / ln cos(pi / n), S(0) = 2 / n
    synapse = memory.serial(states)
    assert synapse.signal(np.array([0])) == pytest.approx([2 / states], rel=1e-9)
    late = synapse.signal(np.array([4, 6]) * states * states)
    assert 2 * states * states / np.log(late[0] / late[1]) == pytest.approx(constant, rel=1e-3)


@pytest.mark.parametrize("depth", [2, 5, 9])
def test_all_states_of_a_cascade_are_equally_likely(depth):
    # KA-D1a
    assert memory.cascade(depth).stationary == pytest.approx(np.full(2 * depth, 0.5 / depth), abs=1e-12)


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (8, [0.083313, 0.107112, 0.073304, 0.035003, 0.013559, 0.002485, 6e-6]),
        (12, [0.055556, 0.071428, 0.048905, 0.023455, 0.009495, 0.003337, 0.001048]),
        (16, [0.041667, 0.053571, 0.036679, 0.017591, 0.007123, 0.002508, 0.000808]),
    ],
)
def test_signal_of_a_cascade(depth, expected):
    # KA-D1b
    ages = np.array([1, 2, 4, 16, 64, 256, 1024])
    assert memory.cascade(depth).signal(ages) == pytest.approx(expected, abs=5.1e-7)
    assert memory.cascade(depth).signal(np.array([0])) == pytest.approx([2 / depth], rel=1e-9)


def test_the_power_law_of_a_cascade_steepens_slowly():
    # KA-D1c: local slopes at n = 30
    synapse = memory.cascade(30)
    for age, slope in {4: -0.51, 16: -0.61, 64: -0.72, 256: -0.79, 1024: -0.84}.items():
        around = np.array([age, 2 * age])
        local = np.diff(np.log(synapse.signal(around)))[0] / np.log(2)
        assert -0.95 < local < -0.45
        assert local == pytest.approx(slope, abs=0.06)
    ages = np.arange(30, 300)
    slopes = np.gradient(np.log(synapse.signal(ages)), np.log(ages))
    assert np.all((slopes > -0.85) & (slopes < -0.60))


@pytest.mark.parametrize(
    ("synapses", "best", "depth"), [(1e4, 91, 8), (1e6, 1075, 12), (1e8, 11590, 15), (1e10, 119780, 19)]
)
def test_lifetime_of_the_best_cascade_is_about_the_root_of_the_synapses(synapses, best, depth):
    # KA-D1d, whose search was on a grid of ages too
    found = {n: lifetime(memory.cascade(n), int(synapses)) for n in range(depth - 2, depth + 3)}
    assert max(found, key=found.__getitem__) == depth
    assert found[depth] == pytest.approx(best, rel=0.008)


def stochastic(size):
    return arrays.arrays(np.float64, (size, size), elements=st.floats(0.01, 1.0)).map(
        lambda a: a / a.sum(axis=1, keepdims=True)
    )


@given(st.integers(2, 6).flatmap(lambda n: st.tuples(stochastic(n), stochastic(n), st.integers(1, n - 1))))
def test_no_synapse_of_so_many_states_remembers_better(drawn):
    # Lahiri & Ganguli 2013; weights of +1 and -1, whose variance is 1 at most
    plus, minus, low = drawn
    weights = np.where(np.arange(len(plus)) < low, -1.0, 1.0)
    synapse = memory.MarkovSynapse(plus, minus, weights)
    snr = 100.0 * synapse.signal(np.arange(400))
    assert memory.within_bounds(snr, 10_000, len(plus), slack=1e-9)


@pytest.mark.parametrize("synapse", [memory.binary(1.0), memory.serial(8), memory.cascade(5)])
def test_known_synapses_keep_the_bounds_and_a_better_one_would_not(synapse):
    states = synapse.weights.size
    snr = memory.signal_to_noise(synapse.signal(np.arange(2000)), synapse.variance(), 400)
    assert memory.within_bounds(snr, 400, states, slack=1e-9)
    assert not memory.within_bounds(states * snr, 400, states, slack=1e-9)


def test_the_errors_of_an_observer():
    # Phi(-1) and Phi(-1/2)
    assert memory.error_of_choice(np.sqrt(2.0)) == pytest.approx(0.158655254, rel=1e-8)
    assert memory.error_of_recognition(1.0) == pytest.approx(0.308537539, rel=1e-8)
    # A memory that is certain is one bit, one that is lost none.
    assert memory.bits_per_synapse(np.array([50.0, 0.0]), 10) == pytest.approx(0.1, rel=1e-12)


def test_correlation_matrix_memory():
    # KA E4: W 4096, w 16, D 256, d 11
    matrix = memory.CorrelationMatrix(4096, 16, 256, 11)
    pairs = np.arange(1000, 7000, 1000)
    assert matrix.density(pairs) == pytest.approx([0.1545, 0.2852, 0.3956, 0.489, 0.568, 0.6347], abs=6e-5)
    assert matrix.exact_recall(pairs) == pytest.approx([1, 1, 0.9999, 0.9974, 0.9717, 0.8435], abs=6e-5)
    assert matrix.false_outputs(7355) == pytest.approx(1.0, rel=1e-3)
    assert matrix.density(4129) == pytest.approx(0.5, abs=1e-4)
    assert matrix.bits_per_synapse(4129) == pytest.approx(0.2459, abs=5e-5)
    most = matrix.capacity(0.99)
    assert matrix.exact_recall(most) >= 0.99 > matrix.exact_recall(most + 1)


def test_distortion_and_forgetting():
    stored = np.array([1.0, -1.0, 1.0, 1.0])
    assert memory.distortion(stored, stored.copy()) == 0.0
    assert memory.distortion(stored, -stored) == pytest.approx(2.0)
    assert memory.distortion(np.array([1.0, 0, 0, 0]), np.array([0, 1.0, 0, 0])) == 1.0
    assert memory.excess_forgetting(3.0, 4.0) == 0.25
    accuracy = np.array([[0.9, 0.1, 0.0], [0.7, 0.8, 0.0], [0.5, 0.6, 0.9]])
    assert memory.backward_transfer(accuracy) == pytest.approx(-0.3)
    assert memory.average_forgetting(accuracy) == pytest.approx(0.3)


def test_assimilation_of_a_chain():
    # S(0) + S(1) = 1 + 0.875 in the first beaker, 0 + 1/16 in the second
    chain = memory.Chain(8)
    first, second = (memory.assimilated_after(chain.signal(np.arange(3), k)) for k in (1, 2))
    assert first[:2] == pytest.approx([1.0, 1.875])
    assert second[:2] == pytest.approx([0.0, 0.0625])
    assert memory.presentations(first, 1.5) == 2
    assert memory.presentations(second, 1e9) is None
    assert memory.half_assimilated(np.array([0.0, 1.0, 3.0, 4.0, 2.0])) == 2
