"""The process of a local task: takes items as lines of JSON, and answers each with a line."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading

from spikemesh.runtime.tasks import task_named


def main(name: str) -> None:
    """Answer items until there are no more.

    Parameters
    ----------
    name
        ``module:function``.
    """
    # What a task prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    task = task_named(name)
    while True:
        print(json.dumps(task(json.loads(lines.get()))), file=answers, flush=True)


def _read(lines: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    # Whoever gave the tasks has gone, perhaps killed: nobody waits for an answer.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
