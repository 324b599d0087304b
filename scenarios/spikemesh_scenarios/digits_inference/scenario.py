"""Train a small network on handwritten digits, convert it to spikes, and judge its decisions.

Conversion: data-based normalisation at a percentile, biases as currents, reset by subtraction
(Diehl et al. 2015, doi:10.1109/IJCNN.2015.7280696; Rueckauer et al. 2017, doi:10.3389/fnins.2017.00682).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikemesh_scenarios import handwritten
from spikemesh_scenarios.kept import Kept

Array = NDArray[Any]

LAYERS = ("hidden1", "hidden2", "output")
HIDDEN = (128, 64)
TEST_DIGITS = 360
PERCENTILE = 99.9
"""Activations above this percentile of the training set saturate (Rueckauer et al. 2017)."""
FILE = "digits.npz"


def prepare(cache: Path) -> None:
    """Train, convert and write ``digits.npz`` into a folder, unless this very code has put it there.

    Raises
    ------
    InputError
        If scikit-learn is not installed.
    """
    _kept.prepare(cache)


def results(trace: Any) -> dict[str, Any]:
    """Judge the decisions of a run: one row of the test set a presentation.

    The decision is the output neuron with most spikes in a presentation and the pause after it; among
    equals the one of the lowest number. ``decision_latency_steps`` counts the steps after which that
    decision no longer changes.
    """
    data = _kept.read(("labels", "ann", "output_bias"))
    period = handwritten.period(trace)
    digits = min(len(data["labels"]), trace.until_tick // period)
    if not digits:
        return {"digits": 0, "inferences": 0}
    labels, ann = data["labels"][:digits], data["ann"][:digits]
    output = trace.spikes("output")
    decisions, latencies = decide(output.ticks, output.neurons, digits, period, len(data["output_bias"][0]))
    accuracy, ann_accuracy = (100.0 * float(np.mean(d == labels)) for d in (decisions, ann))
    spikes = sum(int(np.sum(trace.spikes(name).ticks <= digits * period)) for name in ("pixels", *LAYERS))
    decided = latencies[latencies > 0]
    return {
        "digits": digits,
        "inferences": digits,
        "accuracy": accuracy,
        "ann_accuracy": ann_accuracy,
        "difference_points": accuracy - ann_accuracy,
        "agreement": 100.0 * float(np.mean(decisions == ann)),
        "undecided": int(digits - decided.size),
        "decision_latency_steps": float(np.median(decided)) if decided.size else None,
        "decision_latency_steps_mean": float(np.mean(decided)) if decided.size else None,
        "steps_per_digit": period,
        "spikes_per_digit": spikes / digits,
        "packets_per_digit": trace.summary()["packets"] / digits,
    }


def decide(ticks: Array, neurons: Array, digits: int, period: int, classes: int) -> tuple[Array, Array]:
    """Read decisions off the output spikes.

    Parameters
    ----------
    ticks, neurons : ndarray of int, shape (spikes,)
        Output spikes.
    digits, period
        Presentations, and the steps from one to the next.
    classes
        Output neurons.

    Returns
    -------
    decisions : ndarray of int64, shape (digits,)
        Class with most spikes; -1 if the outputs were silent.
    latencies : ndarray of int64, shape (digits,)
        Step of the presentation (from 1) from which on that class had most spikes; 0 if undecided.
    """
    counts = np.zeros((digits, period, classes), dtype=np.int64)
    sample, step = np.divmod(np.asarray(ticks, dtype=np.int64) - 1, period)
    within = sample < digits
    np.add.at(counts, (sample[within], step[within], np.asarray(neurons, dtype=np.int64)[within]), 1)
    counts = np.cumsum(counts, axis=1)
    leading = np.where(counts.any(axis=2), np.argmax(counts, axis=2), -1)
    decisions = leading[:, -1]
    differs = leading != decisions[:, None]
    # The last step at which another class was ahead, counted from the end.
    latencies = np.where(differs.any(axis=1), period - np.argmax(differs[:, ::-1], axis=1) + 1, 1)
    return decisions, np.where(decisions >= 0, latencies, 0)


def normalised(weights: list[Array], biases: list[Array], inputs: Array) -> tuple[list[Array], list[Array]]:
    """Scale a ReLU network so that activations of the data lie in [0, 1], spikes per step.

    ``W_l * scale_{l-1} / scale_l`` and ``b_l / scale_l``, where ``scale_l`` is the percentile of the positive
    part of layer l's activations (Rueckauer et al. 2017). For the output layer the largest activation of
    each sample is taken, the one that must not saturate.
    """
    scaled_weights, scaled_biases = [], []
    active, before = inputs, 1.0
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        active = np.maximum(active @ weight + bias, 0.0)
        last = layer == len(weights) - 1
        scale = float(np.percentile(active.max(axis=1) if last else active, PERCENTILE))
        scaled_weights.append(weight * (before / scale))
        scaled_biases.append(bias / scale)
        before = scale
    return scaled_weights, scaled_biases


def _converted() -> dict[str, Any]:
    images, labels = handwritten.load("digits_inference")
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    images = images / handwritten.LARGEST
    train, test, known, asked = train_test_split(
        images, labels, test_size=TEST_DIGITS, stratify=labels, random_state=0
    )
    network = MLPClassifier(HIDDEN, activation="relu", alpha=0.1, max_iter=1000, random_state=0)
    # Sums split over threads end in other last bits, and such small products gain nothing from threads.
    with threadpool_limits(1):
        network.fit(train, known)
    weights, biases = normalised(network.coefs_, network.intercepts_, train)
    arrays: dict[str, Any] = {
        "images": test,
        "labels": asked,
        "ann": network.predict(test).astype(np.int64),
    }
    for name, weight, bias in zip(LAYERS, weights, biases, strict=True):
        sources, targets = np.indices(weight.shape)
        arrays[f"{name}_sources"], arrays[f"{name}_targets"] = sources.ravel(), targets.ravel()
        arrays[f"{name}_weights"] = weight.ravel()
        arrays[f"{name}_bias"] = np.tile(bias, (TEST_DIGITS, 1))
    return arrays


_kept = Kept(FILE, _converted, __file__, handwritten.__file__)
