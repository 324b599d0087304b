"""Whether another process of this machine is alive, safe against reuse of its number."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from pathlib import Path


class ProcessWatch:
    """A hold on one process.

    Parameters
    ----------
    pid
        Its number; it must be alive now.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = -1
        with contextlib.suppress(OSError, AttributeError):  # kernels before 5.3
            self._fd = os.pidfd_open(pid)

    def alive(self) -> bool:
        """Whether the process still runs; one that ended but was not yet waited for does not."""
        if self._fd < 0:
            return _running(self.pid)
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return not poll.poll(0)

    def kill(self) -> None:
        """Send SIGKILL, which also ends a stopped process."""
        with contextlib.suppress(OSError):
            if self._fd >= 0:
                signal.pidfd_send_signal(self._fd, signal.SIGKILL)
            elif _running(self.pid):
                os.kill(self.pid, signal.SIGKILL)

    def gone_within(self, seconds: float) -> bool:
        """Wait for the end of the process; return whether it came."""
        until = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def close(self) -> None:
        """Let go of it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _running(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"
