"""A learning rule's functions compiled and in plain Python, side by side on the same arguments."""

from __future__ import annotations

import ctypes
from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from spikemesh.contracts.learning import LearningRule
from spikemesh.ids import AnyArray, FloatArray
from spikemesh.kernels.compile import compiled
from spikemesh.kernels.generate import HEADER, made, named_tuple

ROWS = 60
_CALL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)
_FIXED = ("on_pre", "on_post", "on_step", "transmit")


@dataclass(frozen=True)
class Shape:
    """Arguments and results of one function of a rule.

    Attributes
    ----------
    name
        The function.
    groups
        Named tuples among its arguments and the names of their fields, in order: S, C, PRE, POST, and U.
    steps
        Whether it is told how many steps have passed.
    state
        State variables that it returns; None: it returns an amount alone.
    """

    name: str
    groups: Mapping[str, tuple[str, ...]]
    steps: bool
    state: tuple[str, ...] | None

    @property
    def columns(self) -> int:
        """Numbers among the arguments."""
        return 2 + int(self.steps) + sum(len(fields) for fields in self.groups.values())

    @property
    def results(self) -> int:
        """Numbers among the results."""
        return 1 + len(self.state or ())


def shapes_of(rule: type[LearningRule], constants: Sequence[str]) -> list[Shape]:
    """List the functions of a rule."""
    found = []
    for name in dict.fromkeys((*_FIXED, *rule.visits)):
        if getattr(rule, name) is None:
            continue
        groups = {
            "S": tuple(rule.state),
            "C": tuple(constants),
            "PRE": tuple(rule.pre),
            "POST": (*rule.post, *rule.reads),
        }
        if rule.draws:
            groups["U"] = tuple(rule.draws)
        visit = rule.visits.get(name)
        changed = visit.state if visit is not None and visit.state is not None else tuple(rule.state)
        state = None if name == "transmit" else changed
        found.append(Shape(name, groups, name not in _FIXED, state))
    return found


def _source(rule: str, shape: Shape) -> str:
    """Write a loop over rows of arguments around a function of a rule."""
    at = 1
    arguments, constants = ["g[0]"], ""
    for group, fields in shape.groups.items():
        if group == "U":
            continue
        # Constants are the same in all rows, and there may be many: made once, they compile faster.
        from_ = "first" if group == "C" else "g"
        tuple_ = made(group, [f"{from_}[{at + k}]" for k in range(len(fields))])
        constants = tuple_ if group == "C" else constants
        arguments.append("c" if group == "C" else tuple_)
        at += len(fields)
    arguments.append(f"g[{at}]")
    at += 1
    if shape.steps:
        arguments.append(f"int(g[{at}])")
        at += 1
    if "U" in shape.groups:
        arguments.append(made("U", [f"g[{at + k}]" for k in range(len(shape.groups["U"]))]))
    call = f"{shape.name}({', '.join(arguments)})"
    kept = [f"out[{1 + k}]" for k in range(len(shape.state or ()))]
    lines = [
        "block = carray(as_int64(block_address), 2)",
        f"first = carray(as_float64(block[0]), {shape.columns})",
        f"c = {constants}",
        "for row in range(rows):",
        f"    g = carray(as_float64(block[0] + row * {8 * shape.columns}), {shape.columns})",
        f"    out = carray(as_float64(block[1] + row * {8 * shape.results}), {shape.results})",
        f"    out[0] = {call}" if shape.state is None else f"    w, new = {call}",
        *([] if shape.state is None else ["    out[0] = w"]),
        *([f"    {', '.join(kept)}, = new"] if kept else []),
    ]
    tuples = "".join(named_tuple(group, fields) for group, fields in shape.groups.items())
    body = "".join(f"    {line}\n" for line in lines)
    return (
        f"{HEADER.format(name=rule)}{tuples}\n\n@cfunc(SIGNATURE, **OPTIONS)\n"
        f"def trial(block_address, rows):\n{body}"
    )


def run_compiled(rule: type[LearningRule], shape: Shape, rows: FloatArray) -> FloatArray:
    """Call a compiled function with every row of arguments.

    Raises
    ------
    PluginError
        If it cannot be compiled.
    """
    function = getattr(rule, shape.name)
    what = f"learning rule {rule.name}"
    module = compiled(what, f"{rule.name}_trial", _source(rule.name, shape), {shape.name: function})
    given = np.ascontiguousarray(rows)
    results = np.zeros((len(given), shape.results))
    block = np.array([given.ctypes.data, results.ctypes.data], dtype=np.int64)
    _CALL(int(module.trial.address))(block.ctypes.data, len(given))
    return results


def run_plain(rule: type[LearningRule], shape: Shape, row: Sequence[float]) -> list[float]:
    """Call a function in plain Python with one row of arguments."""
    at, arguments = 1, [float(row[0])]
    tuples: list[Any] = list(arguments)
    for group, fields in shape.groups.items():
        if group != "U":
            tuples.append(_tuple(group, fields, row[at : at + len(fields)]))
            at += len(fields)
    tuples.append(float(row[at]))
    at += 1
    if shape.steps:
        tuples.append(int(row[at]))
        at += 1
    if "U" in shape.groups:
        tuples.append(_tuple("U", shape.groups["U"], row[at:]))
    result = getattr(rule, shape.name)(*tuples)
    if shape.state is None:
        return [float(result)]
    w, new = result
    assert len(new) == len(shape.state), (
        f"{shape.name} returned {len(new)} values of state where {len(shape.state)} are declared"
    )
    return [float(w), *(float(v) for v in new)]


def _tuple(name: str, fields: tuple[str, ...], values: Sequence[float]) -> Any:
    if not fields:
        return ()
    return _made(name, fields)(*(float(v) for v in values))


@cache
def _made(name: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(name, fields)


def rows_for(
    rule: type[LearningRule],
    shape: Shape,
    constants: Mapping[str, float],
    initial: Mapping[str, float],
    w_max: float,
) -> tuple[FloatArray, list[list[float]]]:
    """Draw arguments, and return them with what plain Python makes of them.

    State goes on from call to call, so that it is of the kind that occurs. Arguments that plain Python cannot
    compute with are left out.
    """
    random = np.random.default_rng(5)
    kept, answers = [], []
    state = dict(initial)
    w = 0.5 * w_max
    refused: ArithmeticError | ValueError | None = None
    for k in range(ROWS):
        if k % 20 == 0:
            state, w = dict(initial), w_max * random.random()
        row = _row(shape, random, w, state, constants)
        try:
            answer = run_plain(rule, shape, row)
        except (ArithmeticError, ValueError) as error:
            refused = error
            continue
        kept.append(row)
        answers.append(answer)
        if shape.state is not None:
            w = answer[0] if np.isfinite(answer[0]) else 0.5 * w_max
            state |= dict(zip(shape.state, answer[1:], strict=True))
    assert kept, f"{shape.name} raises in plain Python: {refused}"
    return np.array(kept), answers


def _row(
    shape: Shape,
    random: np.random.Generator,
    w: float,
    state: Mapping[str, float],
    constants: Mapping[str, float],
) -> list[float]:
    row = [w, *(state[name] for name in shape.groups["S"]), *constants.values()]
    row += (2.0 * random.random(len(shape.groups["PRE"]))).tolist()
    # Traces of spikes, or potentials of a neuron.
    post: AnyArray = random.random(len(shape.groups["POST"]))
    row += (2.0 * post if random.random() < 0.5 else 100.0 * post - 75.0).tolist()
    row.append(float(random.choice([0.0, 0.0, 0.5, 1.0, -1.0])))
    if shape.steps:
        row.append(float(random.integers(1, 12)))
    row += random.random(len(shape.groups.get("U", ()))).tolist()
    return row
