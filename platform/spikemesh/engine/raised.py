"""What a plugin's compiled function raised; compiled callbacks cannot pass exceptions on."""

from __future__ import annotations

import sys
import threading
from typing import Any

# Per thread: several workers may run in one process, and each must hear of its own plugins alone.
_raised = threading.local()
_previous = [sys.__unraisablehook__]


def _hook(unraisable: Any) -> None:
    if "numba" in str(unraisable.object):
        _raised.message = f"{unraisable.exc_type.__name__}: {unraisable.exc_value}"
    else:
        _previous[0](unraisable)


def listen() -> None:
    """Note exceptions of compiled functions in this process from now on, and forget this thread's last one."""
    if sys.unraisablehook is not _hook:
        _previous[0] = sys.unraisablehook
        sys.unraisablehook = _hook
    _raised.message = "an exception"


def last_raised() -> str:
    """Return type and text of what was raised in this thread."""
    return str(getattr(_raised, "message", "an exception"))
