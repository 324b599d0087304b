"""A heap of events: three int64 each, the clock (time and phase), the tag of a packet, and a record.

Every node of the tree has four children, which are neighbours in memory.
"""

from __future__ import annotations

from typing import Any

from spikemesh.kernels.accelerate import bare_inlined
from spikemesh.kernels.pointers import as_int64


@bare_inlined
def _earlier(h: Any, i: Any, clock: Any, tag: Any) -> Any:
    """Whether entry i comes before an event."""
    return (h[3 * i] < clock) | ((h[3 * i] == clock) & (h[3 * i + 1] < tag))


@bare_inlined
def _move(h: Any, source: Any, target: Any) -> None:
    h[3 * target] = h[3 * source]
    h[3 * target + 1] = h[3 * source + 1]
    h[3 * target + 2] = h[3 * source + 2]


@bare_inlined
def _set(h: Any, i: Any, clock: Any, tag: Any, record: Any) -> None:
    h[3 * i] = clock
    h[3 * i + 1] = tag
    h[3 * i + 2] = record


@bare_inlined
def push(heap: Any, size: Any, clock: Any, tag: Any, record: Any) -> None:
    """Add an event to a heap of ``size`` events."""
    h = as_int64(heap.ctypes.data)
    i = size
    while i > 0:
        parent = (i - 1) >> 2
        if _earlier(h, parent, clock, tag):
            break
        _move(h, parent, i)
        i = parent
    _set(h, i, clock, tag, record)


@bare_inlined
def pop(heap: Any, size: Any) -> None:
    """Remove the first event of a heap of ``size`` events."""
    h = as_int64(heap.ctypes.data)
    last = size - 1
    clock, tag, record = h[3 * last], h[3 * last + 1], h[3 * last + 2]
    i = 0
    while 4 * i + 1 < last:
        first = 4 * i + 1
        best = first
        for k in range(first + 1, min(first + 4, last)):
            if _earlier(h, k, h[3 * best], h[3 * best + 1]):
                best = k
        if not _earlier(h, best, clock, tag):
            break
        _move(h, best, i)
        i = best
    _set(h, i, clock, tag, record)
