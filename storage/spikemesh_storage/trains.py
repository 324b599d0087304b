"""Spike trains of one population, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spikemesh.errors import InputError, Problem
from spikemesh.ids import FloatArray, IntArray
from spikemesh_storage import order

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """Spikes of a population, sorted by time, then neuron.

    Attributes
    ----------
    population, size
        Name, and number of neurons.
    timestep_ms, duration_ms
        Step, and the time that was recorded.
    ticks : ndarray of int64
        Time stamps in steps.
    neurons : ndarray of uint64
        Indices within the population.
    """

    population: str
    size: int
    timestep_ms: float
    duration_ms: float
    ticks: IntArray
    neurons: NDArray[np.uint64]

    @property
    def times_ms(self) -> FloatArray:
        """Time stamps in ms, float64."""
        return np.multiply(self.ticks, self.timestep_ms, dtype=np.float64)

    def __len__(self) -> int:
        return len(self.ticks)

    def train(self, neuron: int) -> FloatArray:
        """Return the spike times of one neuron in ms.

        Raises
        ------
        InputError
            If there is no such neuron.
        """
        if not 0 <= neuron < self.size:
            found = f'population "{self.population}" has no neuron {neuron}'
            raise InputError(Problem("neuron", found, f"allowed: 0 .. {self.size - 1}"))
        times: FloatArray = self.times_ms[self.neurons == neuron]
        return times

    def rates(self) -> FloatArray:
        """Return the mean rate of every neuron in Hz, shape (size,)."""
        counts = np.bincount(self.neurons.astype(np.int64), minlength=self.size)
        seconds = self.duration_ms / 1000.0
        rates: FloatArray = counts / seconds if seconds > 0 else np.zeros(self.size)
        return rates

    def intervals(self) -> tuple[FloatArray, IntArray]:
        """Return all inter-spike intervals in ms and the neuron of each, by neuron, then time."""
        pointers, ticks = order.by_neuron(self.ticks, self.neurons.astype(np.int64), self.size)
        counts = np.diff(pointers)
        # The first spike of a neuron ends no interval.
        inner = np.ones(len(ticks), bool)
        inner[pointers[:-1][counts > 0]] = False
        steps: IntArray = np.diff(ticks, prepend=0)[inner]
        intervals: FloatArray = np.multiply(steps, self.timestep_ms, dtype=np.float64)
        return intervals, np.repeat(np.arange(self.size), np.maximum(counts - 1, 0))

    def isi(self, neuron: int | None = None) -> FloatArray:
        """Return inter-spike intervals in ms: of one neuron, or of all, one neuron after another."""
        if neuron is not None:
            return np.diff(self.train(neuron))
        return self.intervals()[0]

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with columns ``time_ms`` and ``neuron``, in order of time."""
        import pandas as pd

        return pd.DataFrame({"time_ms": self.times_ms, "neuron": self.neurons})

    def __repr__(self) -> str:
        return (
            f'<SpikeTrains "{self.population}": {len(self)} spikes of {self.size} neurons '
            f"in {self.duration_ms:g} ms>"
        )
