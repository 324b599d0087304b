"""The directed links of a system, with names and indices."""

from __future__ import annotations

from dataclasses import dataclass

from spikemesh.description.system import System


@dataclass(frozen=True, eq=False)
class Links:
    """Directed links in the order of their indices: by start, then by end.

    Attributes
    ----------
    ends
        (from chip, to chip) of each link.
    names
        Such as ``chip0->chip1``.
    index
        Index by ends.
    """

    ends: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    index: dict[tuple[int, int], int]


def links_of(system: System) -> Links:
    """List the directed links between the chips of a system."""
    ends = system.directed_links
    return Links(ends, tuple(f"chip{a}->chip{b}" for a, b in ends), {pair: k for k, pair in enumerate(ends)})


def core_names(system: System) -> tuple[str, ...]:
    """Name all cores in order, such as ``chip0.core1``."""
    cores = range(system.chip.core_count)
    return tuple(f"chip{chip}.core{core}" for chip in range(system.chip_count) for core in cores)
