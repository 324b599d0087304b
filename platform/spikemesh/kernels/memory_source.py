"""Source text of the loop that stores patterns in many synapses of a rule, for an ideal observer.

Each synapse is taken through all steps before the next, so that its state stays in registers: as nothing but the
third factor and the clock is shared, the order is of no consequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from spikemesh.kernels.generate import made, named_tuple

HEADER = '''\
"""Generated loop around {name}; safe to delete."""

from collections import namedtuple
from math import floor

import numpy as np

from spikemesh.kernels.accelerate import kernel
from spikemesh.kernels.random import HALF, MASK, philox

UNIT = 1.0 / 4294967296.0

'''


class VisitText(NamedTuple):
    """A function that runs for all synapses.

    Attributes
    ----------
    name
        Its name.
    state
        Numbers of the state variables that it returns.
    steps
        Whether it takes the steps since its last visit.
    on_third
        Whether it also runs in steps with a third factor.
    """

    name: str
    state: tuple[int, ...]
    steps: bool
    on_third: bool


def memory_source(
    name: str,
    state: Sequence[str],
    constants: Sequence[str],
    pre: Sequence[str],
    post: Sequence[str],
    draws: Sequence[str],
    has: Sequence[str],
    visits: Sequence[VisitText],
) -> str:
    """Write the loop.

    Parameters
    ----------
    name
        Name of the rule.
    state, constants, pre, post, draws
        Names in order.
    has
        Which of ``on_pre`` and ``on_post`` the rule defines.
    visits
        Functions that run for all synapses.

    Returns
    -------
    str
        A module that expects the rule's functions in its namespace and defines ``store(w, state, numbers, stored,
        third, first, every, last, ends, pattern_key, draw_key)``. A step first runs what is due for all synapses,
        with the third factor of the step, then stores the pattern whose number ``stored`` gives, none if that is
        0: +1 is a post-synaptic spike one step after a pre-synaptic arrival, -1 the spike alone. ``numbers`` are
        constants and the values of the traces: pre-synaptic ones without an arrival and with one, post-synaptic ones.
    """
    head = HEADER.format(name=name)
    head += named_tuple("S", state) + named_tuple("C", constants)
    head += named_tuple("PRE", pre) + named_tuple("POST", post) + named_tuple("U", draws)
    at = len(constants)
    lines = [
        f"c = {made('C', [f'numbers[{q}]' for q in range(at)])}",
        f"silent = {made('PRE', [f'numbers[{at + q}]' for q in range(len(pre))])}",
        f"heard = {made('PRE', [f'numbers[{at + len(pre) + q}]' for q in range(len(pre))])}",
        f"after = {made('POST', [f'numbers[{at + 2 * len(pre) + q}]' for q in range(len(post))])}",
        "p0, p1 = np.uint64(pattern_key) & MASK, np.uint64(pattern_key) >> HALF",
        "d0, d1 = np.uint64(draw_key) & MASK, np.uint64(draw_key) >> HALF",
        "for k in range(w.size):",
        *_indented(_synapse(state, draws, has, visits), 1),
        f"for q in range({len(visits)}):",
        "    last[q] = ends[q]",
    ]
    arguments = "w, state, numbers, stored, third, first, every, last, ends, pattern_key, draw_key"
    return f"{head}\n\n@kernel\ndef store({arguments}):\n" + "".join(f"    {line}\n" for line in lines)


def _indented(lines: Sequence[str], depth: int) -> list[str]:
    return [4 * depth * " " + line for line in lines]


def _drawn(draws: Sequence[str], function: int) -> list[str]:
    """Write the drawing of the numbers of one call, keyed by synapse, step and function."""
    lines = []
    for block in range(0, len(draws), 4):
        key = 64 * function + block // 4
        lines.append(
            f"x0, x1, x2, x3 = philox(np.uint64(k), np.uint64(tick) & MASK, np.uint64({key}), "
            "np.uint64(tick) >> HALF, d0, d1)"
        )
        lines += [f"r{q} = x{q - block} * UNIT" for q in range(block, min(block + 4, len(draws)))]
    return [*lines, f"u = {made('U', [f'r{q}' for q in range(len(draws))])}"] if draws else []


def _called(
    name: str,
    changed: Sequence[int],
    state: Sequence[str],
    draws: Sequence[str],
    function: int,
    extra: str = "",
) -> list[str]:
    u = ", u" if draws else ""
    new = [f"s.{variable}" for variable in state]
    for place, q in enumerate(changed):
        new[q] = f"float(new[{place}])"
    return [
        *_drawn(draws, function),
        f"weight, new = {name}(weight, s, c, before, after, factor{extra}{u})",
        f"s = {made('S', new)}",
    ]


def _synapse(
    state: Sequence[str], draws: Sequence[str], has: Sequence[str], visits: Sequence[VisitText]
) -> list[str]:
    everything = range(len(state))
    lines = [
        "weight = w[k]",
        f"s = {made('S', [f'state[{q}, k]' for q in everything])}",
        *(f"last{q} = last[{q}]" for q in range(len(visits))),
        "before = silent",
        "bits = np.uint64(0)",
        "block = np.int64(-1)",
        "for i in range(stored.size):",
        "    tick = first + i + 1",
    ]
    step: list[str] = []
    missed = [q for q, visit in enumerate(visits) if visit.on_third]
    if missed:
        step += ["if third[i] != 0.0:", "    factor = 0.0"]
        for q in missed:
            step += [f"    if tick - 1 > last{q}:", f"        steps = tick - 1 - last{q}"]
            step += _indented(_called(visits[q].name, visits[q].state, state, draws, 32 + q, ", steps"), 2)
            step += [f"        last{q} = tick - 1"]
    step += ["factor = third[i]"]
    for q, visit in enumerate(visits):
        also = " or factor != 0.0" if visit.on_third else ""
        steps = ", steps" if visit.steps else ""
        step += [f"if tick % every[{q}] == 0{also}:", f"    steps = tick - last{q}"]
        step += _indented(_called(visit.name, visit.state, state, draws, 2 + q, steps), 1)
        step += [f"    last{q} = tick"]
    step += [
        "before = silent",
        "number = stored[i]",
        "if number:",
        "    if number >> 5 != block:",
        "        block = number >> 5",
        "        bits, x1, x2, x3 = philox(np.uint64(k), np.uint64(block), np.uint64(0), np.uint64(0), p0, p1)",
    ]
    step += ["    up = (bits >> np.uint64(number & 31)) & np.uint64(1)"]
    if "on_pre" in has:
        step += ["    if up:", *_indented(_called("on_pre", everything, state, draws, 0), 2)]
    if "on_post" in has:
        step += ["    before = heard if up else silent"]
        step += _indented(_called("on_post", everything, state, draws, 1), 1)
    return [
        *lines,
        *_indented(step, 1),
        "w[k] = weight",
        *(f"state[{q}, k] = s.{variable}" for q, variable in enumerate(state)),
        *(f"ends[{q}] = last{q}" for q in range(len(visits))),
    ]
