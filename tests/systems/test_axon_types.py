"""Types of axons: a neuron has one weight for all axons of a type (TrueNorth, hardware.md 3.1)."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import spikemesh as sm
from spikemesh_plugins.systems.limits.axon_types import AxonTypes, coloured


def fits(axon, neuron, weight, of):
    """Whether every neuron has one weight for each type."""
    seen = {}
    return all(seen.setdefault((j, of[a]), w) == w for a, j, w in zip(axon, neuron, weight, strict=True))


def any_fits(axon, neuron, weight, types):
    count = max(axon) + 1
    return any(fits(axon, neuron, weight, of) for of in itertools.product(range(types), repeat=count))


@settings(max_examples=150, deadline=None)
@given(
    matrix=st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=2, max_size=6),
    types=st.integers(2, 3),
)
def test_an_assignment_is_found_if_there_is_one(matrix, types):
    rows = [(a, j, float(w)) for a, row in enumerate(matrix) for j, w in enumerate(row) if w]
    if not rows:
        return
    axon, neuron, weight = (np.array(column) for column in zip(*rows, strict=True))
    numbered = np.unique(axon, return_inverse=True)[1]
    found = AxonTypes(numbered, neuron, weight, types)
    possible = any_fits(numbered.tolist(), neuron.tolist(), weight.tolist(), types)
    assert (found.conflict is None) == possible
    if possible:
        assert fits(numbered, neuron, weight, found.of)
        assert found.of.max() < types
    else:
        assert found.conflict.proved
        # Those named cannot be given types, and can without any one of them.
        for left_out in (None, *found.conflict.axons):
            some = np.isin(numbered, found.conflict.axons) & (
                numbered != (-1 if left_out is None else left_out)
            )
            again = np.unique(numbered[some], return_inverse=True)[1]
            assert any_fits(again.tolist(), neuron[some], weight[some], types) == (left_out is not None)


def test_a_core_full_of_weights_is_coloured_quickly():
    # 256 axons of four hidden types onto 256 neurons, each with four weights of its own.
    random = np.random.default_rng(5)
    hidden, levels = (
        random.integers(0, 4, 256),
        random.permuted(np.tile(np.arange(1.0, 9.0), (256, 1)), axis=1),
    )
    axon, neuron = np.nonzero(random.random((256, 256)) < 0.3)
    weight = levels[neuron, hidden[axon]]
    found = AxonTypes(axon, neuron, weight, 4)
    assert found.conflict is None
    assert fits(axon, neuron, weight, found.of)


def test_graphs_of_known_chromatic_number():
    # The wheel of an odd ring of five takes four colours (Groetzsch's graph, without triangles, four as well).
    ring = [(k, (k + 1) % 5) for k in range(5)]
    wheel = ring + [(k, 5) for k in range(5)]
    mycielski = (
        ring + [(5 + k, (k + d) % 5) for k in range(5) for d in (1, 4)] + [(5 + k, 10) for k in range(5)]
    )
    for edges, vertices, number in ((ring, 5, 3), (wheel, 6, 4), (mycielski, 11, 4)):
        apart = np.zeros((vertices, vertices), dtype=bool)
        for a, b in edges:
            apart[a, b] = apart[b, a] = True
        assert coloured(apart, number - 1) == (None, True)
        found, proved = coloured(apart, number)
        assert proved
        assert all(found[a] != found[b] for a, b in edges)


def test_axons_that_find_no_type_are_named(exceeded):
    # Five sources, each pair of which differs at a neuron of its own: no neuron has more than two weights.
    net = sm.Network(timestep="1 ms")
    net.add_population("s", 5, "iaf")
    net.add_population("n", 11, "iaf")
    pairs = list(itertools.combinations(range(5), 2))
    sources = [end for pair in pairs for end in pair]
    targets = np.repeat(np.arange(len(pairs)), 2)
    net.connect("s", "n", sources=sources, targets=targets, weight=np.tile([1.0, 2.0], len(pairs)))
    (found,) = exceeded(net, "truenorth", chip={"cores": [1, 1]})
    assert found.startswith(
        'axons of chip0.core0: the 5 axons of "s" 0, "s" 1, "s" 2, "s" 3, "s" 4 cannot be given 4 types such that '
        'each neuron has one weight for each type: "n" 0, "n" 1, "n" 2, "n" 3, "n" 4, "n" 5 and 4 more take different '
    )
    # Without the pair that is the last there is an assignment.
    net = sm.Network(timestep="1 ms")
    net.add_population("s", 5, "iaf")
    net.add_population("n", 11, "iaf")
    net.connect(
        "s", "n", sources=sources[:-2], targets=targets[:-2], weight=np.tile([1.0, 2.0], len(pairs) - 1)
    )
    assert exceeded(net, "truenorth", chip={"cores": [1, 1]}) == []
