"""The block of a plastic table: addresses of its synapses, traces and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spikemesh.engine.plastic_rows import Layout
from spikemesh.engine.program import PlasticTable
from spikemesh.ids import AnyArray
from spikemesh.kernels import rule_block as words
from spikemesh.kernels.plasticity import index_by_target
from spikemesh.kernels.rule_form import Form
from spikemesh.kernels.weight_grid import grid


@dataclass(frozen=True, eq=False)
class Post:
    """Post-synaptic neurons of a table.

    Attributes
    ----------
    state, initial : ndarray of float64 or int64, shape (state variables, neurons)
        Their state, as it is changed while the worker runs, and as it is at first.
    neurons : ndarray of uint32, shape (neurons,)
        Their indices within the population.
    """

    state: AnyArray
    initial: AnyArray
    neurons: AnyArray


def fill_block(
    block: AnyArray,
    table: PlasticTable,
    layout: Layout,
    post: Post,
    dt: float,
    keys: AnyArray,
    kept: list[AnyArray],
) -> None:
    """Fill the block of a plastic table.

    Parameters
    ----------
    block : ndarray of int64, shape (words,)
        The block; addresses of scratch memory that tables share are left to the caller.
    table, layout
        The synapses.
    post
        The neurons they are onto.
    dt
        In ms.
    keys : ndarray of int64
        Of the random numbers of each function that draws some.
    kept
        Takes the arrays that addresses refer to.
    """

    def keep(array: AnyArray) -> int:
        kept.append(array)
        return int(array.ctypes.data)

    rule, rows, width = table.rule, layout.rows, layout.width
    synapses, segments = table.target.size, table.axon.size
    target = np.ascontiguousarray(table.target, dtype=np.uint16 if width.target == 16 else np.int32)
    segment_start = np.ascontiguousarray(table.segment_start, dtype=np.int64)
    delay = np.ascontiguousarray(table.delay, dtype=np.int32)
    delays, group = np.unique(delay, return_inverse=True) if table.dendritic else (delay[:1], 0 * delay)
    starts = np.zeros(delays.size * table.post_size + 1, dtype=np.int64)
    low = np.empty(synapses, dtype=np.uint32)
    high = np.empty(synapses if width.high else 0, dtype=np.uint16 if width.high == 16 else np.uint32)
    index_by_target(
        target, layout.row_start, segment_start, delay, group.astype(np.int64) * table.post_size,
        layout.lag_bits, layout.offset_bits, starts, low, high,
    )  # fmt: skip
    block[words.SYNAPSES] = synapses
    block[words.WEIGHT] = keep(table.weight)
    block[words.VARIABLES] = keep(_variables(table))
    block[words.RULE_CONSTANTS] = keep(_numbers(table, dt))
    block[words.TARGET] = keep(target)
    block[words.ROWS] = rows.count
    block[words.ROW_START] = keep(layout.row_start)
    block[words.SEGMENTS] = segments
    block[words.SEGMENT_START] = keep(segment_start)
    block[words.SEGMENT_DELAY] = keep(delay)
    block[words.HISTORY] = keep(np.zeros((len(rule.pre), rows.steps, rows.count)))
    block[words.HISTORY_MASK] = rows.steps - 1
    block[words.POST_SIZE] = table.post_size
    block[words.POST_FIRST] = table.post_first
    block[words.POST_TRACES] = keep(_post_traces(table, post))
    block[words.POST_STATE] = post.state.ctypes.data
    block[words.BY_POST_START] = keep(starts)
    block[words.BY_POST] = keep(low)
    block[words.BY_POST_HIGH] = keep(high)
    block[words.OFFSET_BITS] = layout.offset_bits
    block[words.LAG_BITS] = layout.lag_bits
    block[words.SOURCE] = keep(table.source[rows.first[:-1]])
    block[words.NEURON] = post.neurons.ctypes.data
    block[words.ORDINAL] = keep(layout.rank)
    block[words.KEYS] = keep(keys)
    if table.dendritic:
        steps = _post_steps(table)
        block[words.DENDRITIC] = 1
        block[words.POST_MASK] = steps - 1
        block[words.DELAYS] = keep(delays.astype(np.int64))
        block[words.DELAY_COUNT] = delays.size
        # Untouched pages of it take no memory.
        block[words.SPIKED_THEN] = keep(np.empty(steps * table.post_size, dtype=np.int32))
        block[words.SPIKED_THEN_COUNT] = keep(np.zeros(steps, dtype=np.int64))


def fill_deferred(
    block: AnyArray, table: PlasticTable, layout: Layout, form: Form, kept: list[AnyArray]
) -> None:
    """Add to a block what rows need that put off visits.

    Parameters
    ----------
    block, table, layout, kept
        As for :func:`fill_block`.
    form
        Of the rule.
    """
    start, target = table.segment_start.astype(np.int64), table.target
    jumps = np.zeros(target.size, dtype=np.bool_)
    jumps[:-1] = target[1:] != target[:-1] + 1
    jumps[start[1:] - 1] = False
    contiguous = ~np.logical_or.reduceat(jumps, start[:-1])
    rows, past = layout.rows.count, words.PAST
    arrays: dict[int, AnyArray] = {
        words.ROW_SEGMENT: layout.rows.first.astype(np.int64),
        words.CONTIGUOUS: contiguous.astype(np.uint8),
        words.CAUGHT_UP: np.zeros(rows, dtype=np.int64),
        # Untouched pages of it take no memory.
        words.PENDING: np.empty(target.size if "on_post" in form.functions else 0, dtype=np.uint32),
        words.PENDING_COUNT: np.zeros(rows, dtype=np.int64),
        words.PAST_POST: np.zeros((form.kept, past, table.post_size)),
        words.PAST_THIRD: np.zeros(past),
        words.PAST_STEPS: np.zeros((len(form.visits), past), dtype=np.int64),
    }
    for word, array in arrays.items():
        kept.append(array)
        block[word] = array.ctypes.data


def _numbers(table: PlasticTable, dt: float) -> AnyArray:
    """Scale and bound of what is delivered, constants of the rule, decays of its traces, and grid of weights."""
    # Not numpy's exp, which differs from machine to machine in the last bit.
    traces = [*table.rule.pre.values(), *table.rule.post.values()]
    taus = [float(table.parameters[t.tau]) for t in traces]
    decays = [math.exp(-dt / tau) if tau else 0.0 for tau in taus]
    # A mean comes nearer by what a trace of spikes loses.
    decays = [d if t.of is None else 1.0 - d for d, t in zip(decays, traces, strict=True)]
    w_max = float(table.parameters["w_max"])
    most = words.OUTGROWN * w_max / table.unit
    steps = grid(table.weight_bits, w_max) if table.weight_bits else ()
    return np.array([table.sign / table.unit, most, *table.constants.values(), *decays, *steps])


def _variables(table: PlasticTable) -> AnyArray:
    """State of the synapses beside the weight."""
    variables = np.zeros((len(table.rule.state), table.target.size))
    for row, declared in zip(variables, table.rule.state.values(), strict=True):
        initial = declared.initial
        if initial == "weight":
            row[:] = table.weight
        else:
            row[:] = float(table.parameters[initial] if isinstance(initial, str) else initial)
    return variables


def _post_steps(table: PlasticTable) -> int:
    """Return the steps of history of the post-synaptic side, a power of two: a step is read two delays later."""
    return 1 << int(2 * table.delay.max(initial=0) + 1).bit_length() if table.dendritic else 1


def _post_traces(table: PlasticTable, post: Post) -> AnyArray:
    """Traces of spikes, which start from 0, and running means, which start from what they are the mean of."""
    traces = np.zeros((len(table.rule.post), _post_steps(table) * table.post_size))
    rows = list(table.model.state)
    for trace, declared in zip(traces, table.rule.post.values(), strict=True):
        if declared.of is not None:
            trace[:] = post.initial[rows.index(declared.of)]
    return traces
