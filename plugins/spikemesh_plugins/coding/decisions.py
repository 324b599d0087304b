"""Decisions from counts: a linear readout fitted to examples, and the winner."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import Decoder, Parameter
from spikemesh.errors import InputError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.readout import counts


class LinearDecoder(Decoder):
    """Weighed sums of counts, ``y = n W + b``, with W and b fitted to examples by ridge regression.

    ``fit`` minimises ``|n W + b - y|^2 + ridge |W|^2`` over the samples it is given (b is not held small), and returns
    the ``weights``, b in the last row, that ``decode`` takes.
    """

    name = "linear"
    parameters = {
        "ridge": Parameter(1.0, ge=0, description="how much weights cost"),
        "weights": Parameter(0.0, description="what fit returned, shape (neurons + 1, values)"),
    }

    def fit(
        ticks: Any, neurons: IntArray, size: int, edges: IntArray, wanted: FloatArray, p: Any
    ) -> dict[str, FloatArray]:
        """Return weights with which samples decode to nearly what is wanted of them, shape (samples, values).

        Raises
        ------
        InputError
            If there are not as many wanted rows as samples.
        """
        wanted = np.asarray(wanted, dtype=np.float64).reshape(len(wanted), -1)
        if len(wanted) != len(edges):
            found = f"{len(wanted)} rows for {len(edges)} samples"
            raise InputError(Problem("wanted", found, "one row a sample"))
        n = counts(ticks, neurons, size, edges)
        middle, aim = n.mean(axis=0), wanted.mean(axis=0)
        square = (n - middle).T @ (n - middle) + p.ridge * np.eye(size)
        weights = np.linalg.lstsq(square, (n - middle).T @ (wanted - aim), rcond=None)[0]
        return {"weights": np.vstack([weights, aim - middle @ weights])}

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Weigh and add the counts of each presentation.

        Raises
        ------
        InputError
            If the weights are not those of so many neurons.
        """
        weights = np.asarray(p.weights, dtype=np.float64)
        if weights.ndim != 2 or len(weights) != size + 1:
            found = f"of shape {weights.shape} for {size} neurons"
            raise InputError(Problem("weights", found, f"({size + 1}, values), as fit returns them"))
        values: FloatArray = counts(ticks, neurons, size, edges) @ weights[:-1] + weights[-1]
        return values


class WinnerDecoder(Decoder):
    """1 for the neuron with most spikes of each presentation, 0 for the others.

    Among equals the one whose first spike came first wins, then the lower number. All 0 if all are silent.
    """

    name = "winner_take_all"

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:  # noqa: ARG002 - no parameters
        """Mark the winners."""
        number = counts(ticks, neurons, size, edges)
        winners = np.zeros_like(number)
        first = np.searchsorted(ticks, edges[:, 0], side="right")
        last = np.searchsorted(ticks, edges[:, 1], side="right")
        for row, own, a, b in zip(winners, number, first, last, strict=True):
            best = np.flatnonzero(own == own.max())
            if not own.max():
                continue
            steps = [np.min(ticks[a:b][neurons[a:b] == k]) for k in best]
            row[best[int(np.argmin(steps))]] = 1.0
        return winners
