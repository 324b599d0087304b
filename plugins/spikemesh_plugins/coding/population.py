"""Population code: each value by many neurons with overlapping Gaussian tuning, and two ways back."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemesh.contracts import CounterRandom, Decoder, Encoder, Parameter
from spikemesh.errors import DescriptionError, InputError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_plugins.coding.readout import counts

TUNING = {
    "neurons": Parameter(16, ge=2, integer=True, description="neurons for each value"),
    "low": Parameter(0.0, description="preferred value of the first"),
    "high": Parameter(1.0, description="preferred value of the last"),
    "width": Parameter(0.1, gt=0, description="standard deviation of the tuning"),
    "max_rate": Parameter(100.0, "Hz", gt=0, description="rate at the preferred value"),
}
"""Parameters of encoder and decoders."""


def tuning(values: FloatArray, p: Any) -> FloatArray:
    """Return the rates as a share of the largest, ``exp(-(x - c)^2 / (2 width^2))``, shape (..., neurons)."""
    centres = np.linspace(p.low, p.high, int(p.neurons))
    shares: FloatArray = np.exp(-0.5 * ((np.asarray(values)[..., None] - centres) / p.width) ** 2)
    return shares


class PopulationEncoder(Encoder):
    """Neuron j of value i fires at random with the rate ``max_rate exp(-(x_i - c_j)^2 / (2 width^2))``.

    The preferred values c lie evenly from ``low`` to ``high``; neuron j of value i is number ``i neurons + j``.
    Where the c have the density rho, a presentation of T tells x to within its Fisher information,
    ``J = sqrt(2 pi) T max_rate rho / width``: the variance of no unbiased decoder is below 1/J.

    Source: P. Dayan and L. Abbott, Theoretical Neuroscience, MIT Press, 2001, chapter 3.
    """

    name = "population"
    parameters = TUNING

    @staticmethod
    def size(values: int, p: Any) -> int:
        """Return ``neurons`` for each value."""
        return values * int(p.neurons)

    @staticmethod
    def check(values: FloatArray, dt: float, p: Any) -> None:
        """Refuse what cannot be encoded.

        Raises
        ------
        DescriptionError
            If a value is outside the preferred ones, or a spike would be more than certain.
        """
        if p.low >= p.high:
            raise DescriptionError(Problem("low", f"{p.low:g} is not below high, {p.high:g}", "low < high"))
        if p.max_rate * dt > 1000.0:
            found = f"{p.max_rate:g} Hz is more than one spike per step of {dt:g} ms"
            raise DescriptionError(Problem("max_rate", found, f"at most {1000.0 / dt:g} Hz"))
        inside = (values >= p.low) & (values <= p.high)
        if not np.all(inside):
            first = int(np.flatnonzero(~inside)[0])
            found = f"{values[first]:g} at value {first}"
            raise DescriptionError(Problem("data", found, f"values from {p.low:g} to {p.high:g}"))

    @staticmethod
    def encode(
        values: FloatArray, steps: int, first_step: int, dt: float, p: Any, random: CounterRandom
    ) -> tuple[IntArray, IntArray]:
        """Draw the spikes of one presentation."""
        certain = tuning(values, p).reshape(-1) * (p.max_rate * dt / 1000.0)
        offsets, neurons = np.nonzero(random.uniform(first_step, steps) < certain)
        return offsets.astype(np.int64) + 1, neurons.astype(np.int64)


class CentreOfMassDecoder(Decoder):
    """Value of each group of neurons as the mean of the preferred values, weighted by counts; NaN if all are silent.

    Biased towards the middle within about a width of ``low`` and ``high``, where the tuning is cut off.
    """

    name = "centre_of_mass"
    parameters = {name: TUNING[name] for name in ("neurons", "low", "high")}

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Average the preferred values."""
        found = _grouped(ticks, neurons, size, edges, p.neurons)
        total = found.sum(axis=2)
        weighed = found @ np.linspace(p.low, p.high, p.neurons)
        means: FloatArray = np.where(total > 0, weighed / np.where(total > 0, total, 1.0), np.nan)
        return means


class MaximumLikelihoodDecoder(Decoder):
    """Value under which the counts n of each group are likeliest: the x of a grid with the largest log-likelihood.

    ``sum_j n_j ln f_j(x) - T f_j(x)``, f the tuning in spikes a second. ``resolution`` points from ``low`` to ``high``;
    among equals the lowest.
    """

    name = "maximum_likelihood"
    parameters = TUNING | {
        "timestep": Parameter(None, "ms", gt=0, description="timestep of the run"),
        "resolution": Parameter(1001, ge=2, integer=True, description="values that are tried"),
    }

    def decode(ticks: Any, neurons: IntArray, size: int, edges: IntArray, p: Any) -> FloatArray:
        """Try all values of the grid."""
        found = _grouped(ticks, neurons, size, edges, p.neurons)
        tried = np.linspace(p.low, p.high, p.resolution)
        shares = tuning(tried, p)
        seconds = (edges[:, 1] - edges[:, 0]) * p.timestep * 1e-3
        logs = found @ np.log(np.maximum(shares, 1e-300)).T
        logs -= (seconds * p.max_rate)[:, None, None] * shares.sum(axis=1)
        likeliest: FloatArray = tried[np.argmax(logs, axis=2)]
        return likeliest


def _grouped(ticks: IntArray, neurons: IntArray, size: int, edges: IntArray, group: int) -> FloatArray:
    if size % group:
        raise InputError(Problem("neurons", f"{size} neurons are no groups of {group}", "a divisor"))
    return counts(ticks, neurons, size, edges).reshape(len(edges), size // group, group)
