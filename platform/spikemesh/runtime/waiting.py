"""How long to look, yield and sleep while a peer is not ready."""

from __future__ import annotations

import os
import time

_YIELD_S = 0.001
_LONGEST_SLEEP_S = 0.001
_FIRST_SLEEP_S = 0.00005
_CHECK_S = 0.05


class Patience:
    """Waits that are short at first and grow, so that idle workers leave their core to busy ones.

    Parameters
    ----------
    spin_s
        Seconds of looking without pause; 0 where workers outnumber cores.
    """

    def __init__(self, spin_s: float) -> None:
        self._spin_s = spin_s
        self._started = 0.0
        self._next_check = 0.0
        self._sleep = 0.0

    def begin(self) -> None:
        """Start a new wait."""
        self._started = 0.0

    def pause(self) -> bool:
        """Pause a little; return whether it is time to check that the peers are alive."""
        now = time.monotonic()
        if not self._started:
            self._started = now
            self._next_check = now + _CHECK_S
            self._sleep = _FIRST_SLEEP_S
        waited = now - self._started
        if waited < self._spin_s:
            return False
        if waited < self._spin_s + _YIELD_S:
            os.sched_yield()
        else:
            time.sleep(self._sleep)
            self._sleep = min(2 * self._sleep, _LONGEST_SLEEP_S)
        if now < self._next_check:
            return False
        self._next_check = now + _CHECK_S
        return True
