"""Paths of the built-in routers on every topology."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemesh.description.layout import layout_of
from spikemesh.description.system import ChipSpec, System
from spikemesh.mapping.topology import links_of
from spikemesh_plugins.mapping.dimension_order import DimensionOrder
from spikemesh_plugins.mapping.longest_dimension_first import LongestDimensionFirst
from spikemesh_plugins.mapping.placers import hop_counts
from spikemesh_plugins.mapping.shortest_path import ShortestPath
from spikemesh_plugins.systems.spinnaker import spinnaker

TOPOLOGIES = ("mesh", "torus", "triangular", "triangular_torus", "ring", "tree", "star", "full")


def system_of(topology, chips, **more):
    return System(topology=topology, chips=chips, chip=ChipSpec(cores=(1, 1)), **more)


def walk(router, system, source, target):
    links = links_of(system)
    path = router.path(source, target, system, links.index)
    assert all(links.ends[a][1] == links.ends[b][0] for a, b in pairwise(path))
    return [source, *(links.ends[k][1] for k in path)]


@st.composite
def systems(draw):
    topology = draw(st.sampled_from((*TOPOLOGIES, "edges")))
    if topology == "edges":
        count = draw(st.integers(2, 9))
        # A tree over all chips, and more.
        tree = [(draw(st.integers(0, k - 1)), k) for k in range(1, count)]
        chip = st.integers(0, count - 1)
        more = draw(st.lists(st.tuples(chip, chip).filter(lambda ends: ends[0] != ends[1]), max_size=6))
        return system_of(topology, (count,), edges=tuple(tree + more))
    return system_of(topology, (draw(st.integers(1, 6)), draw(st.integers(1, 5))))


@settings(max_examples=60, deadline=None)
@given(system=systems(), router=st.sampled_from((DimensionOrder, LongestDimensionFirst, ShortestPath)))
def test_every_path_is_as_long_as_chips_are_apart_and_paths_from_a_chip_are_a_tree(system, router):
    hops, made = hop_counts(system), router()
    for a in range(system.chip_count):
        before = {}
        for b in range(system.chip_count):
            chips = walk(made, system, a, b)
            assert chips[-1] == b
            assert len(chips) - 1 == hops[a, b]
            for here, there in pairwise(chips):
                assert before.setdefault(there, here) == here


@settings(max_examples=30, deadline=None)
@given(system=systems())
def test_shortest_paths_to_a_chip_are_a_tree(system):
    made = ShortestPath()
    for b in range(system.chip_count):
        after = {}
        for a in range(system.chip_count):
            for here, there in pairwise(walk(made, system, a, b)):
                assert after.setdefault(here, there) == there


@pytest.mark.parametrize(
    ("topology", "source", "target", "chips"),
    [
        # 6 x 5 chips: chip = x + 6 y.
        ("mesh", 0, 15, [0, 1, 2, 3, 9, 15]),  # (3, 2): x first
        ("mesh", 0, 19, [0, 6, 12, 18, 19]),  # (1, 3): y first
        ("mesh", 0, 14, [0, 1, 2, 8, 14]),  # (2, 2): x before y
        ("torus", 0, 28, [0, 5, 4, 28]),  # (-2, -1): round the back
        ("torus", 0, 3, [0, 1, 2, 3]),  # three either way: up
        ("triangular", 0, 15, [0, 7, 14, 15]),  # (3, 2) is twice the diagonal, once x
        ("triangular", 0, 10, [0, 1, 2, 3, 10]),  # (4, 1) is three times x, once the diagonal
        ("triangular", 18, 3, [18, 19, 20, 21, 15, 9, 3]),  # (3, -3) has no diagonal
        ("triangular_torus", 0, 29, [0, 29]),  # (-1, -1)
        ("triangular_torus", 0, 16, [0, 29, 22, 16]),  # (-2, -3): twice the diagonal, once y
    ],
)
def test_longest_dimension_first(topology, source, target, chips):
    # Three dimensions, the longest first, as in rig's longest_dimension_first; (x, y, z) with z along -(1, 1).
    assert walk(LongestDimensionFirst(), system_of(topology, (6, 5)), source, target) == chips


def test_longest_dimension_first_along_a_ring_and_a_tree():
    assert walk(LongestDimensionFirst(), system_of("ring", (8,)), 6, 1) == [6, 7, 0, 1]
    assert walk(LongestDimensionFirst(), system_of("tree", (7,)), 3, 6) == [3, 1, 0, 2, 6]


@pytest.mark.parametrize("chips", [48, 144])
def test_boards_of_spinnaker_are_a_grid_of_triangles(chips):
    system = spinnaker((chips,))
    layout, hops = layout_of(system), hop_counts(system)
    assert layout.diagonal
    assert layout.wrap == ((None, None) if chips == 48 else (12, 12))
    router, random = LongestDimensionFirst(), np.random.default_rng(1)
    for a, b in random.integers(0, chips, (100, 2)):
        moves = [layout.direction(ends) for ends in pairwise(walk(router, system, int(a), int(b)))]
        runs = [moves.count(move) for move in dict.fromkeys(moves)]
        assert len(moves) == hops[a, b]
        assert len(runs) <= 2
        assert runs == sorted(runs, reverse=True)
        assert moves == [move for move in dict.fromkeys(moves) for _ in range(moves.count(move))]


def test_ways_that_lead_over_a_missing_chip_are_shortest_ones():
    # A square of 3 x 3 chips without the one in the middle.
    places = [(x, y) for y in range(3) for x in range(3) if (x, y) != (1, 1)]
    edges = [
        (a, b)
        for a, (x, y) in enumerate(places)
        for b, (to_x, to_y) in enumerate(places)
        if (to_x - x, to_y - y) in ((1, 0), (0, 1))
    ]
    system = system_of("edges", (8,), edges=tuple(edges), positions=tuple(places))
    for router in (LongestDimensionFirst(), ShortestPath()):
        assert walk(router, system, places.index((1, 0)), places.index((1, 2))) == [1, 0, 3, 5, 6]


def test_places_of_an_edge_list_without_positions_are_unknown():
    assert layout_of(system_of("edges", (3,), edges=((0, 1), (1, 2)))) is None
    assert layout_of(system_of("star", (4,))) is None


def test_direction_of_links():
    torus = layout_of(system_of("triangular_torus", (4, 3)))
    assert torus.direction((0, 1)) == (1, 0)
    assert torus.direction((0, 3)) == (-1, 0)
    assert torus.direction((0, 11)) == (-1, -1)
    assert torus.direction((0, 2)) is None


@settings(max_examples=40, deadline=None)
@given(
    topology=st.sampled_from(("mesh", "torus", "triangular", "triangular_torus", "ring")),
    chips=st.tuples(st.integers(1, 6), st.integers(1, 6)),
)
def test_ways_in_a_grid_without_gaps_are_those_that_are_looked_at_one_by_one(topology, chips):
    from spikemesh_plugins.mapping import longest_dimension_first as module

    system = System(topology=topology, chips=chips)
    links = {ends: k for k, ends in enumerate(system.directed_links)}
    quick, slow = module._Ways(system, links), module._Ways(system, links)
    # Small tori have two ways to one neighbour, and lines no second axis.
    assert quick._whole or min(chips) < 3
    slow._whole = False
    for source in range(system.chip_count):
        for target in range(system.chip_count):
            assert quick.chips(source, target) == slow.chips(source, target)


def test_a_grid_with_gaps_is_looked_at_way_by_way():
    from spikemesh_plugins.mapping import longest_dimension_first as module

    board = spinnaker((48,))
    links = {ends: k for k, ends in enumerate(board.directed_links)}
    assert not module._Ways(board, links)._whole
