"""Expected packets between chips, from the expected synapses between populations alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spikemesh.ids import AnyArray, FloatArray

if TYPE_CHECKING:
    from spikemesh.contracts.mapping import PartitionProblem


def expected_packets(problem: PartitionProblem, chip_of: Sequence[AnyArray]) -> FloatArray:
    """Expect how many neurons of one chip have a synapse on another, each counted by its rate (1 if none is given).

    A neuron of population p whose k synapses onto population q fall at random misses a chip that holds
    the share f of q with probability ``(1 - f)^k``. Where a projection joins neurons of like relative
    index (``local``), it reaches the chip that holds its own relative index in q.

    Parameters
    ----------
    problem
        The network.
    chip_of
        Per population the chip of each neuron.

    Returns
    -------
    ndarray of float64, shape (chips, chips)
        From chip (row) to chip (column); the diagonal is zero.
    """
    chips = problem.system.chip_count
    share = np.stack([np.bincount(c, minlength=chips) / max(c.size, 1) for c in chip_of])
    starts = np.concatenate([[0], np.cumsum(problem.sizes)])
    rates = np.ones(starts[-1]) if problem.rates is None else problem.rates
    packets = np.zeros((chips, chips))
    for p, size in enumerate(problem.sizes):
        targets = np.flatnonzero(problem.synapses[p])
        if size == 0 or targets.size == 0:
            continue
        missed = np.ones(chips)
        for q in targets[~problem.local[p, targets].astype(bool)]:
            missed = missed * (1.0 - share[q]) ** (problem.synapses[p, q] / size)
        rate = rates[starts[p] : starts[p + 1]]
        packets += np.outer(np.bincount(chip_of[p], weights=rate, minlength=chips), 1.0 - missed)
        for q in targets[problem.local[p, targets].astype(bool)]:
            packets += _local(chip_of[p], chip_of[q], missed, rate)
    np.fill_diagonal(packets, 0.0)
    return packets


def chip_packets(problem: PartitionProblem, chip_of: Sequence[AnyArray]) -> FloatArray:
    """Count what :func:`expected_packets` expects, synapse by synapse; ``problem.connections`` must be there."""
    assert problem.connections is not None  # noqa: S101  the caller checked
    chips = problem.system.chip_count
    packets = problem.connections.packets(np.concatenate(chip_of), chips)
    np.fill_diagonal(packets, 0.0)
    return packets


def _local(source: AnyArray, target: AnyArray, missed: FloatArray, rate: FloatArray) -> FloatArray:
    """Packets to the chips of like relative index that no other projection reaches already."""
    beside = target[(np.arange(source.size) * target.size) // source.size]
    pairs = np.zeros((missed.size, missed.size))
    np.add.at(pairs, (source, beside), missed[beside] * rate)
    return pairs
