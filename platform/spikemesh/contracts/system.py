"""Contract of a system preset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spikemesh.description.system import System


@dataclass(frozen=True)
class SystemPreset:
    """A named system; ``make(chips)`` builds it for a shape of chips (None: its usual shape)."""

    name: str
    summary: str
    make: Callable[[tuple[int, ...] | None], System]
