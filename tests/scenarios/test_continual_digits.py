"""Digits learned class after class: the spikes, and what is left of the first classes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def continual(scenario_module):
    return scenario_module("continual_digits")


@pytest.fixture(scope="module")
def data(continual):
    return continual.arrays()


def test_digits_come_in_two_tasks_and_none_is_judged_that_was_learned(continual, data):
    labels, steps = data["labels"], int(data["steps_0"])
    assert data["active"].shape == (1797, 256)
    parts = [set(data[f"{name}_0"].tolist()) for name in ("validation", "test")]
    assert not parts[0] & parts[1]
    assert steps == 2 * (1797 - len(parts[0]) - len(parts[1]))
    # In the last half the driver's own classes are 5 to 9; strays come with probability 0.3 on all.
    when, output = data["driver_times_0"] - 2, data["driver_neurons_0"]
    old = np.isin(output, continual.TASKS[0])
    late = when >= 0.6 * steps
    assert np.mean(late & old) * when.size / np.sum(np.arange(steps) >= 0.6 * steps) == pytest.approx(
        5 * 0.3, rel=0.05
    )
    learned = np.concatenate((data["validation_0"], data["test_0"]))
    shown = {tuple(np.flatnonzero(data["active"][i])) for i in learned[:50]}
    first = tuple(data["pixel_neurons_0"][data["pixel_times_0"] == 1.0])
    assert first not in shown
    assert labels.max() == 9


def test_the_hierarchy_keeps_more_of_the_old_and_loses_none_of_the_new(run):
    # README: 21 and 13 points on five seeds; here on two
    results = run("continual_digits", "settings.seeds=2")["results"]
    assert results["old_gain_points"] >= 15.0
    assert results["new_gain_points"] >= -2.0
    assert results["hierarchy"]["old"] > 55.0
    assert len(results["plain"]["old_by_seed"]) == 2


def test_a_plain_weight_of_whole_levels_forgets_the_old(run):
    results = run("continual_digits", "settings.seeds=1", "settings.plain=1")["results"]
    assert results["plain"]["old"] < 20.0
    assert results["plain"]["new"] > 55.0


@pytest.mark.parametrize("setting", ["settings.seeds=9", "settings.judged=train", "settings.plane=1"])
def test_wrong_settings_are_refused(run, setting):
    with pytest.raises(Exception, match=r"settings\."):
        run("continual_digits", setting)
