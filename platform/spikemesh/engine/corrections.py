"""The list of deliveries to put right, as the compiled loop reads it."""

from __future__ import annotations

import numpy as np

from spikemesh.engine.arrays import Corrections
from spikemesh.engine.program import Program
from spikemesh.ids import AnyArray, IntArray

_FEWEST = 1 << 10
"""Entries that can be kept at first: a power of two."""


def corrections_of(program: Program) -> Corrections:
    """Make an empty list for a program; one without inputs and slots if its links are ideal."""
    timed = program.link_timing is not None
    room = _FEWEST if timed else 1
    slots = program.slots if timed else 1
    return Corrections(
        entries=np.zeros((room, 3), dtype=np.int32),
        wrap=np.array([room - 1], dtype=np.int64),
        head=np.zeros(1, dtype=np.int64),
        until=np.zeros(1, dtype=np.int64),
        first=np.zeros(slots, dtype=np.int64),
        last=np.zeros(slots, dtype=np.int64),
        input_core=_input_cores(program) if timed else np.zeros(1, dtype=np.int32),
        times=np.zeros(program.cores if timed else 1, dtype=np.int64),
    )


def _input_cores(program: Program) -> AnyArray:
    """Core of the neuron that each input of a worker belongs to."""
    found = np.zeros(max(1, program.inputs), dtype=np.int32)
    for part in program.slices:
        for first in part.inputs:
            found[first : first + part.size] = program.wiring.core[part.first : part.first + part.size]
    return found


def extended(
    corrections: Corrections,
    until: int,
    oldest: int,
    tick: IntArray,
    axon: IntArray,
    core: IntArray,
    times: IntArray,
) -> Corrections:
    """Return the list with the entries of all ticks up to ``until``.

    Parameters
    ----------
    corrections
        The list, which is changed.
    until
        Last tick of which all entries are given now.
    oldest
        Earliest tick whose entries are still wanted.
    tick, axon, core, times
        Of each new entry, in any order; ticks after ``corrections.until``.
    """
    begun, slots = int(corrections.until[0]), corrections.first.size
    if not tick.size:
        slot = np.arange(begun + 1, until + 1) & (slots - 1)
        corrections.first[slot] = corrections.last[slot] = corrections.head[0]
        corrections.until[0] = until
        return corrections
    order = np.argsort((tick - begun) << 32 | axon, kind="stable")
    head = int(corrections.head[0])
    kept = head - _first_entry(corrections, oldest)
    if kept + tick.size > corrections.wrap[0] + 1:
        corrections = _widened(corrections, kept + tick.size)
    place = (head + np.arange(tick.size)) & corrections.wrap[0]
    corrections.entries[place] = np.column_stack((axon, core, times))[order]
    ticks = np.arange(begun + 1, until + 1)
    corrections.first[ticks & (slots - 1)] = head + np.searchsorted(tick[order], ticks, side="left")
    corrections.last[ticks & (slots - 1)] = head + np.searchsorted(tick[order], ticks, side="right")
    corrections.head[0], corrections.until[0] = head + tick.size, until
    return corrections


def _first_entry(corrections: Corrections, oldest: int) -> int:
    if oldest > corrections.until[0]:
        return int(corrections.head[0])
    return int(corrections.first[max(0, oldest) & (corrections.first.size - 1)])


def _widened(corrections: Corrections, least: int) -> Corrections:
    """Return the same entries with room for ``least``, and as much again."""
    room = 1 << int(2 * least - 1).bit_length()
    entries = np.zeros((room, 3), dtype=np.int32)
    head, wrap = int(corrections.head[0]), int(corrections.wrap[0])
    kept = np.arange(max(0, head - wrap - 1), head)
    entries[kept & (room - 1)] = corrections.entries[kept & wrap]
    corrections.wrap[0] = room - 1
    return corrections._replace(entries=entries)
