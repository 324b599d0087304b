"""The ideal observer: who knows all weights and a pattern, and asks whether it was stored.

One pattern of +1 and -1 is stored in N synapses in every step. The *signal* S(t) of the one stored t steps ago
is the mean over synapses of pattern times weight, the *noise* the standard deviation of the weights, and
``SNR(t) = sqrt(N) S(t) / sigma`` (Fusi, Drew & Abbott 2005, Neuron 45:599; Benna & Fusi 2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from spikemesh.ids import AnyArray, FloatArray, IntArray

_LONGEST = 1 << 50
"""Age in steps beyond which a memory is said to last for ever."""


def signal_to_noise(signal: AnyArray | float, variance: float, synapses: int) -> FloatArray:
    """Return ``sqrt(N) S / sigma``.

    Parameters
    ----------
    signal : array_like
        Mean of pattern times weight.
    variance
        Variance of a weight, in the unit of the signal squared.
    synapses
        N.
    """
    found: FloatArray = np.asarray(signal, dtype=np.float64) * math.sqrt(synapses / variance)
    return found


def lifetime(
    signal: Callable[[IntArray], FloatArray], scale: float | FloatArray = 1.0, threshold: float = 1.0
) -> int:
    """Return the last age in steps at which ``scale * signal(age) >= threshold``; -1 if there is none.

    Between ages that are a power of 2^(1/16) apart the signal must not rise to the threshold again.

    Parameters
    ----------
    signal
        From ages to signals, falling to 0 in the end.
    scale
        SNR per signal: ``signal_to_noise(1.0, variance, synapses)``.
    threshold
        Least SNR of a memory.

    Raises
    ------
    ValueError
        If it has not fallen below the threshold after 2^50 steps.
    """
    factor = float(scale)

    def lasts(age: IntArray) -> AnyArray:
        found: AnyArray = np.asarray(signal(age)) * factor >= threshold
        return found

    grid = np.unique(np.concatenate((np.arange(64), np.geomspace(64, _LONGEST, 700).astype(np.int64))))
    alive = np.flatnonzero(lasts(grid))
    if not alive.size:
        return -1
    if alive[-1] == grid.size - 1:
        raise ValueError("the signal does not fall below the threshold")
    low, high = int(grid[alive[-1]]), int(grid[alive[-1] + 1])
    while high - low > 1:
        middle = (low + high) // 2
        if lasts(np.array([middle]))[0]:
            low = middle
        else:
            high = middle
    return low


def error_of_choice(snr: AnyArray | float) -> FloatArray:
    """Return how often a new pattern is taken for the stored one when both are shown: Phi(-SNR / sqrt 2)."""
    from scipy.special import ndtr

    found: FloatArray = ndtr(-np.asarray(snr, dtype=np.float64) / math.sqrt(2.0))
    return found


def error_of_recognition(snr: AnyArray | float) -> FloatArray:
    """Return how often one pattern is called stored or new wrongly, at the middle threshold: Phi(-SNR / 2)."""
    from scipy.special import ndtr

    found: FloatArray = ndtr(-np.asarray(snr, dtype=np.float64) / 2.0)
    return found


def bits_per_synapse(snr: AnyArray, synapses: int, widths: AnyArray | float = 1.0) -> float:
    """Return the information on all stored patterns that recognition gives, per synapse.

    ``1/N sum_t [1 - H2(Phi(-SNR(t) / 2))]``: each pattern is a question of one bit.

    Parameters
    ----------
    snr : ndarray, shape (ages,)
        SNR by age.
    synapses
        N.
    widths : array_like
        How many ages each entry stands for.
    """
    error = np.clip(error_of_recognition(snr), 1e-300, 0.5)
    known = 1.0 + error * np.log2(error) + (1.0 - error) * np.log1p(-error) / math.log(2.0)
    return float(np.sum(known * np.asarray(widths)) / synapses)


def within_bounds(snr: AnyArray, synapses: int, states: float, slack: float = 0.0) -> bool:
    """Tell whether an SNR by age 0, 1, 2 ... keeps the bounds of a synapse with that many states.

    ``SNR(0) <= sqrt N``, ``sum_t SNR(t) <= sqrt N (M - 1)`` and ``SNR(t) <= sqrt N (M - 1) / (e t)`` for
    ``t >= M - 1`` (Lahiri & Ganguli 2013, Adv. Neural Inf. Process. Syst. 26:1034).

    Parameters
    ----------
    snr : ndarray, shape (ages,)
        SNR of weights that are +1 or -1, or between them.
    synapses
        N.
    states
        M.
    slack
        What is allowed beyond each bound, such as the error of a measurement, in units of SNR.
    """
    snr, root = np.asarray(snr, dtype=np.float64), math.sqrt(synapses)
    ages = np.arange(1, snr.size)
    late = ages >= states - 1
    tail = snr[1:][late] <= root * (states - 1.0) / (math.e * ages[late]) + slack
    area = float(np.sum(snr)) <= root * (states - 1.0) * (1 + 1e-12) + slack * math.sqrt(snr.size)
    return bool(snr[0] <= root * (1 + 1e-12) + slack and area and np.all(tail))
