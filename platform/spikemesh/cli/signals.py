"""Ctrl-C and SIGTERM before and after the loop of a run, which has handlers of its own."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_KEY = "spikemesh.signal"
_SAME_S = 1.0
"""Whoever ends a job often signals the process and its group; SIGTERM within so long counts once."""


@contextmanager
def ends_in_order(ctx: click.Context) -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: in order, with a message and exit code 130.

    Parameters
    ----------
    ctx
        Context of the command; its ``meta`` notes a signal until it is honoured.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    terminated = -_SAME_S

    def interrupt(number: int, _frame: FrameType | None) -> None:
        nonlocal terminated
        now, before = time.monotonic(), terminated
        if number == signal.SIGTERM:
            terminated = now
            if now - before < _SAME_S:
                return
        ctx.meta[_KEY] = number
        raise KeyboardInterrupt

    handlers = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    hook, sys.unraisablehook = sys.unraisablehook, _without_interrupts(sys.unraisablehook)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            # None stands for a handler that was not installed from Python.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def raise_lost(ctx: click.Context) -> None:
    """Send a signal again whose exception was lost, as happens in a compiler's call back into Python."""
    number = ctx.meta.pop(_KEY, None)
    if number is not None:
        signal.raise_signal(number)


def _without_interrupts(hook: Any) -> Any:
    def show(unraisable: UnraisableHookArgs) -> None:
        if unraisable.exc_type is not KeyboardInterrupt:
            hook(unraisable)

    return show
