"""Columns of a table of synapses: the combinations of delay, block of inputs and weight that occur."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spikemesh.ids import AnyArray, IntArray
from spikemesh.kernels.place import count_synapses, place_synapses

BLOCK_BITS = 16
"""Targets are 16-bit offsets from the start of a block of inputs."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Some synapses on their way into a table.

    Attributes
    ----------
    source, position : ndarray of int32
        Source neuron within its population, and place of the target in its slice.
    delay : ndarray of int32
    receptor : ndarray of int64
        One for each synapse, or one for all.
    inputs : ndarray of int64, shape (receptors,)
        First input of each receptor of the slice.
    weight : ndarray of int64, shape (receptors,)
        What the column keeps: shared weight or shift.
    """

    source: AnyArray
    position: AnyArray
    delay: AnyArray
    receptor: IntArray
    inputs: IntArray
    weight: IntArray


@dataclass(eq=False)
class Columns:
    """Counts synapses by source and column, then hands out their places.

    Parameters
    ----------
    sources
        Size of the source population.
    blocks
        Whether inputs are cut into blocks; if not, the whole slice is one.
    """

    sources: int
    blocks: bool = True
    keys: dict[tuple[int, int, int], int] = field(default_factory=dict)
    counts: AnyArray = field(init=False)
    starts: AnyArray = field(init=False)
    synapses: int = 0
    used: int = 0

    def __post_init__(self) -> None:
        self.counts = np.zeros((self.sources, 1), dtype=np.uint32)

    def count(self, batch: Batch) -> None:
        """Count a batch."""
        lookup = self._lookup(batch)
        at = 0
        while True:
            at = count_synapses(at, *self._given(batch), lookup, self.counts)
            if at == batch.source.size:
                return
            # A combination not seen before.
            delay = int(batch.delay[at if batch.delay.size > 1 else 0])
            receptor = int(batch.receptor[at if batch.receptor.size > 1 else 0])
            block = (int(batch.inputs[receptor]) + int(batch.position[at])) >> self._bits
            key = (delay, block, int(batch.weight[receptor]))
            column = self.keys.setdefault(key, len(self.keys))
            lookup[delay - self._low, receptor, block - self._block] = column
            if column == self.counts.shape[1]:
                wider = np.zeros((self.sources, 2 * column), dtype=np.uint32)
                wider[:, :column] = self.counts
                self.counts = wider

    @property
    def even(self) -> bool:
        """Whether every source has as many synapses of a column as the others, or none."""
        most = self.counts.max(axis=0, initial=0)
        return bool(np.all((self.counts == most) | (self.counts == 0)))

    def sort(self) -> None:
        """Order the columns by delay, block and weight, and make places of the counts."""
        order = sorted(self.keys)
        counts = self.counts[:, [self.keys[key] for key in order]]
        self.keys = {key: column for column, key in enumerate(order)}
        self.counts = np.zeros((0, 0), dtype=np.uint32)
        ends = np.cumsum(counts, dtype=np.int64)
        self.synapses = int(ends[-1]) if ends.size else 0
        self.used = int(np.count_nonzero(counts))
        self.starts = np.zeros(counts.size + 1, dtype=np.uint32)
        self.starts[1:] = ends

    def places(self, batch: Batch) -> tuple[AnyArray, AnyArray]:
        """Return for each synapse of a batch its place, and its target as an offset from the block."""
        lookup = self._lookup(batch)
        place = np.empty(batch.source.size, dtype=np.uint32)
        target = np.empty(batch.source.size, dtype=np.int32)
        place_synapses(*self._given(batch), lookup, len(self.keys), self.starts, place, target)
        return place, target

    def end(self) -> None:
        """Turn the places, each by now at the end of its synapses, into starts again."""
        self.starts[1:] = self.starts[:-1].copy()
        self.starts[0] = 0

    @property
    def _bits(self) -> int:
        return BLOCK_BITS if self.blocks else 62

    def _given(self, batch: Batch) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray, AnyArray, AnyArray]:
        return (batch.source, batch.position, batch.delay, batch.receptor, batch.inputs,
                np.array([self._low, self._block, self._bits], dtype=np.int64))  # fmt: skip

    def _lookup(self, batch: Batch) -> AnyArray:
        """Column by delay, receptor and block, counted from the least of the batch; -1: not seen yet."""
        low, high = (int(f(initial=x)) for f, x in ((batch.delay.min, 2**31 - 1), (batch.delay.max, 0)))
        reach = int(batch.position.max(initial=0))
        first = int(batch.inputs.min(initial=2**62)) >> self._bits
        last = (int(batch.inputs.max(initial=0)) + reach) >> self._bits
        self._low, self._block = low, first
        lookup = np.full((max(1, high - low + 1), batch.inputs.size, last - first + 1), -1, dtype=np.int32)
        for (delay, block, weight), column in self.keys.items():
            if low <= delay <= high and first <= block <= last:
                lookup[delay - low, batch.weight == weight, block - first] = column
        return lookup
