"""What a trace holds, whether it is a live shard or a finished file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from spikemesh.contracts.trace import TracePlan
from spikemesh.ids import FloatArray, IntArray

BLOCK = 1 << 20
"""Samples of a probe that are read at once."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    state
        ``complete``, ``interrupted`` or ``failed``; of a live trace also ``running`` or ``unfinished``
        (its writer is gone and nobody recovered it yet).
    recovered
        Whether ``recover`` wrote the file.
    results
        The scenario's own figures.
    timing
        Wall-clock figures of the run.
    """

    state: str
    message: str = ""
    recovered: bool = False
    results: Mapping[str, Any] | None = None
    timing: Mapping[str, Any] | None = None


class Content(Protocol):
    """Everything that was recorded up to tick ``until``, in canonical order."""

    plan: TracePlan
    until: int
    outcome: Outcome

    def spikes(self, population: str) -> tuple[IntArray, IntArray]:
        """Return ticks and local neurons, sorted by tick, then neuron."""
        ...

    def samples(self, probe: int, start: int, stop: int) -> FloatArray:
        """Return the samples ``start .. stop`` of a probe, shape (samples, neurons)."""
        ...

    def stored_weights(self) -> tuple[str, ...]:
        """Return the projections whose weights are stored, in order."""
        ...

    def weights(self, projection: str) -> tuple[IntArray, IntArray, FloatArray]:
        """Return sources, targets and weights, sorted by source, target, weight."""
        ...

    def counter(self, name: str) -> IntArray:
        """Return a counter, shape (bins, cores or links); (1, ...) if it is not binned."""
        ...

    def series(self, name: str) -> IntArray:
        """Return a figure of every step, shape (steps,)."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


def bin_count(plan: TracePlan, until: int) -> int:
    """Return the number of counter bins up to a tick."""
    return -(-until // plan.bin_steps)


def bin_edges(plan: TracePlan, until: int) -> IntArray:
    """Edges of the counter bins in ticks; the last bin ends at ``until``."""
    return np.minimum(np.arange(bin_count(plan, until) + 1, dtype=np.int64) * plan.bin_steps, until)


def sample_count(plan: TracePlan, probe: int, until: int) -> int:
    """Return the number of samples of a probe up to a tick."""
    return until // plan.probes[probe].every_steps


def sample_blocks(content: Content, probe: int) -> Iterator[tuple[int, FloatArray]]:
    """Yield a probe's samples in blocks of bounded size, each with the index of its first row."""
    total = sample_count(content.plan, probe, content.until)
    step = max(1, BLOCK // max(1, len(content.plan.probes[probe].neurons)))
    for start in range(0, total, step):
        yield start, content.samples(probe, start, min(start + step, total))
