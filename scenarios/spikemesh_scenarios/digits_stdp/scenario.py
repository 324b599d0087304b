"""Show digits to neurons that compete, then name the neurons and judge what they say.

The protocol is that of Diehl & Cook 2015 (doi:10.3389/fncom.2015.00099): learning without labels, a pass over the
training set that gives each neuron the class it answers most, and the test set with all weights kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh.errors import InputError, Problem
from spikemesh_scenarios.kept import make_once
from spikemesh_scenarios.settings import check_names, milliseconds, named, number, scenario_of

Array = NDArray[Any]

EPOCHS = 4
TEST_DIGITS = 360
NORM = 2.2
"""Euclidean norm of an image: the largest pixels come near to 1."""
PERIOD_MS, CLEAR_MS = 130.0, 115.0
"""From image to image, and from the start of an image to the clearing of the potentials."""
PROTOTYPES = 400
SPLITS = 5
"""Ways to choose the digits that are asked about; settings were found with the first."""
CLASSES = 10
FILE = "digits.npz"

_prepared: list[Path] = []


def prepare(cache: Path) -> None:
    """Write the images in the order in which they are shown, unless this very code has done so.

    Raises
    ------
    InputError
        If scikit-learn is not installed.
    """
    target = cache / FILE
    make_once(target, __file__, _images)
    _prepared[:] = [target]


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Show the digits of another split.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    split = _split(tables.get("settings", {}))
    for shown in tables["input"]:
        shown["data"] = f"{FILE}:images_{split}"
    return tables


def _split(settings: dict[str, Any]) -> int:
    check_names(settings, ("split", "applied"))
    split = number(settings, "split", "", 0, SPLITS - 1)
    if split != int(split):
        raise InputError(Problem("settings.split", f"{split:g} is no whole number", f"0 to {SPLITS - 1}"))
    return int(split)


def results(trace: Any) -> dict[str, Any]:
    """Name the neurons by the pass that follows learning, and judge their answers to the test set."""
    data = _data(_split(scenario_of(trace)["settings"]))
    period = _period(trace)
    shown = trace.until_tick // period
    labels, test = data["labels"], int(data["test_from"])
    named_from = test - int(data["training"])
    exc = named(scenario_of(trace), "population", "exc")
    spikes = trace.spikes("exc")
    counts = responses(spikes.ticks, spikes.neurons, named_from, min(shown, len(labels)), period, exc["size"])
    naming, asked = counts[: test - named_from], counts[test - named_from :]
    if not len(asked):
        return {"digits": 0}
    means = class_means(naming, labels[named_from:test])
    truth = labels[test : test + len(asked)]
    voted, weighted = votes(asked, means), shares(asked, means)
    return {
        "digits": len(asked),
        "neurons": int(exc["size"]),
        "accuracy": 100.0 * float(np.mean(voted == truth)),
        "accuracy_weighted": 100.0 * float(np.mean(weighted == truth)),
        "kmeans_accuracy": float(data["kmeans_accuracy"]),
        "silent": int(np.sum(asked.sum(axis=1) == 0)),
        "neurons_used": int(np.sum(naming.sum(axis=0) > 0)),
        "spikes_per_digit": float(asked.sum() / len(asked)),
    }


def responses(ticks: Array, neurons: Array, first: int, until: int, period: int, size: int) -> Array:
    """Count spikes by presentation, from the first to the one before ``until``, and neuron."""
    sample = (np.asarray(ticks, dtype=np.int64) - 1) // period
    within = (sample >= first) & (sample < until)
    counts = np.zeros((max(0, until - first), size), dtype=np.int64)
    np.add.at(counts, (sample[within] - first, np.asarray(neurons, dtype=np.int64)[within]), 1)
    return counts


def class_means(counts: Array, labels: Array) -> Array:
    """Return the mean count of each neuron by class, shape (classes, neurons)."""
    return np.stack([counts[labels == c].mean(axis=0) for c in range(CLASSES)])


def votes(counts: Array, means: Array) -> Array:
    """Decide for the class whose neurons fire most on average; a neuron is of the class it answers most."""
    owner = np.where(means.any(axis=0), means.argmax(axis=0), -1)
    of_class = [counts[:, owner == c] for c in range(CLASSES)]
    means_of = [c.mean(axis=1) if c.shape[1] else np.zeros(len(counts)) for c in of_class]
    decided: Array = np.stack(means_of).argmax(axis=0)
    return decided


def shares(counts: Array, means: Array) -> Array:
    """Decide by all spikes, each for the classes in the shares in which its neuron answers them."""
    total = means.sum(axis=0)
    share = means / np.where(total > 0.0, total, 1.0)
    decided: Array = (counts @ share.T).argmax(axis=1)
    return decided


def _images() -> dict[str, Any]:
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError:
        raise InputError(
            "digits_stdp takes its digits from scikit-learn, which is not installed: pip install spikemesh[examples]"
        ) from None
    images, labels = load_digits(return_X_y=True)
    arrays: dict[str, Any] = {}
    for split in range(SPLITS):
        train, test, known, asked = train_test_split(
            images / 16.0, labels, test_size=TEST_DIGITS, stratify=labels, random_state=split
        )
        random = np.random.default_rng(split)
        order = [random.permutation(len(train)) for _ in range(EPOCHS)]
        shown = np.concatenate([*order, np.arange(len(train))])
        every = np.concatenate([train[shown], test])
        arrays |= {
            f"images_{split}": NORM * every / np.linalg.norm(every, axis=1, keepdims=True),
            f"labels_{split}": np.concatenate([known[shown], asked]).astype(np.int64),
            f"kmeans_accuracy_{split}": np.array(_kmeans_accuracy(train, known, test, asked)),
        }
    return arrays | {
        "clear": PERIOD_MS * np.arange(len(every)) + CLEAR_MS,
        "training": np.array(len(train)),
        "test_from": np.array(len(shown)),
    }


def _kmeans_accuracy(train: Array, known: Array, test: Array, asked: Array) -> float:
    """Return how many of the test digits (%) lie nearest to a k-means prototype of their class."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    # Sums split over threads end in other last bits.
    with threadpool_limits(1):
        clusters = KMeans(PROTOTYPES, n_init=1, random_state=0).fit(train)
        members, answers = clusters.predict(train), clusters.predict(test)
    owner = [np.bincount(known[members == k], minlength=CLASSES).argmax() for k in range(PROTOTYPES)]
    return 100.0 * float(np.mean(np.array(owner)[answers] == asked))


def _data(split: int) -> dict[str, Array]:
    of_split = ("labels", "kmeans_accuracy")
    if _prepared:
        with np.load(_prepared[0]) as file:
            kept = {
                name: file[name] for name in ("training", "test_from", *(f"{n}_{split}" for n in of_split))
            }
    else:
        kept = _images()
    return {"training": kept["training"], "test_from": kept["test_from"]} | {
        name: kept[f"{name}_{split}"] for name in of_split
    }


def _period(trace: Any) -> int:
    """Return the steps from one presentation to the next."""
    shown = named(scenario_of(trace), "input", "pixels")
    period_ms = milliseconds(shown["present"]) + milliseconds(shown["blank"])
    return round(period_ms / float(trace.timestep_ms))
