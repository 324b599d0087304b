"""Unsupervised digits: what is shown, how answers are read, and the whole run."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.errors import InputError


@pytest.fixture(scope="module")
def digits(scenario_module):
    return scenario_module("digits_stdp")


@pytest.fixture(scope="module")
def prepared(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits_stdp")
    digits.prepare(folder)
    return folder / digits.FILE


def test_no_digit_that_is_asked_about_was_learned(digits, prepared):
    with np.load(prepared) as file:
        for split in range(digits.SPLITS):
            images, labels, test = file[f"images_{split}"], file[f"labels_{split}"], int(file["test_from"])
            assert images.shape == (5 * 1437 + 360, 64)
            assert len(labels) == len(images)
            assert np.linalg.norm(images, axis=1) == pytest.approx(digits.NORM)
            learned = {image.tobytes() for image in images[:test]}
            assert len(learned) == 1437
            assert not learned & {image.tobytes() for image in images[test:]}
            # The last pass over the training set and each epoch show the same digits.
            assert learned == {image.tobytes() for image in images[test - 1437 : test]}
            assert 97.0 < file[f"kmeans_accuracy_{split}"] < 99.5


def test_splits_differ(prepared):
    with np.load(prepared) as file:
        assert not np.array_equal(file["images_0"], file["images_1"])


def test_responses_are_counted_by_presentation(digits):
    ticks, neurons = np.array([1, 4, 5, 8, 9, 12, 13]), np.array([0, 1, 1, 1, 0, 2, 2])
    assert digits.responses(ticks, neurons, 1, 3, 4, 3).tolist() == [[0, 2, 0], [1, 0, 1]]


def test_a_neuron_is_of_the_class_it_answers_most(digits):
    counts = np.array([[3, 0, 0, 0], [1, 0, 0, 0], [0, 2, 1, 0], [0, 0, 1, 0]])
    labels = np.array([0, 0, 1, 2])
    means = np.zeros((10, 4))
    means[:3] = [[2, 0, 0, 0], [0, 2, 1, 0], [0, 0, 1, 0]]
    filled = np.concatenate([labels, np.arange(3, 10)])
    padded = np.concatenate([counts, np.zeros((7, 4), dtype=int)])
    assert np.array_equal(digits.class_means(padded, filled), means)
    # Neurons 1 and 2 are of class 1 (2 ties with class 2, the lower wins): their mean is 1 against 2 of neuron 0.
    assert digits.votes(np.array([[2, 1, 1, 9], [0, 1, 1, 0]]), means).tolist() == [0, 1]
    # Weighted, neuron 2 counts half for class 1 and half for class 2.
    assert digits.shares(np.array([[0, 0, 2, 0], [1, 0, 3, 0]]), means).tolist() == [1, 1]


@pytest.mark.parametrize("split", [5, -1, 0.5])
def test_only_prepared_splits_can_be_asked_for(digits, split):
    with pytest.raises(InputError, match=r"settings\.split"):
        digits.adapt({"settings": {"split": split}, "input": []})


def test_without_scikit_learn_the_message_says_what_to_install(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r"pip install spikemesh\[examples\]"):
        digits.prepare(tmp_path)


def test_digits_are_learned_without_labels(run, tmp_path):
    # Split 3 had no say in the settings.
    results = run("digits_stdp", "settings.split=3")["results"]
    assert results["digits"] == 360
    assert results["neurons"] == 400
    assert results["accuracy"] >= 90.0
    assert results["accuracy_weighted"] >= 90.0
    assert results["silent"] == 0
    # KA-H6: a few neurons are active per image, and all are used.
    assert 2.0 < results["spikes_per_digit"] < 10.0
    assert results["neurons_used"] >= 390
    trace = sm.open_trace(tmp_path / "digits_stdp.h5")
    weights = trace.weights("plastic")["weight"].to_numpy()
    assert 0.0 <= weights.min() < 1e-3
    assert 0.5 < weights.max() < 2.0


def test_untrained_weights_do_worse(run):
    results = run("digits_stdp", "projection.plastic.learning.eta=0.0")["results"]
    assert results["accuracy"] < 85.0
