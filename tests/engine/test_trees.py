"""Trees of packets that share branches, seen from their leaves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from spikemesh.engine.link_timing import LinkTiming
from spikemesh.engine.network import Channels, Forest
from spikemesh.engine.trees import Trees, expanded
from spikemesh.kernels.late import count_on_way, mark_lost, mark_reached

# 0 -> 2 -> {3, 4}; 1 -> {2, 5}; 3 reports and goes on to 6. Node k is on channel k, which is link k; 4 is none.
CHILDREN = [[2], [2, 5], [3, 4], [6], [], [], []]
REPORT = [0, 0, 0, 1, 1, 1, 1]


@pytest.fixture
def trees():
    ptr = np.concatenate(([0], np.cumsum([len(c) for c in CHILDREN])))
    child = np.array([c for found in CHILDREN for c in found], dtype=np.int32)
    forest = Forest(
        np.arange(7, dtype=np.int32), np.zeros(7, np.int64), ptr, child, np.array(REPORT, np.uint8)
    )
    none = np.zeros(7, dtype=np.int64)
    links = np.array([0, 1, 2, 3, -1, 5, 6])
    # Neuron 0 sends one packet, neuron 2 two of them; nodes 3 and 6 stand for two cores each.
    timing = LinkTiming(
        regime="tick",
        tick_ps=100,
        channels=Channels(*[none] * 7),
        forest=forest,
        root_ptr=np.array([0, 1, 1, 3]),
        roots=np.array([0, 0, 1]),
        core=np.zeros(3, dtype=np.int64),
        ready_ps=np.zeros(3, dtype=np.int64),
        send_ps=np.zeros(8, dtype=np.int64),
        target_ptr=np.array([0, 0, 0, 0, 2, 3, 4, 6]),
        targets=np.array([1, 2, 3, 4, 5, 6]),
        link=links,
    )
    return Trees(timing)


def test_leaves_of_shared_branches_belong_to_each_root(trees):
    assert trees.below.tolist() == [3, 4, 3, 2, 1, 1, 1]
    found = [trees.arrays.leaves[a:b].tolist() for a, b in itertools.pairwise(trees.arrays.leaf_ptr)]
    assert found == [[3, 4, 6], [3, 4, 5, 6], [], [], [], [], []]
    root, leaf = np.array([0, 0, 1, 1]), np.array([3, 6, 6, 5])
    reached = np.zeros(14, dtype=bool)
    mark_reached(np.arange(4), root, leaf, np.array([0, 3, 6, 10]), trees.arrays, reached)
    assert np.flatnonzero(reached).tolist() == [0, 3 + 2, 6 + 3, 10 + 2]


def test_cores_reached_by_each_neuron(trees):
    expected = {8 * n + c for n, cores in ((0, [1, 2, 3, 5, 6]), (2, [1, 2, 3, 4, 5, 6])) for c in cores}
    assert trees.reached().tolist() == sorted(expected)


def test_what_is_lost_with_a_branch(trees):
    root, first_leaf = np.array([1, 0]), np.array([0, 4])
    lost = np.zeros(7, dtype=bool)
    mark_lost(np.array([0, 1]), np.array([3, 4]), root, first_leaf, trees.arrays, lost)
    assert lost.tolist() == [True, False, False, True, False, True, False]


def test_links_on_the_way_to_late_leaves_count_once(trees):
    root, first_leaf, row = np.array([1, 0, 1]), np.array([0, 4, 7]), np.array([0, 1, 1])
    late = np.zeros(11, dtype=bool)
    late[[0, 3, 4 + 1, 7 + 2]] = True
    counts = np.zeros((2, 7), dtype=np.int64)
    count_on_way(np.array([0, 1, 2]), root, first_leaf, row, trees.arrays, late, counts)
    # First packet: 1, 2, 3, 6. Second: 0, 2, and 4, which is no link. Third: 1, 5.
    assert counts.tolist() == [[0, 1, 1, 1, 0, 0, 1], [1, 1, 1, 0, 0, 1, 0]]


def test_rows_of_a_compressed_table():
    which, entry = expanded(np.array([0, 2, 2, 5]), np.array([2, 0, 1, 2]))
    assert which.tolist() == [0, 0, 0, 1, 1, 3, 3, 3]
    assert entry.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]
