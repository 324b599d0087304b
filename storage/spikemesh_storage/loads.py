"""Loads of links and cores on the hardware: how busy they were, what waited for them, what they lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spikemesh.ids import IntArray
from spikemesh_storage.schema import LINK_PACKETS

if TYPE_CHECKING:
    from spikemesh_storage.reader import Trace

CORE_COUNTS = ("updates", "idle_updates", "learning_updates", "packets_in", "packets_out", "overruns")
"""Counters of cores that are shown as they are, where they were counted."""
LINK_COUNTS = ("dropped", "late")
"""The same of links."""


def add_link_loads(trace: Trace, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to the rows of links what was counted of their loads.

    ``utilisation`` is the part of the hardware time in which the link was busy; ``wait_mean_ns`` how long a packet
    waited for it; ``queue_mean`` how many waited on average, which by Little's law is all waiting over the hardware
    time; ``queue_max`` how many waited at most. Where packets were not simulated one by one nothing is said of queues.
    """
    time, packets = trace.hardware_time_ps, trace.counts(LINK_PACKETS).sum(axis=0)
    busy, wait = (_total(trace, f"link_{name}_ps") for name in ("busy", "wait"))
    longest = trace.counts("link_queue_max") if "link_queue_max" in trace.counters else None
    if wait is not None and not wait.any() and not _queues(trace):
        wait = longest = None
    for k, row in enumerate(rows):
        if busy is not None:
            row["utilisation"] = _over(int(busy[k]), time)
        if wait is not None:
            waited = _over(int(wait[k]), int(packets[k]))
            row["wait_mean_ns"] = None if waited is None else waited / 1000
            row["queue_mean"] = _over(int(wait[k]), time)
        if longest is not None:
            row["queue_max"] = int(longest[:, k].max(initial=0))
    return _add_counts(trace, "link", LINK_COUNTS, rows)


def add_core_loads(trace: Trace, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to the rows of cores what was counted of their loads.

    ``busy`` is the part of the hardware time in which the core worked.
    """
    busy = _total(trace, "core_busy_ps")
    if busy is not None:
        for k, row in enumerate(rows):
            row["busy"] = _over(int(busy[k]), trace.hardware_time_ps)
    return _add_counts(trace, "core", CORE_COUNTS, rows)


def _queues(trace: Trace) -> bool:
    """Tell whether packets waited for one another: they do not where links are only loads."""
    return bool(trace.hardware.get("links_level", "packet") == "packet")


def _add_counts(
    trace: Trace, axis: str, names: tuple[str, ...], rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    for name in names:
        total = _total(trace, f"{axis}_{name}")
        if total is not None:
            for k, row in enumerate(rows):
                row[name] = int(total[k])
    return rows


def _total(trace: Trace, name: str) -> IntArray | None:
    return trace.counts(name).sum(axis=0) if name in trace.counters else None


def _over(part: int, whole: int | None) -> float | None:
    return part / whole if whole else None
