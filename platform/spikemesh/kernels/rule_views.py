"""Source text of the lines by which the loops around a learning rule reach arrays and numbers."""

from __future__ import annotations

from spikemesh.kernels.generate import made
from spikemesh.kernels.rule_block import (
    BY_POST,
    BY_POST_HIGH,
    BY_POST_START,
    DELAY_COUNT,
    DELAYS,
    HISTORY,
    HISTORY_MASK,
    NEURON,
    ORDINAL,
    POST_FIRST,
    POST_MASK,
    POST_SIZE,
    POST_STATE,
    POST_TRACES,
    ROW,
    ROW_START,
    ROWS,
    RULE_CONSTANTS,
    SEGMENT_DELAY,
    SEGMENT_START,
    SEGMENTS,
    SOURCE,
    SPIKED,
    SPIKED_COUNT,
    SPIKED_THEN,
    SPIKED_THEN_COUNT,
    SYNAPSES,
    TABLE_WORDS,
    TARGET,
    THIRD,
    TICK,
    VARIABLES,
    WEIGHT,
)
from spikemesh.kernels.rule_form import Form


def _view(kind: str, word: int, size: str) -> str:
    return f"carray(as_{kind}(block[{word}]), {size})"


def views(form: Form) -> list[str]:
    """Write the lines at the start of each loop."""
    target = "uint16" if form.width.target == 16 else "int32"
    lists = f"block[{DELAY_COUNT}] * post_size + 1" if form.dendritic else "post_size + 1"
    lines = [
        f"block = carray(as_int64(block_address), {TABLE_WORDS})",
        f"synapses, rows, segments = block[{SYNAPSES}], block[{ROWS}], block[{SEGMENTS}]",
        f"post_size, post_first, spikes = block[{POST_SIZE}], block[{POST_FIRST}], block[{SPIKED_COUNT}]",
        f"history_mask = block[{HISTORY_MASK}]",
        f"w = {_view('float64', WEIGHT, 'synapses')}",
        f"target = {_view(target, TARGET, 'synapses')}",
        f"row_start = {_view('int64', ROW_START, 'rows + 1')}",
        f"segment_start = {_view('int64', SEGMENT_START, 'segments + 1')}",
        f"segment_delay = {_view('int32', SEGMENT_DELAY, 'segments')}",
        f"by_post_start = {_view('int64', BY_POST_START, lists)}",
        f"by_post = {_view('uint32', BY_POST, 'synapses')}",
        f"spiked = {_view('int64', SPIKED, 'spikes')}",
        f"row = {_view('int64', ROW, 'post_size')}",
        f"third = {_view('float64', THIRD, '1')}[0]",
    ]
    if form.width.high:
        lines.append(f"by_post_high = {_view(f'uint{form.width.high}', BY_POST_HIGH, 'synapses')}")
    if form.dendritic:
        lines += [
            f"post_mask, delay_count = block[{POST_MASK}], block[{DELAY_COUNT}]",
            f"delays = {_view('int64', DELAYS, 'delay_count')}",
            f"spiked_then = {_view('int32', SPIKED_THEN, 'post_size * (post_mask + 1)')}",
            f"spiked_then_count = {_view('int64', SPIKED_THEN_COUNT, 'post_mask + 1')}",
        ]
    if form.drawn:
        lines.append(f"source = {_view('int32', SOURCE, 'rows')}")
        lines.append(f"neuron = {_view('uint32', NEURON, 'post_size')}")
    if form.repeated:
        lines.append(f"ordinal = {_view('uint16', ORDINAL, 'synapses')}")
    return lines + _numbers(form) + _columns(form)


def _numbers(form: Form) -> list[str]:
    """Constants of the rule, decays of its traces, and the grid of its weights."""
    pre, post = 2 + len(form.constants), 2 + len(form.constants) + len(form.pre)
    grid = post + len(form.post)
    rounding = [
        f"per_step, grid_step, grid_top, w_max = {', '.join(f'numbers[{grid + q}]' for q in range(4))}"
    ]
    constants = [f"numbers[{2 + q}]" for q in range(len(form.constants))]
    constants += [f"float(block[{TICK}])"] if form.timed else []
    return [
        f"numbers = {_view('float64', RULE_CONSTANTS, str(grid + 4 * bool(form.rounding)))}",
        "scale, most = numbers[0], numbers[1]",
        f"c = {made('C', constants)}",
        *(f"dx{q} = numbers[{pre + q}]" for q in range(len(form.pre))),
        *(f"dy{q} = numbers[{post + q}]" for q in range(len(form.post))),
        *(rounding if form.rounding else ()),
    ]


def _columns(form: Form) -> list[str]:
    """State of synapses, traces, and state of post-synaptic neurons."""

    def part(of: int, q: int, size: str, kind: str = "float64") -> str:
        return f"carray(as_{kind}(block[{of}] + {8 * q} * ({size})), {size})"

    state = "int64" if form.integer else "float64"
    post = "post_size * (post_mask + 1)" if form.dendritic else "post_size"
    means = [(q, trace.row) for q, trace in enumerate(form.post) if trace.how == "mean"]
    return [
        *(f"s{q} = {part(VARIABLES, q, 'synapses')}" for q in range(len(form.state))),
        *(f"x{q} = {part(HISTORY, q, 'rows * (history_mask + 1)')}" for q in range(len(form.pre))),
        *(f"y{q} = {part(POST_TRACES, q, post)}" for q in range(len(form.post))),
        *(f"z{q} = {part(POST_STATE, row, 'post_size', state)}" for q, (_, row) in enumerate(form.reads)),
        *(f"m{q} = {part(POST_STATE, row, 'post_size', state)}" for q, row in means),
    ]
