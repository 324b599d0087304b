"""What a router finds out about a system once, and needs for every path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from spikemesh.description.system import System
from spikemesh.description.topology import Link

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps what was made of a system and its links until it is asked about others.

    Parameters
    ----------
    make
        Called with a system and its links.
    """

    def __init__(self, make: Callable[[System, dict[Link, int]], T]) -> None:
        self._make = make
        self._last: tuple[System, dict[Link, int], T] | None = None

    def of(self, system: System, links: dict[Link, int]) -> T:
        """Return what is made of a system and its links."""
        last = self._last
        # The very objects: comparing their contents would take longer than most paths.
        if last is None or last[0] is not system or last[1] is not links:
            self._last = last = (system, links, self._make(system, links))
        return last[2]
