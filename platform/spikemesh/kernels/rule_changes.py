"""Which state a function of a learning rule returns as it was, so that it need not be written."""

from __future__ import annotations

import dis
from collections.abc import Callable, Sequence
from typing import Any


def unchanged(function: Callable[..., Any], returned: Sequence[str]) -> set[str]:
    """Find the state variables that a function surely hands back as it got them.

    Parameters
    ----------
    function
        ``(w, s, ...) -> (w, (state, ...))``.
    returned
        Names of the state variables that it returns, in order.

    Returns
    -------
    set of str
        Those for which each ``return`` says ``s.<name>`` at their place.
    """
    code = list(dis.get_instructions(function))
    state = function.__code__.co_varnames[1]
    if any(state in _names(i) and not i.opname.startswith("LOAD_FAST") for i in code):
        return set()
    ends = [at for at, instruction in enumerate(code) if instruction.opname.startswith("RETURN")]
    found = [_handed_back(code, at, state, returned) for at in ends]
    return set.intersection(*found) if found else set()


def _names(instruction: dis.Instruction) -> tuple[Any, ...]:
    # Some instructions are two in one.
    return instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)


def _handed_back(code: list[dis.Instruction], end: int, state: str, returned: Sequence[str]) -> set[str]:
    """Read ``(w, (state, ...))`` backwards from a return, as long as it is of names and attributes."""
    tuples = [(i.opname, i.argval) for i in code[max(end - 2, 0) : end + 1]]
    if tuples != [("BUILD_TUPLE", len(returned)), ("BUILD_TUPLE", 2), ("RETURN_VALUE", None)]:
        return set()
    found, at = set(), end - 2
    for name in reversed(returned):
        # Where two ways join, what lies before is one of several values.
        if at < 2 or code[at].is_jump_target or code[at - 1].is_jump_target:
            break
        value, owner = code[at - 1], code[at - 2]
        if value.opname == "LOAD_ATTR" and owner.opname.startswith("LOAD_FAST"):
            if owner.argval == state and value.argval == name:
                found.add(name)
            at -= 2
        elif value.opname.startswith("LOAD_FAST") and isinstance(value.argval, str):
            at -= 1
        else:
            break
    return found
