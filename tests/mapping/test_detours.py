"""The two other sides of the triangle of each link, by hand and from the places of chips."""

from __future__ import annotations

import pytest

from spikemesh.description.system import System
from spikemesh.description.topology import coordinates
from spikemesh.mapping.detours import detour_links
from spikemesh_plugins.systems.spinnaker import spinnaker

# SpiNNaker datasheet 2.02, section 10.4: links 0 to 5 lead east, north-east, north, west, south-west and south; a
# packet that finds link d blocked takes link d - 1, and from there the link that leads to where d would have led.
EAST, NORTH_EAST, NORTH, WEST, SOUTH_WEST, SOUTH = (1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1)
CORNERS = {EAST: SOUTH, NORTH_EAST: EAST, NORTH: NORTH_EAST, WEST: NORTH, SOUTH_WEST: WEST, SOUTH: SOUTH_WEST}


def ways(system):
    """Return (start, corner, end) of every link that has a detour, and all links."""
    ends, found = system.directed_links, set()
    for (start, end), (first, second) in zip(ends, detour_links(system).tolist(), strict=True):
        if first >= 0:
            assert (ends[first][0], ends[second]) == (start, (ends[first][1], end))
            found.add((start, ends[first][1], end))
    return found, set(ends)


def moved(place, step, wrap=None):
    x, y = place[0] + step[0], place[1] + step[1]
    return (x, y) if wrap is None else (x % wrap[0], y % wrap[1])


def expected(places, wrap=None):
    chip = {place: k for k, place in enumerate(places)}
    return {
        (chip[a], chip[moved(a, corner, wrap)], chip[moved(a, step, wrap)])
        for a in places
        for step, corner in CORNERS.items()
        if moved(a, step, wrap) in chip and moved(a, corner, wrap) in chip
    }


def test_two_triangles():
    # 0 and 1 in a row, 2 and 3 north of them, and a link from 0 to 3.
    found, links = ways(System(topology="triangular", chips=(2, 2)))
    assert found == {(0, 1, 3), (0, 3, 2), (1, 3, 0), (2, 0, 3), (3, 0, 1), (3, 2, 0)}
    assert links - {(start, end) for start, _, end in found} == {(0, 1), (1, 3), (2, 0), (3, 2)}


@pytest.mark.parametrize("shape", [(4, 3), (3, 5), (2, 2)])
def test_chips_at_an_edge_have_no_way_beyond_it(shape):
    places = [coordinates(k, shape) for k in range(shape[0] * shape[1])]
    found, links = ways(System(topology="triangular", chips=shape))
    assert found == expected(places)
    assert len(found) < len(links)


@pytest.mark.parametrize("shape", [(3, 3), (4, 5), (12, 12)])
def test_every_link_of_a_torus_has_a_way_round(shape):
    places = [coordinates(k, shape) for k in range(shape[0] * shape[1])]
    found, links = ways(System(topology="triangular_torus", chips=shape))
    assert found == expected(places, shape)
    assert len(found) == len(links)


def test_the_board_of_four_chips():
    """Each pair of chips is joined, by one link that stands for two."""
    found, links = ways(spinnaker((2, 2)))
    assert len(found) == len(links) == 12
    # East and west lead to the same chip, by the south or by the north: also the same.
    assert {(0, 2, 1), (0, 1, 3), (0, 3, 2)} < found


@pytest.mark.parametrize(("chips", "wrap"), [((48,), None), ((144,), (12, 12)), ((24, 12), (24, 12))])
def test_boards_of_48_chips(chips, wrap):
    system = spinnaker(chips)
    found, links = ways(system)
    assert found == expected(system.positions, wrap)
    # A board alone has an edge.
    assert (len(found) == len(links)) == (wrap is not None)


def test_places_count_from_one_another_only():
    system = spinnaker((48,))
    moved_away = system.model_copy(update={"positions": tuple((x - 5, y + 7) for x, y in system.positions)})
    assert ways(moved_away) == ways(system)


@pytest.mark.parametrize(
    "system",
    [
        System(topology="mesh", chips=(3, 3)),
        System(topology="full", chips=(4,)),
        System(topology="edges", chips=(3,), edges=((0, 1), (1, 2), (2, 0))),
        System(topology="triangular", chips=(1,)),
    ],
)
def test_no_way_round_where_chips_lie_in_no_triangles(system):
    assert ways(system)[0] == set()
