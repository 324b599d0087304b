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
from spikemesh_scenarios import handwritten
from spikemesh_scenarios.handwritten import CLASSES
from spikemesh_scenarios.kept import Kept
from spikemesh_scenarios.settings import check_names, choice, named, number, scenario_of

Array = NDArray[Any]

EPOCHS = 4
ASKED = 360
LEARNED = {"test": 1437, "validation": 1077}
"""Digits that are learned by what is judged; the validation digits are a part of those learned for the test."""
SPLITS = {"test": 5, "validation": 2}
FIRST_SPLIT = 2015
"""Random state of the first split; those below were used when the network was developed."""
NORM = 2.2
"""Euclidean norm of an image: the largest pixels come near to 1."""
PERIOD_MS, CLEAR_MS = 130.0, 115.0
"""From image to image, and from the start of an image to the clearing of the potentials."""
PROTOTYPES = 400
FILE = "digits.npz"


def prepare(cache: Path) -> None:
    """Write the images in the order in which they are shown, unless this very code has done so.

    Raises
    ------
    InputError
        If scikit-learn is not installed.
    """
    _kept.prepare(cache)


def adapt(tables: dict[str, Any]) -> dict[str, Any]:
    """Show the digits of a split, for as long as it takes to learn and to ask about them.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    split, judged = _split(tables.get("settings", {}))
    for shown in tables["input"]:
        shown["data"] = f"{FILE}:images_{split}"
    if judged == "validation":
        epoch = PERIOD_MS * LEARNED[judged]
        named(tables, "population", "exc")["params"]["adapt_until"] = EPOCHS * epoch
        learning = named(tables, "projection", "plastic")["learning"]
        learning["third_times"] = [epoch * k for k in range(EPOCHS + 1)]
        tables["duration"] = (EPOCHS + 1) * epoch + PERIOD_MS * ASKED
    return tables


def _split(settings: dict[str, Any]) -> tuple[str, str]:
    """Return the split's name in the file of digits, and what is judged."""
    check_names(settings, ("split", "judged", "applied"))
    judged = choice(settings, "judged", SPLITS)
    last = SPLITS[judged] - 1
    split = number(settings, "split", "", 0, last)
    if split != int(split):
        raise InputError(Problem("settings.split", f"{split:g} is no whole number", f"0 to {last}"))
    return f"{judged}_{int(split)}", judged


def results(trace: Any) -> dict[str, Any]:
    """Name the neurons by the pass that follows learning, and judge their answers to the digits kept back."""
    split, judged = _split(scenario_of(trace)["settings"])
    kept = _kept.read((f"labels_{split}", f"kmeans_accuracy_{split}"))
    period = handwritten.period(trace)
    shown = trace.until_tick // period
    labels = kept[f"labels_{split}"]
    named_from, test = EPOCHS * LEARNED[judged], (EPOCHS + 1) * LEARNED[judged]
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
        "judged": judged,
        "digits": len(asked),
        "neurons": int(exc["size"]),
        "accuracy": 100.0 * float(np.mean(voted == truth)),
        "accuracy_weighted": 100.0 * float(np.mean(weighted == truth)),
        "kmeans_accuracy": float(kept[f"kmeans_accuracy_{split}"]),
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
    images, labels = handwritten.load("digits_stdp")
    from sklearn.model_selection import train_test_split

    images = images / handwritten.LARGEST
    arrays: dict[str, Any] = {
        "clear": PERIOD_MS * np.arange((EPOCHS + 1) * LEARNED["test"] + ASKED) + CLEAR_MS
    }

    def divided(images: Array, labels: Array, state: int) -> list[Array]:
        parts: list[Array] = train_test_split(
            images, labels, test_size=ASKED, stratify=labels, random_state=state
        )
        return parts

    for split in range(SPLITS["test"]):
        arrays |= _shown(f"test_{split}", split, *divided(images, labels, FIRST_SPLIT + split))
    train, _, known, _ = divided(images, labels, FIRST_SPLIT)
    for split in range(SPLITS["validation"]):
        arrays |= _shown(f"validation_{split}", split, *divided(train, known, split))
    return arrays


def _shown(name: str, seed: int, train: Array, test: Array, known: Array, asked: Array) -> dict[str, Any]:
    """Return all images in the order in which they are shown, their classes, and what k-means makes of them."""
    random = np.random.default_rng(seed)
    order = [random.permutation(len(train)) for _ in range(EPOCHS)]
    shown = np.concatenate([*order, np.arange(len(train))])
    every = np.concatenate([train[shown], test])
    return {
        f"images_{name}": NORM * every / np.linalg.norm(every, axis=1, keepdims=True),
        f"labels_{name}": np.concatenate([known[shown], asked]),
        f"kmeans_accuracy_{name}": np.array(_kmeans_accuracy(train, known, test, asked)),
    }


_kept = Kept(FILE, _images, __file__, handwritten.__file__)


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
