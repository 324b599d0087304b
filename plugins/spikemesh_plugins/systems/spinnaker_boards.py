"""Boards of 48 SpiNNaker chips: a hexagon in a frame of 8 x 8, three of which tile 12 x 12 chips of a torus."""

from __future__ import annotations

BOARD_CHIPS, TRIAD = 48, 12
FRAME = 8
OFFSETS = ((0, 0), (4, 8), (8, 4))
"""Corners of the three boards of a triad: where x is a multiple of 4 and x + y one of 12."""
STEPS = ((1, 0), (1, 1), (0, 1))
"""Links to the east, north-east and north; the others are the same backwards."""
Place = tuple[int, int]


def one_board() -> tuple[Place, ...]:
    """Return the places of the chips of one board, row by row: at most 4 right of the diagonal and 3 left of it."""
    return tuple((x, y) for y in range(FRAME) for x in range(FRAME) if -3 <= x - y <= 4)


def triads(width: int, height: int) -> tuple[Place, ...]:
    """Return the places of the chips of a torus, board by board.

    Parameters
    ----------
    width, height
        Chips along x and y, multiples of 12.
    """
    corners = [
        (x + dx, y + dy)
        for y in range(0, height, TRIAD)
        for x in range(0, width, TRIAD)
        for dx, dy in OFFSETS
    ]
    return tuple(((cx + x) % width, (cy + y) % height) for cx, cy in corners for x, y in one_board())


def edges_of(places: tuple[Place, ...], wrap: tuple[int, int] | None = None) -> tuple[tuple[int, int], ...]:
    """Return the undirected links between chips.

    Parameters
    ----------
    places
        Place of each chip.
    wrap
        Width and height of the torus; None: nothing beyond the places.
    """
    at = {place: chip for chip, place in enumerate(places)}
    found = []
    for (x, y), chip in at.items():
        for dx, dy in STEPS:
            beside = (x + dx, y + dy) if wrap is None else ((x + dx) % wrap[0], (y + dy) % wrap[1])
            if beside in at:
                found.append((chip, at[beside]))
    return tuple(found)
