"""Theory of the correlation-matrix memory with N-of-M codes."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log

import numpy as np

from spikemesh.ids import AnyArray, FloatArray


@dataclass(frozen=True)
class CorrelationMatrix:
    """A matrix of binary synapses that associates w-of-W with d-of-D codes (Willshaw et al. 1969, Nature 222:960).

    A synapse is set once its input and output were both active in a stored pair. On recall those outputs
    are active whose synapses from all active inputs are set; with random pairs and synapses taken for independent.

    Attributes
    ----------
    inputs, active_inputs
        W and w.
    outputs, active_outputs
        D and d.
    """

    inputs: int
    active_inputs: int
    outputs: int
    active_outputs: int

    def density(self, pairs: AnyArray | float) -> FloatArray:
        """Return the share of synapses set after Z pairs: ``1 - (1 - w d / (W D))^Z``."""
        share = self.active_inputs * self.active_outputs / (self.inputs * self.outputs)
        found: FloatArray = -np.expm1(np.asarray(pairs, dtype=np.float64) * np.log1p(-share))
        return found

    def false_outputs(self, pairs: AnyArray | float) -> FloatArray:
        """Return how many wrong outputs are active on recall, on average: ``(D - d) p^w``."""
        found: FloatArray = (self.outputs - self.active_outputs) * self.density(pairs) ** self.active_inputs
        return found

    def exact_recall(self, pairs: AnyArray | float) -> FloatArray:
        """Return how often a stored pair is recalled without a wrong output: ``(1 - p^w)^(D - d)``."""
        wrong = self.density(pairs) ** self.active_inputs
        found: FloatArray = (1.0 - wrong) ** (self.outputs - self.active_outputs)
        return found

    def capacity(self, recall: float = 0.99) -> int:
        """Return the most pairs of which at least that share is recalled exactly."""
        low, high = 0, 1
        while float(self.exact_recall(high)) >= recall:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if float(self.exact_recall(middle)) >= recall else (low, middle)
        return low

    def bits_per_synapse(self, pairs: AnyArray | float) -> FloatArray:
        """Return the information of Z outputs per synapse, ``Z log2 C(D, d) / (W D)``; its limit is ln 2."""
        bits = log2_choose(self.outputs, self.active_outputs)
        found: FloatArray = np.asarray(pairs, dtype=np.float64) * bits / (self.inputs * self.outputs)
        return found


def log2_choose(total: int, chosen: int) -> float:
    """Return the bits of an N-of-M code: ``log2 C(total, chosen)``."""
    return (lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)) / log(2.0)
