"""Converted network: data, conversion, reading of decisions, and the whole test set through the simulator."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spikemesh.errors import InputError


@pytest.fixture(scope="module")
def digits(scenario_module):
    return scenario_module("digits_inference")


@pytest.fixture(scope="module")
def prepared(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    digits.prepare(folder)
    return folder / digits.FILE


def test_preparing_twice_trains_once(digits, prepared):
    before = prepared.stat().st_mtime_ns
    digits.prepare(prepared.parent)
    assert prepared.stat().st_mtime_ns == before
    assert [p.name for p in prepared.parent.iterdir()] == ["digits.npz"]


def test_preparing_elsewhere_gives_the_same_bytes(digits, prepared, tmp_path):
    digits.prepare(tmp_path)
    assert (tmp_path / digits.FILE).read_bytes() == prepared.read_bytes()


def test_every_digit_is_asked_in_its_share_and_none_was_trained_on(prepared):
    from sklearn.datasets import load_digits

    with np.load(prepared) as file:
        images, labels = file["images"], file["labels"]
    every, classes = load_digits(return_X_y=True)
    assert images.shape == (360, 64)
    assert np.all(np.abs(np.bincount(labels) - 0.2 * np.bincount(classes)) <= 1.0)
    assert np.all(images * 16 == np.round(images * 16))
    assert images.min() == 0.0
    assert images.max() == 1.0
    assert len(np.unique(images, axis=0)) == 360
    assert len(np.unique(every, axis=0)) == len(every)


def test_the_scaled_network_decides_like_the_trained_one(prepared):
    # Scaling whole layers by positive factors does not move the largest output of a ReLU network.
    with np.load(prepared) as file:
        active, ann = file["images"], file["ann"]
        for name in ("hidden1", "hidden2", "output"):
            bias = file[f"{name}_bias"]
            weights = np.zeros((active.shape[1], bias.shape[1]))
            weights[file[f"{name}_sources"], file[f"{name}_targets"]] = file[f"{name}_weights"]
            active = active @ weights + bias
            active = active if name == "output" else np.maximum(active, 0.0)
            assert np.percentile(active, 99.0) < 1.1
    assert np.array_equal(np.argmax(active, axis=1), ann)


def test_scales_are_percentiles_of_activations(digits):
    inputs = np.array([[1.0], [0.5]])
    weights, biases = digits.normalised(
        [np.array([[4.0]]), np.array([[3.0]])], [np.zeros(1), np.ones(1)], inputs
    )
    first = np.percentile([4.0, 2.0], 99.9)
    last = np.percentile([13.0, 7.0], 99.9)
    assert weights[0][0, 0] == pytest.approx(4.0 / first)
    assert weights[1][0, 0] == pytest.approx(3.0 * first / last)
    assert biases[1][0] == pytest.approx(1.0 / last)


def test_decisions_count_spikes_by_presentation_and_ties_go_to_the_lowest(digits):
    # Presentations of 4 steps: ticks 1-4, 5-8, 9-12, 13-16.
    ticks = np.array([2, 3, 4, 5, 7, 8, 12, 17])
    neurons = np.array([1, 2, 2, 2, 0, 0, 1, 0])
    decisions, latencies = digits.decide(ticks, neurons, 4, 4, 3)
    # First: 1 leads, equals at step 3 go to 1, 2 leads from step 4. Second: 2, equal at 3 goes to 0.
    assert decisions.tolist() == [2, 0, 1, -1]
    assert latencies.tolist() == [4, 3, 4, 0]


def test_without_scikit_learn_the_message_says_what_to_install(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r"pip install spikemesh\[examples\]"):
        digits.prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_all_360_digits_are_classified_as_well_as_by_the_trained_network(run):
    summary = run("digits_inference", workers=2)
    results = summary["results"]
    assert results["digits"] == 360
    assert results["undecided"] == 0
    assert results["accuracy"] >= 95.0
    assert abs(results["difference_points"]) <= 1.0
    assert results["agreement"] >= 98.0
    # A spike needs one step to be fired and one for each of three delays.
    assert 4 <= results["decision_latency_steps"] <= 12
    assert summary["chips"] == 4
    assert results["packets_per_digit"] > 0


def test_a_shorter_run_judges_the_digits_it_showed(run):
    results = run("digits_inference", duration="500 ms")["results"]
    assert results["digits"] == 10
    assert results["steps_per_digit"] == 48


def test_on_a_system_with_costs_a_digit_has_energy_and_latency(run, tmp_path):
    from spikemesh import api

    results = run("digits_inference", 'system.preset="loihi"', duration="480 ms")["results"]
    assert results["inferences"] == 10
    with api.open_trace(tmp_path / "digits_inference.h5") as trace:
        found = trace.analyse()["hardware"]
        (row,), total_ps = found["table"], int(trace.per_step("step_time_ps").sum())
    assert (row["per"], row["accuracy"]) == ("inference", results["accuracy"])
    assert row["latency_ms"] == pytest.approx(total_ps / 1e9 / 10, rel=1e-12)
    assert row["energy_dynamic_mj"] == pytest.approx(
        found["energy"]["dynamic_pj"]["value"] / 1e9 / 10, rel=1e-12
    )
    # 104.4 mW a chip at rest (Frady et al. 2020, Table 1).
    assert row["energy_idle_mj"] == pytest.approx(4 * 104.4 * row["latency_ms"] / 1e3, rel=1e-3)


def test_every_chip_has_at_least_two_occupied_cores(run, tmp_path):
    from spikemesh import api

    run("digits_inference", duration="48 ms")
    trace = api.open_trace(tmp_path / "digits_inference.h5")
    cores = np.unique(np.concatenate([trace.placement(name) for name in trace.sizes]))
    chips = [trace.core_names[core].split(".")[0] for core in cores]
    assert min(chips.count(f"chip{k}") for k in range(4)) >= 2
    assert set(chips) == {"chip0", "chip1", "chip2", "chip3"}


def spikes_by_arithmetic(data, digits):
    """Return the spikes of every layer as (step, digit, neuron), computed digit by digit with matrices."""
    names = ("pixels", "hidden1", "hidden2", "output")
    matrices = [np.zeros((64, 128)), np.zeros((128, 64)), np.zeros((64, 10))]
    for name, matrix in zip(names[1:], matrices, strict=True):
        matrix[data[f"{name}_sources"], data[f"{name}_targets"]] = data[f"{name}_weights"]
    drives = [data["images"], *(data[f"{name}_bias"] for name in names[1:])]
    potentials = [np.full((digits, drive.shape[1]), 0.5) for drive in drives]
    fired = [np.zeros_like(v) for v in potentials]
    record = {name: [] for name in names}
    for step in range(48):
        before = list(fired)
        for layer, name in enumerate(names):
            potentials[layer] += drives[layer][:digits] * (step < 32)
            if layer:
                potentials[layer] += before[layer - 1] @ matrices[layer - 1]
            fired[layer] = (potentials[layer] >= 1.0).astype(float)
            potentials[layer] -= fired[layer]
            record[name].append(fired[layer])
    return {name: np.array(steps) for name, steps in record.items()}


def test_every_spike_is_that_of_the_arithmetic(run, prepared, tmp_path):
    from spikemesh import api

    digits = 20
    run("digits_inference", duration=f"{48 * digits} ms")
    trace = api.open_trace(tmp_path / "digits_inference.h5")
    with np.load(prepared) as file:
        expected = spikes_by_arithmetic(dict(file), digits)
    for name, fired in expected.items():
        step, digit, neuron = np.nonzero(fired)
        ticks = digit * 48 + step + 1
        order = np.lexsort((neuron, ticks))
        assert np.array_equal(trace.spikes(name).ticks, ticks[order])
        assert np.array_equal(trace.spikes(name).neurons, neuron[order])


def test_presentations_do_not_depend_on_those_before(run, tmp_path):
    from spikemesh import api

    run("digits_inference", duration="480 ms")
    trace = api.open_trace(tmp_path / "digits_inference.h5")
    for name in ("pixels", "hidden1", "hidden2", "output"):
        ticks = np.asarray(trace.spikes(name).ticks, dtype=np.int64)
        assert ticks.size
        # What is fired in the last step of a pause would arrive in the next presentation.
        assert not np.any(ticks % 48 == 0)
