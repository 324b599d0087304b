"""Convolutional network on Speck: its decisions, its limits, and the power that is published."""

from __future__ import annotations

from math import ceil, log2

import numpy as np
import pytest

from spikemesh import api

KI = 1024
# sinabs, dynapcnn.py: words of kernels (8 bits) and neurons (16 bits) of the cores that take the two layers.
KERNEL_WORDS, NEURON_WORDS = 16 * KI, 64 * KI
BARS = 8


@pytest.fixture(scope="module")
def speck(scenario_module):
    return scenario_module("speck_cnn")


@pytest.fixture(scope="module")
def arrays(speck):
    return speck.arrays()


def test_directions_are_told_and_inferences_marked(run, tmp_path):
    found = run("speck_cnn", duration=f"{BARS * 80} ms")["results"]
    assert (found["inferences"], found["undecided"]) == (BARS, 0)
    assert found["accuracy"] == 100.0
    with api.open_trace(tmp_path / "speck_cnn.h5") as trace:
        hardware = trace.analyse()["hardware"]
    (row,) = hardware["table"]
    assert (row["per"], row["accuracy"]) == ("inference", 100.0)
    assert row["latency_ms"] == pytest.approx(80.0)
    # 0.42 mW at rest (Yao et al. 2024, abstract) for 80 ms; no more is published.
    assert found["rest_mw"] == pytest.approx(0.42, rel=1e-9)
    assert row["energy_idle_mj"] == pytest.approx(0.42 * 0.080, rel=1e-9)
    assert row["energy_note"].startswith("incomplete: misses")
    assert "synaptic_event" in hardware["energy"]["misses"]


def test_layers_keep_the_rules_of_the_chip(arrays):
    shapes = {"motion": (arrays["motion"].shape, 32), "direction": (arrays["direction"].shape, 1)}
    for (out, into, rows, columns), side in shapes.values():
        # sinabs, dynapcnn.py: memory_summary.
        assert max(rows, columns) <= 16
        assert into * 2 ** (ceil(log2(rows * columns)) + ceil(log2(out))) <= KERNEL_WORDS
        assert out * 2 ** (2 * ceil(log2(side))) <= NEURON_WORDS
        assert side <= 64
    for name in shapes:
        weights = arrays[name]
        assert np.array_equal(weights, np.rint(weights))
        assert np.abs(weights).max() <= 127


def test_kernels_of_opposite_directions_are_mirror_images(arrays):
    right, left, down, up = arrays["motion"][:, 0]
    assert np.array_equal(left, right[:, ::-1])
    assert np.array_equal(up, down[::-1])
    assert np.array_equal(down, right.T)
    assert right.sum() == 0


def test_events_are_sorted_unique_and_within_their_bar(arrays, speck):
    times, pixels = arrays["times"], arrays["pixels"]
    assert np.all(np.diff(times * 1024 + pixels) > 0)
    within = (times.astype(int) - 1) % speck.PERIOD
    assert within.max() < speck.SHOWN
    assert np.bincount(arrays["labels"]).tolist() == [10, 10, 10, 10]


def test_votes_count_by_bar_and_direction(speck):
    found = speck.votes(np.array([1, 80, 81, 160, 161]), np.array([0, 3, 2, 2, 1]), 2, 80)
    assert found.tolist() == [[1, 0, 0, 1], [0, 0, 2, 0]]
