"""Turns SIGINT and SIGTERM into a flag that is honoured between two pieces of a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Interruption:
    """Whether a signal asked the run to stop; call it to know.

    Attributes
    ----------
    signal
        Number of the signal that came, 0 if none.
    """

    signal: int = 0

    def __call__(self) -> bool:
        """Whether a signal came."""
        return self.signal != 0

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal; a second SIGINT raises KeyboardInterrupt."""
        if self.signal and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Catch SIGINT and SIGTERM while the block runs.

    Enter it after Ray has been started, which installs a handler of its own. Outside the main thread it
    catches nothing, for only the main thread may handle signals.
    """
    flag = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    before = {number: signal.signal(number, flag.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            # None stands for a handler that was not installed from Python.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
