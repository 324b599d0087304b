"""Source text of the loops that run a neuron model's scalar functions over arrays.

The loop over neurons is generated per model, so that the plugin's function is inlined into it and
vectorised. All arrays are reached through a *block*: an int64 array of sizes and addresses
whose layout is given by the constants below.
"""

from __future__ import annotations

from collections.abc import Sequence

# Block of a population.
SIZE, STATE, CONSTANTS, INPUTS, SCALES, CURRENT, DRAWS, FIRED, RAISED, CHANGED = range(10)
POPULATION_WORDS = 10

HEADER = '''\
"""Generated loops around {name}; safe to delete."""

from collections import namedtuple
from math import floor

from numba import carray, types

from spikemesh.kernels.accelerate import cfunc
from spikemesh.kernels.pointers import as_float64, as_int32, as_int64, as_uint8

SIGNATURE = types.void(types.int64, types.int64)
OPTIONS = dict(nopython=True, error_model="numpy")

'''


def named_tuple(name: str, fields: Sequence[str]) -> str:
    """Write the definition of a named tuple; one without fields cannot be typed, "unused" stands in."""
    return f"{name} = namedtuple({name!r}, {list(fields) or ['unused']!r})\n"


def made(name: str, values: Sequence[str]) -> str:
    """Write the making of a named tuple."""
    return f"{name}({', '.join(values) or '0.0'})"


def stored(places: Sequence[str]) -> list[str]:
    """Write the storing of a new state, as a whole: a plugin that returns too many values must be noticed."""
    return [f"{', '.join(places)}, = new"] if places else []


def indented(lines: Sequence[str], depth: int) -> list[str]:
    """Write lines further in."""
    return [4 * depth * " " + line for line in lines]


def population_source(
    name: str,
    state: Sequence[str],
    constants: Sequence[str],
    shared: Sequence[bool],
    receptors: Sequence[str],
    draws: Sequence[str],
    integer: bool,
    current: bool,
    watched: bool = False,
) -> str:
    """Write the update loop of a neuron model.

    Parameters
    ----------
    name
        Name of the model.
    state, constants, receptors, draws
        Names in order.
    shared
        Per constant, whether all neurons share one value.
    integer
        Whether state, constants and inputs are int64.
    current
        Whether the population has an external current.
    watched
        Whether it is noted which neurons spiked or changed their state.

    Returns
    -------
    str
        A module that defines ``update(block, _)`` and expects ``step`` in its namespace.
    """
    view = "as_int64" if integer else "as_float64"
    out = [HEADER.format(name=name)]
    out.append(
        named_tuple("S", state)
        + named_tuple("C", constants)
        + named_tuple("X", [*receptors, "current", *draws])
    )
    out.append("\n\n@cfunc(SIGNATURE, **OPTIONS)\ndef update(block_address, unused):\n")
    lines = [f"block = carray(as_int64(block_address), {POPULATION_WORDS})", f"n = block[{SIZE}]"]
    lines += [f"s{k} = carray({view}(block[{STATE}] + {8 * k} * n), n)" for k in range(len(state))]
    lines += _constant_lines(shared, view)
    if receptors:
        lines.append(f"inputs = carray(as_int64(block[{INPUTS}]), {len(receptors)})")
    for k in range(len(receptors)):
        lines.append(f"a{k} = carray(as_int64(inputs[{k}]), n)")
        lines.append(f"q{k} = carray(as_float64(block[{SCALES}]), {len(receptors)})[{k}]")
    if current:
        lines.append(f"external = carray(as_float64(block[{CURRENT}]), n)")
    lines += [f"u{k} = carray(as_int32(block[{DRAWS}] + {16 * k} * n), n)" for k in range(len(draws))]
    lines.append(f"fired = carray(as_uint8(block[{FIRED}]), n)")
    if watched:
        lines.append(f"changed = carray(as_uint8(block[{CHANGED}]), n)")
    # Stays set if the plugin's function raises, for then the lines after the loop are not reached.
    lines.append(f"block[{RAISED}] = 1")
    lines.append("for i in range(n):")
    inputs = [f"a{k}[i]" if integer else f"a{k}[i] * q{k}" for k in range(len(receptors))]
    flow = "external[i]" if current else "0.0"
    inputs.append(f"int({flow})" if integer else flow)
    # A draw is an unsigned 32-bit number stored as int32: shift it to [0, 1).
    inputs += [f"(u{k}[i] * (1.0 / 4294967296.0) + 0.5)" for k in range(len(draws))]
    values = [f"c{k}" if is_shared else f"c{k}[i]" for k, is_shared in enumerate(shared)]
    lines.append(f"    s = {made('S', [f's{k}[i]' for k in range(len(state))])}")
    lines.append(f"    new, spiked = step(s, {made('C', values)}, {made('X', inputs)})")
    if watched:
        other = " | ".join(["spiked", *(f"(new[{k}] != s{k}[i])" for k in range(len(state)))])
        lines.append(f"    changed[i] = 1 if {other} else 0")
    lines += [f"    {line}" for line in stored([f"s{k}[i]" for k in range(len(state))])]
    lines += [f"    a{k}[i] = 0" for k in range(len(receptors))]
    lines.append("    fired[i] = 1 if spiked else 0")
    lines.append(f"block[{RAISED}] = 0")
    return "".join(out) + "".join(f"    {line}\n" for line in lines)


def _constant_lines(shared: Sequence[bool], view: str) -> list[str]:
    lines, ones, arrays = [], 0, 0
    for k, is_shared in enumerate(shared):
        offset = f"block[{CONSTANTS}] + {8 * ones} + {8 * arrays} * n"
        lines.append(
            f"c{k} = carray({view}({offset}), 1)[0]" if is_shared else f"c{k} = carray({view}({offset}), n)"
        )
        ones, arrays = ones + is_shared, arrays + (not is_shared)
    return lines
