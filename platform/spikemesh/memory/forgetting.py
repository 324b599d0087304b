"""What becomes of something stored: how it fades, distortion, excess forgetting, assimilation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from spikemesh.ids import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Forgetting:
    """How a synapse forgets when one pattern of +1 and -1 is stored in every step.

    Attributes
    ----------
    signal
        S(t) of the weight from ages in steps, in any unit.
    variance
        Of a weight in the steady state, in that unit squared.
    start
        ``start(synapses, random)``: weights (``w``) and state by name in the steady state, each an array.
    """

    signal: Callable[[IntArray], FloatArray]
    variance: float
    start: Callable[[int, np.random.Generator], Mapping[str, FloatArray]]


def distortion(with_learning: AnyArray, idle: AnyArray) -> float:
    """Return D_n, how far unrelated memories turned what was stored.

    ``1 - cos`` of the angle between the contents after n unrelated memories and after the same time without
    any. Exactly 0 for equal contents, at most 2.

    Parameters
    ----------
    with_learning, idle : ndarray, shape (synapses,)
        Contents of a tier in the two runs.
    """
    a, b = np.asarray(with_learning, dtype=np.float64), np.asarray(idle, dtype=np.float64)
    if np.array_equal(a, b):
        return 0.0
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return 1.0 if norms == 0.0 else 1.0 - float(np.dot(a, b)) / norms


def excess_forgetting(snr_with_learning: float, snr_idle: float) -> float:
    """Return F_n, the share of an old memory's SNR that new ones cost beyond the passing of time.

    Parameters
    ----------
    snr_with_learning, snr_idle
        SNR of the old memory at the same age, with n unrelated memories since and with none.
    """
    return 1.0 - snr_with_learning / snr_idle


def assimilated_after(repeats: AnyArray) -> FloatArray:
    """Return the signal of a memory presented again and again, by the number of presentations.

    In a linear synapse answers add up: presented in each of R steps in a row, the signal is
    ``S(0) + S(1) + ... + S(R - 1)``.

    Parameters
    ----------
    repeats : ndarray, shape (presentations,)
        S(t) of a tier at the ages 0, 1, 2 ...
    """
    found: FloatArray = np.cumsum(np.asarray(repeats, dtype=np.float64))
    return found


def presentations(snr: AnyArray, threshold: float = 1.0) -> int | None:
    """Return R_k: how many presentations take the SNR of a tier to the threshold; None if all do not.

    Parameters
    ----------
    snr : ndarray, shape (presentations,)
        SNR after 1, 2, 3 ... presentations.
    threshold
        Least SNR of a memory.
    """
    reached = np.flatnonzero(np.asarray(snr) >= threshold)
    return int(reached[0]) + 1 if reached.size else None


def half_assimilated(content: AnyArray) -> int:
    """Return T50, the first step in which a tier holds half of the most that it will hold.

    Parameters
    ----------
    content : ndarray, shape (steps,)
        Signal or SNR of the tier by step from the presentation, 0 the step itself.
    """
    content = np.asarray(content, dtype=np.float64)
    return int(np.flatnonzero(content >= 0.5 * content.max())[0])


def backward_transfer(accuracy: AnyArray) -> float:
    """Return by how much learning later tasks changed the accuracy on earlier ones, on average.

    Parameters
    ----------
    accuracy : ndarray, shape (tasks, tasks)
        Accuracy on the task of the column after the one of the row was learned.
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    return float(np.mean(accuracy[-1, :-1] - np.diagonal(accuracy)[:-1]))


def average_forgetting(accuracy: AnyArray) -> float:
    """Return by how much the accuracy on a task fell from its best to the end, on average over earlier tasks.

    Parameters
    ----------
    accuracy : ndarray, shape (tasks, tasks)
        Accuracy on the task of the column after the one of the row was learned.
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    best = np.array([accuracy[task:, task].max() for task in range(accuracy.shape[0] - 1)])
    return float(np.mean(best - accuracy[-1, :-1]))
