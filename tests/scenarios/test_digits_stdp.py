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


def shown_in(digits, file, judged, split):
    """Return images that are learned and images that are asked about, as bytes."""
    images = file[f"images_{judged}_{split}"]
    learned = digits.LEARNED[judged]
    first_asked = (digits.EPOCHS + 1) * learned
    assert images.shape == (first_asked + digits.ASKED, 64)
    assert len(file[f"labels_{judged}_{split}"]) == len(images)
    assert np.linalg.norm(images, axis=1) == pytest.approx(digits.NORM)
    train = {image.tobytes() for image in images[:first_asked]}
    assert len(train) == learned
    # The last pass over the training set and each epoch show the same digits.
    assert train == {image.tobytes() for image in images[first_asked - learned : first_asked]}
    return train, {image.tobytes() for image in images[first_asked:]}


def test_no_digit_that_is_asked_about_was_learned(digits, prepared):
    with np.load(prepared) as file:
        for split in range(digits.SPLITS["test"]):
            train, test = shown_in(digits, file, "test", split)
            assert not train & test
            assert 97.0 < file[f"kmeans_accuracy_test_{split}"] < 99.5


def test_digits_to_choose_with_are_part_of_those_that_are_learned(digits, prepared):
    with np.load(prepared) as file:
        learned, _ = shown_in(digits, file, "test", 0)
        for draw in range(digits.SPLITS["validation"]):
            train, validation = shown_in(digits, file, "validation", draw)
            assert not train & validation
            assert train | validation == learned


def test_splits_differ(prepared):
    with np.load(prepared) as file:
        assert not np.array_equal(file["images_test_0"], file["images_test_1"])


def test_less_is_learned_in_less_time_when_settings_are_chosen(digits):
    tables = {
        "settings": {"split": 1, "judged": "validation"},
        "input": [{"population": "pixels"}],
        "population": [{"name": "exc", "params": {}}],
        "projection": [{"name": "plastic", "learning": {}}],
    }
    adapted = digits.adapt(tables)
    assert adapted["input"][0]["data"] == "digits.npz:images_validation_1"
    assert adapted["duration"] == 130.0 * (5 * 1077 + 360)
    assert adapted["population"][0]["params"]["adapt_until"] == 130.0 * 4 * 1077
    assert adapted["projection"][0]["learning"]["third_times"] == [130.0 * 1077 * k for k in range(5)]


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


@pytest.mark.parametrize(("judged", "split"), [("test", 5), ("test", -1), ("test", 0.5), ("validation", 2)])
def test_only_prepared_splits_can_be_asked_for(digits, judged, split):
    with pytest.raises(InputError, match=r"settings\.split"):
        digits.adapt({"settings": {"split": split, "judged": judged}, "input": []})


def test_without_scikit_learn_the_message_says_what_to_install(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r"pip install spikemesh\[examples\]"):
        digits.prepare(tmp_path)


def test_digits_are_learned_without_labels(run, tmp_path):
    # The digits that split 0 asks about had no say in the settings.
    results = run("digits_stdp")["results"]
    assert results["judged"] == "test"
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
