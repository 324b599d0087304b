"""Where the chips of a system stand in a picture, in columns and rows."""

from __future__ import annotations

import math

from spikemesh.description.layout import Layout, layout_of
from spikemesh.description.system import System

Point = tuple[float, float]


def places_of(system: System, layout: Layout | None = None) -> list[Point]:
    """Return the place of each chip: x to the right, y upwards, neighbours at least 1 apart.

    Grids as they lie, those of more than two dimensions plane beside plane; a tree by its levels; others on a circle,
    a star with its hub in the middle.

    Parameters
    ----------
    system
        The system.
    layout
        The grid in which the chips lie, if known already.
    """
    count = system.chip_count
    layout = layout or layout_of(system)
    if system.topology == "tree":
        return _levels(count)
    if layout is None or (system.topology == "ring" and count > 2):
        if system.topology == "star":
            return [(0.0, 0.0), *_circle(count - 1)]
        return _circle(count)
    width = max(place[0] for place in layout.places) - min(place[0] for place in layout.places) + 2
    found = []
    for place in layout.places:
        x, y = place[0], place[1] if len(place) > 1 else 0
        plane, factor = 0, 1
        for at, extent in zip(place[2:], system.chips[2:], strict=False):
            plane, factor = plane + factor * at, factor * extent
        found.append((float(x + width * plane), float(y)))
    return found


def _circle(count: int) -> list[Point]:
    """Evenly on a circle, from its top clockwise."""
    radius = 1.0 if count < 4 else 1.0 / (2.0 * math.sin(math.pi / count))
    angles = [math.pi / 2 - 2.0 * math.pi * k / max(1, count) for k in range(count)]
    # A little wider than high, as chips are drawn.
    return [(1.15 * radius * math.cos(a), 1.15 * radius * math.sin(a)) for a in angles]


def _levels(count: int) -> list[Point]:
    """Chip k below its parent (k - 1) // 2, in the middle above those below it."""
    depth = count.bit_length() - 1
    found = []
    for chip in range(count):
        level = (chip + 1).bit_length() - 1
        slot = 2.0 ** (depth - level)
        found.append(((chip + 1 - 2**level) * slot + (slot - 1.0) / 2.0, float(-level)))
    return found
