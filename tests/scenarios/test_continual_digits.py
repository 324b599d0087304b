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


def test_test_digits_are_never_learned_nor_chosen_with(continual, data):
    labels, test = data["labels"], set(data["test"].tolist())
    assert data["active"].shape == (1797, 256)
    assert len(test) == 359
    assert set(labels[data["test"]].tolist()) == set(range(10))
    active = [tuple(np.flatnonzero(row)) for row in data["active"]]
    for seed in range(2 * continual.SEEDS):
        validation = set(data[f"validation_{seed}"].tolist())
        assert len(validation) == 360
        assert not validation & test
        unseen = {active[i] for i in validation | test}
        steps = np.split(
            data[f"pixel_neurons_{seed}"], np.flatnonzero(np.diff(data[f"pixel_times_{seed}"])) + 1
        )
        shown = {tuple(step) for step in steps}
        # Every digit twice; a few digits have the same active inputs.
        assert len(steps) == 2 * 1078
        assert 1070 <= len(shown) <= 1078
        assert not shown & unseen


def test_the_second_task_drives_old_outputs_only_by_stray_spikes(continual, data):
    when, output = data["driver_times_0"] - 2, data["driver_neurons_0"]
    old = np.isin(output, continual.TASKS[0])
    steps = 2 * 1078
    late = when >= 0.6 * steps
    assert np.sum(late & old) / np.sum(np.arange(steps) >= 0.6 * steps) == pytest.approx(5 * 0.3, rel=0.05)


def test_choosing_and_testing_have_seeds_of_their_own(continual):
    settings = {"seeds": 5, "judged": "validation"}
    chosen, tested = (set(continual._seeds(settings | {"judged": j})) for j in ("validation", "test"))
    assert chosen == {0, 1, 2, 3, 4}
    assert tested == {5, 6, 7, 8, 9}


def test_the_hierarchy_keeps_more_of_the_old_and_loses_none_of_the_new(run):
    # README: 28.7 and 6.2 points on five seeds; here the first three
    results = run("continual_digits", "settings.seeds=3")["results"]
    assert results["old_gain_points"] >= 15.0
    assert results["new_gain_points"] >= -2.0
    assert results["hierarchy"]["old"] > 55.0
    assert len(results["plain"]["old_by_seed"]) == 3


def test_a_plain_weight_of_whole_levels_forgets_the_old(run):
    results = run("continual_digits", "settings.seeds=1", "settings.plain=1")["results"]
    assert results["plain"]["old"] < 20.0
    assert results["plain"]["new"] > 55.0


@pytest.mark.parametrize("setting", ["settings.seeds=9", "settings.judged=train", "settings.plane=1"])
def test_wrong_settings_are_refused(run, setting):
    with pytest.raises(Exception, match=r"settings\."):
        run("continual_digits", setting)
