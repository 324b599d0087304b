"""How many workers, and which agents each of them runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import accumulate, pairwise

from spikemesh.errors import InputError, Problem


def usable_cpus() -> int:
    """Return the number of CPUs this process may use."""
    return len(os.sched_getaffinity(0))


def worker_count(backend: str, agents: int, requested: int | None = None) -> int:
    """Return the number of workers.

    Parameters
    ----------
    backend
        ``"ray"`` (default: one worker per agent) or ``"local"`` (default: one per CPU).
    agents
        Number of agents; there are never more workers.
    requested
        What the user asked for, if anything.

    Raises
    ------
    InputError
        If fewer than one was asked for.
    """
    if requested is not None and requested < 1:
        raise InputError(Problem("run.workers", f"{requested} workers", "at least 1"))
    wanted = requested or (agents if backend == "ray" else usable_cpus())
    return max(1, min(wanted, agents))


def pack(agents: int, workers: int, weights: Sequence[int] | None = None) -> list[range]:
    """Cut the agents into contiguous groups, one per worker.

    The heaviest group is as light as contiguous groups allow; within that, groups come as close to
    equal as can be. Equal input gives equal groups.

    Parameters
    ----------
    agents
        Number of agents.
    workers
        Number of groups; no more than agents.
    weights
        Weight of every agent, such as its neurons; None for equal ones.

    Returns
    -------
    list of range
        Agents of each group, none empty.

    Raises
    ------
    InputError
        If there are fewer agents than workers.
    """
    if not 1 <= workers <= agents:
        raise InputError(Problem("run.workers", f"{workers} workers for {agents} agents", f"1 to {agents}"))
    sums = [0, *accumulate(weights if weights is not None else [1] * agents)]
    limit = _lightest_limit(sums, workers)
    earliest = _earliest_starts(sums, workers, limit)
    groups, start = [], 0
    for group in range(workers):
        left = workers - group
        fair = sums[start] + (sums[-1] - sums[start]) / left
        last = agents - left + 1
        fitting = (
            e for e in range(max(start + 1, earliest[group + 1]), last + 1) if sums[e] - sums[start] <= limit
        )
        end = agents if left == 1 else min(fitting, key=lambda e: (abs(sums[e] - fair), e))
        groups.append(range(start, end))
        start = end
    return groups


def _lightest_limit(sums: list[int], workers: int) -> int:
    low = max(b - a for a, b in pairwise(sums))
    high = sums[-1]
    while low < high:
        middle = (low + high) // 2
        if _groups_needed(sums, middle) <= workers:
            high = middle
        else:
            low = middle + 1
    return low


def _groups_needed(sums: list[int], limit: int) -> int:
    needed, start = 1, 0
    for end in range(1, len(sums)):
        if sums[end] - sums[start] > limit:
            needed, start = needed + 1, end - 1
    return needed


def _earliest_starts(sums: list[int], workers: int, limit: int) -> list[int]:
    """Return per group the earliest agent at which it may start, so that it and the later ones fit."""
    starts = [0] * (workers + 1)
    start = starts[workers] = len(sums) - 1
    for group in reversed(range(workers)):
        while start > 0 and sums[starts[group + 1]] - sums[start - 1] <= limit:
            start -= 1
        starts[group] = start
    return starts
