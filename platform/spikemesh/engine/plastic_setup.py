"""Working arrays of the plastic tables of a worker."""

from __future__ import annotations

import numpy as np

from spikemesh.contracts.bound import ThirdSpikes
from spikemesh.engine.arrays import Plasticity, Populations
from spikemesh.engine.plastic_block import Post, fill_block, fill_deferred
from spikemesh.engine.plastic_rows import Layout, layout
from spikemesh.engine.program import PlasticTable, Program
from spikemesh.ids import AnyArray
from spikemesh.kernels import rule_block as words
from spikemesh.kernels.compile import rule_kernels
from spikemesh.kernels.random import stream_key
from spikemesh.kernels.rule_form import Form, rule_form, visit_periods

_DUE = 256
"""Segments that are updated in one call."""


def compile_rule(table: PlasticTable) -> dict[str, int]:
    """Compile, or load, the code that a table's rule needs; addresses by name."""
    return rule_kernels(table.rule, _form(table, layout(table)))


def _form(table: PlasticTable, laid: Layout) -> Form:
    repeated, dendritic = laid.rank.size > 0, table.dendritic
    return rule_form(
        table.rule,
        table.constants,
        table.model,
        table.rounding,
        repeated,
        dendritic,
        laid.width,
        laid.rows.deferred,
    )


def _keys(table: PlasticTable, form: Form, seed: int) -> AnyArray:
    """Keys of the random numbers of each function that draws some."""
    keys = [stream_key(seed, "learning", table.name, function) for function in form.keys]
    return np.array(keys, dtype=np.uint64).view(np.int64)


def make_plasticity(program: Program, populations: Populations, kept: list[AnyArray]) -> Plasticity:
    """Make the working arrays of all plastic tables; weights stay in the program's own.

    Parameters
    ----------
    program, populations
        The program, and its neurons.
    kept
        Takes the arrays that addresses refer to.
    """
    tables, slots = program.plastic, program.slots
    layouts = [layout(table) for table in tables]
    slices = [slice_.population for slice_ in program.slices]
    third = np.zeros(len(tables))
    visits: list[tuple[int, int, int, bool]] = []
    blocks = np.zeros((len(tables), words.TABLE_WORDS), dtype=np.int64)
    addresses: dict[str, AnyArray] = {
        name: np.zeros(len(tables), dtype=np.int64)
        for name in ("arrive", "potentiate", "advance", "note", "catch_up")
    }
    due = np.zeros(_DUE * words.DUE_WORDS, dtype=np.int64)
    scratch = np.zeros(words.SCRATCH_WORDS, dtype=np.int64)
    kept.append(scratch)
    row_first = np.cumsum([0, *(la.rows.count for la in layouts)])
    marked = np.zeros(max(1, int(row_first[-1])), dtype=np.int32)
    for k, (table, laid) in enumerate(zip(tables, layouts, strict=True)):
        form = _form(table, laid)
        kept.append(np.zeros(words.BATCH * form.batches, dtype=np.int64))
        blocks[k, words.DRAWN] = kept[-1].ctypes.data
        found = rule_kernels(table.rule, form)
        if form.deferred:
            blocks[k, words.CATCH_UP] = found["catch_up"]
        for name, column in addresses.items():
            column[k] = found.get(name, 0)
        for name, every in visit_periods(table.rule, table.constants).items():
            if every:
                visit = table.rule.visits.get(name)
                visits.append((k, found.get(f"visit_{name}", 0), every, visit is not None and visit.on_third))
        post = _post(populations, slices.index(table.target_population), table)
        fill_block(blocks[k], table, laid, post, program.timestep_ms, _keys(table, form, program.seed), kept)
        if form.deferred:
            fill_deferred(blocks[k], table, laid, form, kept)
        blocks[k, words.THIRD] = third[k:].ctypes.data
        blocks[k, words.DUE] = due.ctypes.data
        blocks[k, words.SCRATCH] = scratch.ctypes.data
        blocks[k, words.MARKED] = marked[row_first[k] :].ctypes.data
    empty = np.zeros(0, dtype=np.int32)
    first = np.concatenate([empty, *(la.rows.first[:-1] for la in layouts)]).astype(np.int32)
    last = np.concatenate([empty, *(la.rows.first[1:] for la in layouts)]).astype(np.int32)
    heads = [la.rows.first[:-1] for la in layouts]
    axon = np.concatenate([empty, *(t.axon[h] for t, h in zip(tables, heads, strict=True))])
    shortest = np.concatenate([empty, *(t.delay[h] for t, h in zip(tables, heads, strict=True))])
    longest = [t.delay[la.rows.first[1:] - 1] for t, la in zip(tables, layouts, strict=True)]
    number = np.repeat(np.arange(len(tables), dtype=np.int32), np.diff(row_first))
    order = np.argsort(axon, kind="stable")
    counts = np.bincount(axon, minlength=program.plastic_axons)
    # An axon may spike in every step.
    under_way = int(sum(int(delays.sum()) for delays in longest))
    return Plasticity(
        blocks=blocks,
        base=np.array([t.input_base for t in tables], dtype=np.int64),
        **addresses,
        visit_ptr=np.searchsorted([v[0] for v in visits], np.arange(len(tables) + 1)).astype(np.int64),
        visit=np.array([v[1] for v in visits], dtype=np.int64),
        visit_every=np.array([v[2] for v in visits], dtype=np.int64),
        visit_third=np.array([v[3] for v in visits], dtype=np.uint8),
        visit_last=np.zeros(len(visits), dtype=np.int64),
        axon_ptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        axon_table=number[order],
        axon_row=(order - row_first[number[order]]).astype(np.int32),
        axon_delay=shortest[order].astype(np.int32),
        row_first=row_first[:-1].astype(np.int64),
        row_segment=first,
        row_last=last,
        heads=np.full((len(tables), slots), -1, dtype=np.int32),
        # Untouched pages of it take no memory.
        nodes=np.empty((max(1, under_way), 3), dtype=np.int32),
        free=np.array([-1, 0], dtype=np.int32),
        marked=marked,
        marked_count=np.zeros(len(tables), dtype=np.int64),
        due=due,
        third=third,
        **_third_arrays(program),
    )


def _third_arrays(program: Program) -> dict[str, AnyArray]:
    """Third factors as they were set, and what spikes add to them."""
    tables = program.plastic
    spikes = [table.third_spikes or ThirdSpikes(-1, 1, 0.0, 0.0) for table in tables]
    axon = np.concatenate([np.zeros(0, np.int64), *(table.third_axon for table in tables)])
    number = np.repeat(np.arange(len(tables)), [table.third_axon.size for table in tables])
    order = np.argsort(axon, kind="stable")
    counts = np.bincount(axon.astype(np.int64), minlength=program.plastic_axons)
    return {
        "third_given": np.zeros(len(tables)),
        "third_level": np.zeros(len(tables)),
        "third_decay": np.array([s.decay for s in spikes], dtype=np.float64),
        "third_gain": np.array([s.gain for s in spikes], dtype=np.float64),
        "third_least": np.array([s.least for s in spikes], dtype=np.float64),
        "third_delay": np.array([s.delay for s in spikes], dtype=np.int64),
        "third_ptr": np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        "third_table": number[order].astype(np.int32),
        "third_arriving": np.zeros((len(tables), program.slots), dtype=np.int32),
    }


def _post(populations: Populations, number: int, table: PlasticTable) -> Post:
    """Find the neurons of a slice, and their state."""
    shape = int(populations.state_count[number]), table.post_size
    start = int(populations.state_start[number])
    kind = np.int64 if table.model.arithmetic == "int64" else np.float64
    state, initial = (
        array[start : start + shape[0] * shape[1]].view(kind).reshape(shape)
        for array in (populations.state, populations.initial)
    )
    first = int(populations.first[number])
    return Post(state, initial, populations.neurons[first : first + shape[1]])
