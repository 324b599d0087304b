"""Bandit: what is drawn, how choices are read, and that the network finds the best arm."""

from __future__ import annotations

import numpy as np
import pytest

import spikemesh as sm


@pytest.fixture(scope="module")
def bandit(scenario_module):
    return scenario_module("rstdp_bandit")


def test_the_lottery_pays_as_it_says(bandit):
    drawn = bandit.trials()
    paid = np.bincount(drawn["lottery_neurons"], minlength=4) / bandit.TRIALS
    for arm, share in enumerate(paid):
        p = bandit.PAYS if arm == bandit.BEST else bandit.OTHERS_PAY
        assert share == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / bandit.TRIALS))
    assert np.all(np.diff(drawn["third_times"]) > 0)
    assert drawn["cue_times"].size == bandit.TRIALS * bandit.CUES


def test_no_cue_tells_the_arm(bandit):
    # Every cue fires once in each trial, at a time that says nothing.
    drawn = bandit.trials()
    assert set(np.bincount(drawn["cue_neurons"])) == {bandit.TRIALS}
    means = (drawn["cue_times"] % bandit.TRIAL_MS).reshape(bandit.TRIALS, -1).mean(axis=0)
    assert means.std() < 4 * 6.0 / np.sqrt(bandit.TRIALS)


def test_a_choice_is_the_first_spike_of_a_trial(bandit):
    ticks, neurons = np.array([3, 3, 7, 12, 15, 22]), np.array([2, 1, 0, 3, 0, 1])
    assert bandit.choices(ticks, neurons, 4, 10).tolist() == [1, 3, 1, -1]


def test_the_best_arm_is_found(run, tmp_path):
    summary = run("rstdp_bandit", workers=1)
    results = summary["results"]
    assert results["trials"] == 300
    assert results["undecided"] == 0
    assert results["best_last"] >= 90.0
    assert results["rewarded_last"] >= 70.0
    # The reward crosses to the chips that hold the synapses.
    assert summary["packets"] > 0
    trace = sm.open_trace(tmp_path / "rstdp_bandit.h5")
    weights = trace.weights("choice")
    means = weights.groupby("target")["weight"].mean()
    assert means.idxmax() == 2
    assert means[2] > 0.45
    assert means.drop(2).max() < 0.35


def test_without_reward_nothing_is_learned(run, tmp_path):
    no_reward = "projection.choice.learning.third_gain=0.0"
    no_baseline = "projection.choice.learning.third_values=[0.0]"
    once = "projection.choice.learning.third_times=[0.0]"
    results = run("rstdp_bandit", no_reward, no_baseline, once, "system.chips=1")["results"]
    # 4 standard errors around chance
    assert results["best_last"] == pytest.approx(25.0, abs=4 * np.sqrt(0.25 * 0.75 * 100))
    weights = sm.open_trace(tmp_path / "rstdp_bandit.h5").weights("choice")["weight"]
    assert set(weights) == {0.3}
