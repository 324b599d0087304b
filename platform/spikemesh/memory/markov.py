"""Theory of synapses with discrete states that memories switch at random."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spikemesh.ids import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class MarkovSynapse:
    """A synapse whose states a memory of +1 or -1 changes with given probabilities.

    Attributes
    ----------
    plus, minus : ndarray of float64, shape (states, states)
        Probability to go from the state of the row to that of the column when +1 or -1 is stored.
    weights : ndarray of float64, shape (states,)
        Weight of each state, -1 to 1.
    """

    plus: FloatArray
    minus: FloatArray
    weights: FloatArray

    @cached_property
    def mixed(self) -> FloatArray:
        """Transitions when +1 and -1 are equally likely."""
        found: FloatArray = 0.5 * (self.plus + self.minus)
        return found

    @cached_property
    def stationary(self) -> FloatArray:
        """Occupancy of the states after many memories."""
        size = self.weights.size
        equations = np.vstack((self.mixed.T - np.eye(size), np.ones(size)))
        found: FloatArray = np.linalg.lstsq(equations, np.append(np.zeros(size), 1.0), rcond=None)[0]
        return found

    def signal(self, ages: IntArray) -> FloatArray:
        """Return S(t) at some ages: mean of pattern times weight after t further memories.

        ``S(t) = pi 1/2 (M+ - M-) M^t w``, with M the mean of M+ and M-.

        Parameters
        ----------
        ages : ndarray of int64
            In steps, all at least 0.
        """
        found = np.empty(np.shape(ages))
        # From age to age by powers of M: its eigenvectors need not be independent.
        left, before = self.stationary @ (0.5 * (self.plus - self.minus)), 0
        for place in np.argsort(ages, kind="stable"):
            left = left @ np.linalg.matrix_power(self.mixed, int(ages[place]) - before)
            before = int(ages[place])
            found[place] = left @ self.weights
        return found

    def variance(self) -> float:
        """Return the variance of a weight after many memories."""
        mean = float(self.stationary @ self.weights)
        return float(self.stationary @ self.weights**2 - mean**2)


def binary(switch: float) -> MarkovSynapse:
    """Make a synapse of two states that goes to the one a memory asks for with some probability.

    ``S(t) = q (1 - q)^t`` (Amit & Fusi 1994, Neural Comput. 6:957).
    """
    plus = np.array([[1.0 - switch, switch], [0.0, 1.0]])
    return MarkovSynapse(plus, plus[::-1, ::-1].copy(), np.array([-1.0, 1.0]))


def serial(states: int) -> MarkovSynapse:
    """Make a row of states of which a memory moves the synapse on to the next; the upper half weighs +1."""
    minus = np.diag(np.ones(states - 1), -1)
    minus[0, 0] = 1.0
    weights = np.where(np.arange(states) < states // 2, -1.0, 1.0)
    return MarkovSynapse(minus[::-1, ::-1].copy(), minus, weights)


def cascade(depth: int, x: float = 0.5) -> MarkovSynapse:
    """Make the cascade synapse of Fusi, Drew & Abbott 2005, Neuron 45:599, as rule ``cascade``.

    A memory that agrees with the strength moves the synapse from depth i to i + 1 with probability
    ``p_i = x^i / (1 - x)``; one that does not takes it to depth 1 of the other strength with probability
    ``q_i = x^(i-1)``, ``q_n = x^(n-1) / (1 - x)``, so that all states are equally likely. Nothing is likelier than
    1: with a single depth q is 1.

    Parameters
    ----------
    depth
        n, states of each strength.
    x
        Ratio of the probabilities from one depth to the next, at most 1/2.
    """
    deeper, switch = cascade_probabilities(depth, x)
    n = depth
    plus = np.zeros((2 * n, 2 * n))
    for i in range(n):
        plus[i, n] += switch[i]
        plus[i, i] += 1.0 - switch[i]
        plus[n + i, min(n + i + 1, 2 * n - 1)] += deeper[i]
        plus[n + i, n + i] += 1.0 - deeper[i]
    swapped = np.roll(np.arange(2 * n), n)
    return MarkovSynapse(plus, plus[np.ix_(swapped, swapped)], np.repeat([-1.0, 1.0], n))


def cascade_probabilities(depth: int, x: float) -> tuple[FloatArray, FloatArray]:
    """Return by depth the probability to go deeper and the one to switch."""
    i = np.arange(1, depth + 1)
    deeper = np.minimum(x**i / (1.0 - x), 1.0)
    deeper[-1] = 0.0
    switch = np.power(x, i - 1.0)
    switch[-1] = min(x ** (depth - 1) / (1.0 - x), 1.0)
    return deeper, switch
