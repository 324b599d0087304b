"""Tasks of a Ray of our own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from spikemesh.runtime.ray_cluster import RayCluster
from spikemesh.runtime.tasks import Lost, task_named

_OBJECT_STORE = 256 << 20
_LONGEST_WAIT_S = 0.25
"""So that signals are handled while Ray is being waited for."""


def call(name: str, item: Any) -> Any:
    """Call the function that a text names, in a process of Ray."""
    return task_named(name)(item)


def ray_outcomes(
    name: str, items: Sequence[Any], jobs: int, stopped: Callable[[], bool]
) -> Iterator[tuple[int, Any]]:
    """Call a function on every item in tasks of Ray; see :func:`spikemesh.runtime.tasks.outcomes`."""
    cluster = RayCluster()
    ray = cluster.load()
    cluster.connect(jobs, _OBJECT_STORE)
    places: dict[Any, int] = {}
    try:
        # A task that is tried again by Ray could meet what the first attempt left.
        task = ray.remote(num_cpus=1, max_retries=0)(call)
        places = {task.remote(name, item): place for place, item in enumerate(items)}
        while places and not stopped():
            finished, _ = ray.wait(list(places), num_returns=1, timeout=_LONGEST_WAIT_S)
            for reference in finished:
                yield places.pop(reference), _result(ray, reference)
    finally:
        if cluster.joined:
            for reference in places:
                with contextlib.suppress(Exception):  # it may be done by now
                    ray.cancel(reference, force=True)
        cluster.close()


def _result(ray: Any, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        return Lost(str(error).strip().splitlines()[0])
