"""Source text of the loops that run a plugin's scalar functions over arrays.

The loop over neurons (or synapses) is generated per model, so that the plugin's function is inlined
into it and vectorised. All arrays are reached through a *block*: an int64 array of sizes and addresses
whose layout is given by the constants below.
"""

from __future__ import annotations

from collections.abc import Sequence

OUTGROWN = 256.0
"""A plastic weight beyond this many times w_max is delivered as so much, for its integer to fit."""

# Block of a population.
SIZE, STATE, CONSTANTS, INPUTS, SCALES, CURRENT, DRAWS, FIRED, RAISED = range(9)
POPULATION_WORDS = 9

# Block of a plastic table.
(
    SYNAPSES,
    WEIGHT,
    VARIABLES,
    RULE_CONSTANTS,
    PRE_TRACES,
    SEGMENTS,
    POST_TRACES,
    POST_SIZE,
    TARGET,
    SEGMENT_OF,
    BY_POST,
    BY_POST_START,
    SEGMENT_START,
    ROW,
    THIRD,
    TABLE_RAISED,
) = range(16)
TABLE_WORDS = 16

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


def _tuple(name: str, fields: Sequence[str]) -> str:
    # A named tuple without fields cannot be typed; "unused" stands in.
    return f"{name} = namedtuple({name!r}, {list(fields) or ['unused']!r})\n"


def _make(name: str, values: Sequence[str]) -> str:
    return f"{name}({', '.join(values) or '0.0'})"


def _stored(places: Sequence[str]) -> list[str]:
    # Unpacked as a whole: a plugin that returns more values than it declares must not go unnoticed.
    return [f"{', '.join(places)}, = new"] if places else []


def population_source(
    name: str,
    state: Sequence[str],
    constants: Sequence[str],
    shared: Sequence[bool],
    receptors: Sequence[str],
    draws: Sequence[str],
    integer: bool,
    current: bool,
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

    Returns
    -------
    str
        A module that defines ``update(block, _)`` and expects ``step`` in its namespace.
    """
    view = "as_int64" if integer else "as_float64"
    out = [HEADER.format(name=name)]
    out.append(_tuple("S", state) + _tuple("C", constants) + _tuple("X", [*receptors, "current", *draws]))
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
    # Stays set if the plugin's function raises, for then the lines after the loop are not reached.
    lines.append(f"block[{RAISED}] = 1")
    lines.append("for i in range(n):")
    inputs = [f"a{k}[i]" if integer else f"a{k}[i] * q{k}" for k in range(len(receptors))]
    flow = "external[i]" if current else "0.0"
    inputs.append(f"int({flow})" if integer else flow)
    # A draw is an unsigned 32-bit number stored as int32: shift it to [0, 1).
    inputs += [f"(u{k}[i] * (1.0 / 4294967296.0) + 0.5)" for k in range(len(draws))]
    values = [f"c{k}" if is_shared else f"c{k}[i]" for k, is_shared in enumerate(shared)]
    lines.append(f"    s = {_make('S', [f's{k}[i]' for k in range(len(state))])}")
    lines.append(f"    new, spiked = step(s, {_make('C', values)}, {_make('X', inputs)})")
    lines += [f"    {line}" for line in _stored([f"s{k}[i]" for k in range(len(state))])]
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


def rule_source(
    name: str,
    state: Sequence[str],
    constants: Sequence[str],
    pre: Sequence[tuple[str, str]],
    post: Sequence[tuple[str, str]],
    has: Sequence[str],
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
        Which of ``on_pre``, ``on_post``, ``on_step`` the rule defines.

    Returns
    -------
    str
        A module that defines ``arrive(block, segment)`` (on_pre and delivery), ``potentiate(block, neuron)``
        (on_post), ``tick(block, _)`` (on_step), ``decay(block, _)``, ``mark_pre(block, segment)`` and
        ``mark_post(block, neuron)``, and expects the rule's functions in its namespace.
    """
    head = HEADER.format(name=name) + _tuple("S", state) + _tuple("C", constants)
    head += _tuple("PRE", [p for p, _ in pre]) + _tuple("POST", [p for p, _ in post])
    views = _rule_views(len(state), len(constants), len(pre), len(post))
    update = [
        f"s = {_make('S', [f's{q}[k]' for q in range(len(state))])}",
        f"before = {_make('PRE', [f'x{q}[segment]' for q in range(len(pre))])}",
        f"after = {_make('POST', [f'y{q}[j]' for q in range(len(post))])}",
        "{call}",
        "w[k] = weight",
        *_stored([f"s{q}[k]" for q in range(len(state))]),
    ]

    def updating(function: str) -> list[str]:
        call = f"weight, new = {function}(w[k], s, c, before, after, third)"
        return [line.replace("{call}", call) for line in update] if function in has else []

    arrive = ["for k in range(segment_start[segment], segment_start[segment + 1]):", "    j = target[k]"]
    arrive += [f"    {line}" for line in updating("on_pre")]
    arrive.append("    row[j] += int(floor(min(max(w[k] * scale, -most), most) + 0.5))")
    potentiate = ["for position in range(by_post_start[neuron], by_post_start[neuron + 1]):"]
    potentiate += ["    j = neuron", "    k = by_post[position]", "    segment = segment_of[k]"]
    potentiate += [f"    {line}" for line in updating("on_post")]
    every = ["for k in range(synapses):", "    j = target[k]", "    segment = segment_of[k]"]
    every += [f"    {line}" for line in updating("on_step")]
    decay = []
    for q in range(len(pre)):
        decay += ["for k in range(segments):", f"    x{q}[k] *= dx{q}"]
    for q in range(len(post)):
        decay += ["for k in range(post_size):", f"    y{q}[k] *= dy{q}"]
    mark_pre = [
        f"x{q}[segment] = {'1.0' if how == 'set' else f'x{q}[segment] + 1.0'}"
        for q, (_, how) in enumerate(pre)
    ]
    mark_post = [
        f"y{q}[neuron] = {'1.0' if how == 'set' else f'y{q}[neuron] + 1.0'}"
        for q, (_, how) in enumerate(post)
    ]
    out = [head]
    for function, argument, body in (
        ("arrive", "segment", arrive),
        ("potentiate", "neuron", potentiate if "on_post" in has else ["pass"]),
        ("tick", "unused", every if "on_step" in has else ["pass"]),
        ("decay", "unused", decay or ["pass"]),
        ("mark_pre", "segment", mark_pre or ["pass"]),
        ("mark_post", "neuron", mark_post or ["pass"]),
    ):
        out.append(f"\n\n@cfunc(SIGNATURE, **OPTIONS)\ndef {function}(block_address, {argument}):\n")
        guard = [f"block[{TABLE_RAISED}] = 1", *body, f"block[{TABLE_RAISED}] = 0"]
        out += [f"    {line}\n" for line in [*views, *guard]]
    return "".join(out)


def _rule_views(state: int, constants: int, pre: int, post: int) -> list[str]:
    lines = [
        f"block = carray(as_int64(block_address), {TABLE_WORDS})",
        f"synapses, segments, post_size = block[{SYNAPSES}], block[{SEGMENTS}], block[{POST_SIZE}]",
        f"w = carray(as_float64(block[{WEIGHT}]), synapses)",
        f"target = carray(as_int32(block[{TARGET}]), synapses)",
        f"segment_of = carray(as_int32(block[{SEGMENT_OF}]), synapses)",
        f"by_post = carray(as_int64(block[{BY_POST}]), synapses)",
        f"by_post_start = carray(as_int64(block[{BY_POST_START}]), post_size + 1)",
        f"segment_start = carray(as_int64(block[{SEGMENT_START}]), segments + 1)",
        f"row = carray(as_int64(block[{ROW}]), post_size)",
        f"third = carray(as_float64(block[{THIRD}]), 1)[0]",
        f"numbers = carray(as_float64(block[{RULE_CONSTANTS}]), {2 + constants + pre + post})",
        "scale, most = numbers[0], numbers[1]",
        f"c = {_make('C', [f'numbers[{2 + q}]' for q in range(constants)])}",
    ]
    lines += [f"dx{q} = numbers[{2 + constants + q}]" for q in range(pre)]
    lines += [f"dy{q} = numbers[{2 + constants + pre + q}]" for q in range(post)]
    lines += [
        f"s{q} = carray(as_float64(block[{VARIABLES}] + {8 * q} * synapses), synapses)" for q in range(state)
    ]
    lines += [
        f"x{q} = carray(as_float64(block[{PRE_TRACES}] + {8 * q} * segments), segments)" for q in range(pre)
    ]
    lines += [
        f"y{q} = carray(as_float64(block[{POST_TRACES}] + {8 * q} * post_size), post_size)"
        for q in range(post)
    ]
    return lines
