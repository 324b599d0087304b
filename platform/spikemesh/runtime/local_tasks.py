"""Tasks in processes of this machine."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from spikemesh.runtime.ray_cluster import ONE_THREAD
from spikemesh.runtime.tasks import Lost

_LONGEST_WAIT_S = 0.25
"""So that signals are handled while tasks are being waited for."""


def local_outcomes(
    name: str, items: Sequence[Any], jobs: int, stopped: Callable[[], bool]
) -> Iterator[tuple[int, Any]]:
    """Call a function on every item in processes of their own; see :func:`spikemesh.runtime.tasks.outcomes`."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for place in range(len(items)):
        waiting.put(place)
    done: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    workers = [_Worker(name, items, waiting, done) for _ in range(jobs)]
    try:
        left = len(items)
        while left and not stopped():
            with contextlib.suppress(queue.Empty):
                yield done.get(timeout=_LONGEST_WAIT_S)
                left -= 1
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """One process after the other, fed by a thread: a process that dies takes one task with it."""

    def __init__(
        self,
        name: str,
        items: Sequence[Any],
        waiting: queue.SimpleQueue[int],
        done: queue.SimpleQueue[tuple[int, Any]],
    ) -> None:
        self._name, self._items, self._waiting, self._done = name, items, waiting, done
        self._ended = False
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        with self._lock:
            self._ended = True
            if self._process is not None:
                self._process.kill()
        self._thread.join()

    def _work(self) -> None:
        with contextlib.suppress(queue.Empty):
            while not self._ended:
                place = self._waiting.get_nowait()
                self._done.put((place, self._answer(self._items[place])))
        self._close()

    def _answer(self, item: Any) -> Any:
        process = self._started()
        if process is None or process.stdin is None or process.stdout is None:
            return Lost("it was ended")
        line = ""
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps(item) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        if line.endswith("\n"):
            return json.loads(line)
        code = self._close()
        return Lost(f"its process ended {f'with code {code}' if code >= 0 else f'by {_signal_name(-code)}'}")

    def _started(self) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._process is None and not self._ended:
                self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                    [sys.executable, "-m", "spikemesh.runtime.task_process", self._name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    env={**ONE_THREAD, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    # Ctrl-C is for whoever gave the tasks, who ends this process.
                    start_new_session=True,
                )
            return self._process

    def _close(self) -> int:
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return process.wait()


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
