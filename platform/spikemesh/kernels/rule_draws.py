"""Source text of the lines that draw random numbers for a synapse and round its weight.

Numbers are those of Philox4x32-10 (:mod:`spikemesh.kernels.random`), 32 bits each: its key is of seed, projection
and function, its counter the source neuron, the target neuron, the step, and the rank of the synapse among those of
the pair (modulo 65,536) with the number of the block of four. Rounding takes the number after those of the rule.
"""

from __future__ import annotations

from spikemesh.kernels.generate import made
from spikemesh.kernels.rule_block import KEYS
from spikemesh.kernels.rule_form import Form

IMPORTS = """\
from numpy import int64, uint64

from spikemesh.kernels.random import philox
from spikemesh.kernels.weight_grid import at_random, to_nearest

"""


def keyed(form: Form, function: str, step: int) -> list[str]:
    """Write what is the same for all synapses: the key, and the words of the counter that hold the step."""
    if not form.drawn:
        return []
    return [
        f"key = uint64(carray(as_int64(block[{KEYS}]), {len(form.keys)})[{form.keys.index(function)}])",
        "key0, key1 = key & uint64(0xFFFFFFFF), key >> uint64(32)",
        f"step = uint64(block[{step}])",
        "early, late = step & uint64(0xFFFFFFFF), (step >> uint64(32)) << uint64(24)",
    ]


def sender(form: Form, number: str) -> list[str]:
    """Write what is the same for all synapses of a row: the source neuron."""
    return [f"sender = uint64(source[{number}])"] if form.drawn else []


def drawn(form: Form, wanted: bool = True) -> list[str]:
    """Write the drawing of the numbers of synapse k onto neuron j; if not wanted, they are all 0."""
    if not wanted:
        return [f"u = {made('U', ['0.0'] * len(form.draws))}"] if form.draws else []
    lines = []
    rank = " | (uint64(ordinal[k]) << uint64(4))" if form.repeated else ""
    for block in range(-(-form.drawn // 4)):
        words = ", ".join(f"d{4 * block + q}" for q in range(4))
        counter = f"sender, uint64(neuron[j]), early, late | uint64({block}){rank}"
        lines.append(f"{words} = philox({counter}, key0, key1)")
    if form.draws:
        lines.append(f"u = {made('U', [_unit(q) for q in range(len(form.draws))])}")
    return lines


def rounded(form: Form) -> list[str]:
    """Write the rounding of a changed weight to the grid."""
    grid = "weight, w[k], per_step, grid_step, grid_top, w_max"
    if form.rounding == "nearest":
        return [f"weight = to_nearest({grid})"]
    if form.rounding == "stochastic":
        return [f"weight = at_random({grid}, {_unit(len(form.draws))})"]
    return []


def _unit(number: int) -> str:
    # From a signed number: the conversion of unsigned ones takes a branch.
    return f"int64(d{number}) * (1.0 / 4294967296.0)"
