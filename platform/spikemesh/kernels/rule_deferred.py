"""Source text of the loops of a learning rule whose visits wait until a row of synapses needs them.

A visit of all synapses in every step is bound by the memory that they lie in. But what a synapse does at a
post-synaptic spike or a visit depends on its own state and on what is the same for many: traces, post-synaptic state,
third factor. These are kept for some steps, with the list of synapses that post-synaptic spikes concern, and each
row of synapses catches up by itself: when one of its pre-synaptic spikes arrives, before that many steps are due, or
when somebody asks. It then does, a part that fits into the fastest cache at a time, step by step what it would have
done in each step: the same numbers in the same order for each synapse, so that results are the same bit by bit.
"""

from __future__ import annotations

from spikemesh.kernels.generate import indented, made
from spikemesh.kernels.rule_block import (
    CATCH_UP,
    CAUGHT_UP,
    CONTIGUOUS,
    LAG_BITS,
    OFFSET_BITS,
    PAST,
    PAST_POST,
    PAST_STEPS,
    PAST_THIRD,
    PENDING,
    PENDING_COUNT,
    PLACE_BITS,
    ROW_SEGMENT,
    THROUGH,
    TICK,
)
from spikemesh.kernels.rule_draws import batch, each, keyed, other
from spikemesh.kernels.rule_form import Form, Visited
from spikemesh.kernels.rule_update import updating

IMPORTS = "from numpy import int64, uint32, uint64\n\n"

_PART = 4096
"""Doubles of the synapses that catch up at a time."""


def _views(form: Form) -> list[str]:
    lines = [f"caught_up = carray(as_int64(block[{CAUGHT_UP}]), rows)"]
    if "on_post" in form.functions:
        lines.append(f"pending = carray(as_uint32(block[{PENDING}]), synapses)")
        lines.append(f"pending_count = carray(as_int64(block[{PENDING_COUNT}]), rows)")
    size = f"{PAST} * post_size"
    return lines + [
        f"p{q} = carray(as_float64(block[{PAST_POST}] + {8 * q} * {size}), {size})" for q in range(form.kept)
    ]


def note(form: Form) -> list[str]:
    """Write the keeping of what this step has to do with synapses."""
    read = "float(z{}[j])" if form.integer else "z{}[j]"
    values = [f"y{q}[j]" for q in range(len(form.post))]
    values += [read.format(q) for q in range(len(form.reads))]
    lines = [*_views(form), f"slot = block[{TICK}] & {PAST - 1}", "begin = slot * post_size"]
    for q, value in enumerate(values):
        lines += ["for j in range(post_size):", f"    p{q}[begin + j] = {value}"]
    if "on_post" not in form.functions:
        return lines
    high = " | (int(by_post_high[position]) << 32)" if form.width.high else ""
    return [
        *lines,
        f"offset_bits, lag_bits = block[{OFFSET_BITS}], block[{LAG_BITS}]",
        "offset_mask = (1 << offset_bits) - 1",
        "for entry in range(spikes):",
        "    j = spiked[entry] - post_first",
        "    for position in range(by_post_start[j], by_post_start[j + 1]):",
        f"        code = int(by_post[position]){high}",
        "        number = code >> (offset_bits + lag_bits)",
        "        if pending_count[number] == row_start[number + 1] - row_start[number]:",
        f"            call(block[{CATCH_UP}], block_address, number)",
        f"        event = (slot << {PLACE_BITS}) | (code & offset_mask)",
        "        pending[row_start[number] + pending_count[number]] = uint32(event)",
        "        pending_count[number] += 1",
    ]


def catch_up(form: Form) -> list[str]:
    """Write the catching up of row ``count`` through a step."""
    part = max(64, _PART // (1 + len(form.state)) // 64 * 64)
    on_post = "on_post" in form.functions
    timed = made("C", [*(f"c[{q}]" for q in range(len(form.constants))), "float(step_of)"])
    step = [
        f"slot = step_of & {PAST - 1}",
        "late = slot * post_size",
        "past = uint64(late)",
        "at = ((step_of - lag) & history_mask) * rows + number",
        *(f"a{q} = x{q}[at]" for q in range(len(form.pre))),
        "third = past_third[slot]",
        *([f"c = {timed}"] if form.timed else []),
        *(_events(form) if on_post else []),
    ]
    for q, visit in enumerate(form.visits):
        step += [
            f"steps = past_steps[{q * PAST} + slot]",
            "if steps > 0:",
            *indented(_visit(form, visit), 1),
        ]
    return [
        *_views(form),
        f"row_segment = carray(as_int64(block[{ROW_SEGMENT}]), rows + 1)",
        f"contiguous = carray(as_uint8(block[{CONTIGUOUS}]), segments)",
        f"past_third = carray(as_float64(block[{PAST_THIRD}]), {PAST})",
        f"past_steps = carray(as_int64(block[{PAST_STEPS}]), {len(form.visits) * PAST})",
        f"number, through = count, block[{THROUGH}]",
        *(["event = row_start[number]"] if on_post else []),
        *(["end_of_events = row_start[number] + pending_count[number]"] if on_post else []),
        "for segment in range(row_segment[number], row_segment[number + 1]):",
        "    lag = segment_delay[segment] - segment_delay[row_segment[number]]",
        "    last = segment_start[segment + 1]",
        f"    for first in range(segment_start[segment], last, {part}):",
        f"        end = min(first + {part}, last)",
        *(["        event = row_start[number]"] if on_post else []),
        "        for step_of in range(caught_up[number] + 1, through + 1):",
        *indented(step, 3),
        *(_rest() if on_post else []),
        "caught_up[number] = through",
    ]


def _events(form: Form) -> list[str]:
    """Write the updates by post-synaptic spikes of one step, of synapses ``first`` to before ``end``."""
    drawing = "on_post" in form.drawing
    body = updating(form, "on_post", past="late")
    if drawing:
        neurons = "uint64(others[i])", "uint64(neuron[j])"
        body = [
            "size = 1",
            "for i in range(size):",
            *indented(other(form, "source[number]", "k"), 1),
            *batch(form, *neurons),
            "for i in range(size):",
            *indented(body, 1),
        ]
    return [
        *keyed(form, "on_post", "step_of"),
        f"while event < end_of_events and (int64(pending[event]) >> {PLACE_BITS}) == slot:",
        f"    k = row_start[number] + (int64(pending[event]) & {(1 << PLACE_BITS) - 1})",
        "    if first <= k < end:",
        "        j = int(target[k])",
        *indented(body, 2),
        "    event += 1",
    ]


def _visit(form: Form, visit: Visited) -> list[str]:
    """Write the visit of synapses ``first`` to before ``end`` in one step."""
    if visit.name in form.drawing:
        body = updating(form, visit.name, visit, past="late")
        return [*keyed(form, visit.name, "step_of"), *each(form, True, "number", "first", "end", body)]
    some = _loops(form, visit, "third")
    if "third" not in visit.arguments:
        return some
    # With no third factor much of a rule may fall away, if the compiler knows that there is none.
    none = _loops(form, visit, "0.0")
    return none if form.at_once else ["if third == 0.0:", *indented(none, 1), "else:", *indented(some, 1)]


def _loops(form: Form, visit: Visited, third: str) -> list[str]:
    """Write the loop of a visit; it becomes vector code."""
    # Unsigned: an index that may be negative would count from the end, and such loops do not become vector code.
    loop = "for k in range(uint64(first), uint64(end)):"
    body = indented(updating(form, visit.name, visit, past="past", third=third), 1)
    if "post" not in visit.arguments or not form.kept:
        return [loop, *body]
    # Gathering neurons' values one by one takes longer than most rules.
    near = ["shift = uint64(int(target[first]) - first)", loop, "    j = k + shift", *body]
    far = [loop, "    j = uint64(target[k])", *body]
    return ["if contiguous[segment]:", *indented(near, 1), "else:", *indented(far, 1)]


def _rest() -> list[str]:
    """Write the keeping of events of later steps than these, which follow the last one that was carried out."""
    return [
        "kept = row_start[number]",
        "while event < end_of_events:",
        "    pending[kept] = pending[event]",
        "    event, kept = event + 1, kept + 1",
        "pending_count[number] = kept - row_start[number]",
    ]
