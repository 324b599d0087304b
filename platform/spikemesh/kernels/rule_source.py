"""Source text of the loops that run a learning rule's scalar functions over synapses.

As in :mod:`spikemesh.kernels.generate`, the loops are generated per rule and reach all arrays through a
*block*. The synapses of a table lie in rows, one per axon; a row is cut into segments of equal delay.
Pre-synaptic traces are kept per row with a history by step: the trace that a segment sees, whose delay
exceeds the shortest of its row by ``lag``, is the one of ``lag`` steps ago.

Where the delay d is dendritic, pre-synaptic spikes act at the synapse at once and post-synaptic ones after d. All of
that is carried out d later, when spikes of the one side arrive at the neuron: those of the other side, and their
traces, are then of 2 d ago. Post-synaptic spikes and traces have a history by step for it, and what a spike updates
is listed by delay, then neuron.
"""

from __future__ import annotations

from spikemesh.kernels.generate import HEADER, indented, named_tuple
from spikemesh.kernels.rule_block import (
    BATCH,
    DUE,
    DUE_WORDS,
    LAG_BITS,
    MARKED,
    OFFSET_BITS,
    SCRATCH,
    SCRATCH_WORDS,
    STEPS,
    TABLE_RAISED,
    TICK,
    UNTIL,
    VARIABLES,
    WEIGHT,
)
from spikemesh.kernels.rule_deferred import IMPORTS as UNSIGNED
from spikemesh.kernels.rule_deferred import catch_up, note
from spikemesh.kernels.rule_draws import IMPORTS, batch, each, keyed, numbers, other
from spikemesh.kernels.rule_form import Form, Visited
from spikemesh.kernels.rule_update import lagging, seen, state, updating
from spikemesh.kernels.rule_views import views


def rule_source(form: Form) -> str:
    """Write the loops of a learning rule.

    Parameters
    ----------
    form
        What they depend on.

    Returns
    -------
    str
        A module that expects the rule's functions in its namespace and defines ``arrive(block, count)``
        (on_pre and delivery of the segments that are due) and, where the rule needs them,
        ``potentiate(block, _)`` (on_post of the neurons that spiked), ``visit_<name>(block, _)`` and
        ``advance(block, count)`` (the traces take in this step, of which ``count`` rows are marked, and
        decay to the next); and, where that can wait, ``note(block, _)`` (what this step has to do with synapses is
        kept) and ``catch_up(block, row)`` (a row does what has been kept).
    """
    head = HEADER.format(name=form.name)
    head += "from spikemesh.kernels.pointers import as_uint16, as_uint32, call, prefetch\n\n"
    head += (IMPORTS if form.drawn or form.rounding else "") + (UNSIGNED if form.deferred else "")
    head += named_tuple("U", form.draws)
    constants = (*form.constants, *(("t",) if form.timed else ()))
    head += named_tuple("S", form.state) + named_tuple("C", constants)
    head += named_tuple("PRE", [name for name, _ in form.pre])
    head += named_tuple("POST", [*(trace.name for trace in form.post), *(name for name, _ in form.reads)])
    bodies = {"arrive": _arrive(form)}
    if form.deferred:
        bodies |= {"catch_up": catch_up(form), "note": note(form)}
    if form.at_once:
        bodies |= {"potentiate": _potentiate(form)} if "on_post" in form.functions else {}
        bodies |= {f"visit_{visit.name}": _visit(form, visit) for visit in form.visits}
    if form.pre or form.post:
        bodies["advance"] = _advance(form)
    out = [head]
    for function, body in bodies.items():
        out.append(f"\n\n@cfunc(SIGNATURE, **OPTIONS)\ndef {function}(block_address, count):\n")
        # Not set back if a function of the rule raises.
        guard = [f"block[{TABLE_RAISED}] += 1", *body, f"block[{TABLE_RAISED}] -= 1"]
        out += [f"    {line}\n" for line in [*views(form), *guard]]
    return "".join(out)


def _arrive(form: Form) -> list[str]:
    drawing = "on_pre" in form.drawing
    update, amount = updating(form, "on_pre") if "on_pre" in form.functions else [], "w[k]"
    if "transmit" in form.functions:
        update += [state(form)] if update else [*seen(form), *numbers(form, drawing)]
        update.append(
            f"amount = rule_transmit(w[k], s, c, before, after, third{', u' if form.draws else ''})"
        )
        amount = "amount"
    update.append(f"row[j] += int(floor(min(max({amount} * scale, -most), most) + 0.5))")
    return [
        *keyed(form, "on_pre", f"block[{TICK}]"),
        f"tick = block[{TICK}]",
        f"due = carray(as_int64(block[{DUE}]), {DUE_WORDS} * count)",
        "for entry in range(count):",
        f"    first, last = due[{DUE_WORDS} * entry], due[{DUE_WORDS} * entry + 1]",
        f"    at = due[{DUE_WORDS} * entry + 2]",
        *indented(lagging(form, f"due[{DUE_WORDS} * entry + 4]"), 1),
        *indented(each(form, drawing, f"due[{DUE_WORDS} * entry + 3]", "first", "last", update), 1),
    ]


def _potentiate(form: Form) -> list[str]:
    head = [
        *keyed(form, "on_post", f"block[{TICK}]"),
        f"offset_bits, lag_bits, tick = block[{OFFSET_BITS}], block[{LAG_BITS}], block[{TICK}]",
        "offset_mask, lag_mask = (1 << offset_bits) - 1, (1 << lag_bits) - 1",
        f"scratch = carray(as_int64(block[{SCRATCH}]), {SCRATCH_WORDS})",
    ]
    if not form.dendritic:
        loop = ["for entry in range(spikes):", "    j = spiked[entry] - post_first", "    listed = j"]
        return [*head, *loop, *indented(_synapses_onto(form), 1)]
    return [
        *head,
        "for number_of_delay in range(delay_count):",
        *indented(lagging(form, "delays[number_of_delay]"), 1),
        "    then = tick - 2 * delays[number_of_delay]",
        "    for entry in range(spiked_then_count[then & post_mask] if then > 0 else 0):",
        "        j = int(spiked_then[late + entry])",
        "        listed = number_of_delay * post_size + j",
        *indented(_synapses_onto(form), 2),
    ]


def _synapses_onto(form: Form) -> list[str]:
    """Update the synapses onto neuron j that are in a list."""
    high = " | (int(by_post_high[position + i]) << 32)" if form.width.high else ""
    drawing = "on_post" in form.drawing
    return [
        *(["receiver = uint64(neuron[j])"] if drawing else []),
        "position, end = by_post_start[listed], by_post_start[listed + 1]",
        "while position < end:",
        "    # Weights lie far apart: all loads of a batch are under way before the first is waited for.",
        f"    size = min(end - position, {BATCH if drawing else SCRATCH_WORDS // 2})",
        "    for i in range(size):",
        f"        code = int(by_post[position + i]){high}",
        "        lag = (code >> offset_bits) & lag_mask",
        "        number = code >> (offset_bits + lag_bits)",
        "        k = row_start[number] + (code & offset_mask)",
        f"        prefetch(block[{WEIGHT}] + 8 * k)",
        *(f"        prefetch(block[{VARIABLES}] + 8 * ({q} * synapses + k))" for q in range(len(form.state))),
        "        scratch[2 * i] = k",
        "        scratch[2 * i + 1] = ((tick - lag) & history_mask) * rows + number",
        *indented(other(form, "source[number]", "k") if drawing else [], 2),
        *indented(batch(form, "uint64(others[i])", "receiver") if drawing else [], 1),
        "    for i in range(size):",
        "        k, at = scratch[2 * i], scratch[2 * i + 1]",
        *indented(updating(form, "on_post"), 2),
        "    position += size",
    ]


def _visit(form: Form, visit: Visited) -> list[str]:
    lines = [*keyed(form, visit.name, f"block[{UNTIL}]"), f"tick, steps = block[{TICK}], block[{STEPS}]"]
    update = updating(form, visit.name, visit)
    if not ({"pre", "u", "post"} if form.dendritic else {"pre", "u"}) & visit.arguments:
        # One loop over all synapses, which can be vectorised.
        target = ["    j = int(target[k])"] if "post" in visit.arguments else []
        return [*lines, "for k in range(synapses):", *target, *indented(update, 1)]
    ends = ("segment_start[segment]", "segment_start[segment + 1]")
    return [
        *lines,
        "segment = 0",
        "for number in range(rows):",
        "    first = segment",
        "    while segment < segments and segment_start[segment] < row_start[number + 1]:",
        "        lag = segment_delay[segment] - segment_delay[first]",
        "        at = ((tick - lag) & history_mask) * rows + number",
        *indented(lagging(form, "segment_delay[segment]"), 2),
        *indented(each(form, visit.name in form.drawing, "number", *ends, update), 2),
        "        segment += 1",
    ]


def _advance(form: Form) -> list[str]:
    lines = []
    if form.pre:
        lines += [
            f"now = (block[{TICK}] & history_mask) * rows",
            f"then = ((block[{TICK}] + 1) & history_mask) * rows",
            f"marked = carray(as_int32(block[{MARKED}]), count)",
        ]
    for q, (_, how) in enumerate(form.pre):
        lines += [
            "for k in range(rows):",
            f"    x{q}[then + k] = x{q}[now + k] * dx{q}",
            "for entry in range(count):",
            "    number = int(marked[entry])",
            f"    x{q}[then + number] = {_marked(how, f'x{q}[now + number]')} * dx{q}",
        ]
    for q, trace in enumerate(form.post):
        if trace.how == "mean":
            lines += ["for j in range(post_size):", f"    y{q}[j] += (m{q}[j] - y{q}[j]) * dy{q}"]
            continue
        if form.dendritic:
            lines += [
                f"now = (block[{TICK}] & post_mask) * post_size",
                f"then = ((block[{TICK}] + 1) & post_mask) * post_size",
                "for j in range(post_size):",
                f"    y{q}[then + j] = y{q}[now + j] * dy{q}",
                "for entry in range(spikes):",
                "    j = spiked[entry] - post_first",
                f"    y{q}[then + j] = {_marked(trace.how, f'y{q}[now + j]')} * dy{q}",
            ]
            continue
        lines += [
            "for entry in range(spikes):",
            "    j = spiked[entry] - post_first",
            f"    y{q}[j] = {_marked(trace.how, f'y{q}[j]')}",
            "for j in range(post_size):",
            f"    y{q}[j] *= dy{q}",
        ]
    return lines


def _marked(how: str, value: str) -> str:
    return "1.0" if how == "set" else f"({value} + 1.0)"
