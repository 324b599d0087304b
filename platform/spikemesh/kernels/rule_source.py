"""Source text of the loops that run a learning rule's scalar functions over synapses.

As in :mod:`spikemesh.kernels.generate`, the loops are generated per rule and reach all arrays through a
*block*. The synapses of a table lie in rows, one per axon; a row is cut into segments of equal delay.
Pre-synaptic traces are kept per row with a history by step: the trace that a segment sees, whose delay
exceeds the shortest of its row by ``lag``, is the one of ``lag`` steps ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from spikemesh.kernels.generate import HEADER, made, named_tuple, stored

OUTGROWN = 256.0
"""A plastic weight beyond this many times w_max is delivered as so much, for its integer to fit."""

# Block of a plastic table.
(
    SYNAPSES,
    WEIGHT,
    VARIABLES,
    RULE_CONSTANTS,
    TARGET,
    ROWS,
    ROW_START,
    SEGMENTS,
    SEGMENT_START,
    SEGMENT_DELAY,
    HISTORY,
    HISTORY_MASK,
    MARKED,
    POST_SIZE,
    POST_FIRST,
    POST_TRACES,
    BY_POST_START,
    BY_POST,
    BY_POST_HIGH,
    OFFSET_BITS,
    LAG_BITS,
    DUE,
    SCRATCH,
    ROW,
    TICK,
    STEPS,
    SPIKED,
    SPIKED_COUNT,
    THIRD,
    TABLE_RAISED,
) = range(30)
TABLE_WORDS = 30

DUE_WORDS = 3
"""Of a segment that is due: its first synapse, the one after its last, its place in the history."""
SCRATCH_WORDS = 512
"""Numbers of scratch memory that a rule's loops may use."""


class Visited(NamedTuple):
    """A function that runs for all synapses.

    Attributes
    ----------
    name
        Its name in the module.
    state
        Numbers of the state variables that it returns.
    arguments
        Those of ``pre``, ``post`` and ``steps`` that it makes use of.
    """

    name: str
    state: tuple[int, ...]
    arguments: frozenset[str]


class Width(NamedTuple):
    """Formats of a table's synapses.

    Attributes
    ----------
    target
        Bits of a target: 16 or 32.
    high
        Bits of an entry by post-synaptic neuron beyond the lower 32: 0, 16 or 32.
    """

    target: int
    high: int


def rule_source(
    name: str,
    state: Sequence[str],
    constants: Sequence[str],
    pre: Sequence[tuple[str, str]],
    post: Sequence[tuple[str, str]],
    has: Sequence[str],
    visits: Sequence[Visited],
    width: Width,
) -> str:
    """Write the loops of a learning rule.

    Parameters
    ----------
    name
        Name of the rule.
    state, constants
        Names in order.
    pre, post
        Traces as (name, ``add`` or ``set``).
    has
        Which of ``on_pre`` and ``on_post`` the rule defines.
    visits
        Functions that run for all synapses.
    width
        Formats of the synapses.

    Returns
    -------
    str
        A module that expects the rule's functions in its namespace and defines ``arrive(block, count)``
        (on_pre and delivery of the segments that are due) and, where the rule needs them,
        ``potentiate(block, _)`` (on_post of the neurons that spiked), ``visit_<name>(block, _)`` and
        ``advance(block, count)`` (the traces take in this step, of which ``count`` rows are marked, and
        decay to the next).
    """
    head = HEADER.format(name=name)
    head += "from spikemesh.kernels.pointers import as_uint16, as_uint32, prefetch\n\n"
    head += named_tuple("S", state) + named_tuple("C", constants)
    head += named_tuple("PRE", [p for p, _ in pre]) + named_tuple("POST", [p for p, _ in post])
    views = _views(len(state), len(constants), len(pre), len(post), width)

    def updating(function: str, visit: Visited | None = None) -> list[str]:
        known = {"pre", "post"} if visit is None else visit.arguments
        changed = range(len(state)) if visit is None else visit.state
        before = [f"x{q}[at]" if "pre" in known else "0.0" for q in range(len(pre))]
        after = [f"y{q}[j]" if "post" in known else "0.0" for q in range(len(post))]
        steps = ", steps" if "steps" in known else ""
        return [
            f"s = {made('S', [f's{q}[k]' for q in range(len(state))])}",
            f"before = {made('PRE', before)}",
            f"after = {made('POST', after)}",
            f"weight, new = {function}(w[k], s, c, before, after, third{steps})",
            "w[k] = weight",
            *stored([f"s{q}[k]" for q in changed]),
        ]

    bodies = {"arrive": _arrive(updating("on_pre") if "on_pre" in has else [])}
    if "on_post" in has:
        bodies["potentiate"] = _potentiate(updating("on_post"), width)
    for visit in visits:
        bodies[f"visit_{visit.name}"] = _visit(updating(visit.name, visit), visit.arguments)
    if pre or post:
        bodies["advance"] = _advance([how for _, how in pre], [how for _, how in post])
    out = [head]
    for function, body in bodies.items():
        out.append(f"\n\n@cfunc(SIGNATURE, **OPTIONS)\ndef {function}(block_address, count):\n")
        guard = [f"block[{TABLE_RAISED}] = 1", *body, f"block[{TABLE_RAISED}] = 0"]
        out += [f"    {line}\n" for line in [*views, *guard]]
    return "".join(out)


def _indented(lines: Sequence[str], depth: int) -> list[str]:
    return [4 * depth * " " + line for line in lines]


def _arrive(update: Sequence[str]) -> list[str]:
    return [
        f"due = carray(as_int64(block[{DUE}]), {DUE_WORDS} * count)",
        "for entry in range(count):",
        f"    at = due[{DUE_WORDS} * entry + 2]",
        f"    for k in range(due[{DUE_WORDS} * entry], due[{DUE_WORDS} * entry + 1]):",
        "        j = int(target[k])",
        *_indented(update, 2),
        "        row[j] += int(floor(min(max(w[k] * scale, -most), most) + 0.5))",
    ]


def _potentiate(update: Sequence[str], width: Width) -> list[str]:
    high = " | (int(by_post_high[position]) << 32)" if width.high else ""
    return [
        f"offset_bits, lag_bits, tick = block[{OFFSET_BITS}], block[{LAG_BITS}], block[{TICK}]",
        "offset_mask, lag_mask = (1 << offset_bits) - 1, (1 << lag_bits) - 1",
        f"scratch = carray(as_int64(block[{SCRATCH}]), {SCRATCH_WORDS})",
        "for entry in range(spikes):",
        "    j = spiked[entry] - post_first",
        "    position, end = by_post_start[j], by_post_start[j + 1]",
        "    while position < end:",
        "        # Weights lie far apart: all loads of a batch are under way before the first is waited for.",
        f"        size = min(end - position, {SCRATCH_WORDS // 2})",
        "        for i in range(size):",
        f"            code = int(by_post[position + i]){high.replace('position', 'position + i')}",
        "            lag = (code >> offset_bits) & lag_mask",
        "            number = code >> (offset_bits + lag_bits)",
        "            k = row_start[number] + (code & offset_mask)",
        f"            prefetch(block[{WEIGHT}] + 8 * k)",
        "            scratch[2 * i] = k",
        "            scratch[2 * i + 1] = ((tick - lag) & history_mask) * rows + number",
        "        for i in range(size):",
        "            k, at = scratch[2 * i], scratch[2 * i + 1]",
        *_indented(update, 3),
        "        position += size",
    ]


def _visit(update: Sequence[str], arguments: frozenset[str]) -> list[str]:
    lines = [f"tick, steps = block[{TICK}], block[{STEPS}]"]
    if "pre" not in arguments:
        # One loop over all synapses, which can be vectorised.
        target = ["    j = int(target[k])"] if "post" in arguments else []
        return [*lines, "for k in range(synapses):", *target, *_indented(update, 1)]
    return [
        *lines,
        "segment = 0",
        "for number in range(rows):",
        "    first = segment",
        "    while segment < segments and segment_start[segment] < row_start[number + 1]:",
        "        lag = segment_delay[segment] - segment_delay[first]",
        "        at = ((tick - lag) & history_mask) * rows + number",
        "        for k in range(segment_start[segment], segment_start[segment + 1]):",
        "            j = int(target[k])",
        *_indented(update, 3),
        "        segment += 1",
    ]


def _advance(pre: Sequence[str], post: Sequence[str]) -> list[str]:
    lines = []
    if pre:
        lines += [
            f"now = (block[{TICK}] & history_mask) * rows",
            f"then = ((block[{TICK}] + 1) & history_mask) * rows",
            f"marked = carray(as_int32(block[{MARKED}]), count)",
        ]
    for q, how in enumerate(pre):
        lines += [
            "for k in range(rows):",
            f"    x{q}[then + k] = x{q}[now + k] * dx{q}",
            "for entry in range(count):",
            "    number = int(marked[entry])",
            f"    x{q}[then + number] = {_marked(how, f'x{q}[now + number]')} * dx{q}",
        ]
    for q, how in enumerate(post):
        lines += [
            "for entry in range(spikes):",
            "    j = spiked[entry] - post_first",
            f"    y{q}[j] = {_marked(how, f'y{q}[j]')}",
            "for j in range(post_size):",
            f"    y{q}[j] *= dy{q}",
        ]
    return lines


def _marked(how: str, value: str) -> str:
    return "1.0" if how == "set" else f"({value} + 1.0)"


def _views(state: int, constants: int, pre: int, post: int, width: Width) -> list[str]:
    def view(kind: str, word: int, size: str) -> str:
        return f"carray(as_{kind}(block[{word}]), {size})"

    lines = [
        f"block = carray(as_int64(block_address), {TABLE_WORDS})",
        f"synapses, rows, segments = block[{SYNAPSES}], block[{ROWS}], block[{SEGMENTS}]",
        f"post_size, post_first, spikes = block[{POST_SIZE}], block[{POST_FIRST}], block[{SPIKED_COUNT}]",
        f"history_mask = block[{HISTORY_MASK}]",
        f"w = {view('float64', WEIGHT, 'synapses')}",
        f"target = {view('uint16' if width.target == 16 else 'int32', TARGET, 'synapses')}",
        f"row_start = {view('int64', ROW_START, 'rows + 1')}",
        f"segment_start = {view('int64', SEGMENT_START, 'segments + 1')}",
        f"segment_delay = {view('int32', SEGMENT_DELAY, 'segments')}",
        f"by_post_start = {view('int64', BY_POST_START, 'post_size + 1')}",
        f"by_post = {view('uint32', BY_POST, 'synapses')}",
        f"spiked = {view('int64', SPIKED, 'spikes')}",
        f"row = {view('int64', ROW, 'post_size')}",
        f"third = {view('float64', THIRD, '1')}[0]",
        f"numbers = {view('float64', RULE_CONSTANTS, str(2 + constants + pre + post))}",
        "scale, most = numbers[0], numbers[1]",
        f"c = {made('C', [f'numbers[{2 + q}]' for q in range(constants)])}",
    ]
    if width.high:
        lines.append(f"by_post_high = {view(f'uint{width.high}', BY_POST_HIGH, 'synapses')}")
    lines += [f"dx{q} = numbers[{2 + constants + q}]" for q in range(pre)]
    lines += [f"dy{q} = numbers[{2 + constants + pre + q}]" for q in range(post)]

    def part(of: int, q: int, size: str) -> str:
        return f"carray(as_float64(block[{of}] + {8 * q} * ({size})), {size})"

    lines += [f"s{q} = {part(VARIABLES, q, 'synapses')}" for q in range(state)]
    lines += [f"x{q} = {part(HISTORY, q, 'rows * (history_mask + 1)')}" for q in range(pre)]
    lines += [f"y{q} = {part(POST_TRACES, q, 'post_size')}" for q in range(post)]
    return lines
