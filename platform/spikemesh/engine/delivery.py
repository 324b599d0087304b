"""Tables of static synapses as the compiled loop wants them, and the spikes that are still to arrive."""

from __future__ import annotations

import numpy as np

from spikemesh.engine.arrays import Arrivals, Tables, zeros
from spikemesh.engine.program import Program, StaticPart
from spikemesh.ids import AnyArray, IntArray

_ITEMS = 1 << 12
"""Runs of synapses listed at a time."""
_BLOCKS = 4
"""Blocks of one peer that may be taken in at once, or more."""
_FEWEST = 1 << 12
"""Spikes of one origin that can be kept at first."""


def tables_of(program: Program) -> Tables:
    """Make the tables of a program; they hold addresses of its arrays.

    Parameters
    ----------
    program
        The program; must outlive the tables.
    """
    wiring = program.wiring
    parts = wiring.parts
    delays = np.unique(np.concatenate([np.zeros(0, np.int64), *(p.delay for p in parts)]))
    columns = [np.searchsorted(p.delay, delays, side="left") for p in parts]
    widths = np.array([p.delay.size for p in parts], dtype=np.int64)
    by_delay = np.zeros((len(parts), delays.size + 1), dtype=np.int64)
    for row, first, width in zip(by_delay, columns, widths, strict=True):
        row[:-1], row[-1] = first, width
    first_axon = np.array([p.axon for p in parts], dtype=np.int64)
    groups = int(wiring.group.max(initial=-1)) + 1
    group_of = [int(wiring.group[p.axon]) for p in parts]
    widest = int(np.bincount(group_of, np.diff(by_delay, axis=1).max(axis=1, initial=0)).max(initial=0))
    return Tables(
        delays=delays,
        group=wiring.group,
        group_parts=np.searchsorted(group_of, np.arange(groups + 1)).astype(np.int64),
        part_column=np.concatenate(([0], np.cumsum(widths)))[:-1].astype(np.int64),
        part_columns=by_delay,
        part_starts=_addresses([p.starts for p in parts]) - 4 * widths * first_axon,
        part_stride=4 * widths,
        part_targets=_addresses([p.targets for p in parts]),
        part_weights=_addresses([p.weights for p in parts]),
        part_bytes=np.array([p.weights.itemsize if p.weights.size else 0 for p in parts], dtype=np.int64),
        column_kind=np.repeat(np.array([p.kind for p in parts], dtype=np.int64), widths),
        column_base=_joined(parts, "base"),
        column_other=_joined(parts, "other"),
        column_weight=_joined(parts, "weight"),
        widest=np.array([widest], dtype=np.int64),
        **{
            name: getattr(wiring, name)
            for name in Tables._fields
            if hasattr(wiring, name) and name != "group"
        },
    )


def _addresses(arrays: list[AnyArray]) -> IntArray:
    return np.array([a.ctypes.data for a in arrays], dtype=np.int64)


def _joined(parts: tuple[StaticPart, ...], name: str) -> IntArray:
    return np.concatenate([np.zeros(0, np.int64), *(getattr(p, name) for p in parts)])


def arrivals_of(program: Program, tables: Tables) -> Arrivals:
    """Make the inputs of a program and an empty list of spikes still to arrive."""
    senders = program.wiring.senders
    room = np.array([_room(2 * int(count)) for count in senders], dtype=np.int64)
    origins = senders.size
    return Arrivals(
        row=zeros(max(1, program.inputs), np.int64),
        axons=np.zeros(int(room.sum()), dtype=np.int32),
        base=(np.cumsum(room) - room).astype(np.int64),
        wrap=room - 1,
        head=np.zeros(origins, dtype=np.int64),
        senders=senders,
        until=np.zeros(origins, dtype=np.int64),
        first=np.zeros((origins, program.slots), dtype=np.int64),
        last=np.zeros((origins, program.slots), dtype=np.int64),
        longest=np.array([_longest(program, tables)], dtype=np.int64),
        ahead=np.array([_BLOCKS * (program.exchange_steps or 1)], dtype=np.int64),
        items=np.zeros((_ITEMS + int(tables.widest[0]), 4), dtype=np.int64),
    )


def _longest(program: Program, tables: Tables) -> int:
    """Ticks for which spikes have to be kept: packets are made of them up to a window later."""
    delays = int(tables.delays.max(initial=0))
    return delays if program.link_timing is None else max(delays, program.window or 0)


def _room(wanted: int) -> int:
    return 1 << max(_FEWEST, wanted - 1).bit_length()


def widened(arrivals: Arrivals, origin: int, least: int) -> Arrivals:
    """Return the same spikes with twice the room for those of one origin, and for ``least`` more at least."""
    room = arrivals.wrap + 1
    wider = room.copy()
    wider[origin] = max(2 * room[origin], _room(int(room[origin]) + least))
    base = np.cumsum(wider) - wider
    axons = np.zeros(int(wider.sum()), dtype=np.int32)
    for k, (old, new) in enumerate(zip(arrivals.base, base, strict=True)):
        entry = np.arange(max(0, arrivals.head[k] - room[k]), arrivals.head[k])
        axons[new + (entry & (wider[k] - 1))] = arrivals.axons[old + (entry & arrivals.wrap[k])]
    arrivals.base[:], arrivals.wrap[:] = base, wider - 1
    return arrivals._replace(axons=axons)
