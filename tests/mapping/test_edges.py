"""Connection rules: what they promise, and that the mapping cannot change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from spikemesh.description.builder import Network
from spikemesh.description.values import normal, uniform
from spikemesh.mapping.edges import edge_delays, edge_weights, edges_onto
from spikemesh.registry import load_registry
from spikemesh.registry.bind import bind

REGISTRY = load_registry()


def bound(sources, targets, same=False, positions=None, **connection):
    net = Network(timestep="0.1 ms", seed=5)
    a = net.add_population("a", sources, "iaf", positions=positions)
    b = a if same else net.add_population("b", targets, "iaf", positions=positions)
    net.connect(a, b, **connection)
    return bind(net.describe(), REGISTRY)


def all_edges(network, targets=None):
    projection = network.projections[0]
    size = network.populations[projection.target].size
    reached = np.arange(size, dtype=np.uint32) if targets is None else np.asarray(targets, dtype=np.uint32)
    return edges_onto(network, projection, reached), reached


def test_fixed_indegree_gives_every_target_so_many():
    edges, _ = all_edges(bound(50, 70, rule="fixed_indegree", indegree=9))
    assert np.array_equal(np.bincount(edges.position, minlength=70), np.full(70, 9))
    counts = np.bincount(edges.source, minlength=50)
    assert abs(counts.mean() - 12.6) < 1e-12
    assert counts.std() < 4 * np.sqrt(12.6)


@pytest.mark.parametrize(
    "rule", [{"rule": "fixed_indegree", "indegree": 20}, {"rule": "fixed_outdegree", "outdegree": 20}]
)
def test_no_autapses_and_no_multapses(rule):
    edges, _ = all_edges(bound(30, 30, same=True, autapses=False, multapses=False, **rule))
    pairs = set(zip(edges.source.tolist(), edges.position.tolist(), strict=True))
    assert len(pairs) == edges.source.size == 600
    assert all(s != t for s, t in pairs)


def test_fixed_outdegree_and_total():
    edges, _ = all_edges(bound(40, 60, rule="fixed_outdegree", outdegree=7))
    assert np.array_equal(np.bincount(edges.source, minlength=40), np.full(40, 7))
    edges, _ = all_edges(bound(40, 60, rule="fixed_total", total=1234))
    assert edges.source.size == 1234
    assert np.bincount(edges.source, minlength=40).min() > 5


@pytest.mark.parametrize("p", [0.0, 0.02, 0.5, 1.0])
def test_fixed_probability(p):
    edges, _ = all_edges(bound(200, 300, rule="fixed_probability", p=p))
    n = 200 * 300
    assert abs(edges.source.size - n * p) <= 4 * np.sqrt(n * p * (1 - p))
    assert len(set(zip(edges.source, edges.position, strict=True))) == edges.source.size


def test_distance_falls_off_as_declared():
    points = np.column_stack([np.arange(400) * 0.05, np.zeros(400)])
    edges, _ = all_edges(bound(400, 400, same=True, positions=points, rule="distance", p=0.8, scale=2.0))
    r = np.abs(points[edges.source, 0] - points[edges.position, 0])
    every = np.abs(points[:, 0][:, None] - points[:, 0][None, :])
    for low in (0.0, 1.0, 3.0, 8.0):
        inside = (every >= low) & (every < low + 1)
        expected = (0.8 * np.exp(-every[inside] / 2.0)).sum()
        assert abs(((r >= low) & (r < low + 1)).sum() - expected) < 4 * np.sqrt(expected)


def test_convolution_equals_scipy():
    random = np.random.default_rng(1)
    kernel = random.integers(-3, 4, (2, 3, 3, 2)).astype(float)
    image = random.random((3, 6, 5))
    network = bound(
        90, 2 * 6 * 6, rule="conv2d", input_shape=[3, 6, 5], kernel=kernel, padding=1, stride=1, weight=0.5
    )
    edges, _ = all_edges(network)
    weights = edge_weights(network, network.projections[0], edges)
    found = np.bincount(edges.position, weights * image.ravel()[edges.source], minlength=72).reshape(2, 6, 6)
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    expected = [
        sum(signal.correlate2d(padded[i], kernel[o, i], mode="valid") for i in range(3)) for o in range(2)
    ]
    assert np.allclose(found, 0.5 * np.array(expected))


def test_pooling_sums_its_windows():
    image = np.random.default_rng(2).random((2, 4, 6))
    network = bound(48, 2 * 2 * 3, rule="pool2d", input_shape=[2, 4, 6], size=2)
    edges, _ = all_edges(network)
    found = np.bincount(edges.position, image.ravel()[edges.source], minlength=12)
    assert np.allclose(found, image.reshape(2, 2, 2, 3, 2).sum(axis=(2, 4)).ravel())


RULES = [
    {"rule": "fixed_indegree", "indegree": 6},
    {"rule": "fixed_indegree", "indegree": 6, "multapses": False},
    {"rule": "fixed_outdegree", "outdegree": 6},
    {"rule": "fixed_total", "total": 150},
    {"rule": "fixed_total", "total": 700, "multapses": False},
    {"rule": "fixed_probability", "p": 0.2},
    {"rule": "all_to_all"},
    {"rule": "one_to_one"},
]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RULES), st.sets(st.integers(0, 29), min_size=1))
def test_a_part_of_the_targets_gets_the_same_synapses(rule, chosen):
    """The synapses of a neuron, their weights and delays do not depend on which others live beside it."""
    network = bound(30, 30, weight=normal(5.0, 1.0), delay=uniform(0.1, 3.0), **rule)
    projection = network.projections[0]

    def synapses(targets):
        edges, reached = all_edges(network, targets)
        rows = zip(
            reached[edges.position].tolist(),
            edges.source.tolist(),
            edge_weights(network, projection, edges).tolist(),
            edge_delays(network, projection, edges).tolist(),
            strict=True,
        )
        return sorted(rows)

    chosen = sorted(chosen)
    assert synapses(chosen) == [row for row in synapses(range(30)) if row[0] in chosen]


def test_fixed_total_without_repeats():
    edges, _ = all_edges(
        bound(12, 12, same=True, rule="fixed_total", total=120, multapses=False, autapses=False)
    )
    pairs = set(zip(edges.source.tolist(), edges.position.tolist(), strict=True))
    assert len(pairs) == 120
    assert all(s != t for s, t in pairs)
