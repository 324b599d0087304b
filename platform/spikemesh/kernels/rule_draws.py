"""Source text of the lines that draw random numbers for a synapse and round its weight.

Numbers are those of Philox4x32-10 (:mod:`spikemesh.kernels.random`), 32 bits each: its key is of seed, projection
and function, its counter the source neuron, the target neuron, the step, and the rank of the synapse among those of
the pair (modulo 65,536) with the number of the block of four. Rounding takes the number after those of the rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from spikemesh.kernels.generate import indented, made
from spikemesh.kernels.rule_block import BATCH, DRAWN, KEYS
from spikemesh.kernels.rule_form import Form

IMPORTS = """\
from numpy import int64, uint64

from spikemesh.kernels.random import philox
from spikemesh.kernels.weight_grid import at_random, to_nearest

"""


def keyed(form: Form, function: str, step: str) -> list[str]:
    """Write what is the same for all synapses: the key, the words of the counter that hold the step, and memory."""
    if function not in form.drawing:
        return []

    def part(number: int) -> str:
        return f"carray(as_int64(block[{DRAWN}] + {8 * BATCH * number}), {BATCH})"

    return [
        f"key = uint64(carray(as_int64(block[{KEYS}]), {len(form.keys)})[{form.keys.index(function)}])",
        "key0, key1 = key & uint64(0xFFFFFFFF), key >> uint64(32)",
        f"step = uint64({step})",
        "early, late_steps = step & uint64(0xFFFFFFFF), (step >> uint64(32)) << uint64(24)",
        f"others = {part(0)}",
        f"ranks = {part(1)}",
        *(f"drawn{q} = {part(2 + q)}" for q in range(form.drawn)),
    ]


def other(form: Form, neuron: str, synapse: str) -> list[str]:
    """Write the noting of what differs from synapse to synapse: one of its neurons, and its rank in the pair."""
    rank = [f"ranks[i] = int64(ordinal[{synapse}])"] if form.repeated else []
    return [f"others[i] = int64({neuron})", *rank]


def batch(form: Form, sender: str, receiver: str) -> list[str]:
    """Write the drawing of the numbers of ``size`` synapses, in a loop of its own that becomes vector code."""
    rank = " | (uint64(ranks[i]) << uint64(4))" if form.repeated else ""
    lines = ["for i in range(size):"]
    for block in range(-(-form.drawn // 4)):
        words = ", ".join(f"d{4 * block + q}" for q in range(4))
        counter = f"{sender}, {receiver}, early, late_steps | uint64({block}){rank}"
        lines.append(f"    {words} = philox({counter}, key0, key1)")
    return lines + [f"    drawn{q}[i] = int64(d{q})" for q in range(form.drawn)]


def each(form: Form, drawing: bool, source: str, first: str, last: str, body: Sequence[str]) -> list[str]:
    """Write the loop over the synapses of a row from ``first`` to before ``last``, with their numbers drawn."""
    if not drawing:
        return [f"for k in range({first}, {last}):", "    j = int(target[k])", *indented(body, 1)]
    return [
        f"sender = uint64(source[{source}])",
        f"begin = {first}",
        f"while begin < {last}:",
        f"    size = min({last} - begin, {BATCH})",
        "    for i in range(size):",
        *indented(other(form, "neuron[int(target[begin + i])]", "begin + i"), 2),
        *indented(batch(form, "sender", "uint64(others[i])"), 1),
        "    for i in range(size):",
        "        k = begin + i",
        "        j = int(target[k])",
        *indented(body, 2),
        "    begin += size",
    ]


def numbers(form: Form, drawing: bool) -> list[str]:
    """Write the gathering of the numbers that the rule sees; they are 0 where it makes no use of them."""
    seen = [_unit(q) if drawing else "0.0" for q in range(len(form.draws))]
    return [f"u = {made('U', seen)}"] if form.draws else []


def rounded(form: Form) -> list[str]:
    """Write the rounding of a changed weight to the grid."""
    grid = "weight, w[k], per_step, grid_step, grid_top, w_max"
    if form.rounding == "nearest":
        return [f"weight = to_nearest({grid})"]
    if form.rounding == "stochastic":
        return [f"weight = at_random({grid}, {_unit(len(form.draws))})"]
    return []


def _unit(number: int) -> str:
    return f"drawn{number}[i] * (1.0 / 4294967296.0)"
