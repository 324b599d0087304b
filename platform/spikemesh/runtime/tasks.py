"""Independent tasks, several at a time: what is common to processes of this machine and to Ray."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spikemesh.errors import RunError

Task = Callable[[Any], Any]


@dataclass(frozen=True)
class Lost:
    """Stands for the result of a task whose process ended before it was done."""

    reason: str


def task_named(name: str) -> Task:
    """Return the function that ``module:function`` names; every process finds it for itself."""
    module, _, function = name.partition(":")
    task: Task = getattr(importlib.import_module(module), function)
    return task


def outcomes(
    name: str, items: Sequence[Any], jobs: int, backend: str, stopped: Callable[[], bool] = lambda: False
) -> Iterator[tuple[int, Any]]:
    """Call a function on every item, and yield place and result of each as it is done.

    Parameters
    ----------
    name
        ``module:function``; takes an item and returns a result, both of plain values.
    items
        What it is called on.
    jobs
        How many calls at a time.
    backend
        ``local``: processes of this machine; ``ray``: tasks of a Ray of our own.
    stopped
        Asked now and then; once it is true, everything is ended.

    Yields
    ------
    int, object
        Place in ``items``, and the result, or :class:`Lost`.

    Raises
    ------
    RunError
        If Ray does not start.
    """
    if not items:
        return
    if backend == "local":
        from spikemesh.runtime.local_tasks import local_outcomes

        yield from local_outcomes(name, items, min(jobs, len(items)), stopped)
    elif backend == "ray":
        # Imported late: whoever does without Ray need not pay for it.
        from spikemesh.runtime.ray_tasks import ray_outcomes

        yield from ray_outcomes(name, items, min(jobs, len(items)), stopped)
    else:
        raise RunError(f'there is no backend "{backend}"')
