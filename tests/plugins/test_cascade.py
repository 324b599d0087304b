"""Cascade of metaplastic states (models.md D1)."""

from collections import Counter

import numpy as np
import pytest

from spikemesh_plugins.learning.cascade import Cascade

PATTERN = {"input": "pattern", "w_max": 1.0}


def memories(learn, up, **params):
    """Run a synapse with one memory a step; its weights and depths, that of the start first."""
    up = np.asarray(up)
    heard = np.flatnonzero(up) + 1  # arrivals one step before each spike
    spikes = range(2, up.size + 2)
    run = learn(Cascade, {**PATTERN, **params}, 1.0, up.size + 1, pre=heard, post=spikes, w=0.0)
    return run.values["w"][1:], run.values["depth"][1:]


def test_a_binary_synapse_of_rate_one_is_the_last_memory(learn):
    up = np.random.default_rng(2).random(200) < 0.5
    weight, depth = memories(learn, up, depth=1)
    assert np.array_equal(weight, up.astype(float))
    assert set(depth) == {1.0}


def test_probabilities_of_every_state(learn):
    # p_i = x^i / (1 - x), q_i = x^(i-1), q_n = x^(n-1) / (1 - x); x = 0.4, n = 3
    up = np.random.default_rng(3).random(40_000) < 0.5
    weight, depth = memories(learn, up, depth=3, x=0.4)
    seen, moved = Counter(), Counter()
    for k in range(1, up.size):
        agrees, state = bool(weight[k - 1]) == bool(up[k]), int(depth[k - 1])
        seen[agrees, state] += 1
        if agrees:
            assert weight[k] == weight[k - 1]
            moved[agrees, state] += depth[k] == state + 1
        else:
            switched = weight[k] != weight[k - 1]
            assert depth[k] == (1.0 if switched else state)
            moved[agrees, state] += switched
    expected = {
        (True, 1): 0.4 / 0.6, (True, 2): 0.16 / 0.6, (True, 3): 0.0,
        (False, 1): 1.0, (False, 2): 0.4, (False, 3): 0.16 / 0.6,
    }  # fmt: skip
    for state, chance in expected.items():
        error = np.sqrt(chance * (1 - chance) / seen[state])
        assert moved[state] / seen[state] == pytest.approx(chance, abs=4 * error + 1e-12)


def test_all_states_are_equally_likely(learn):
    # KA-D1a: n = 4, 1/8 each; a state lasts for up to 8 events
    up = np.random.default_rng(4).random(60_000) < 0.5
    weight, depth = memories(learn, up, depth=4)
    found = np.array([np.mean((weight == w) & (depth == d)) for w in (0, 1) for d in (1, 2, 3, 4)])
    assert found == pytest.approx(np.full(8, 1 / 8), abs=0.012)


def test_a_lower_rate_only_slows_down(learn):
    up = np.random.default_rng(5).random(20_000) < 0.5
    weight, depth = memories(learn, up, depth=1, rate=0.1)
    switches = np.count_nonzero(np.diff(weight))
    # Half of the memories disagree, a tenth of those count.
    assert switches == pytest.approx(0.05 * up.size, abs=4 * np.sqrt(0.05 * up.size))
    assert set(depth) == {1.0}


def test_pairs_of_spikes_are_events(learn):
    # A pre-synaptic arrival one step before: a_plus exp(-1/20) = 1, so that each post-synaptic spike counts.
    params = {"depth": 1, "a_plus": 2.0, "a_minus": 2.0}
    run = learn(Cascade, params, 1.0, 12, pre=[2, 9], post=[3, 8], w=0.0)
    assert run.values["w"].tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]
