"""Population code (models.md E6), linear readout and winner."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from spikemesh.description.builder import Network
from spikemesh.errors import DescriptionError, InputError
from spikemesh.registry import load_registry
from spikemesh.registry.bind import bind
from spikemesh_plugins.coding.decisions import LinearDecoder, WinnerDecoder
from spikemesh_plugins.coding.population import (
    CentreOfMassDecoder,
    MaximumLikelihoodDecoder,
    PopulationEncoder,
    tuning,
)

# E6's setting: density rho = 100 neurons a unit, width 0.1, peak rate r = 100 Hz over T = 1 s.
GIVEN = {"neurons": 401, "low": -2.0, "high": 2.0, "width": 0.1, "max_rate": 100.0}


def test_fisher_information_of_the_tuning():
    # E6: J = sqrt(2 pi) T r rho / s; sum of T f'^2 / f over the neurons against the closed form
    p = SimpleNamespace(**GIVEN)
    step = 1e-5
    left, middle, right = (100.0 * tuning(np.array(x), p) for x in (0.3 - step, 0.3, 0.3 + step))
    slope, kept = (right - left) / (2 * step), middle > 1e-12
    information = float(np.sum(slope[kept] ** 2 / middle[kept]))
    assert information == pytest.approx(math.sqrt(2 * math.pi) * 100.0 * 100.0 / 0.1, rel=1e-6)


@pytest.mark.parametrize("decoder", [CentreOfMassDecoder, MaximumLikelihoodDecoder])
def test_decoders_reach_the_bound(decode_spikes, decoder):
    # E6 [V]: the spread of the centre of mass is that of 1 / sqrt(J) = .0019974 (J = 250,663)
    x, trials, rng = 0.137, 300, np.random.default_rng(1)
    random = SimpleNamespace(uniform=lambda _, steps: rng.random((steps, 401)))
    p, parts = SimpleNamespace(**GIVEN), []
    for k in range(trials):
        offsets, neurons = PopulationEncoder.encode(np.array([x]), 1000, 0, 1.0, p, random)
        parts.append((1000 * k + offsets, neurons))
    ticks, neurons = (np.concatenate(column) for column in zip(*parts, strict=True))
    edges = [[1000 * k, 1000 * (k + 1)] for k in range(trials)]
    given = {k: v for k, v in GIVEN.items() if k in decoder.parameters}
    if decoder is MaximumLikelihoodDecoder:
        given |= {"timestep": 1.0, "resolution": 2001}
    found = decode_spikes(decoder, ticks, neurons, 401, edges, **given)
    bound = 1 / math.sqrt(math.sqrt(2 * math.pi) * 100.0 * 100.0 / 0.1)
    # Bernoulli steps of at most 0.1 spread a little less than Poisson ones; 4 standard errors.
    assert found.mean() == pytest.approx(x, abs=4 * bound / math.sqrt(trials))
    assert found.std() == pytest.approx(bound, rel=4 / math.sqrt(2 * trials) + 0.05)


def test_population_of_several_values(encode_samples, decode_spikes):
    offsets, neurons = encode_samples(
        PopulationEncoder, [0.2, 0.8], 2000, 1.0, neurons=21, width=0.1, max_rate=200.0
    )
    assert neurons.max() < 42
    back = decode_spikes(CentreOfMassDecoder, offsets, neurons, 42, [[0, 2000], [2000, 4000]], neurons=21)
    assert back[0] == pytest.approx([0.2, 0.8], abs=0.02)
    assert np.isnan(back[1]).all()
    more = {"neurons": 21, "width": 0.1, "max_rate": 200.0, "timestep": 1.0}
    likely = decode_spikes(MaximumLikelihoodDecoder, offsets, neurons, 42, [[0, 2000]], **more)
    assert likely[0] == pytest.approx([0.2, 0.8], abs=0.02)


def test_groups_must_come_out_even(decode_spikes):
    with pytest.raises(InputError, match="neurons: 20 neurons are no groups of 16"):
        decode_spikes(CentreOfMassDecoder, [1], [0], 20, [[0, 10]])


def test_population_refuses_values_beyond_its_own(encode_samples):
    with pytest.raises(DescriptionError, match=r"data: 1\.5 at value 1 .values from 0 to 1"):
        encode_samples(PopulationEncoder, [0.5, 1.5], 10, 1.0)


def test_an_encoder_may_make_more_neurons_than_values():
    registry = load_registry()

    def bound(size):
        net = Network(timestep="1 ms", seed=1)
        net.add_input("p", encoder="population", data=[[0.2, 0.8]], present=10, size=size, neurons=8)
        return bind(net.describe(), registry)

    assert (bound(16).populations[0].size, bound(16).inputs[0].size) == (16, 16)
    with pytest.raises(DescriptionError) as caught:
        bound(None)
    assert caught.value.problems[0].where == 'input "p".size'
    assert caught.value.problems[0].found == 'population "p" has 2 neurons'
    assert caught.value.problems[0].remedy == 'encoder "population" makes 16 of 2 values'


def spikes_of(counts):
    """Return ticks, neurons and edges of presentations of 10 steps with so many spikes of each neuron."""
    rows = [
        (10 * sample + 1 + k, neuron)
        for sample, row in enumerate(counts)
        for neuron, count in enumerate(row)
        for k in range(count)
    ]
    table = np.array(sorted(rows)).reshape(-1, 2)
    edges = np.array([[10 * k, 10 * (k + 1)] for k in range(len(counts))])
    return table[:, 0], table[:, 1], edges


def test_linear_readout_finds_the_weights_that_made_its_examples():
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 6, size=(40, 5))
    wanted = counts @ rng.normal(size=(5, 2)) + [3.0, -1.0]
    ticks, neurons, edges = spikes_of(counts)
    found = LinearDecoder.fit(ticks, neurons, 5, edges, wanted, SimpleNamespace(ridge=0.0))
    back = LinearDecoder.decode(ticks, neurons, 5, edges, SimpleNamespace(**found))
    assert back == pytest.approx(wanted, abs=1e-9)
    # Ridge regression as scikit-learn defines it, the constant left free.
    other = Ridge(alpha=7.0).fit(counts, wanted)
    found = LinearDecoder.fit(ticks, neurons, 5, edges, wanted, SimpleNamespace(ridge=7.0))
    assert found["weights"][:-1] == pytest.approx(other.coef_.T, abs=1e-9)
    assert found["weights"][-1] == pytest.approx(other.intercept_, abs=1e-9)


def test_linear_readout_needs_its_weights():
    ticks, neurons, edges = spikes_of([[1, 2]])
    with pytest.raises(InputError, match=r"weights: of shape \(\) for 2 neurons"):
        LinearDecoder.decode(ticks, neurons, 2, edges, SimpleNamespace(weights=0.0))
    with pytest.raises(InputError, match="wanted: 2 rows for 1 samples"):
        LinearDecoder.fit(ticks, neurons, 2, edges, np.zeros((2, 1)), SimpleNamespace(ridge=1.0))


def test_the_winner_has_most_spikes_then_the_first():
    ticks = np.array([1, 2, 3, 12, 13, 14, 15])
    neurons = np.array([2, 0, 0, 1, 0, 0, 1])
    edges = np.array([[0, 10], [10, 20], [20, 30]])
    winners = WinnerDecoder.decode(ticks, neurons, 3, edges, None)
    assert winners.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
