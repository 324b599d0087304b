"""What the compiler says of a plugin's function, in the words of the contracts."""

from __future__ import annotations

import re

from spikemesh.kernels.accelerate import HeapError

HEAP = (
    "makes a list, an array or a text, which takes memory from the heap in every call; use numbers and tuples"
)
_LENGTH = re.compile(r"wrong tuple length for (\S+?):? ?'?[,:]? ?'?expected (\d+), got (\d+)")
_NOISE = (
    "Failed in nopython", "During:", "File ", "def ", "<source elided>", "[1]", "[2]", "s = S(", "new, ", "s0[i]", "^",
    ">>> ", "There are ", "- Of which", "and ", "Overload",
)  # fmt: skip


def reason(error: Exception) -> str:
    """Say in one line why a function cannot be compiled.

    Parameters
    ----------
    error
        What the compiler raised.
    """
    text = str(error)
    if isinstance(error, HeapError):
        return f"a function of it {HEAP}"
    length = _LENGTH.search(text)
    if length is not None:
        return _of_length(*length.groups())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(_NOISE)]
    return "; ".join(dict.fromkeys(told[:4]))


def _of_length(variable: str, expected: str, got: str) -> str:
    if variable == "new":
        return f"it returns {got} values of new state where {expected} are declared (expected {expected}, got {got})"
    return (
        f"it returns a tuple of {got}, not of {expected}: the new values and what comes with them, "
        f"as in (v,), spiked (expected {expected}, got {got})"
    )
