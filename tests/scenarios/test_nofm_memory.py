"""Associative memory of N-of-M codes: the codes, and recall against load."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def nofm(scenario_module):
    return scenario_module("nofm_memory")


def test_codes_have_their_number_of_active_neurons(nofm):
    plan = nofm.PLANS["small"]
    data = nofm.arrays(plan)
    assert data["keys"].shape == (1200, 8)
    assert data["outputs"].shape == (1200, 5)
    assert np.all(np.diff(data["keys"], axis=1) > 0)
    # Questions are about pairs learned before.
    assert data["asked"][:200].max() < 400 <= data["asked"][200:].max() < 1200
    every = np.sort(np.concatenate((data["pair_period"], data["question_period"])))
    assert np.array_equal(every, np.arange(plan.periods))


def test_recall_against_load_is_that_of_the_theory(nofm, run):
    # E4: p = 1 - (1 - w d / W D)^Z, exact recall (1 - p^w)^(D - d), here W 512, w 8, D 128, d 5
    results = run("nofm_memory", "settings.size=small")["results"]
    assert [row["pairs"] for row in results["loads"]] == [400, 800, 1200]
    for row in results["loads"]:
        chance = row["exact_theory"]
        assert chance == pytest.approx((1 - (1 - (1 - 40 / 65536) ** row["pairs"]) ** 8) ** 123, rel=1e-9)
        assert row["exact"] == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / 200) + 0.01)
        assert row["missing"] == 0.0
    assert results["density"] == pytest.approx(1 - (1 - 40 / 65536) ** 1200, abs=0.003)
    # The last load is beyond what can be recalled, the first is not.
    assert results["loads"][0]["exact"] > 0.97
    assert results["loads"][2]["exact"] < 0.65


def test_recall_does_not_learn(nofm, run):
    # All synapses set are those of the 400 pairs, whatever was asked after them: 600 periods of 4 ms.
    results = run("nofm_memory", "settings.size=small", duration="2400 ms")["results"]
    data = nofm.arrays(nofm.PLANS["small"])
    matrix = np.zeros((512, 128), dtype=bool)
    for key, output in zip(data["keys"][:400], data["outputs"][:400], strict=True):
        matrix[np.ix_(key, output)] = True
    assert results["pairs"] == 400
    assert results["density"] == float(matrix.mean())
    assert len(results["loads"]) == 1


def test_an_unknown_size_is_refused(run):
    with pytest.raises(Exception, match=r"settings\.size"):
        run("nofm_memory", "settings.size=huge")
